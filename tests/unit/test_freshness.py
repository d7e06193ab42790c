"""How the age of a stale answer is counted: from the change that made it stale, if that was known by then."""

import pytest

from loadtests.freshness import Ages, Watched, percentile


@pytest.fixture
def product() -> Watched:
    """At version 3, changed twice: sent at 10 s and at 11 s."""
    return Watched("id", "category", 100, 3, sent={2: 10.0, 3: 11.0}, acknowledged=3)


def test_an_answer_of_the_newest_known_version_is_not_stale(product: Watched) -> None:
    assert product.age(3, known=3, asked_at=20.0) is None
    assert product.age(2, known=2, asked_at=20.0) is None


def test_an_older_answer_is_as_old_as_the_first_change_that_it_missed(product: Watched) -> None:
    assert product.age(2, known=3, asked_at=11.5) == 0.5
    assert product.age(1, known=3, asked_at=11.5) == 1.5


def test_the_summary_counts_every_answer_and_tells_of_the_stale_ones() -> None:
    ages = Ages()
    for age in (None, None, 0.004, 0.3, 2.0):
        ages.add(age)
    summary = ages.summary()
    assert (summary["answers"], summary["stale"], summary["max"]) == (5, 3, 2000.0)
    assert summary["histogram_ms"] == {
        **{f"<= {bound}": 1 for bound in (5, 10, 25, 50, 100, 250)},
        **{f"<= {bound}": 2 for bound in (500, 1000)},
        "all": 3,
    }


def test_the_99th_of_a_hundred_is_the_last() -> None:
    assert percentile([float(number) for number in range(100)], 99) == 99.0
    assert percentile([], 99) == 0.0
