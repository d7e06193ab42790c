"""Taking a snapshot each minute, and letting go of old ones.

Of several replicas one takes it: whoever claims it. It looks, subtracts the counters of the snapshot before, asks the
services for the plans of what was slow, and writes all of it in one transaction. Invariants: nobody's requests wait for
it; a snapshot that fails, or that a process misses, is made up for by the next; tables and indexes, which change
slowly, are looked at each hour.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

import msgspec
import structlog
from prometheus_client import Histogram

from proto.vitals import QueryVitals
from services.analytics.performance import snapshots_store
from services.analytics.performance import store as performance_store
from services.analytics.performance.costs import SLOW_MS, shape_of
from services.analytics.performance.counters import Counters, Numbers, Source, differences, started_between
from services.analytics.performance.look import Sources, look, look_at_objects, look_at_statements, statement_key
from services.analytics.performance.report import Now, Objects, ProcessReport
from services.analytics.performance.snapshots_store import (
    HistoryPoint,
    Kept,
    MovedError,
    NotedPlan,
    Place,
    QueryMinute,
    Slow,
    StatementMinute,
    Usage,
)
from shared.database import Pool, connection, transaction
from shared.tasks import supervised
from shared.vitals import BusAwayError, ask_plan, gather_query_vitals

EVERY_SECONDS = 60.0
OBJECTS_EVERY = timedelta(hours=1)
LOOK_AGAIN_SECONDS = 5.0
DELETE_EVERY_SECONDS = 600.0
DELETE_ROWS = 1_000
DELETE_PAUSE_SECONDS = 0.1

MOST_PLANS = 10
"""Asked for a snapshot, of what was slow the most often: each is a look at the database of its owner."""

PLANS_SECONDS = 10.0
"""For all of them, well within the 30 s of the claim; those that are missing come with a later snapshot."""

APPLICATION_ROLES = ("system", "admin", "restaurant", "driver")

SNAPSHOT_SECONDS = Histogram(
    "larder_snapshot_seconds",
    "Time that a snapshot of the database and the processes took",
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10),
)


class Known(msgspec.Struct, frozen=True):
    """What the next look needs of the one before, whatever else that has."""

    processes: list[ProcessReport]


_encoder = msgspec.json.Encoder()
_known = msgspec.json.Decoder(Known)
_log = structlog.get_logger("snapshots")


@asynccontextmanager
async def keeping_snapshots(sources: Sources) -> AsyncIterator[None]:
    """During the block."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(supervised(_take_each(sources), "snapshots"))
        await stack.enter_async_context(supervised(_delete_each(sources), "old snapshots"))
        yield


async def take_snapshot(sources: Sources, every_seconds: float = EVERY_SECONDS) -> datetime | None:
    """When it was taken; None when none is due, or another replica is at it. Raises what a database has that does not
    answer."""
    async with connection(sources.pool) as claiming:
        kept = await snapshots_store.claim_snapshot(claiming, every_seconds)
    if kept is None:
        return None
    began = perf_counter()
    snapshot = await _look(sources, kept)
    try:
        await _write(sources.pool, kept, snapshot)
    except MovedError:
        await _log.awarning("somebody else took this snapshot", at=snapshot.at.isoformat())
        return None
    SNAPSHOT_SECONDS.observe(perf_counter() - began)
    return snapshot.at


async def known_processes(pool: Pool, at: datetime) -> list[ProcessReport]:
    """Who was known at the last snapshot."""
    async with connection(pool) as reading:
        document = await snapshots_store.get_snapshot(reading, "now", at)
    return _known.decode(document).processes if document is not None else []


async def delete_old(pool: Pool, now: datetime) -> int:
    """Deletes what was kept long enough, a small batch a transaction. The number of rows."""
    deleted = 0
    for query, days in snapshots_store.OLD.items():
        last = DELETE_ROWS
        while last == DELETE_ROWS:
            async with connection(pool) as deleting:
                last = await snapshots_store.delete_old(deleting, query, now - timedelta(days=days), DELETE_ROWS)
            deleted += last
            await asyncio.sleep(DELETE_PAUSE_SECONDS if last == DELETE_ROWS else 0)
    return deleted


@dataclass(frozen=True)
class Snapshot:
    """What is to be written. `came`: by the source, what each counter counted."""

    at: datetime
    now: Now
    objects: Objects | None
    counters: Counters
    statements: Mapping[str, performance_store.Statement]
    came: Mapping[str, Mapping[str, Numbers]]
    queries: Sequence[QueryVitals]
    plans: Sequence[NotedPlan]


