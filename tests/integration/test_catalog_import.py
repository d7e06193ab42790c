"""Importing a catalogue: all or nothing, once, with the events that a change by hand would have made."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.catalog import ProductEvent
from services.catalog.domain import NewProduct
from services.catalog.importer import Counts, RepeatedSkuError, import_products
from shared.database import Pool, open_pool
from shared.ids import new_id


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    """As the service: with its rights, and no more."""
    async with open_pool(stack.addresses.database("catalog_service"), size=2, name="import") as pool:
        yield pool


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    yield database
    await database.close()


def product(**facts: Any) -> NewProduct:
    known = {"sku": str(new_id()), "name": "Flour", "category": "IMPORTED", "unit": "1 kg", "price_cents": 250}
    return msgspec.convert(known | facts, NewProduct)


async def events_of(database: asyncpg.Connection, sku: str) -> list[bytes]:
    rows = await database.fetch(
        "select payload from catalog.outbox inner join catalog.products on key = products.id where sku = $1 "
        "order by outbox.id",
        sku,
    )
    return [row["payload"] for row in rows]


async def test_a_second_import_of_the_same_changes_nothing_and_says_so(
    pool: Pool, database: asyncpg.Connection
) -> None:
    products = [product() for _ in range(3)]
    assert await import_products(pool, products) == Counts(created=3, updated=0, unchanged=0)
    assert await import_products(pool, products) == Counts(created=0, updated=0, unchanged=3)
    assert [len(await events_of(database, one.sku)) for one in products] == [1, 1, 1]


async def test_what_differs_gets_its_next_version_and_keeps_its_id_and_its_stock(
    pool: Pool, database: asyncpg.Connection
) -> None:
    first, second = product(stock=7), product()
    await import_products(pool, [first, second])
    before = await database.fetchrow("select * from catalog.products where sku = $1", first.sku)
    changed = msgspec.structs.replace(first, price_cents=300, stock=99)
    assert await import_products(pool, [changed, second]) == Counts(created=0, updated=1, unchanged=1)
    after = await database.fetchrow("select * from catalog.products where sku = $1", first.sku)
    assert (after["id"], after["version"], after["price_cents"], after["stock"]) == (before["id"], 2, 300, 7)
    events = [msgspec.json.decode(event, type=ProductEvent) for event in await events_of(database, first.sku)]
    assert [(event.product.version, event.product.price_cents) for event in events] == [(1, 250), (2, 300)]
    assert {event.product.id for event in events} == {before["id"]}


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=60).filter(
    str.strip
) | st.sampled_from(['quote " back \\ slash /', "Ünï çödé 豆腐 🥐", "</script>", "a\u2028b"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, unit=NAMES.map(lambda text: text[:40]).filter(str.strip), cents=st.integers(1, 10**8))
async def test_an_imported_event_is_byte_for_byte_what_the_service_would_have_written(
    pool: Pool, database: asyncpg.Connection, name: str, unit: str, cents: int
) -> None:
    one = product(name=name, unit=unit, price_cents=cents)
    await import_products(pool, [one])
    (payload,) = await events_of(database, one.sku)
    event = msgspec.json.decode(payload, type=ProductEvent)
    assert (event.product.name, event.product.unit, event.product.price_cents) == (name, unit, cents)
    assert (event.type, event.version, event.actor.role, event.actor.id) == ("ProductChanged", 1, "system", None)
    assert msgspec.json.encode(event) == payload


async def test_one_bad_product_and_nothing_is_imported(pool: Pool, database: asyncpg.Connection) -> None:
    good, bad = product(), product(price_cents=0, active=True)
    with pytest.raises(asyncpg.CheckViolationError):
        await import_products(pool, [good, bad])
    assert await database.fetchval("select count(*) from catalog.products where sku = $1", good.sku) == 0


async def test_a_sku_that_comes_twice_is_refused(pool: Pool) -> None:
    one = product()
    with pytest.raises(RepeatedSkuError):
        await import_products(pool, [one, one])


async def test_progress_ends_with_all(pool: Pool) -> None:
    told: list[int] = []
    await import_products(pool, [product() for _ in range(3)], told.append)
    assert told == [3]


async def test_importing_nothing_is_nothing(pool: Pool) -> None:
    assert await import_products(pool, []) == Counts(created=0, updated=0, unchanged=0)


async def test_the_service_may_neither_delete_a_product_nor_give_it_another_sku(pool: Pool) -> None:
    for forbidden in (
        "delete from catalog.products",
        "update catalog.products set sku = 'x'",
        "update catalog.categories set products = 0",
        "delete from catalog.outbox",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(forbidden)
