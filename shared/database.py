"""One connection pool a process, named queries, and transactions under an identity.

Invariants: nothing that outlives a transaction is ever set on a connection (`SET LOCAL` alone), so connections are
handed back without the reset that would cost a round trip, and a transaction pooler may stand in between. A
transaction ends by COMMIT, or by ROLLBACK when anything was raised. Each query has a name, which is in its
text, in pg_stat_statements and on its metric. One that its caller waited long for is noted, also when it failed: its
name, when, and how long; never its parameters, which are people's data.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, time_ns
from types import TracebackType
from typing import Any, TypeAlias

import aiosql
import asyncpg
from prometheus_client import Gauge, Histogram

from proto.vitals import QUERY_BOUNDS, WAIT_BOUNDS, SlowQuery
from shared.tracing import CURRENT, OpenSpan

Pool: TypeAlias = Any
Connection: TypeAlias = Any
Row: TypeAlias = Mapping[str, Any]

QUERY_SECONDS = Histogram(
    "larder_query_seconds",
    "Time of one query, as its caller waited for it",
    ["query"],
    buckets=QUERY_BOUNDS,
)
POOL_WAIT_SECONDS = Histogram(
    "larder_pool_wait_seconds", "Time a transaction waited for a connection", ["pool"], buckets=WAIT_BOUNDS
)
POOL_SIZE = Gauge("larder_pool_size_connections", "Connections that the pool may open", ["pool"])
POOL_BUSY = Gauge("larder_pool_busy_connections", "Connections in use", ["pool"])
POOL_WAITING = Gauge("larder_pool_waiting", "Transactions that wait for a connection", ["pool"])

ACQUIRE_SECONDS = 3.0
"""Who waits longer for a connection is told to come back: the same as PgBouncer's query_wait_timeout."""

SLOW_SECONDS = 0.1
"""Postgres logs the same: log_min_duration_statement."""

SLOW: deque[SlowQuery] = deque(maxlen=200)
"""The last slow queries of this process, the newest last. Whoever gathers them asks more often than 200 come."""

REPOSITORY = Path(__file__).parent.parent

SNAPSHOT = "begin isolation level repeatable read read only"
"""Begins a reading whose queries are all of one moment."""

LASTING_SNAPSHOT = f"{SNAPSHOT}; set local idle_in_transaction_session_timeout = '60s'"
"""The same for a cursor whose reader is slow: it is idle for longer than a request's transaction may be."""

ARRAYS = "select " + ", ".join(
    f"null::{kind}[]"
    for kind in ("uuid", "text", "integer", "bigint", "boolean", "bytea", "timestamptz", "float8", "smallint")
)
"""Uses each type of array that our statements have."""


class Query:
    """One statement of a queries.sql. `$1…` are its parameters; `place` is the file it stands in, and the line."""

    __slots__ = ("_seconds", "name", "place", "sql")

    def __init__(self, name: str, sql: str, place: str) -> None:
        self.name = name
        self.place = place
        # After the first word: what stands before it is no part of the statement to pg_stat_statements, and what stands
        # at the end is cut off in pg_stat_activity.
        verb, rest = sql.split(maxsplit=1)
        self.sql = f"{verb} /* {name} */ {rest}"
        self._seconds = QUERY_SECONDS.labels(name)
        QUERIES[name] = self

    async def rows(self, connection: Connection, *parameters: object) -> list[Row]:
        started = perf_counter()
        try:
            rows: list[Row] = await connection.fetch(self.sql, *parameters)
        finally:
            self._took(perf_counter() - started)
        return rows

    async def row(self, connection: Connection, *parameters: object) -> Row | None:
        """The first row, or None."""
        started = perf_counter()
        try:
            row: Row | None = await connection.fetchrow(self.sql, *parameters)
        finally:
            self._took(perf_counter() - started)
        return row

    async def execute(self, connection: Connection, *parameters: object) -> None:
        started = perf_counter()
        try:
            await connection.fetch(self.sql, *parameters)
        finally:
            self._took(perf_counter() - started)

    def _took(self, seconds: float) -> None:
        self._seconds.observe(seconds)
        if (span := CURRENT.get()) is not None:
            span.child(self.name, time_ns() - int(seconds * 1e9), kind="client")
        if seconds > SLOW_SECONDS:
            number = SLOW[-1].number + 1 if SLOW else 1
            SLOW.append(SlowQuery(number=number, name=self.name, at=datetime.now(UTC), seconds=seconds))


QUERIES: dict[str, Query] = {}
"""Every query of this process, by its name: who asks what it has, and where that stands."""

_NAMED = re.compile(r"--\s*name:\s*(\w+)")


def load_queries(context: str, path: Path, schema: str | None = None) -> dict[str, Query]:
    """The statements of a file, each below a line `-- name: get_order`; `get_order` becomes `orders.get_order`. With
    `schema` they are about the tables of that one, in the place of the context's own."""
    loaded = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    place, schema = place_of(path), schema or context
    lines = {
        named[1]: number
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (named := _NAMED.match(line)) is not None
    }
    texts = {name: getattr(loaded, name).sql.strip().rstrip(";") for name in lines}
    return {
        name: Query(f"{schema}.{name}", texts[name].replace(f"{context}.", f"{schema}."), f"{place}:{lines[name]}")
        for name in loaded.available_queries
        if not name.endswith("_cursor")
    }