async def _look(sources: Sources, kept: Kept) -> Snapshot:
    known = await known_processes(sources.pool, sources.now())
    seen, told, queries = await asyncio.gather(
        look(sources, kept, known), look_at_statements(sources.pool), _queries(sources, known)
    )
    at = seen.now.as_of
    counters = dict(seen.counters)
    counters |= {f"queries {one.process} {one.instance}": _query_counters(one) for one in queries}
    statements = {}
    if told is not None:
        statements = {statement_key(statement): statement for statement in told[0]}
        counters["statements"] = told[1]
    objects = None
    if await _objects_are_due(sources.pool, at):
        objects, counters["usage"] = await look_at_objects(sources.pool, at)
    counters = _carried(kept.counters, seen.now.processes) | counters
    known_sources = started_between(kept.counters, counters, kept.at)
    came = {name: differences(known_sources.get(name), source) for name, source in counters.items()}
    roles = _roles(statements, came.get("statements", {}))
    slow = _slow_names(queries, kept.at or at, statements, came.get("statements", {}))
    return Snapshot(
        at=at,
        now=seen.now,
        objects=objects,
        counters=counters,
        statements=statements,
        came=came,
        queries=queries,
        plans=await _plans(sources, slow, roles),
    )


def _carried(kept: Counters, processes: Iterable[ProcessReport]) -> Counters:
    """The counters of what is not looked at or does not answer this time: the next difference begins there. Those of a
    process that was forgotten go."""
    known = {f"{kind} {one.process} {one.instance}" for one in processes for kind in ("pools", "queries")}
    return {name: source for name, source in kept.items() if name in known or name in {"statements", "usage"}}


async def _objects_are_due(pool: Pool, at: datetime) -> bool:
    async with connection(pool) as reading:
        last = await snapshots_store.get_last_at(reading, "objects", at)
    return last is None or at - last >= OBJECTS_EVERY


async def _queries(sources: Sources, known: Sequence[ProcessReport]) -> list[QueryVitals]:
    """Of every process that answers: `look` names those that do not."""
    try:
        return await gather_query_vitals(sources.bus, [(process.process, process.instance) for process in known])
    except BusAwayError:
        return []


def _query_counters(told: QueryVitals) -> Source:
    return Source(
        told.since, {query.name: (*map(float, query.times.counts), query.times.seconds) for query in told.queries}
    )


def _roles(statements: Mapping[str, performance_store.Statement], came: Mapping[str, Numbers]) -> dict[str, list[str]]:
    """Which roles ran a query of ours just now."""
    roles: dict[str, list[str]] = {}
    for key in came:
        if (name := statements[key].name) is not None:
            roles.setdefault(name, []).append(statements[key].role)
    return roles


def _slow_names(
    queries: Iterable[QueryVitals],
    since: datetime,
    statements: Mapping[str, performance_store.Statement],
    came: Mapping[str, Numbers],
) -> list[str]:
    """Ours that were slow since the last snapshot, the most often first: for a caller, or in the mean in Postgres."""
    times: dict[str, int] = {}
    for told in queries:
        for slow in told.slow:
            if slow.at > since:
                times[slow.name] = times.get(slow.name, 0) + 1
    for key, (calls, total_ms, *_) in came.items():
        name = statements[key].name
        if name is not None and calls and total_ms / calls > SLOW_MS:
            times.setdefault(name, 0)
    return sorted(times, key=lambda name: -times[name])[:MOST_PLANS]


async def _plans(sources: Sources, slow: Sequence[str], roles: Mapping[str, Sequence[str]]) -> list[NotedPlan]:
    """Of each, by the process that it is named after, under every role that ran it; where that is not known, under the
    first that may."""
    plans: list[NotedPlan] = []
    try:
        async with asyncio.timeout(PLANS_SECONDS):
            for name in slow:
                plans += await _plans_of(sources, name, roles.get(name))
    except TimeoutError:
        await _log.awarning("plans took too long: the rest is asked for another time", wanted=len(slow), had=len(plans))
    return plans


async def _plans_of(sources: Sources, name: str, known: Sequence[str] | None) -> list[NotedPlan]:
    owner, plans = name.partition(".")[0], []
    for role in known or (f"{owner}_service", *APPLICATION_ROLES):
        answer = await ask_plan(sources.bus, owner, name, role)
        if answer.plan is not None:
            plans.append(NotedPlan(query=name, role=role, shape=shape_of(answer.plan), plan=answer.plan))
            if known is None:
                break
        elif known is not None:
            await _log.awarning("no plan", query=name, role=role, why=answer.refused)
    return plans


