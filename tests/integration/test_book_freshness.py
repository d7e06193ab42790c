"""The measurement of the price book's age, at a small load: every change arrives, and nobody is charged what they did
not see."""

import asyncpg
import pytest

from deploy.local import Stack
from loadtests.book_freshness import MeasureError, Shop, _judge, _Seen, measure
from services.catalog import app as catalog_app
from services.catalog.domain import NewProduct
from services.catalog.importer import import_products
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.outbox import wake_subject
from tests.shop import open_shop
from tests.support import bearer, eventually, identity, serving, settings_of


async def test_changes_reach_the_book_while_people_order_and_nobody_pays_what_they_did_not_see(
    stack: Stack, relay: None, bus: Bus
) -> None:
    skus = [str(new_id()) for _ in range(5)]
    products = [NewProduct(sku=sku, name="Flour", category="FRESH", unit="1 kg", price_cents=250) for sku in skus]
    async with open_pool(stack.addresses.database("catalog_service"), size=1, name="import") as pool:
        await import_products(pool, products)
    await bus.nudge(wake_subject("catalog"))
    catalog_settings = settings_of(stack, "catalog", catalog_app.Settings)
    async with open_shop(stack) as shop, serving(catalog_settings, catalog_app.build) as catalog:
        await shop.database.execute(
            "update orders.restaurants set credit_limit_cents = 1e15 where id = $1", shop.restaurant
        )
        rows = await shop.database.fetch("select id from catalog.products where sku = any($1)", skus)

        async def learnt(database: asyncpg.Connection = shop.database) -> bool:
            found = "select count(*) from orders.price_book where product_id = any($1)"
            return bool(await database.fetchval(found, [row["id"] for row in rows]) == len(rows))

        await eventually(learnt)
        measured = await measure(
            Shop(
                catalog=catalog,
                orders=shop.url,
                customers=[shop.as_restaurant()],
                admin=bearer(stack, identity("admin")),
                database=stack.addresses.database("postgres"),
                products=[str(row["id"]) for row in rows],
            ),
            rate=30,
            seconds=1.5,
            changes_per_second=20,
        )
    assert measured.changes >= 5
    assert measured.p50 <= measured.p99 <= measured.max
    assert measured.answers["charged"] > 0
    assert set(measured.answers) <= {"charged", "refused", "asked again"}


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (201, {"total_cents": 300}),
        (409, {"code": "price", "present": [{"price_cents": 250}]}),
        (409, {"code": "credit"}),
        (500, {"code": "internal"}),
    ],
)
def test_an_order_at_another_price_or_any_other_refusal_fails_the_measurement(
    status: int, answer: dict[str, object]
) -> None:
    with pytest.raises(MeasureError):
        _judge(_Seen("x", 250, 3), status, answer)
