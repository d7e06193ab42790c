"""One connection pool a process, named queries, and transactions under an identity.

Invariants: nothing that outlives a transaction is ever set on a connection (`SET LOCAL` alone), so connections are
handed back without the reset that would cost a round trip, and a transaction pooler may stand in between. A
transaction ends by COMMIT, or by ROLLBACK when anything was raised. Each query has a name, which is in its
text, in pg_stat_statements and on its metric.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter, time_ns
from types import TracebackType
from typing import Any, TypeAlias

import aiosql
import asyncpg
from prometheus_client import Gauge, Histogram

from shared.tracing import OpenSpan

Pool: TypeAlias = Any
Connection: TypeAlias = Any
Row: TypeAlias = Mapping[str, Any]

QUERY_SECONDS = Histogram(
    "larder_query_seconds",
    "Time of one query, as its caller waited for it",
    ["query"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
POOL_WAIT_SECONDS = Histogram(
    "larder_pool_wait_seconds",
    "Time a transaction waited for a connection",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3),
)
POOL_SIZE = Gauge("larder_pool_size_connections", "Connections that the pool may open", ["pool"])
POOL_BUSY = Gauge("larder_pool_busy_connections", "Connections in use", ["pool"])

ACQUIRE_SECONDS = 3.0
"""Who waits longer for a connection is told to come back: the same as PgBouncer's query_wait_timeout."""


class Query:
    """One statement of a queries.sql. `$1…` are its parameters."""

    __slots__ = ("_seconds", "name", "sql")

    def __init__(self, name: str, sql: str) -> None:
        self.name = name
        self.sql = f"/* {name} */ {sql}"
        self._seconds = QUERY_SECONDS.labels(name)

    async def rows(self, connection: Connection, *parameters: object) -> list[Row]:
        started = perf_counter()
        rows: list[Row] = await connection.fetch(self.sql, *parameters)
        self._seconds.observe(perf_counter() - started)
        return rows

    async def row(self, connection: Connection, *parameters: object) -> Row | None:
        """The first row, or None."""
        started = perf_counter()
        row: Row | None = await connection.fetchrow(self.sql, *parameters)
        self._seconds.observe(perf_counter() - started)
        return row

    async def execute(self, connection: Connection, *parameters: object) -> None:
        started = perf_counter()
        await connection.fetch(self.sql, *parameters)
        self._seconds.observe(perf_counter() - started)


def load_queries(context: str, path: Path) -> dict[str, Query]:
    """The statements of a file, each below a line `-- name: get_order`; `get_order` becomes `orders.get_order`."""
    loaded = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    return {
        name: Query(f"{context}.{name}", getattr(loaded, name).sql.strip().rstrip(";"))
        for name in loaded.available_queries
        if not name.endswith("_cursor")
    }


def inside_like(text: str) -> str:
    """The text as a part of an ILIKE pattern, standing for itself."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


@asynccontextmanager
async def open_pool(url: str, *, size: int, name: str, statement_cache: int = 100) -> AsyncIterator[Pool]:
    """A pool of at most `size` connections; `name` is what pg_stat_activity shows. `statement_cache` is how many
    prepared statements a connection keeps, 0 for a pooler that cannot carry them. Raises when Postgres is away.

    What is in use is asked of the pool when somebody reads the metrics, so that it costs the queries nothing."""
    pool = await asyncpg.create_pool(
        url,
        min_size=min(2, size),
        max_size=size,
        reset=_no_reset,
        statement_cache_size=statement_cache,
        server_settings={"application_name": name},
    )
    POOL_SIZE.labels(name).set(size)
    POOL_BUSY.labels(name).set_function(lambda: pool.get_size() - pool.get_idle_size())
    try:
        yield pool
    finally:
        POOL_BUSY.labels(name).set_function(lambda: 0)  # lets go of the pool
        await pool.close()


class connection:  # noqa: N801  used as a function: `async with connection(pool) as reading`
    """A connection without a transaction around it: one statement is one round trip. Raises TimeoutError when none
    came free in time."""

    # A class and not a generator, and the pool's own timeout left alone: those two cost 25 µs, twice a request.
    __slots__ = ("_acquired", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._acquired: Connection = None

    async def __aenter__(self) -> Connection:
        waited = perf_counter()
        async with asyncio.timeout(ACQUIRE_SECONDS):
            self._acquired = await self._pool.acquire()
        POOL_WAIT_SECONDS.observe(perf_counter() - waited)
        return self._acquired

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            elif isinstance(error, Exception) and not self._acquired.is_closed():
                # A lost connection has left the pool, and its transaction with it: what was raised before tells more.
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                    await self._acquired.execute("rollback")
        finally:
            if self._span is not None:
                told = {"larder.outcome": "commit" if error is None else "rollback"}
                self._span.child("transaction", self._began, kind="client", attributes=told)
            await super().__aexit__(kind, error, trace)


async def _no_reset(_connection: Connection) -> None:
    """Nothing to reset; asyncpg still rolls back what was left open."""
