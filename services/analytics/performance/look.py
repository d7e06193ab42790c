"""One look at everything: the database's own statistics, the pooler, the streams, and every process over the bus.

Invariants: what does not answer is named in `missing` or `silent`, and the rest is told all the same; only when our own
database does not answer is there no look. All of it takes as long as the slowest process takes to answer, a second at
most. What is seen is never written here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import asyncpg

from proto.cache import Report
from proto.vitals import Vitals
from services.analytics.performance import store
from services.analytics.performance.counters import Counters, Numbers, Source
from services.analytics.performance.pooler import Pooler, PoolerAwayError, look_at_pooler
from services.analytics.performance.report import (
    Missing,
    Now,
    Objects,
    ProcessReport,
    cache_reports,
    database_counters,
    follower_reports,
    index_report,
    missing_outboxes,
    outbox_reports,
    pool_counters,
    pool_reports,
    pools_source,
    processes_of,
    rates_of,
    silent_of,
    table_report,
    usage_counters,
)
from services.analytics.performance.snapshots_store import Kept
from services.analytics.performance.store import LOOK, Server, Statement, Widths
from services.analytics.performance.streams import StreamReport, StreamsAwayError, look_at_streams
from shared.bus import Bus
from shared.cache import CacheAwayError, gather_reports
from shared.database import Pool, transaction
from shared.vitals import BusAwayError, gather_vitals

T = TypeVar("T")

DATABASE = "larder"
"""As the pooler names it: deploy/pgbouncer/pgbouncer.ini."""

NO_STATEMENTS = Missing(
    what="pg_stat_statements",
    why="It is not installed: Postgres does not say what statements cost. Processes still tell how long they waited.",
    mend="Put it into shared_preload_libraries, start Postgres anew, and run deploy/postgres/roles.sql.",
)
NO_WIDTHS = Missing(
    what="bloat",
    why="planner.widths() is not there, which says how wide columns are.",
    mend="Run deploy/postgres/roles.sql.",
)
NO_POOLER = Missing(
    what="pooler",
    why="None is configured: the services go to Postgres directly.",
    mend="Set LARDER_POOLER_URL where there is one; locally `just up pooler` does.",
)
NO_PRIMARY = Missing(
    what="replicas and slots",
    why="This server is a replica itself.",
    mend="Give LARDER_DATABASE_URL the primary.",
)
_NATS = "Look whether NATS runs: just status."


@dataclass(frozen=True)
class Sources:
    """Where to look. `pooler_url` is "" without one."""

    pool: Pool
    bus: Bus
    pooler_url: str
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Seen:
    """A look, and the counters behind it, which the next is compared with."""

    now: Now
    counters: Counters


async def look(sources: Sources, kept: Kept, known: Sequence[ProcessReport]) -> Seen:
    """Now. `kept` are the counters of the last snapshot, `known` who answered lately. Raises what a database has that
    does not answer."""
    missing: list[Missing] = []
    expected = [(process.process, process.instance) for process in known]
    answers, reports, pooler, streams, database = await asyncio.gather(
        _or_missing(missing, "processes", gather_vitals(sources.bus, expected), _NATS, BusAwayError),
        _or_missing(missing, "cache", gather_reports(sources.bus), _NATS, CacheAwayError),
        _pooler(sources, missing),
        _or_missing(missing, "streams", look_at_streams(sources.bus), _NATS, StreamsAwayError),
        _database(sources.pool, missing),
    )
    at = sources.now()
    return _seen(at, missing, answers or [], reports or [], pooler, streams or [], database, kept, known)


def _seen(
    at: datetime,
    missing: list[Missing],
    answers: Sequence[Vitals],
    reports: Sequence[Report],
    pooler: Pooler | None,
    streams: list[StreamReport],
    database: "Database",
    kept: Kept,
    known: Sequence[ProcessReport],
) -> Seen:
    processes, outboxes = processes_of(answers, known, at), outbox_reports(answers)
    counters: Counters = {"database": database_counters(database.server)}
    counters |= {pools_source(told): pool_counters(told) for told in answers if told.pools}
    seconds = (at - kept.at).total_seconds() if kept.at is not None else 0.0
    now = Now(
        as_of=at,
        missing=[*missing, *missing_outboxes(outboxes, at)],
        silent=silent_of(processes, at),
        server=database.server,
        rates=rates_of(kept.counters, counters["database"], seconds),
        connections=database.connections,
        transactions=database.transactions,
        blocked=database.blocked,
        replicas=database.replicas,
        slots=database.slots,
        processes=processes,
        pools=pool_reports(answers, kept.counters, kept.at),
        pooler=pooler,
        followers=follower_reports(answers),
        streams=streams,
        outboxes=outboxes,
        cache=cache_reports(reports),
    )
    return Seen(now, counters)


async def look_at_objects(pool: Pool, at: datetime) -> tuple[Objects, Source]:
    """Tables and indexes, and how much they were used."""
    missing: list[Missing] = []
    async with transaction(pool, LOOK) as reading:
        server = await store.get_server(reading)
        tables, indexes = await store.list_tables(reading), await store.list_indexes(reading)
    widths = await _widths(pool, missing)
    objects = Objects(
        as_of=at,
        missing=missing,
        tables=[table_report(table, widths) for table in tables],
        indexes=[index_report(index, widths) for index in indexes],
    )
    return objects, usage_counters(tables, indexes, server.counted_since)


async def look_at_statements(pool: Pool) -> tuple[list[Statement], Source] | None:
    """What pg_stat_statements has counted; None where it is not installed."""
    try:
        async with transaction(pool, LOOK) as reading:
            since = await store.get_statements_since(reading)
            statements = await store.list_statements(reading)
    except (asyncpg.UndefinedTableError, asyncpg.ObjectNotInPrerequisiteStateError):
        return None  # not created, or created and not preloaded
    counted: dict[str, Numbers] = {
        statement_key(statement): (
            *(statement.calls, statement.total_ms, statement.rows),
            *(statement.blocks_hit, statement.blocks_read, statement.blocks_temp),
        )
        for statement in statements
    }
    return statements, Source(since, counted)


def statement_key(statement: Statement) -> str:
    """Its name among the counters."""
    return f"{statement.query_id} {statement.role}"


@dataclass(frozen=True)
class Database:
    """What the database says of itself now."""

    server: Server
    connections: list[store.Connections]
    transactions: list[store.Transaction]
    blocked: list[store.Blocked]
    replicas: list[store.Replica]
    slots: list[store.Slot]


async def _database(pool: Pool, missing: list[Missing]) -> Database:
    async with transaction(pool, LOOK) as reading:
        server = await store.get_server(reading)
        database = Database(
            server=server,
            connections=await store.list_connections(reading),
            transactions=await store.list_transactions(reading),
            blocked=await store.list_blocked(reading),
            replicas=[] if server.replica else await store.list_replicas(reading),
            slots=[] if server.replica else await store.list_slots(reading),
        )
    if not server.statements or not await _counts_statements(pool):
        missing.append(NO_STATEMENTS)
    if server.replica:
        missing.append(NO_PRIMARY)
    return database


async def _counts_statements(pool: Pool) -> bool:
    """The extension may be there and its library not loaded."""
    try:
        async with transaction(pool, LOOK) as reading:
            await store.get_statements_since(reading)
    except asyncpg.ObjectNotInPrerequisiteStateError:
        return False
    return True


async def _widths(pool: Pool, missing: list[Missing]) -> Widths:
    try:
        async with transaction(pool, LOOK) as reading:
            return await store.list_widths(reading)
    except (asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError):
        missing.append(NO_WIDTHS)
        return {}


async def _pooler(sources: Sources, missing: list[Missing]) -> Pooler | None:
    if not sources.pooler_url:
        missing.append(NO_POOLER)
        return None
    looking = look_at_pooler(sources.pooler_url, DATABASE)
    return await _or_missing(missing, "pooler", looking, "Look at its log: just logs pooler.", PoolerAwayError)


async def _or_missing(
    missing: list[Missing], what: str, looking: Awaitable[T], mend: str, away: type[Exception]
) -> T | None:
    """What it sees; None when it is away, which is named."""
    try:
        return await looking
    except away as error:
        missing.append(Missing(what=what, why=str(error), mend=mend))
        return None
