"""Percentiles of sums of histograms are those of the amounts themselves, but for the error that is written there."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.projection.histogram import (
    LEAST,
    MOST,
    RELATIVE_ERROR,
    bucket_of,
    middle_of,
    percentile,
)

amounts = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=40)


@given(days=st.lists(amounts, min_size=1, max_size=5), share=st.floats(0.01, 1.0))
def test_a_percentile_of_many_days_is_that_of_all_their_amounts(days: list[list[float]], share: float) -> None:
    together = Counter[int]()
    for day in days:
        together += Counter(bucket_of(value) for value in day)
    ordered = sorted(value for day in days for value in day)
    true = ordered[max(0, math.ceil(len(ordered) * share) - 1)]
    told = percentile(together, share)
    assert told is not None
    assert abs(told / true - 1) <= RELATIVE_ERROR + 1e-9


def test_the_error_is_below_a_twentieth() -> None:
    assert RELATIVE_ERROR < 0.045


@given(value=st.floats(LEAST, MOST))
def test_an_amount_is_told_within_the_error(value: float) -> None:
    assert abs(math.log2(middle_of(bucket_of(value)) / value)) <= math.log2(1 + RELATIVE_ERROR) + 1e-9


@pytest.mark.parametrize(("value", "bucket"), [(-5.0, -80), (0.0, -80), (1.0, 0), (2.0, 8), (200.0, 61), (1e300, 320)])
def test_everything_is_in_some_bucket_that_a_smallint_holds(value: float, bucket: int) -> None:
    assert bucket_of(value) == bucket


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None
    assert percentile({3: 1}, 0.5) == middle_of(3)
