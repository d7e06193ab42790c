"""Writes orders with their whole histories, as fast as Postgres can: statements over temporary tables, no row by row.

Invariants: all or nothing (one transaction); each order stands at a version that its history leads to, step by step, so
`just republish` tells of it as of any other; numbers come from the sequence, so it may be done again and beside
others; each restaurant's account says what its entries come to, which continue those that were there. No outbox rows:
nobody is told of what never happened. Triggers and foreign keys are off, so what they would do is done here: `texts`,
and histories that belong to an order.

For many orders at once the lists' indexes are taken away and built again at the end, which is several times faster; the
table is locked meanwhile, and whoever asks for orders is told to come back.
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
    Without `histories`, and entries on accounts, the orders are fit for lists alone. Raises NobodyOrdersError."""
    now = datetime.now(UTC)
    async with connection.transaction():
        await connection.execute(
            "set local session_replication_role = replica; set local maintenance_work_mem = '512MB';"
            "set local work_mem = '256MB';"
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
                await QUERIES["draw_entries"].execute(connection, admin)
            progress("orders", last)
        if histories:
            progress("accounts", count)
            await _post(connection, admin, now)
        for name, definition in indexes.items():
            progress(name, count)
            await connection.execute(definition)
    for table in ("orders.orders", "orders.order_history", "orders.ledger_entries", "orders.credit_accounts"):
        progress(f"vacuum {table}", count)
        await connection.execute(f"vacuum (analyze) {table}")


async def _make_tables(connection: Connection, shape: Shape) -> UUID:
    """Fills the temporary tables. Returns the admin, who may be nobody's."""
    for name in QUERIES:
        if name.startswith("make_"):
            await QUERIES[name].execute(connection)
    served = {row["store"] for row in await connection.fetch("select store from seed_restaurants where drivers > 0")}
    if not served.issuperset(store for store, _ in shape.moments):
        raise NobodyOrdersError("Not all of the demo's restaurants are there, with people and drivers.")
    for table, rows in (("seed_moments", shape.moments), ("seed_baskets", shape.baskets)):
        await connection.copy_records_to_table(table, records=[(place, *row) for place, row in enumerate(rows)])
    for table in ("moments", "baskets", "restaurants", "drivers", "steps", "postings"):
        await connection.execute(f"analyze seed_{table}")
    admin: UUID | None = await connection.fetchval(
        "select id from accounts.people where role = 'admin' order by id limit 1"
    )
    return admin or new_id()


async def _post(connection: Connection, admin: UUID, now: datetime) -> None:
    """The drawn entries and the months' payments, numbered and summed up. Until the end, nobody else posts."""
    await QUERIES["draw_payments"].execute(connection, admin, now)
    await connection.execute("analyze seed_entries")
    for name in ("open_accounts", "lock_accounts", "insert_entries", "update_accounts"):
        await QUERIES[name].execute(connection)


async def _take_indexes(connection: Connection, count: int) -> dict[str, str]:
    """Drops what slows a large load; returns how to build it again, by name."""
    there = await connection.fetchval("select reltuples from pg_class where oid = 'orders.orders'::regclass")
    if count < FEW * there:
        return {}
    rows = await QUERIES["list_list_indexes"].rows(connection)
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    return {row["name"]: row["definition"] for row in rows}
