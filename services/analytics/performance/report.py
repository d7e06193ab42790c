"""How the database and the processes do, as an admin is told: the answers, and how they come of what was seen. Pure.

Invariants: what could not be looked at is named in `missing` with what to do, and is null or empty here, never zero.
Rates and waits are of the time since the last snapshot, null without one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from proto.cache import KINDS, KindName, Report
from proto.vitals import PROCESSES, WAIT_BOUNDS, OutboxVitals, PoolVitals, Times, Vitals
from services.analytics.performance.counters import Counters, Numbers, Source, differences, started_between
from services.analytics.performance.pooler import Pooler
from services.analytics.performance.space import bloat, index_bytes_needed, table_bytes_needed
from services.analytics.performance.store import (
    Blocked,
    Connections,
    Index,
    Replica,
    Server,
    Slot,
    Table,
    Transaction,
    Widths,
)
from services.analytics.performance.streams import StreamReport

FORGOTTEN_AFTER = timedelta(minutes=15)
"""A process that answered within this time and does not now is named; after that it is taken for one that went."""

OUTBOX_UNSEEN_AFTER = timedelta(seconds=10)
"""The relay looks each second: what it tells of longer ago is not how it is."""


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What is not told here: why, and what to do to have it."""

    what: str
    why: str
    mend: str


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Of the database, since the last snapshot. `hit_ratio`: blocks found in shared_buffers, of all that it took."""

    seconds: float
    commits_a_second: float
    rollbacks_a_second: float
    hit_ratio: float | None
    temp_bytes: int
    deadlocks: int


class PoolReport(msgspec.Struct, frozen=True, kw_only=True):
    """A pool of one process now; `acquired` and the waits are since the last snapshot."""

    process: str
    instance: str
    name: str
    size: int
    open: int
    busy: int
    waiting: int
    acquired: int | None
    wait_mean_ms: float | None
    wait_p95_ms: float | None


class FollowerReport(msgspec.Struct, frozen=True, kw_only=True):
    """A durable follower, as its process told when it last looked."""

    process: str
    instance: str
    name: str
    behind: int


class OutboxReport(msgspec.Struct, frozen=True, kw_only=True):
    """`oldest_seconds`: for how long the first event has waited to be published."""

    context: str
    oldest_seconds: float
    parked: int
    seen_at: datetime


class ProcessReport(msgspec.Struct, frozen=True, kw_only=True):
    process: str
    instance: str
    since: datetime
    answered_at: datetime


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """A process that did not answer in time. Without an `instance`: not one of that name did."""

    process: str
    instance: str | None
    answered_at: datetime | None


class CacheReport(msgspec.Struct, frozen=True, kw_only=True):
    """Copies of one kind, over all processes since they started; `GET /api/performance/cache` has more."""

    kind: KindName
    processes: int
    in_step: int
    reads: int
    hit_ratio: float | None


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """One look at everything but tables, indexes and statements. Kept as JSON for days, over releases: a field that is
    added has a default."""

    as_of: datetime
    missing: list[Missing]
    silent: list[Silent]
    server: Server
    rates: Rates | None
    connections: list[Connections]
    transactions: list[Transaction]
    blocked: list[Blocked]
    replicas: list[Replica]
    slots: list[Slot]
    processes: list[ProcessReport]
    pools: list[PoolReport]
    pooler: Pooler | None
    followers: list[FollowerReport]
    streams: list[StreamReport]
    outboxes: list[OutboxReport]
    cache: list[CacheReport]


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes` is all of it, with indexes and TOAST. `bloat_bytes`: of the heap, what could be had back by the estimate
    of `services/analytics/performance/space.py`; null before the first ANALYZE. `dead_share`: of its rows. Reads and
    updates are counted since the database's counters were set back."""

    name: str
    rows: int | None
    bytes: int
    heap_bytes: int
    bloat_bytes: int | None
    dead_rows: int
    dead_share: float
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    xid_age: int
    whole_reads: int
    rows_read_whole: int
    index_reads: int
    updates: int
    updates_in_place: int


class IndexReport(msgspec.Struct, frozen=True, kw_only=True):
    """`constraint`: it holds a primary key, a unique or an exclusion, and stays. Scans are counted since the database's
    counters were set back."""

    name: str
    table: str
    bytes: int
    bloat_bytes: int | None
    scans: int
    rows_read: int
    unique: bool
    constraint: bool
    valid: bool
    definition: str
    same_as: str | None


class Objects(msgspec.Struct, frozen=True, kw_only=True):
    """One look at tables and indexes, the largest first. Kept as JSON, too."""

    as_of: datetime
    missing: list[Missing]
    tables: list[TableReport]
    indexes: list[IndexReport]


