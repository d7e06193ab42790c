"""The demo's own account of who must receive what, and what it says of a listener who did not."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from deploy.demo.ledger import Frame, Kind, Ledger, Listener, Receipt, Version, expected, judge, percentile

ORDER, KITCHEN, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
ADA, BO, FAR = UUID(int=4), UUID(int=5), UUID(int=6)
ZONE = 7


def life() -> Ledger:
    """Placed, ready, given to Ada, then to Bo, and delivered."""
    ledger = Ledger()
    steps: Sequence[tuple[str, UUID | None]] = [
        ("pending", None),
        ("ready", None),
        ("ready", ADA),
        ("ready", BO),
        ("delivered", BO),
    ]
    for version, (status, driver) in enumerate(steps, start=1):
        ledger.note(Version(ORDER, version, KITCHEN, ZONE, status, driver), sent_at=float(version))
    return ledger


def listener(kind: Kind, person: UUID = FAR, restaurant: UUID | None = None, zone: int | None = None) -> Listener:
    return Listener(kind, person, restaurant, zone)


def orders(*versions: int, left: bool = False) -> set[Frame]:
    return {Frame("orders", ORDER, version, left) for version in versions}


def test_each_must_get_what_they_may_see_and_who_loses_it_is_told() -> None:
    everybody = [
        listener("restaurant", restaurant=KITCHEN),
        listener("restaurant", restaurant=OTHER),
        listener("admin"),
        listener("driver", ADA, zone=ZONE),
        listener("driver", BO, zone=ZONE),
        listener("driver", FAR, zone=ZONE + 1),
    ]
    offers = {Frame("offers", ORDER, 2, left=False), Frame("offers", ORDER, 3, left=True)}
    assert expected(life().versions, everybody) == [
        orders(1, 2, 3, 4, 5),
        set(),
        orders(1, 2, 3, 4, 5),
        offers | orders(3) | orders(4, left=True),
        offers | orders(4, 5),
        set(),
    ]


def received(*frames: tuple[int, int]) -> list[Receipt]:
    """(version, seq) of each, two seconds after its request."""
    return [Receipt(Frame("orders", ORDER, version, left=False), seq, version + 2.0) for version, seq in frames]


@pytest.mark.parametrize(
    ("frames", "flaws"),
    [
        ([(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)], {}),
        ([(1, 1), (2, 2), (4, 4), (5, 5)], {"missing": 1}),
        ([(1, 1), (2, 2), (3, 3), (3, 4), (4, 5), (5, 6)], {"repeated": 1, "out_of_order": 1}),
        ([(1, 1), (3, 2), (2, 3), (4, 4), (5, 5)], {"out_of_order": 1}),
        ([(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)], {"foreign": 1}),
    ],
    ids=["all well", "one missing", "one twice", "two swapped", "one of nobody's"],
)
def test_every_flaw_is_seen(frames: list[tuple[int, int]], flaws: dict[str, int]) -> None:
    ledger, kitchen = life(), listener("restaurant", restaurant=KITCHEN)
    kitchen.received = received(*frames)
    verdict = judge(ledger, "restaurant", [kitchen], expected(ledger.versions, [kitchen]))
    assert verdict.flawless == (not flaws)
    for name in ("missing", "repeated", "foreign", "out_of_order"):
        assert getattr(verdict, name) == flaws.get(name, 0), name
    assert set(verdict.latencies_ms) == {2000.0}


def test_percentiles_are_ranks() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 3.0, 4.0]
    assert percentile([], 0.5) == 0.0
