"""Differences of counters, whatever is set back when: never negative, never twice, and lost only what a reset takes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.performance.counters import Source, differences, started_between

START = datetime(2026, 11, 27, tzinfo=UTC)
KEYS = ("orders.get_order", "orders.insert_order", "catalog.list_products")

works = st.tuples(st.just("work"), st.sampled_from(KEYS), st.integers(1, 50))
looks = st.tuples(st.just("look"), st.just(""), st.just(0))
resets = st.tuples(st.just("reset"), st.just(""), st.just(0))
evictions = st.tuples(st.just("evict"), st.sampled_from(KEYS), st.just(0))


class Machine:
    """Counters as Postgres keeps them, and the truth beside them. A reset tells its moment when `stamped`."""

    def __init__(self, stamped: bool) -> None:
        self.stamped = stamped
        self.since = START
        self.counters: dict[str, tuple[float, ...]] = {}
        self.seen: Source | None = None
        self.told = dict.fromkeys(KEYS, 0.0)
        self.done = dict.fromkeys(KEYS, 0.0)
        self.lost = dict.fromkeys(KEYS, 0.0)
        self.unseen = dict.fromkeys(KEYS, 0.0)

    def work(self, key: str, calls: int) -> None:
        had = self.counters.get(key, (0.0, 0.0))
        self.counters[key] = (had[0] + calls, had[1] + 8.0 * calls)
        self.unseen[key] += calls

    def forget(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self.counters.pop(key, None)
            self.lost[key] += self.unseen[key]
            self.unseen[key] = 0

    def look(self) -> None:
        now = Source(self.since if self.stamped else None, dict(self.counters))
        for key, numbers in differences(self.seen, now).items():
            assert min(numbers) >= 0
            self.told[key] += numbers[0]
        for key in KEYS:
            if self.seen is not None:
                self.done[key] += self.unseen[key]
            self.unseen[key] = 0
        self.seen = now


def run(steps: list[tuple[str, str, int]], *, stamped: bool) -> Machine:
    machine = Machine(stamped)
    for deed, key, calls in steps:
        if deed == "work":
            machine.work(key, calls)
        elif deed == "look":
            machine.look()
        elif deed == "reset":
            machine.since += timedelta(seconds=1)
            machine.forget(KEYS)
        else:
            machine.forget((key,))
    machine.look()
    return machine


@given(st.lists(works | looks))
def test_without_a_reset_everything_after_the_first_look_is_counted(steps: list[tuple[str, str, int]]) -> None:
    machine = run(steps, stamped=False)
    assert machine.told == machine.done


@given(st.lists(works | looks | resets))
def test_a_reset_that_tells_its_moment_loses_only_what_nobody_had_seen(steps: list[tuple[str, str, int]]) -> None:
    machine = run(steps, stamped=True)
    assert machine.told == machine.done


@given(st.lists(works | looks | resets | evictions))
def test_whatever_is_set_back_nothing_is_counted_twice(steps: list[tuple[str, str, int]]) -> None:
    machine = run(steps, stamped=False)
    assert all(machine.told[key] <= machine.done[key] for key in KEYS)


def test_a_process_that_started_since_the_last_snapshot_counts_from_zero_and_an_older_one_from_here() -> None:
    young = Source(START + timedelta(seconds=5), {"orders.get_order": (3.0,)})
    old = Source(START - timedelta(hours=1), {"orders.get_order": (900.0,)})
    now = {"orders vm:1": young, "orders vm:2": old}
    before = started_between({}, now, START)
    assert differences(before.get("orders vm:1"), young) == {"orders.get_order": (3.0,)}
    assert differences(before.get("orders vm:2"), old) == {}
    assert started_between({}, now, None) == {}
