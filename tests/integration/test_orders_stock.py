"""What the stock's answers do to orders; and orders, catalogue and relay together, from placing to the last piece."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from nats.aio.msg import Msg

from deploy.local import Stack
from proto.envelope import Actor
from proto.orders import Shortage
from proto.stock import StockEvent
from services.catalog import app as catalog_app
from services.orders import stock_store
from services.orders.domain import Changed, audience
from services.orders.events import event_of
from services.orders.stock_commands import answer_orders
from services.orders.store import SYSTEM, Origin
from shared.database import transaction
from shared.ids import new_id
from shared.plumbing import utc_now
from tests.kitchen import TOTAL, open_kitchen
from tests.shelf import Shelf, open_shelf
from tests.shop import Shop, open_shop
from tests.support import eventually, serving, settings_of


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


def answer(order: dict[str, Any], *short: Shortage, event_id: UUID | None = None) -> StockEvent:
    return StockEvent(
        id=event_id or new_id(),
        type="StockShort" if short else "StockReserved",
        occurred_at=utc_now(),
        request_id="asked-for-it",
        actor=Actor(None, "system"),
        order_id=UUID(order["id"]),
        shortages=short,
    )


async def read(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """As the database has it."""
    fresh = shop.as_admin() | {"Cache-Control": "no-cache"}
    status, now, _ = await shop.send("GET", f"/api/orders/{order['id']}", fresh)
    assert status == 200, now
    return dict(now)


async def late(shop: Shop, order: dict[str, Any]) -> list[str]:
    rows = await shop.database.fetch("select answer from orders.late_answers where order_id = $1", UUID(order["id"]))
    return [row["answer"] for row in rows]


async def test_held_pieces_confirm_a_pending_order_as_the_system(shop: Shop) -> None:
    order = await shop.place()
    now = await shop.answer(order, request_id="asked-for-it")
    assert now == {**order, "status": "confirmed", "version": 2, "updated_at": now["updated_at"]}
    event = (await shop.events(order))[-1]
    assert (event.type, event.actor, event.request_id) == ("OrderConfirmed", Actor(None, "system"), "asked-for-it")
    _, page, _ = await shop.send("GET", f"/api/orders/{order['id']}/history", shop.as_restaurant())
    assert [(entry["event"], entry["actor_role"], entry["actor_id"]) for entry in page["items"]][1:] == [
        ("OrderConfirmed", "system", None)
    ]


async def test_a_shortage_rejects_it_with_each_line_and_gives_the_credit_back(shop: Shop) -> None:
    kitchen = await open_kitchen(shop)
    order = await kitchen.place()
    assert await kitchen.credit() == (TOTAL, 0, 9 * TOTAL)
    now = await shop.answer(order, [Shortage(shop.flour, "Flour", 2, 1)])
    assert (now["status"], now["version"], now["reason"]) == ("rejected", 2, "Out of stock.")
    assert now["shortages"] == [{"product_id": str(shop.flour), "name": "Flour", "requested": 2, "available": 1}]
    assert await kitchen.credit() == (0, 0, 10 * TOTAL)
    assert await kitchen.kinds() == ["hold", "release"]
    event = (await shop.events(order))[-1]
    assert (event.type, event.order.shortages) == ("OrderRejected", (Shortage(shop.flour, "Flour", 2, 1),))
    _, page, _ = await shop.send("GET", "/api/orders?status=rejected&limit=1", kitchen.headers)
    assert page["items"][0]["shortages"] == now["shortages"]


async def test_nobody_confirms_an_order_before_its_stock_is_held(shop: Shop) -> None:
    order = await shop.place()
    status, problem = await shop.move(order, "confirmed", shop.as_admin(), key="too-early")
    assert (status, problem["code"], problem["present"]) == (409, "stock", {"status": "pending", "version": 1})
    assert (await shop.move(order, "confirmed", shop.as_restaurant()))[0] == 403
    await shop.answer(order)
    status, problem = await shop.move(order, "confirmed", shop.as_admin(), key="too-early")
    assert (status, problem["code"], problem["present"]) == (409, "state", {"status": "confirmed", "version": 2})


async def test_an_admin_may_still_reject_and_everybody_cancel_what_waits_for_its_stock(shop: Shop) -> None:
    rejected, cancelled = await shop.place(), await shop.place()
    assert (await shop.move(rejected, "rejected", shop.as_admin(), reason="closed"))[0] == 200
    assert (await shop.move(cancelled, "cancelled", shop.as_restaurant()))[0] == 200
    for order in (rejected, cancelled):
        before = await read(shop, order)
        assert await shop.answer(order) == before
        assert await late(shop, order) == ["StockReserved"]


async def test_an_answer_that_comes_again_moves_nothing(shop: Shop) -> None:
    order, same = await shop.place(), new_id()
    for event_id in (same, same, new_id()):
        await answer_orders(shop.orders, [answer(order, event_id=event_id)])
    await answer_orders(shop.orders, [answer(order, Shortage(shop.flour, "Flour", 2, 0))])
    assert (await read(shop, order))["version"] == 2
    assert sorted(await late(shop, order)) == ["StockReserved", "StockReserved", "StockShort"]


async def test_an_answer_to_no_order_is_recorded_and_holds_back_no_other(shop: Shop) -> None:
    order, nobodys = await shop.place(), {"id": str(new_id())}
    await answer_orders(shop.orders, [answer(nobodys), answer(order)])
    assert (await read(shop, order))["status"] == "confirmed"
    assert await late(shop, nobodys) == ["StockReserved"]


async def test_a_batch_is_answered_whole_or_not_at_all(shop: Shop) -> None:
    kitchens = [await open_kitchen(shop) for _ in range(4)]
    orders = [await kitchen.place() for kitchen in kitchens for _ in range(3)]
    answers = [
        answer(order, *([Shortage(shop.flour, "Flour", 2, 0)] if place % 3 == 0 else []))
        for place, order in enumerate(orders)
    ]
    await shop.database.execute("alter table orders.outbox add constraint none check (false) not valid")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await answer_orders(shop.orders, answers)
    finally:
        await shop.database.execute("alter table orders.outbox drop constraint none")
    assert {(await read(shop, order))["status"] for order in orders} == {"pending"}
    # Two replicas with the same answers at once: each order moves once.
    await asyncio.gather(answer_orders(shop.orders, answers), answer_orders(shop.orders, answers[::-1]))
    found = [await read(shop, order) for order in orders]
    assert [order["status"] for order in found] == ["rejected", "confirmed", "confirmed"] * 4
    assert {order["version"] for order in found} == {2}
    for kitchen in kitchens:
        assert await kitchen.credit() == (2 * TOTAL, 0, 8 * TOTAL)


async def test_a_person_and_an_answer_at_once_leave_one_next_version(shop: Shop) -> None:
    for _ in range(10):
        order = await shop.place()
        (status, problem), _ = await asyncio.gather(
            shop.move(order, "cancelled", shop.as_restaurant()),
            answer_orders(shop.orders, [answer(order, Shortage(shop.flour, "Flour", 2, 0))]),
        )
        now = await read(shop, order)
        assert now["version"] == 2
        if status == 200:
            assert now["status"] == "cancelled"
        else:
            assert (problem["present"], now["status"]) == ({"status": "rejected", "version": 2}, "rejected")


async def test_an_order_that_was_not_locked_at_its_version_is_not_changed(shop: Shop) -> None:
    order = await shop.place()
    origin = Origin(None, "system", None, None)
    async with transaction(shop.orders.pool, SYSTEM) as connection:
        (pending,) = (await stock_store.list_pending_for_change(connection, [UUID(order["id"])])).values()
    skipped = msgspec.structs.replace(pending, status="confirmed", version=3)
    changed = Changed(skipped, "OrderConfirmed", audience(pending, skipped))
    with pytest.raises(RuntimeError, match="0 of 1"):
        async with transaction(shop.orders.pool, SYSTEM) as connection:
            await stock_store.update_answered_orders(connection, [(changed, event_of(changed, origin), origin)])
    assert await read(shop, order) == order
    assert len(await shop.events(order)) == 1


async def test_how_long_orders_wait_is_told(shop: Shop) -> None:
    order = await shop.place()
    await shop.database.execute(
        "update orders.orders set created_at = created_at - interval '1 hour' where id = $1", UUID(order["id"])
    )

    async def told() -> bool:
        async with shop.session.get(f"{shop.url}/metrics") as found:
            lines = (await found.text()).splitlines()
        (line,) = [line for line in lines if line.startswith("larder_orders_pending_seconds ")]
        return float(line.split()[1]) > 3_000

    await eventually(told)
    await shop.answer(order)


# Together with the catalogue and the relay.


@pytest.fixture(scope="module")
async def market(stack: Stack, relay: None) -> AsyncIterator[Shop]:
    """Another shop: of this one's flour nobody has ordered yet."""
    async with open_shop(stack) as market:
        yield market


