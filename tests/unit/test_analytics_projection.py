"""Whatever comes late, twice or again from the start, the tables say what a group-by over the orders says."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto import orders as contract
from services.analytics.projection.buckets import buckets_of
from services.analytics.projection.domain import MEASURED, STATES, Counted, Order, OrderEvent, fold
from tests.counted import NUMBERS, Tables, World, added, counted, difference

BERLIN = "Europe/Berlin"


def nothing() -> Tables:
    return {name: {} for name in NUMBERS}


def folded(world: World, batches: Sequence[Sequence[Order]], zone: str = BERLIN) -> Tables:
    tables, known = nothing(), dict[UUID, Counted]()
    for batch in batches:
        tally = fold(known, batch, world.categories, ZoneInfo(zone))
        known |= tally.orders
        added(tables, tally)
    return tables


def in_turns(lives: Sequence[Sequence[Order]], luck: random.Random) -> list[Order]:
    """As a stream has them: each order's versions in their order, different orders anyhow."""
    turns = [place for place, life in enumerate(lives) for _ in life]
    luck.shuffle(turns)
    coming = [iter(life) for life in lives]
    return [next(coming[place]) for place in turns]


def replayed(stream: Sequence[Order], luck: random.Random) -> list[Order]:
    """What a reader gets whose position is set back again and again, down to the start: a lost batch, a lost stream."""
    read, place = list[Order](), 0
    for _ in range(luck.randint(0, 4)):
        further = luck.randint(place, len(stream))
        read += stream[place:further]
        place = luck.randint(0, further)
    return [*read, *stream[place:]]


def in_batches(events: Sequence[Order], luck: random.Random) -> list[Sequence[Order]]:
    cuts = sorted({0, len(events), *(luck.randint(0, len(events)) for _ in range(luck.randint(0, 5)))})
    return [events[start:end] for start, end in pairwise(cuts)]


@given(seed=st.integers(0, 2**32), count=st.integers(1, 6), zone=st.sampled_from(["UTC", BERLIN, "Asia/Kolkata"]))
def test_the_tables_are_a_group_by_however_the_events_come(seed: int, count: int, zone: str) -> None:
    luck = random.Random(seed)
    world = World()
    lives = [world.life(luck) for _ in range(count)]
    events = replayed(in_turns(lives, luck), luck)
    # Repeated by whoever published them, long after.
    events += luck.choices(events, k=luck.randint(0, 5))
    found = folded(world, in_batches(events, luck), zone)
    assert difference(found, counted(lives, world.categories, zone)) == {}


@given(seed=st.integers(0, 2**32))
def test_where_a_version_is_missing_only_the_times_around_it_are_not_counted(seed: int) -> None:
    luck = random.Random(seed)
    world = World()
    life = world.life(luck)
    lost = luck.randrange(len(life))
    found = folded(world, [[order for order in life[:-1] if order.version != lost + 1], life[-1:]])
    expected = counted([life], world.categories, BERLIN)
    assert {name: found[name] for name in found if name != "histograms"} == {
        name: expected[name] for name in expected if name != "histograms"
    }
    for key, amount in found["histograms"].items():
        assert amount <= expected["histograms"].get(key, [0]), "no time that was not there"


def test_a_late_version_is_told_apart_from_a_missing_one() -> None:
    first, second, third, *_ = next(life for life in lives_of(World()) if len(life) > 3)
    tally = fold({}, [first, third, second, first], {}, ZoneInfo("UTC"))
    assert (tally.late, tally.gaps) == (2, 1)
    assert tally.orders[first.id].version == 3
    assert tally.orders[first.id].entered_at is None


def lives_of(world: World) -> list[list[Order]]:
    luck = random.Random(1)
    return [world.life(luck) for _ in range(50)]


def test_every_state_is_counted_and_every_one_that_is_left_is_timed() -> None:
    assert set(STATES) == set(get_args(contract.Status))
    assert set(STATES) - set(MEASURED) == {"rejected", "cancelled", "delivered"}
    reached = {order.status for life in lives_of(World()) for order in life}
    assert reached == set(STATES), "the lives of this test have them all"


def test_what_is_read_of_an_event_is_in_the_contract() -> None:
    fields = {field.name for field in msgspec.structs.fields(contract.Order)}
    assert {field.name for field in msgspec.structs.fields(Order)} <= fields
    assert {field.name for field in msgspec.structs.fields(OrderEvent)} <= {
        field.name for field in msgspec.structs.fields(contract.OrderEvent)
    }


@pytest.mark.parametrize(
    ("moment", "day", "hours"),
    [
        ("2026-03-29T00:30:00Z", "2026-03-28T23:00:00Z", 23),  # clocks go forward
        ("2026-10-25T22:30:00Z", "2026-10-24T22:00:00Z", 25),  # and back
        ("2026-11-01T22:59:59Z", "2026-10-31T23:00:00Z", 24),
    ],
)
def test_a_day_is_from_midnight_to_midnight_however_long_it_is(moment: str, day: str, hours: int) -> None:
    begins = datetime.fromisoformat(day)
    found = buckets_of(datetime.fromisoformat(moment), ZoneInfo(BERLIN))
    assert found.day == begins
    assert found.hour == datetime.fromisoformat(moment).replace(minute=0, second=0)
    assert found.week.astimezone(ZoneInfo(BERLIN)).strftime("%A %H:%M") == "Monday 00:00"
    assert found.week <= found.day
    next_day = begins + timedelta(hours=hours)
    assert buckets_of(next_day, ZoneInfo(BERLIN)).day == next_day
    assert buckets_of(next_day - timedelta(microseconds=1), ZoneInfo(BERLIN)).day == begins
    assert found.day.tzinfo is UTC