def place_of(path: Path) -> str:
    """The file as the repository names it; its bare name elsewhere."""
    path = path.resolve()
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else path.name


def inside_like(text: str) -> str:
    """The text as a part of an ILIKE pattern, standing for itself."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


class Queue:
    """Who waits for a connection of a pool: how many now, and how long they did. A plain number, since it is counted on
    the way of every request."""

    __slots__ = ("name", "waiting", "waits")

    def __init__(self, name: str) -> None:
        self.name, self.waiting, self.waits = name, 0, POOL_WAIT_SECONDS.labels(name)


QUEUES: dict[Pool, Queue] = {}
"""Of every open pool of this process."""


@asynccontextmanager
async def open_pool(
    url: str,
    *,
    size: int,
    name: str,
    statement_cache: int = 100,
    may_be_away: bool = False,
    patience: float | None = None,
) -> AsyncIterator[Pool]:
    """A pool of `size` connections; `name` is what pg_stat_activity shows. `statement_cache` is how many prepared
    statements a connection keeps, 0 for a pooler that cannot carry them. A statement that takes longer than `patience`
    seconds raises TimeoutError. Raises when Postgres is away.

    All are open from the start and stay: to open one takes 10 ms of the event loop (SCRAM, in Python) and as many
    round trips, which a request would wait for just when many come. Of a server that `may_be_away` each is opened when
    it is first wanted.

    What is in use is asked of the pool when somebody reads the metrics, so that it costs the queries nothing."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0 if may_be_away else size,
        max_size=size,
        command_timeout=patience,
        max_inactive_connection_lifetime=0,
        init=_learn_arrays,
        reset=_no_reset,
        statement_cache_size=statement_cache,
        server_settings={"application_name": name},
    )
    queue = QUEUES[pool] = Queue(name)
    POOL_SIZE.labels(name).set(size)
    POOL_BUSY.labels(name).set_function(lambda: busy(pool))
    POOL_WAITING.labels(name).set_function(lambda: queue.waiting)
    try:
        yield pool
    finally:
        POOL_BUSY.labels(name).set_function(lambda: 0)  # lets go of the pool
        await pool.close()
        del QUEUES[pool]


def busy(pool: Pool) -> int:
    """Connections in use."""
    return int(pool.get_size() - pool.get_idle_size())


class connection:  # noqa: N801  used as a function: `async with connection(pool) as reading`
    """A connection without a transaction around it: one statement is one round trip. Raises TimeoutError when none
    came free in time."""

    # A class and not a generator, and the pool's own timeout left alone: those two cost 25 µs, twice a request.
    __slots__ = ("_acquired", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._acquired: Connection = None

    async def __aenter__(self) -> Connection:
        queue = QUEUES[self._pool]
        waited = perf_counter()
        queue.waiting += 1
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                self._acquired = await self._pool.acquire()
        finally:
            queue.waiting -= 1
            queue.waits.observe(perf_counter() - waited)
        return self._acquired

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, TimeoutError):
            # It may still be asking: the pool would wait for the answer, of a frozen server for ever.
            self._acquired.terminate()
        await self._pool.release(self._acquired)


class transaction(connection):  # noqa: N801  used as a function, like the above
    """A connection inside a transaction. `begin` is one simple-protocol message: the `begin`, and any SET LOCAL with
    it, in a single round trip. Under `span` it is told of from its begin to its end. Raises TimeoutError when no
    connection came free in time."""

    __slots__ = ("_began", "_begin", "_span")

    def __init__(self, pool: Pool, begin: str = "begin", span: OpenSpan | None = None) -> None:
        super().__init__(pool)
        self._begin = begin
        self._span = span
        self._began = 0

    async def __aenter__(self) -> Connection:
        acquired = await super().__aenter__()
        if self._span is not None:
            self._began = time_ns()
        try:
            await acquired.execute(self._begin)
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        return acquired

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._acquired.execute("commit")
            # What was cancelled in the middle of a query is rolled back by the pool, which waits for the query's end.
            elif (
                not isinstance(error, TimeoutError) and isinstance(error, Exception) and not self._acquired.is_closed()
            ):
                # A lost connection has left the pool, and its transaction with it: what was raised before tells more.
                with suppress(asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError):
                    await self._acquired.execute("rollback")
        finally:
            if self._span is not None:
                told = {"larder.outcome": "commit" if error is None else "rollback"}
                self._span.child("transaction", self._began, kind="client", attributes=told)
            await super().__aexit__(kind, error, trace)


async def _learn_arrays(connection: Connection) -> None:
    """asyncpg asks Postgres about a type when a statement first uses it: 5 ms, 100 under load, in the transaction."""
    await connection.fetchrow(ARRAYS)


async def _no_reset(_connection: Connection) -> None:
    """Nothing to reset; asyncpg still rolls back what was left open."""
