"""The corners of placing, listing and moving orders: what is asked for oddly, and what happens in the same moment."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.kitchen import open_kitchen
from tests.shop import Shop, open_shop
from tests.support import bearer, eventually, identity


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


async def test_who_belongs_to_no_restaurant_places_nothing(shop: Shop) -> None:
    headers = bearer(shop.stack, identity("restaurant"))
    status, problem, _ = await shop.send("POST", "/api/orders", headers, shop.basket(), str(new_id()))
    assert (status, problem["code"]) == (403, "forbidden")


async def test_a_restaurant_that_is_not_known_yet_is_asked_to_come_back(shop: Shop) -> None:
    headers = bearer(shop.stack, identity("restaurant", restaurant_id=new_id()))
    status, _, answer = await shop.send("POST", "/api/orders", headers, shop.basket(), str(new_id()))
    assert (status, answer["Retry-After"]) == (503, "1")


async def test_a_key_of_other_letters_is_refused(shop: Shop) -> None:
    for key in ("caf\u00e9", "a\tb"):
        status, problem, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key)
        assert (status, problem["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("query", ["offers=true&status=ready", "offers=true&q=1"])
async def test_offers_take_no_filter(shop: Shop, query: str) -> None:
    status, problem, _ = await shop.send("GET", f"/api/orders?{query}", shop.as_driver())
    assert (status, problem["errors"][0]["field"]) == (400, "offers")


@pytest.mark.parametrize("q", ["", "x" * 101, "a%00b"])
async def test_a_search_is_short_plain_text(shop: Shop, q: str) -> None:
    status, problem, _ = await shop.send("GET", f"/api/orders?q={q}", shop.as_admin())
    assert (status, problem["errors"][0]["field"]) == (400, "q")


async def test_a_number_that_no_order_can_have_finds_nothing(shop: Shop) -> None:
    assert (await shop.send("GET", f"/api/orders?q={2**63}", shop.as_admin()))[:2] == (
        200,
        {"items": [], "next_cursor": None},
    )


async def test_a_driver_lists_their_deliveries_in_one_state(shop: Shop) -> None:
    orders = [await shop.offer() for _ in range(2)]
    for order in orders:
        await shop.move(order, "out_for_delivery", shop.as_driver(2))
    await shop.move(orders[0], "delivered", shop.as_driver(2))
    for status, expected in (("delivered", orders[0]), ("out_for_delivery", orders[1])):
        _, page, _ = await shop.send("GET", f"/api/orders?status={status}", shop.as_driver(2))
        assert [entry["id"] for entry in page["items"]] == [expected["id"]]


async def test_a_driver_who_names_themself_claims(shop: Shop) -> None:
    order = await shop.offer()
    mine = str(shop.drivers[0])
    status, order = await shop.move(order, "out_for_delivery", shop.as_driver(0), driver_id=mine)
    assert (status, order["driver_id"]) == (200, mine)


async def test_an_order_without_a_history_has_an_empty_one(shop: Shop) -> None:
    order_id = new_id()
    await shop.database.execute(
        "insert into orders.orders (id, number, restaurant_id, restaurant_name, zone, status, version, total_cents, "
        "lines, items, address, lat, lon, created_at, updated_at) values "
        "($1, nextval('orders.order_number'), $2, 'Kitchen', 3, 'pending', 1, 500, 1, '[]', 'Quay 1', 1, 2, $3, $3)",
        *(order_id, shop.restaurant, datetime.now(UTC)),
    )
    path = f"/api/orders/{order_id}/history"
    assert (await shop.send("GET", path, shop.as_restaurant()))[:2] == (200, {"items": [], "next_cursor": None})
    assert (await shop.send("GET", path, shop.as_restaurant(other=True)))[0] == 404


async def test_a_key_that_another_orders_step_takes_meanwhile_is_refused_and_nothing_moves(shop: Shop) -> None:
    order, other, key = await shop.place(), await shop.place(), str(new_id())
    holder = await asyncpg.connect(shop.stack.addresses.database("postgres"))
    try:
        await holder.execute("begin")
        await holder.execute(
            "insert into orders.idempotency_keys values ($1, $2, '', $3, 200, '{}', now())",
            *(shop.admin, key, UUID(other["id"])),
        )
        moving = asyncio.create_task(shop.move(order, "cancelled", shop.as_admin(), key=key))

        async def waits() -> bool:
            waiting = (
                "select exists (select from pg_stat_activity "
                "where query like '%orders.update_order%' and wait_event_type = 'Lock')"
            )
            return bool(await shop.database.fetchval(waiting))

        await eventually(waits)
        await holder.execute("commit")
        status, problem = await moving
        assert (status, problem["code"]) == (422, "key_reused")
        assert len(await shop.events(order)) == 1
    finally:
        await holder.close()


async def test_an_order_that_somebody_set_back_by_hand_is_not_charged_twice(shop: Shop) -> None:
    kitchen = await open_kitchen(shop)
    order = await kitchen.delivered()
    await kitchen.place()
    await shop.database.execute("update orders.orders set status = 'out_for_delivery' where id = $1", UUID(order["id"]))
    before = await kitchen.credit()
    status, problem = await shop.move(order, "delivered", shop.as_driver(), key=str(new_id()))
    assert (status, problem["code"]) == (500, "internal")
    assert await kitchen.credit() == before
    assert len(await shop.events(order)) == order["version"]
