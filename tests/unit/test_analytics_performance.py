"""What admins are told of queries, plans, space and processes, from what was seen: the rules, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from proto.vitals import PROCESSES, QUERY_BOUNDS, WAIT_BOUNDS, PoolVitals, Times, Vitals
from services.analytics.performance.costs import (
    Sums,
    query_reports,
    read_whole,
    shape_of,
    slow_queries,
)
from services.analytics.performance.counters import Source
from services.analytics.performance.report import (
    FORGOTTEN_AFTER,
    pool_counters,
    pool_reports,
    pools_source,
    processes_of,
    silent_of,
)
from services.analytics.performance.snapshots_store import KeptPlan, Place, QuerySum, SlowSum, StatementSum
from services.analytics.performance.space import LEAST_BYTES, bloat

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
PLACES = {"orders.get_order": Place(query="orders.get_order", place="services/orders/queries.sql:27")}


def executed(role: str, calls: int, total_ms: float, name: str | None = "orders.get_order") -> StatementSum:
    return StatementSum(
        name=name,
        query_id=None if name else 7,
        role=role,
        text="select $1",
        calls=calls,
        total_ms=total_ms,
        rows=calls,
        blocks_hit=4 * calls,
        blocks_read=0,
        blocks_temp=0,
    )


def waited(name: str, milliseconds: float, calls: int) -> QuerySum:
    counts = [0] * (len(QUERY_BOUNDS) + 1)
    counts[next(place for place, bound in enumerate(QUERY_BOUNDS) if milliseconds / 1000 <= bound)] = calls
    return QuerySum(query=name, counts=counts, seconds=calls * milliseconds / 1000)


def test_a_query_adds_up_over_its_roles_and_stands_beside_the_hour_before() -> None:
    now = Sums([executed("admin", 10, 30.0), executed("driver", 30, 50.0), executed("x", 1, 20.0, None)], [])
    before, yesterday = Sums([executed("admin", 10, 10.0)], []), Sums([], [])
    (query, other) = query_reports(now, before, yesterday, PLACES)
    assert (query.name, query.place) == ("orders.get_order", "services/orders/queries.sql:27")
    assert query.roles == ["driver", "admin"]  # the most time first
    assert query.now.executed is not None
    assert (query.now.executed.calls, query.now.executed.mean_ms, query.now.executed.share) == (40, 2.0, 0.8)
    assert (query.change, query.change_of_day) == (2.0, None)
    assert (other.name, other.place, other.text) == (None, None, "select $1")


def test_without_postgres_statistics_callers_alone_tell_and_are_compared() -> None:
    now = Sums([], [waited("orders.get_order", 40, 100)])
    (query,) = query_reports(now, Sums([], [waited("orders.get_order", 10, 5)]), Sums([], []), PLACES)
    assert query.now.executed is None
    assert query.now.waited is not None
    assert (query.now.waited.calls, query.now.waited.mean_ms, query.change) == (100, 40.0, 4.0)
    assert 25 < query.now.waited.p95_ms <= 50


def test_slow_is_what_was_noted_and_what_takes_long_in_the_mean() -> None:
    span = Sums([executed("admin", 1, 2.0), executed("psql", 2, 300.0, None)], [])
    reports = query_reports(span, Sums([], []), Sums([], []), PLACES)
    noted = [SlowSum(query=name, times=1, longest_seconds=0.5, last_at=NOW) for name in ("orders.get_order", "a.fresh")]
    plan = KeptPlan(query="orders.get_order", role="admin", plan=[], first_seen=NOW, last_seen=NOW)
    found = slow_queries(reports, noted, {"orders.get_order": [plan]}, PLACES)
    assert [(slow.name, slow.times, len(slow.plans)) for slow in found] == [
        ("orders.get_order", 1, 1),
        ("a.fresh", 1, 0),  # noted since the last snapshot
        (None, 0, 0),
    ]
    assert [slow.plan_missing is None for slow in found] == [True, False, False]


def plan(kind: str, cost: float) -> list[dict[str, Any]]:
    leaf = {"Node Type": kind, "Relation Name": "orders", "Total Cost": cost, "Filter": "(id = $1)"}
    return [{"Plan": {"Node Type": "Limit", "Total Cost": cost, "Plans": [leaf]}}]


def test_a_plan_is_another_one_when_it_does_something_else_whatever_it_costs() -> None:
    assert shape_of(plan("Seq Scan", 1.0)) == shape_of(plan("Seq Scan", 900.0))
    assert shape_of(plan("Seq Scan", 1.0)) != shape_of(plan("Index Scan", 1.0))
    assert (read_whole(plan("Seq Scan", 1.0)), read_whole(plan("Index Scan", 1.0))) == ({"orders"}, set())


@pytest.mark.parametrize(
    ("taken", "needed", "told"),
    [(10 * LEAST_BYTES, LEAST_BYTES, 9 * LEAST_BYTES), (LEAST_BYTES, 1, 0), (1, LEAST_BYTES, 0), (5, None, None)],
    ids=["much", "too little to tell", "less than estimated", "unknown"],
)
def test_bloat_is_told_from_a_size_on_that_the_estimate_carries(taken: int, needed: int | None, told: int) -> None:
    assert bloat(taken, needed) == told


def vitals(instance: str, since: datetime = NOW - timedelta(hours=1), waits: int = 0) -> Vitals:
    counts = (waits, *([0] * len(WAIT_BOUNDS)))
    pool = PoolVitals(name="orders", size=10, open=2, busy=1, waiting=0, waits=Times(counts, 0.0001 * waits))
    return Vitals(process="orders", instance=instance, since=since, pools=(pool,))


def test_who_answered_lately_and_does_not_now_is_silent_until_forgotten() -> None:
    known = processes_of([vitals("a"), vitals("b")], [], NOW)
    later = NOW + timedelta(minutes=1)
    still = processes_of([vitals("a")], known, later)
    silent = [(one.process, one.instance, one.answered_at) for one in silent_of(still, later)]
    others = [(process, None, None) for process in PROCESSES if process != "orders"]
    assert silent == [("orders", "b", NOW), *others]
    forgotten = processes_of([vitals("a")], still, NOW + FORGOTTEN_AFTER)
    assert [process.instance for process in forgotten] == ["a"]


def test_waits_for_a_connection_are_those_since_the_last_snapshot() -> None:
    before = {pools_source(vitals("a")): pool_counters(vitals("a", waits=5))}
    (pool,) = pool_reports([vitals("a", waits=12)], before, NOW)
    assert pool.acquired == 7
    assert pool.wait_mean_ms == pytest.approx(0.1)
    (fresh,) = pool_reports([vitals("b", since=NOW + timedelta(seconds=5), waits=3)], before, NOW)
    assert fresh.acquired == 3  # it began after the last snapshot
    (unknown,) = pool_reports([vitals("c", waits=900)], before, NOW)
    assert unknown.acquired is None
    (idle,) = pool_reports([vitals("a", waits=5)], before, NOW)
    assert (idle.acquired, idle.wait_p95_ms) == (0, None)
    assert isinstance(before["pools orders a"], Source)
