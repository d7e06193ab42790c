"""Fills analytics' tables from seeded orders, as fast as Postgres can: for tests of plans, and for measurements.

Invariant: the tables are those that the projection makes of the same orders' events; a test compares. Without histories
it is not known how long orders stayed in each state: then those times are missing. No service reads them meanwhile: on
a running stack `just republish` tells of seeded orders, and the projection counts them.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.analytics.projection.domain import DELIVERY_PROMISE
from shared.database import Connection, load_queries

QUERIES = load_queries("seed", Path(__file__).with_name("rollups.sql"))


async def fill(
    connection: Connection,
    zone: str = "UTC",
    *,
    sales: bool = True,
    progress: Callable[[str], None] = lambda _what: None,
) -> None:
    """`connection`: a superuser's, to a database whose tables of analytics are empty. Without `sales`, products,
    categories and baskets are left out, which take most of the time."""
    steps: list[tuple[Any, ...]] = [
        ("fill_orders",),
        ("fill_names",),
        ("draw_hours", zone, DELIVERY_PROMISE),
        ("fill_totals",),
        ("fill_totals_of_drivers", zone, DELIVERY_PROMISE),
        ("draw_deliveries",),
        ("draw_stays",),
        *([("draw_baskets",)] if sales else []),
        ("fill_histograms", zone),
        ("fill_reasons", zone),
        *([("draw_sold", zone), ("fill_product_sales",), ("fill_category_sales",)] if sales else []),
        ("move_projection", zone, datetime.now(UTC)),
    ]
    async with connection.transaction():
        await connection.execute("set local work_mem = '512MB'; set local synchronous_commit = off")
        made = [(name,) for name in QUERIES if name.startswith("make_")]
        for name, *parameters in [*made, *steps]:
            progress(name)
            await QUERIES[name].execute(connection, *parameters)
    progress("vacuum")
    for row in await connection.fetch("select tablename from pg_tables where schemaname = 'analytics'"):
        await connection.execute(f"vacuum (analyze) analytics.{row['tablename']}")