@pytest.fixture(scope="module")
async def shelf(stack: Stack, market: Shop) -> AsyncIterator[Shelf]:
    """The catalogue listens, and has what the shop sells: 1,000 of flour; of salt nobody counts."""
    async with open_shelf(stack) as shelf:
        await shelf.product(1_000, product_id=market.flour)
        await shelf.product(None, product_id=market.salt)
        async with serving(settings_of(stack, "catalog", catalog_app.Settings), catalog_app.build):
            yield shelf


async def until(shop: Shop, order: dict[str, Any], status: str) -> dict[str, Any]:
    async def moved() -> dict[str, Any] | None:
        now = await read(shop, order)
        return now if now["status"] == status else None

    return await eventually(moved, seconds=30)


async def taken(shelf: Shelf, order: dict[str, Any], state: str) -> None:
    async def settled() -> bool:
        return await shelf.state(UUID(order["id"])) == state

    await eventually(settled, seconds=30)


async def test_an_order_is_confirmed_by_itself_and_its_end_settles_its_pieces(market: Shop, shelf: Shelf) -> None:
    there = await shelf.stock(market.flour)
    assert there is not None
    kitchen = await open_kitchen(market)
    delivered, cancelled, failed = [await until(market, await kitchen.place(), "confirmed") for _ in range(3)]
    assert await shelf.stock(market.flour) == there - 6
    for order in (delivered, failed):
        for to in ("preparing", "ready"):
            await market.move(order, to, market.as_admin())
        await market.move(order, "out_for_delivery", market.as_driver())
    await market.move(delivered, "delivered", market.as_driver())
    await market.move(cancelled, "cancelled", market.as_admin())
    await market.move(failed, "failed", market.as_driver())
    await taken(shelf, delivered, "consumed")
    await taken(shelf, cancelled, "released")
    assert await shelf.state(UUID(failed["id"])) == "held"  # it may be tried again
    await market.move(failed, "cancelled", market.as_admin())
    await taken(shelf, failed, "released")
    assert await shelf.stock(market.flour) == there - 2


