"""What queries cost, one by one, and against before; and how Postgres does the slow ones. Pure.

Two sources that say different things are never mixed in one figure. Postgres (pg_stat_statements): calls, mean, rows,
blocks, by role, as long as it executed. The processes (larder_query_seconds): how long callers waited, with the way,
the pooler and the lock; the percentiles are theirs, for pg_stat_statements keeps none. A name has both where both know
it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from proto.vitals import QUERY_BOUNDS, Times
from services.analytics.performance.snapshots_store import KeptPlan, Place, QuerySum, SlowSum, StatementSum

SLOW_MS = 100.0

PlanNode: TypeAlias = dict[str, Any]

_KEPT_IN_SHAPE = frozenset(
    {
        *("Node Type", "Join Type", "Strategy", "Operation", "Relation Name", "Schema", "Index Name", "Scan Direction"),
        *("Index Cond", "Filter", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Sort Key", "Subplan Name"),
    }
)


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """By Postgres, in a span. `share`: of the time of all statements. Blocks are of 8 KiB, a call."""

    calls: int
    mean_ms: float
    total_ms: float
    share: float
    rows_a_call: float
    blocks_hit_a_call: float
    blocks_read_a_call: float
    blocks_temp_a_call: float


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """By callers, in a span. `p95_ms`: within a bucket of the histogram by a straight line."""

    calls: int
    mean_ms: float
    p95_ms: float
    total_ms: float


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Of one span; null where that source has nothing."""

    executed: Executed | None
    waited: Waited | None


class QueryReport(msgspec.Struct, frozen=True, kw_only=True):
    """A query by its name, or a `text` that is none of ours, with $1 for each parameter. `place` is the file it stands
    in, and the line. `change`: the mean against the span before, 1 is as before; by Postgres, where it knows both."""

    name: str | None
    place: str | None
    text: str | None
    roles: list[str]
    now: Costs
    before: Costs
    day_before: Costs
    change: float | None
    change_of_day: float | None


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """How Postgres does it for any parameters, under a role; the last seen first."""

    role: str
    first_seen: datetime
    last_seen: datetime
    plan: list[dict[str, Any]]


class SlowQueryReport(msgspec.Struct, frozen=True, kw_only=True):
    """A query that took over 100 ms: `times` for a caller, the longest and the last; or in the mean in Postgres."""

    name: str | None
    place: str | None
    text: str | None
    roles: list[str]
    times: int
    longest_ms: float | None
    last_at: datetime | None
    now: Costs
    plans: list[PlanReport]
    plan_missing: str | None


class Sums(msgspec.Struct, frozen=True):
    """What both sources summed up over a span."""

    statements: list[StatementSum]
    queries: list[QuerySum]


def query_reports(now: Sums, before: Sums, day_before: Sums, places: Mapping[str, Place]) -> list[QueryReport]:
    """The most time in Postgres first, then the most waited for."""
    spans = [_costs(span) for span in (now, before, day_before)]
    texts = dict(_texts(now))
    roles = _roles(now)
    reports = []
    for key, figures in spans[0].items():
        name = key if isinstance(key, str) else None
        then, yesterday = (span.get(key, NOTHING) for span in spans[1:])
        reports.append(
            QueryReport(
                name=name,
                place=places[name].place if name is not None and name in places else None,
                text=None if name is not None else texts.get(key),
                roles=roles.get(key, []),
                now=figures,
                before=then,
                day_before=yesterday,
                change=_change(figures, then),
                change_of_day=_change(figures, yesterday),
            )
        )
    return sorted(reports, key=_cost, reverse=True)


def slow_queries(
    reports: Sequence[QueryReport],
    noted: Sequence[SlowSum],
    plans: Mapping[str, Sequence[KeptPlan]],
    places: Mapping[str, Place],
) -> list[SlowQueryReport]:
    """Of the reports those that were noted, and those whose mean in Postgres is over 100 ms. The longest first."""
    by_name = {slow.query: slow for slow in noted}
    known = {report.name for report in reports}
    # Noted since the last snapshot, and counted by the next.
    fresh = [_unreported(slow.query, places) for slow in noted if slow.query not in known]
    found = [
        _slow(report, by_name.get(report.name or ""), plans.get(report.name or "", ()))
        for report in (*reports, *fresh)
        if report.name in by_name or (report.now.executed is not None and report.now.executed.mean_ms > SLOW_MS)
    ]
    return sorted(found, key=_length, reverse=True)


def shape_of(plan: Sequence[PlanNode]) -> str:
    """A name for what a plan does, whatever it costs: another way has another name."""
    nodes = [
        (depth, sorted((key, str(value)) for key, value in node.items() if key in _KEPT_IN_SHAPE))
        for depth, node in nodes_of(plan)
    ]
    return hashlib.sha256(repr(nodes).encode()).hexdigest()[:16]


