"""From an admin's request to the drivers' sockets: who is given an order, and who loses it, over the outbox, the relay,
the stream and the gateway."""

import json
from collections.abc import AsyncIterator

import pytest

from deploy.local import Stack
from proto import realtime
from shared.realtime import RealtimeClient
from tests.gateway import Gate, events, open_gate, told
from tests.shop import ZONE, Shop, open_shop
from tests.support import identity


@pytest.fixture(scope="module")
async def shop(stack: Stack, relay: None) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack) as gate:
        yield gate


async def test_a_reassignment_reaches_both_drivers_and_tells_the_first_only_that(shop: Shop, gate: Gate) -> None:
    first, second = (identity("driver", person_id=driver, zone=ZONE) for driver in shop.drivers[:2])
    async with await gate.listen(first) as losing, await gate.listen(second) as getting:
        order = await shop.offer()
        for driver in shop.drivers[:2]:
            status, order = await shop.move(order, "ready", shop.as_admin(), driver_id=str(driver))
            assert status == 200, order
        given, left = await events(losing, 2)
        assert told([given, left]) == [("orders", "OrderAssigned", 5), ("orders", "OrderLeft", 6)]
        assert json.loads(bytes(left.order)) == {"id": order["id"], "version": 6, "status": None}
        (taken,) = await events(getting, 1)
        assert told([taken]) == [("orders", "OrderAssigned", 6)]
        assert json.loads(bytes(taken.order)) == order
        # What happens to it from here on is the second's alone: the next that the first hears is of another order.
        _, order = await shop.move(order, "out_for_delivery", shop.as_driver(1))
        await shop.move(order, "delivered", shop.as_driver(1))
        another = await shop.offer()
        await shop.move(another, "ready", shop.as_admin(), driver_id=str(shop.drivers[0]))
        (following,) = await events(losing, 1)
        assert json.loads(bytes(following.order))["id"] == another["id"]
        assert told(await events(getting, 2)) == [("orders", "OrderDispatched", 7), ("orders", "OrderDelivered", 8)]


async def assigned(screen: RealtimeClient) -> realtime.Event:
    """The next OrderAssigned. What happened before the screen was opened may come first, when it was published late."""
    while True:
        (frame,) = await events(screen, 1)
        if frame.event == "OrderAssigned":
            return frame


async def test_a_route_put_in_another_order_reaches_its_driver(shop: Shop, gate: Gate) -> None:
    driver = shop.drivers[2]
    orders = [await shop.offer() for _ in range(2)]
    for order in orders:
        await shop.move(order, "out_for_delivery", shop.as_driver(2))
    async with await gate.listen(identity("driver", person_id=driver, zone=ZONE), f"order:{orders[0]['id']}") as screen:
        body = {"driver_id": str(driver), "order_ids": [order["id"] for order in reversed(orders)]}
        status, _, _ = await shop.send("PUT", "/api/orders/route", shop.as_admin(), body)
        assert status == 200
        frame = await assigned(screen)
        moved = json.loads(bytes(frame.order))
        assert (frame.event, moved["id"], moved["stop"], moved["status"]) == (
            "OrderAssigned",
            orders[0]["id"],
            2,
            "out_for_delivery",
        )
