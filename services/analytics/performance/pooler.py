"""What PgBouncer says of itself on its console: its pools, who waits in them, and for how long.

The console speaks only the simple protocol, which asyncpg does not; psycopg does for a statement without parameters. It
is asked as `pooler_stats`, who may look and do nothing. Each look is a connection of its own, a few milliseconds.
"""

import asyncio

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

LOOK_SECONDS = 2.0


class PoolerPool(msgspec.Struct, frozen=True, kw_only=True):
    """A role's connections through the pooler. `waiting` clients have no server connection; the first of them has
    waited for `longest_wait_seconds`, and at 3 s gets an error."""

    role: str
    clients: int
    waiting: int
    longest_wait_seconds: float
    servers_busy: int
    servers_idle: int
    servers_signing_in: int
    mode: str


class Pooler(msgspec.Struct, frozen=True, kw_only=True):
    """`connections` of at most `connections_limit` to Postgres. The averages are over the pooler's last minute."""

    version: str
    connections: int
    connections_limit: int
    servers_a_role: int
    average_wait_ms: float
    average_query_ms: float
    transactions_a_second: float
    pools: list[PoolerPool]


class PoolerAwayError(Exception):
    """It does not answer, or not about this database; the text says what happened."""


async def look_at_pooler(url: str, database: str) -> Pooler:
    """Of one database's pools. `url` names the console's database. Raises PoolerAwayError."""
    try:
        async with (
            asyncio.timeout(LOOK_SECONDS),
            await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as console,
        ):
            pools = [row for row in await _show(console, "pools") if row["database"] == database]
            stats = next((row for row in await _show(console, "stats") if row["database"] == database), None)
            databases = {row["name"]: row for row in await _show(console, "databases")}
            ((version,),) = [tuple(row.values()) for row in await _show(console, "version")]
    except (psycopg.Error, TimeoutError, OSError) as error:
        raise PoolerAwayError(f"{type(error).__name__}: {error}".strip()) from error
    if (found := databases.get(database)) is None:
        raise PoolerAwayError(f"it has no database {database}, but {', '.join(sorted(databases))}")
    return Pooler(
        version=str(version),
        connections=found["current_connections"],
        connections_limit=found["max_connections"],
        servers_a_role=found["pool_size"],
        average_wait_ms=float(stats["avg_wait_time"]) / 1000 if stats else 0.0,
        average_query_ms=float(stats["avg_query_time"]) / 1000 if stats else 0.0,
        transactions_a_second=float(stats["avg_xact_count"]) if stats else 0.0,
        pools=[_pool(row) for row in pools],
    )


async def _show(console: "psycopg.AsyncConnection[DictRow]", what: str) -> list[DictRow]:
    return await (await console.execute(f"show {what}".encode())).fetchall()


def _pool(row: DictRow) -> PoolerPool:
    return PoolerPool(
        role=row["user"],
        clients=row["cl_active"] + row["cl_waiting"],
        waiting=row["cl_waiting"],
        longest_wait_seconds=row["maxwait"] + row["maxwait_us"] / 1_000_000,
        servers_busy=row["sv_active"],
        servers_idle=row["sv_idle"] + row["sv_used"] + row["sv_tested"],
        servers_signing_in=row["sv_login"],
        mode=row["pool_mode"],
    )