def database_counters(server: Server) -> Source:
    numbers = (
        server.commits,
        server.rollbacks,
        server.blocks_hit,
        server.blocks_read,
        server.temp_bytes,
        server.deadlocks,
    )
    return Source(server.counted_since, {"database": tuple(float(number) for number in numbers)})


def pool_counters(told: Vitals) -> Source:
    return Source(told.since, {pool.name: (*map(float, pool.waits.counts), pool.waits.seconds) for pool in told.pools})


def usage_counters(tables: Iterable[Table], indexes: Iterable[Index], since: datetime | None) -> Source:
    """By `table orders.orders` and `index orders.orders_pkey`: scans, and the rows that they read."""
    used: dict[str, Numbers] = {
        f"table {table.name}": (float(table.whole_reads), float(table.rows_read_whole)) for table in tables
    }
    used |= {f"index {index.name}": (float(index.scans), float(index.rows_read)) for index in indexes}
    return Source(since, used)


def pools_source(told: Vitals) -> str:
    """The name of a process's pools among the counters."""
    return f"pools {told.process} {told.instance}"


def rates_of(before: Counters, now: Source, seconds: float) -> Rates | None:
    """None before the first snapshot."""
    if seconds <= 0 or "database" not in before:
        return None
    came: Numbers = differences(before["database"], now).get("database", (0.0,) * 6)
    commits, rollbacks, hit, read, temp_bytes, deadlocks = came
    return Rates(
        seconds=seconds,
        commits_a_second=commits / seconds,
        rollbacks_a_second=rollbacks / seconds,
        hit_ratio=hit / (hit + read) if hit + read else None,
        temp_bytes=int(temp_bytes),
        deadlocks=int(deadlocks),
    )


def pool_reports(answers: Sequence[Vitals], before: Counters, known_at: datetime | None) -> list[PoolReport]:
    now = {pools_source(told): pool_counters(told) for told in answers}
    known = started_between(before, now, known_at)
    reports = []
    for told in answers:
        source = pools_source(told)
        came = differences(known.get(source), now[source])
        reports += [
            _pool(told, pool, came.get(pool.name) if source in known else None, source in known) for pool in told.pools
        ]
    return sorted(reports, key=lambda pool: (pool.process, pool.instance, pool.name))


def _pool(told: Vitals, pool: PoolVitals, came: Numbers | None, known: bool) -> PoolReport:
    waits = Times(tuple(int(count) for count in came[:-1]), came[-1]) if came else None
    p95 = waits.quantile(0.95, WAIT_BOUNDS) if waits else None
    return PoolReport(
        process=told.process,
        instance=told.instance,
        name=pool.name,
        size=pool.size,
        open=pool.open,
        busy=pool.busy,
        waiting=pool.waiting,
        acquired=waits.count if waits else 0 if known else None,
        wait_mean_ms=1000 * waits.seconds / waits.count if waits and waits.count else None,
        wait_p95_ms=None if p95 is None else 1000 * p95,
    )


def follower_reports(answers: Sequence[Vitals]) -> list[FollowerReport]:
    return [
        FollowerReport(process=told.process, instance=told.instance, name=follower.name, behind=follower.behind)
        for told in sorted(answers, key=lambda told: (told.process, told.instance))
        for follower in told.followers
    ]


def outbox_reports(answers: Sequence[Vitals]) -> list[OutboxReport]:
    """Of each context by the relay that looked last: all look at the same table."""
    latest: dict[str, OutboxVitals] = {}
    for outbox in (outbox for told in answers for outbox in told.outboxes):
        if outbox.context not in latest or outbox.seen_at > latest[outbox.context].seen_at:
            latest[outbox.context] = outbox
    return [
        OutboxReport(
            context=outbox.context, oldest_seconds=outbox.oldest_seconds, parked=outbox.parked, seen_at=outbox.seen_at
        )
        for _, outbox in sorted(latest.items())
    ]


def processes_of(answers: Sequence[Vitals], known: Sequence[ProcessReport], now: datetime) -> list[ProcessReport]:
    """Who answers now, and who did not long ago: the next look misses both."""
    answering = {(told.process, told.instance): told for told in answers}
    gone = [
        process
        for process in known
        if (process.process, process.instance) not in answering and now - process.answered_at < FORGOTTEN_AFTER
    ]
    here = [
        ProcessReport(process=told.process, instance=told.instance, since=told.since, answered_at=now)
        for told in answering.values()
    ]
    return sorted([*here, *gone], key=lambda process: (process.process, process.instance))


def silent_of(processes: Sequence[ProcessReport], now: datetime) -> list[Silent]:
    """Whoever of the known did not answer now, and each of PROCESSES of which there is none."""
    missing = [
        Silent(process=one.process, instance=one.instance, answered_at=one.answered_at)
        for one in processes
        if one.answered_at < now
    ]
    names = {process.process for process in processes}
    return missing + [Silent(process=name, instance=None, answered_at=None) for name in PROCESSES if name not in names]