def read_whole(plan: Sequence[PlanNode]) -> set[str]:
    """The tables that a plan reads from one end to the other, without their schema."""
    return {str(node["Relation Name"]) for _, node in nodes_of(plan) if node.get("Node Type") == "Seq Scan"}


def nodes_of(plan: Sequence[PlanNode]) -> Iterator[tuple[int, PlanNode]]:
    """Every node with its depth, from the top."""
    waiting = [(0, statement["Plan"]) for statement in reversed(plan) if "Plan" in statement]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(node.get("Plans", []))]


NOTHING = Costs(executed=None, waited=None)

Key: TypeAlias = str | int
"""A query's name, or the id of a statement without one."""


def _key(statement: StatementSum) -> Key | None:
    return statement.name if statement.name is not None else statement.query_id


def _texts(span: Sums) -> Iterator[tuple[Key, str]]:
    for statement in span.statements:
        if statement.name is None and statement.query_id is not None:
            yield statement.query_id, statement.text


def _roles(span: Sums) -> dict[Key, list[str]]:
    """The role that spent the most time first."""
    roles: dict[Key, list[str]] = {}
    for statement in sorted(span.statements, key=lambda statement: -statement.total_ms):
        if (key := _key(statement)) is not None:
            roles.setdefault(key, []).append(statement.role)
    return roles


def _costs(span: Sums) -> dict[Key, Costs]:
    by_key: dict[Key, list[StatementSum]] = {}
    for statement in span.statements:
        if (key := _key(statement)) is not None:
            by_key.setdefault(key, []).append(statement)
    total = sum(statement.total_ms for statement in span.statements)
    executed = {key: _executed(parts, total) for key, parts in by_key.items()}
    waited: dict[Key, Waited] = {}
    for query in span.queries:
        if (figures := _waited(query)) is not None:
            waited[query.query] = figures
    return {
        key: Costs(executed=executed.get(key), waited=waited.get(key)) for key in dict.fromkeys([*executed, *waited])
    }


def _executed(parts: Sequence[StatementSum], total_ms: float) -> Executed:
    calls, spent = sum(part.calls for part in parts), sum(part.total_ms for part in parts)

    def a_call(numbers: Iterable[int]) -> float:
        return sum(numbers) / calls if calls else 0.0

    return Executed(
        calls=calls,
        mean_ms=spent / calls if calls else 0.0,
        total_ms=spent,
        share=spent / total_ms if total_ms else 0.0,
        rows_a_call=a_call(part.rows for part in parts),
        blocks_hit_a_call=a_call(part.blocks_hit for part in parts),
        blocks_read_a_call=a_call(part.blocks_read for part in parts),
        blocks_temp_a_call=a_call(part.blocks_temp for part in parts),
    )


def _waited(query: QuerySum) -> Waited | None:
    times = Times(tuple(query.counts), query.seconds)
    p95 = times.quantile(0.95, QUERY_BOUNDS)
    if p95 is None:
        return None
    return Waited(
        calls=times.count,
        mean_ms=1000 * times.seconds / times.count,
        p95_ms=1000 * p95,
        total_ms=1000 * times.seconds,
    )


def _change(now: Costs, then: Costs) -> float | None:
    """By Postgres where both know it, else by callers."""
    for one, other in ((now.executed, then.executed), (now.waited, then.waited)):
        if one is not None and other is not None and other.mean_ms:
            return one.mean_ms / other.mean_ms
    return None


def _cost(report: QueryReport) -> tuple[float, float]:
    executed, waited = report.now.executed, report.now.waited
    return (executed.total_ms if executed else 0.0, waited.total_ms if waited else 0.0)


def _slow(report: QueryReport, noted: SlowSum | None, plans: Sequence[KeptPlan]) -> SlowQueryReport:
    missing = None
    if not plans:
        missing = (
            "It is none of our queries: no service can explain it."
            if report.name is None
            else "No plan was had yet: the next snapshot asks its service for one."
        )
    return SlowQueryReport(
        name=report.name,
        place=report.place,
        text=report.text,
        roles=report.roles,
        times=noted.times if noted else 0,
        longest_ms=1000 * noted.longest_seconds if noted else None,
        last_at=noted.last_at if noted else None,
        now=report.now,
        plans=[
            PlanReport(role=plan.role, first_seen=plan.first_seen, last_seen=plan.last_seen, plan=plan.plan)
            for plan in plans
        ],
        plan_missing=missing,
    )


def _unreported(name: str, places: Mapping[str, Place]) -> QueryReport:
    return QueryReport(
        name=name,
        place=places[name].place if name in places else None,
        text=None,
        roles=[],
        now=NOTHING,
        before=NOTHING,
        day_before=NOTHING,
        change=None,
        change_of_day=None,
    )


def _length(slow: SlowQueryReport) -> tuple[float, float]:
    return (slow.longest_ms or 0.0, slow.now.executed.mean_ms if slow.now.executed else 0.0)
