"""Finding real products: the whole catalogue of the demo, in a database of its own."""

import asyncio
import io
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest

from deploy.demo import source
from deploy.local import Stack
from deploy.local.migrate import migrate
from services.catalog import admin_store, app
from services.catalog.importer import import_products
from services.catalog.store import LATEST, QUERIES
from shared.database import open_pool
from tests.plans import plan_of
from tests.support import bearer, identity, serving, settings_of

DATABASE = "larder_whole_catalogue"
PRODUCTS = 92_331
SECONDS = 60
"""An import takes six; the machine may be busy."""


@dataclass
class Whole:
    stack: Stack
    url: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection

    async def page(self, **parameters: str) -> Any:
        async with self.session.get(f"{self.url}/api/catalog/products", params=parameters) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def names(self, q: str, **parameters: str) -> list[str]:
        page = await self.page(q=q, limit="10", **parameters)
        return [f"{item['name']} | {item['category']}" for item in page["items"]]

    async def every(self, **parameters: str) -> list[Any]:
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.page(limit="100", **parameters, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
async def whole(stack: Stack) -> AsyncIterator[Whole]:
    stack.postgres.psql("postgres", sql=f"create database {DATABASE} owner larder_owner template template0")
    migrate(stack.addresses, DATABASE)
    url = stack.addresses.database("catalog_service", DATABASE)
    products = source.read_products()
    async with open_pool(url, size=1, name="import") as pool:
        began = time.monotonic()
        first = await import_products(pool, products)
        assert time.monotonic() - began < SECONDS
        again = await import_products(pool, products)
    assert (first.created, again.created, again.updated, again.unchanged) == (PRODUCTS, 0, 0, PRODUCTS)
    database = await asyncpg.connect(stack.addresses.database("postgres", DATABASE), statement_cache_size=0)
    settings = settings_of(stack, "catalog", app.Settings, LARDER_DATABASE_URL=url)
    async with serving(settings, app.build) as address, aiohttp.ClientSession() as session:
        yield Whole(stack, address, session, database)
    await database.close()
    stack.postgres.psql("postgres", sql=f"drop database {DATABASE} with (force)")


@pytest.mark.parametrize(
    ("q", "held"),
    [
        ("frozen pizza", "PIZZA"),
        ("pizza frozen", "PIZZA"),
        ("FRZN CHCK", "CHICK"),
        ("frozen chicken", "CHICK"),
        ("chiken", "CHICKEN"),
        ("chesse", "CHEESE"),
        ("mlik", "MILK"),
        ("choclate", "CHOC"),
        ("potatoe chips", "POTATO CHIPS"),
        ("tomatos", "TOMATO"),
        ("strawberry", "STRAWBERR"),
        ("banana", "BANANAS"),
        ("peanut butter", "PEANUT BUTTER"),
        ("yogrt", "YOGURT"),
        ("yog", "YOGURT"),
        ("spagh", "SPAGHETTI"),
        ("ground beef", "BEEF"),
        ("ice cream 56 ounces", "56 OZ"),
        ("coffee 12oz", "12 OZ"),
        ("beer", "BEER"),
        ("salsa", "SALSA"),
        ("dog food", "DOG"),
        ("soft drinks 2 liter", "SFT DRNK 2 LITER"),
    ],
)
async def test_what_people_type_is_found_in_the_first_ten(whole: Whole, q: str, held: str) -> None:
    names = await whole.names(q)
    assert len(names) == 10
    assert all(held in name for name in names), names


async def test_a_sku_is_found_first(whole: Whole) -> None:
    page = await whole.page(q="1043166")
    assert [item["sku"] for item in page["items"]] == ["1043166"]


async def test_words_and_a_category_narrow_together(whole: Whole) -> None:
    every = await whole.every(q="cheese", category="FROZEN PIZZA")
    assert {item["category"] for item in every} <= {"FROZEN PIZZA"}
    crackers = await whole.every(q="cheese", category="CRACKERS/MISC BKD FD")
    assert 0 < len(crackers) < len(await whole.every(q="cheese"))


async def test_a_search_gives_each_product_once_best_first(whole: Whole) -> None:
    every = await whole.every(q="frozen")
    ids = [item["id"] for item in every]
    assert len(ids) == len(set(ids)) > 1000
    by_twenty = await whole.page(q="frozen", limit="20")
    assert [item["id"] for item in by_twenty["items"]] == ids[:20]


async def test_a_category_gives_each_of_its_products_once(whole: Whole) -> None:
    every = await whole.every(category="FROZEN PIZZA")
    active = await whole.database.fetchval(
        "select count(*) from catalog.products where active and category = 'FROZEN PIZZA'"
    )
    assert len({item["id"] for item in every}) == len(every) == active


async def test_every_event_stands_in_the_outbox_once(whole: Whole) -> None:
    counted = await whole.database.fetchrow(
        # The stock may have answered an order of another test beside them.
        "select count(*), count(distinct key), count(distinct event_id) from catalog.outbox "
        "where subject like 'catalog.v1.%'"
    )
    assert tuple(counted) == (PRODUCTS, PRODUCTS, PRODUCTS)


@pytest.mark.parametrize(
    ("name", "parameters", "index"),
    [
        ("list_products", ("ffffffff-ffff-ffff-ffff-ffffffffffff", 21), "products_listed"),
        ("list_products_of_category", ("ffffffff-ffff-ffff-ffff-ffffffffffff", 21, "YOGURT"), "products_of_category"),
        (
            "search_products",
            ("'pizza'", 2**31 - 1, "ffffffff-ffff-ffff-ffff-ffffffffffff", "'pizza'", 21),
            "products_search",
        ),
        ("list_categories", ("", 21), "categories_pkey"),
    ],
)
async def test_lists_are_read_from_their_indexes(
    whole: Whole, name: str, parameters: tuple[object, ...], index: str
) -> None:
    # A prepared statement's generic plan is what a busy connection uses; it must do without the values.
    async with whole.database.transaction():
        await whole.database.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = on")
        plan = "\n".join(row[0] for row in await whole.database.fetch(f"explain {QUERIES[name].sql}", *parameters))
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    ("name", "parameters", "indexes"),
    [
        ("list_all_products", (None,), ("products_listed", "products_inactive")),
        ("list_all_products", (False,), ("products_inactive",)),
        (
            "list_all_products_of_category",
            (None, "YOGURT"),
            ("products_of_category", "products_inactive_of_category"),
        ),
        ("list_all_products_of_category", (True, "YOGURT"), ("products_of_category",)),
        ("find_all_products", (None, None, "10431"), ("products_by_sku", "products_by_name")),
        ("find_all_products", (True, None, "yog"), ("products_by_sku", "products_by_name")),
    ],
)
@pytest.mark.parametrize("generic", [False, True])
async def test_admins_lists_read_a_page_of_their_indexes(
    whole: Whole, name: str, parameters: tuple[object, ...], indexes: tuple[str, ...], generic: bool
) -> None:
    query = admin_store.QUERIES[name]
    plan = await plan_of(whole.database, query, (LATEST, 21, *parameters), "begin", generic=generic)
    lines = "\n".join(plan.lines)
    assert all(index in lines for index in indexes), lines
    assert "Seq Scan" not in lines, lines
    # Two pages from their indexes, or every product whose name begins so.
    assert plan.buffers < (150 if name.startswith("list") else 1500), lines


