"""Writes orders with their whole histories, as fast as Postgres can: statements over temporary tables, no row by row.

Invariants: all or nothing (one transaction); each order stands at a version that its history leads to, step by step, so
`just republish` tells of it as of any other; numbers come from the sequence, so it may be done again and beside
others. No outbox rows: nobody is told of what never happened. Triggers and foreign keys are off, so what they would
do is done here: `texts`, and histories that belong to an order.

For many orders at once the lists' indexes are taken away and built again at the end, which is several times faster; the
table is locked meanwhile, and whoever asks for orders is told to come back.

What else an order leaves behind (entries of a credit account, say) is one more statement over `seed_chunk`, beside the
histories.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from deploy.seed.shape import Shape
from shared.database import Connection, load_queries
from shared.ids import new_id

QUERIES = load_queries("seed", Path(__file__).with_name("queries.sql"))
CHUNK = 20_000
UNDER_WAY = 300
"""How many of the last orders have not ended; at most a twentieth of all."""

FEW = 0.1
"""Up to this share of what is there, the indexes are kept."""


class NobodyOrdersError(Exception):
    """There are no restaurants of the source's stores, or no drivers."""


async def seed(
    connection: Connection,
    shape: Shape,
    count: int,
    *,
    histories: bool = True,
    progress: Callable[[str, int], None] = lambda _what, _done: None,
) -> None:
    """`connection`: a superuser's, of its own. `progress` is told what is being done and how many orders are written.
    Without `histories` the orders are fit for lists alone. Raises NobodyOrdersError."""
    now = datetime.now(UTC)
    async with connection.transaction():
        await connection.execute(
            "set local session_replication_role = replica; set local maintenance_work_mem = '512MB';"
            "set local synchronous_commit = off; set local lock_timeout = '30s'"
        )
        admin = await _make_tables(connection, shape)
        indexes = await _take_indexes(connection, count)
        # By whole days, so that hours stay what they are.
        shift = timedelta(days=(now - shape.moments[-1][1]).days)
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            await QUERIES["empty_chunk"].execute(connection)
            await QUERIES["draw_chunk"].execute(
                connection,
                *(first, last, count, len(shape.moments), shift, now, min(UNDER_WAY, count // 20), len(shape.baskets)),
            )
            await QUERIES["insert_orders"].execute(connection)
            if histories:
                await QUERIES["insert_histories"].execute(connection, admin)
            progress("orders", last)
        for name, definition in indexes.items():
            progress(name, count)
            await connection.execute(definition)
    for table in ("orders.orders", "orders.order_history"):
        progress(f"vacuum {table}", count)
        await connection.execute(f"vacuum (analyze) {table}")


async def _make_tables(connection: Connection, shape: Shape) -> UUID:
    """Fills the temporary tables. Returns the admin, who may be nobody's."""
    for name in ("make_moments", "make_baskets", "make_drivers", "make_restaurants", "make_steps", "make_chunk"):
        await QUERIES[name].execute(connection)
    served = {row["store"] for row in await connection.fetch("select store from seed_restaurants where drivers > 0")}
    if not served.issuperset(store for store, _ in shape.moments):
        raise NobodyOrdersError("Not all of the demo's restaurants are there, with people and drivers.")
    for table, rows in (("seed_moments", shape.moments), ("seed_baskets", shape.baskets)):
        await connection.copy_records_to_table(table, records=[(place, *row) for place, row in enumerate(rows)])
    await connection.execute(
        "analyze seed_moments; analyze seed_baskets; analyze seed_restaurants; analyze seed_drivers; analyze seed_steps"
    )
    admin: UUID | None = await connection.fetchval(
        "select id from accounts.people where role = 'admin' order by id limit 1"
    )
    return admin or new_id()


async def _take_indexes(connection: Connection, count: int) -> dict[str, str]:
    """Drops what slows a large load; returns how to build it again, by name."""
    there = await connection.fetchval("select reltuples from pg_class where oid = 'orders.orders'::regclass")
    if count < FEW * there:
        return {}
    rows = await QUERIES["list_list_indexes"].rows(connection)
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    return {row["name"]: row["definition"] for row in rows}
