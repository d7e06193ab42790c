"""Roll-ups that are filled from seeded orders by statements over whole tables are those that the projection makes."""

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from deploy.seed.rollups import fill
from services.analytics.projection.domain import OrderEvent, fold
from services.analytics.projection.store import LIVE, Tables
from services.orders.republish import rebuilt
from services.orders.store import QUERIES
from shared.database import Connection
from tests.plans import Seedbed

ORDERS = 1_000
ZONE = "America/New_York"
"""It is at whole hours, and none of its days is one of UTC."""

TABLES = ("orders", "totals", "histograms", "reasons", "category_sales", "product_sales")


@pytest.fixture(scope="module")
async def database(seedbed: Seedbed) -> AsyncIterator[Connection]:
    async with seedbed.seeded("seed_rollups", ORDERS) as connection:
        yield connection


async def contents(database: Connection) -> dict[str, list[Any]]:
    found = {}
    for table in TABLES:
        rows = await database.fetch(f"select * from analytics.{table}")  # noqa: S608  our own names
        found[table] = sorted(tuple(sorted(row.items())) for row in rows)
    return found


async def test_what_is_filled_is_what_the_projection_counts(database: Connection) -> None:
    await fill(database, ZONE)
    filled = await contents(database)
    assert all(filled.values())
    await database.execute(f"truncate {', '.join(f'analytics.{table}' for table in TABLES)}")
    events = [
        msgspec.json.decode(rebuilt(row).payload, type=OrderEvent).order
        for row in await database.fetch(QUERIES["list_all_history"].sql)
    ]
    categories = dict(await database.fetch("select id, category from analytics.products"))
    await Tables(LIVE).add(database, fold({}, events, categories, ZoneInfo(ZONE)))
    counted = await contents(database)
    for table in TABLES:
        assert filled[table] == counted[table], table


async def test_without_sales_the_rest_is_the_same(database: Connection) -> None:
    await fill_again(database, sales=True)
    whole = await contents(database)
    await fill_again(database, sales=False)
    part = await contents(database)
    assert part["product_sales"] == part["category_sales"] == []
    for table in ("orders", "totals", "reasons"):
        assert part[table] == whole[table]
    baskets = {("measure", "basket_lines"), ("measure", "basket_cents")}
    assert part["histograms"] == [row for row in whole["histograms"] if not baskets & set(row)]


async def fill_again(database: Connection, *, sales: bool) -> None:
    names = (*TABLES, "products", "restaurants", "drivers")
    await database.execute(f"truncate {', '.join(f'analytics.{name}' for name in names)}")
    await fill(database, ZONE, sales=sales)