async def test_the_whole_catalogue_goes_out_as_a_file_and_in_again_unchanged(whole: Whole) -> None:
    headers = bearer(whole.stack, identity("admin"))
    async with whole.session.get(f"{whole.url}/api/catalog/exports/products.csv", headers=headers) as answer:
        file = await answer.read()
    began = time.monotonic()
    async with whole.session.post(
        f"{whole.url}/api/catalog/imports", data=io.BytesIO(file), headers={**headers, "Content-Type": "text/csv"}
    ) as answer:
        report = await answer.json()
    assert time.monotonic() - began < SECONDS
    assert (report["lines"], report["unchanged"], report["stock_kept"]) == (PRODUCTS, PRODUCTS, 0)


async def test_searches_are_answered_at_once(whole: Whole) -> None:
    queries = ("milk", "frozen chicken", "chesse", "peanut butter", "yog", "16 oz coffee", "wine", "bread", "choclate")
    times = []
    for q in queries * 3:
        began = time.perf_counter()
        await whole.page(q=q)
        times.append(time.perf_counter() - began)
    # Measured: 5 ms in the middle, 12 at the 95th percentile. The bound is loose: the machine may be busy.
    assert statistics.median(times) < 0.1


async def test_the_widest_searches_are_answered_beside_each_other(whole: Whole) -> None:
    pages = await asyncio.gather(*(whole.page(q=q) for q in ("oz", "national", "ca", "c", "private", "frozen")))
    assert all(len(page["items"]) == 20 for page in pages)