def cache_reports(reports: Sequence[Report]) -> list[CacheReport]:
    return [_cache(kind, [report for report in reports if report.kind == kind]) for kind in KINDS]


def _cache(kind: KindName, reports: Sequence[Report]) -> CacheReport:
    hits = sum(report.counts.hit for report in reports)
    reads = hits + sum(report.counts.miss + report.counts.away for report in reports)
    return CacheReport(
        kind=kind,
        processes=len(reports),
        in_step=sum(report.in_step for report in reports),
        reads=reads,
        hit_ratio=hits / reads if reads else None,
    )


def missing_outboxes(outboxes: Sequence[OutboxReport], now: datetime) -> list[Missing]:
    """What the relay does not tell, or told too long ago."""
    mend = "Look whether the relay runs and reaches the database: docs/runbooks/outbox.md."
    if not outboxes:
        return [Missing(what="outboxes", why="No relay tells how old their events are.", mend=mend)]
    return [
        Missing(what=f"outbox {outbox.context}", why=f"It was last seen at {outbox.seen_at:%H:%M:%S} UTC.", mend=mend)
        for outbox in outboxes
        if now - outbox.seen_at > OUTBOX_UNSEEN_AFTER
    ]


def table_report(table: Table, widths: Widths) -> TableReport:
    total = table.live_rows + table.dead_rows
    return TableReport(
        name=table.name,
        rows=table.rows,
        bytes=table.bytes,
        heap_bytes=table.heap_bytes,
        bloat_bytes=bloat(table.heap_bytes, table_bytes_needed(table, widths)),
        dead_rows=table.dead_rows,
        dead_share=table.dead_rows / total if total else 0.0,
        vacuumed_at=table.vacuumed_at,
        analyzed_at=table.analyzed_at,
        xid_age=table.xid_age,
        whole_reads=table.whole_reads,
        rows_read_whole=table.rows_read_whole,
        index_reads=table.index_reads,
        updates=table.updates,
        updates_in_place=table.updates_in_place,
    )


def index_report(index: Index, widths: Widths) -> IndexReport:
    return IndexReport(
        name=index.name,
        table=index.table,
        bytes=index.bytes,
        bloat_bytes=bloat(index.bytes, index_bytes_needed(index, widths)),
        scans=index.scans,
        rows_read=index.rows_read,
        unique=index.unique,
        constraint=index.constraint,
        valid=index.valid,
        definition=index.definition,
        same_as=index.same_as,
    )


class UnusedIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Why it could go: `unused` by the primary since `since`, `same_as` another, or `invalid`."""

    name: str
    table: str
    bytes: int
    definition: str
    why: str


class WholeRead(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is read whole, often, for many rows: an index may be missing. `queries`: those whose plan reads it
    whole, of the slow ones."""

    table: str
    bytes: int
    reads: int
    rows_a_read: int
    queries: list[str]


MANY_ROWS, OFTEN = 10_000, 10
"""A whole read of fewer rows is no reason for an index, nor one that happens less often."""


def unused_indexes(indexes: Sequence[IndexReport], used: Mapping[str, tuple[int, int]]) -> list[UnusedIndex]:
    """`used`: scans by the index's name, over the days that are known. What holds a constraint stays, unless it is
    broken."""
    reasons = [(index, _reason(index, used)) for index in indexes]
    return [
        UnusedIndex(name=index.name, table=index.table, bytes=index.bytes, definition=index.definition, why=why)
        for index, why in reasons
        if why is not None
    ]


def _reason(index: IndexReport, used: Mapping[str, tuple[int, int]]) -> str | None:
    if not index.valid:
        return "invalid"
    if index.constraint or index.unique:
        return None
    if index.same_as is not None:
        return f"same as {index.same_as}"
    return "unused" if used.get(index.name, (0, 0))[0] == 0 else None


def whole_reads(
    tables: Sequence[TableReport], used: Mapping[str, tuple[int, int]], readers: Mapping[str, Iterable[str]]
) -> list[WholeRead]:
    """`used`: whole reads and their rows by the table's name; `readers`: queries that do it. The most rows first."""
    found = []
    for table in tables:
        reads, rows = used.get(table.name, (0, 0))
        if reads >= OFTEN and rows / reads >= MANY_ROWS:
            queries = sorted(readers.get(table.name, ()))
            found.append(
                (
                    rows,
                    WholeRead(
                        table=table.name,
                        bytes=table.bytes,
                        reads=reads,
                        rows_a_read=round(rows / reads),
                        queries=queries,
                    ),
                )
            )
    return [read for _, read in sorted(found, key=lambda each: -each[0])]