async def _write(pool: Pool, kept: Kept, snapshot: Snapshot) -> None:
    at = snapshot.at
    async with transaction(pool) as writing:
        await snapshots_store.move_counters(writing, kept.at, at, snapshot.counters)
        await snapshots_store.insert_snapshot(writing, "now", at, _encoder.encode(snapshot.now))
        await snapshots_store.insert_point(writing, _point(snapshot.now))
        if snapshot.objects is not None:
            await snapshots_store.insert_snapshot(writing, "objects", at, _encoder.encode(snapshot.objects))
        came = snapshot.came.get("statements", {})
        ids = await snapshots_store.learn_statements(writing, at, [_learned(snapshot.statements[key]) for key in came])
        minutes = [_statement_minute(snapshot.statements[key], numbers, ids) for key, numbers in came.items()]
        await snapshots_store.insert_statement_minutes(writing, at, minutes)
        await snapshots_store.insert_query_minutes(writing, at, _query_minutes(snapshot.came))
        await snapshots_store.learn_queries(writing, _places(snapshot.queries))
        await snapshots_store.insert_slow_queries(writing, _slow(snapshot.queries, at))
        await snapshots_store.note_plans(writing, at, snapshot.plans)
        if snapshot.objects is not None:
            await snapshots_store.add_usage(
                writing, at.date(), _usage(snapshot.came.get("usage", {}), snapshot.objects)
            )


def _point(now: Now) -> HistoryPoint:
    """The worst of each."""
    lags = [one.replay_lag_seconds for one in now.replicas if one.replay_lag_seconds is not None]
    return HistoryPoint(
        at=now.as_of,
        connections=now.server.connections,
        commits_a_second=now.rates.commits_a_second if now.rates else None,
        hit_ratio=now.rates.hit_ratio if now.rates else None,
        bytes=now.server.bytes,
        blocked=len(now.blocked),
        silent=len(now.silent),
        busiest_pool=max((one.busy / one.size for one in now.pools), default=None),
        outbox_oldest_seconds=max((one.oldest_seconds for one in now.outboxes), default=None),
        replica_lag_seconds=max(lags, default=None),
    )


def _learned(statement: performance_store.Statement) -> dict[str, object]:
    return {
        "query_id": statement.query_id,
        "role": statement.role,
        "name": statement.name,
        "text": statement.text,
    }


def _statement_minute(
    statement: performance_store.Statement, numbers: Numbers, ids: Mapping[tuple[int, str], int]
) -> StatementMinute:
    calls, total_ms, rows, hit, read, temp = numbers
    return StatementMinute(
        statement=ids[(statement.query_id, statement.role)],
        calls=int(calls),
        total_ms=total_ms,
        rows=int(rows),
        blocks_hit=int(hit),
        blocks_read=int(read),
        blocks_temp=int(temp),
    )


def _query_minutes(came: Mapping[str, Mapping[str, Numbers]]) -> list[QueryMinute]:
    """All processes together."""
    together: dict[str, Numbers] = {}
    for source, counted in came.items():
        if source.startswith("queries "):
            for name, numbers in counted.items():
                had = together.get(name, (0.0,) * len(numbers))
                together[name] = tuple(one + other for one, other in zip(had, numbers, strict=True))
    return [
        QueryMinute(query=name, counts=[int(count) for count in numbers[:-1]], seconds=numbers[-1])
        for name, numbers in together.items()
    ]


def _places(queries: Iterable[QueryVitals]) -> list[Place]:
    """Each once: an INSERT may not touch a row twice."""
    places = {query.name: query.place for told in queries for query in told.queries}
    return [Place(query=name, place=place) for name, place in places.items()]


def _slow(queries: Iterable[QueryVitals], at: datetime) -> list[Slow]:
    """Those that are kept: an old one, told anew, would come back after it was deleted."""
    oldest = at - timedelta(days=snapshots_store.KEPT_DAYS)
    return [
        Slow(
            instance=told.instance,
            since=told.since,
            number=slow.number,
            query=slow.name,
            at=slow.at,
            seconds=slow.seconds,
        )
        for told in queries
        for slow in told.slow
        if slow.at > oldest
    ]


def _usage(came: Mapping[str, Numbers], objects: Objects) -> list[Usage]:
    """A row also for what was not used: that it was looked at is what makes it unused."""
    named = [
        *(("table", table.name) for table in objects.tables),
        *(("index", index.name) for index in objects.indexes),
    ]
    return [
        Usage(
            kind="index" if kind == "index" else "table",
            name=name,
            scans=int(numbers[0]),
            rows_read=int(numbers[1]),
        )
        for kind, name in named
        for numbers in [came.get(f"{kind} {name}", (0.0, 0.0))]
    ]


async def _take_each(sources: Sources) -> None:
    while True:
        try:
            await take_snapshot(sources)
        except Exception as error:  # noqa: BLE001  whatever the database has, the next minute is another
            await _log.aerror("no snapshot", error=repr(error))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _delete_each(sources: Sources) -> None:
    while True:
        try:
            await delete_old(sources.pool, sources.now())
        except Exception as error:  # noqa: BLE001
            await _log.aerror("old snapshots stay", error=repr(error))
        await asyncio.sleep(DELETE_EVERY_SECONDS)