async def test_what_is_short_is_rejected_and_a_rejection_by_a_person_gives_back(market: Shop, shelf: Shelf) -> None:
    kitchen = await open_kitchen(market)
    there = await shelf.stock(market.flour)
    await shelf.database.execute("update catalog.products set stock = 1 where id = $1", market.flour)
    order = await until(market, await kitchen.place(), "rejected")
    assert order["shortages"] == [{"product_id": str(market.flour), "name": "Flour", "requested": 2, "available": 1}]
    await taken(shelf, order, "short")
    await shelf.database.execute("update catalog.products set stock = $2 where id = $1", market.flour, there)
    # The admin is faster than the stock, or not: either way nothing stays held.
    order = await kitchen.place()
    if (await market.move(order, "rejected", market.as_admin()))[0] != 200:
        await market.move(order, "cancelled", market.as_admin())
    await taken(shelf, order, "released")
    assert await shelf.stock(market.flour) == there


async def test_more_buyers_than_pieces_and_lost_acknowledgements_sell_each_piece_once(
    market: Shop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in three acknowledgements are lost, of orders' events as of the stock's answers, as if the process had died
    after its commit: all of it comes again, some of it to somebody who is at work on it."""
    pieces, buyers = 20, 50
    kitchens = [await open_kitchen(market, 10**6) for _ in range(5)]
    there = await shelf.stock(market.flour)
    await shelf.database.execute("update catalog.products set stock = $2 where id = $1", market.flour, pieces)
    acknowledge, lost = Msg.ack, set[tuple[str, int]]()

    async def lose(self: Msg) -> None:
        place = (self.metadata.stream, self.metadata.sequence.stream)
        if place[1] % 3 and place not in lost:
            lost.add(place)
            await self.nak()
        else:
            await acknowledge(self)

    monkeypatch.setattr(Msg, "ack", lose)
    orders = await asyncio.gather(*(kitchens[number % 5].place() for number in range(buyers)))

    async def all_answered() -> bool:
        return not await market.database.fetchval(
            "select count(*) from orders.orders where id = any($1) and status = 'pending'",
            [UUID(order["id"]) for order in orders],
        )

    await eventually(all_answered, seconds=30)
    found = [await read(market, order) for order in orders]
    assert sum(order["status"] == "confirmed" for order in found) == pieces // 2
    assert {order["version"] for order in found} == {2}
    short = [order for order in found if order["status"] == "rejected"]
    assert len(short) == buyers - pieces // 2
    assert all(order["shortages"][0]["available"] < 2 for order in short)
    assert await shelf.stock(market.flour) == 0
    assert sum([(await kitchen.credit())[0] for kitchen in kitchens]) == pieces // 2 * TOTAL
    assert lost
    await shelf.database.execute("update catalog.products set stock = $2 where id = $1", market.flour, there)
