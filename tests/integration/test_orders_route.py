"""Drivers: on and off duty, and their deliveries in the order of their stops, whoever gives them orders at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.shop import ZONE, Shop, open_shop
from tests.support import bearer, eventually, identity


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


@dataclass
class Driver:
    """Somebody whose route nobody else fills."""

    shop: Shop
    id: UUID = field(default_factory=new_id)

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.shop.stack, identity("driver", person_id=self.id, zone=ZONE))

    async def claim(self, order: dict[str, Any]) -> tuple[int, Any]:
        return await self.shop.move(order, "out_for_delivery", self.headers)

    async def given(self, order: dict[str, Any]) -> tuple[int, Any]:
        """By an admin."""
        return await self.shop.move(order, "ready", self.shop.as_admin(), driver_id=str(self.id))

    async def duty(self, on_duty: bool) -> None:
        status, answer, _ = await self.shop.send("PUT", "/api/orders/duty", self.headers, {"on_duty": on_duty})
        assert (status, answer) == (200, {"driver_id": str(self.id), "on_duty": on_duty})

    async def route(self, query: str = "") -> list[tuple[str, int]]:
        """Order and stop, as the driver is shown them."""
        status, page, _ = await self.shop.send("GET", f"/api/orders/route?{query}", self.headers)
        assert status == 200, page
        return [(entry["id"], entry["stop"]) for entry in page["items"]]


async def hired(shop: Shop, zone: int = ZONE, *, active: bool = True) -> Driver:
    driver = Driver(shop)
    insert = "insert into orders.drivers values ($1, 'A driver', $2, $3, 1)"
    await shop.database.execute(insert, driver.id, zone, active)
    return driver


async def offers(shop: Shop, count: int) -> list[dict[str, Any]]:
    return [await shop.offer() for _ in range(count)]


async def test_a_route_is_what_is_under_way_in_the_order_of_its_stops(shop: Shop) -> None:
    driver = await hired(shop)
    first, second, third, fourth = await offers(shop, 4)
    await driver.claim(second)
    await driver.given(first)
    await driver.claim(third)
    assert await driver.route() == [(second["id"], 1), (first["id"], 2), (third["id"], 3)]
    await shop.move(second, "delivered", driver.headers)
    await shop.move(third, "failed", driver.headers)
    assert await driver.route() == [(first["id"], 2)]
    await driver.claim(fourth)
    assert await driver.route() == [(first["id"], 2), (fourth["id"], 3)]
    status, page, _ = await shop.send("GET", f"/api/orders/route?driver_id={driver.id}", shop.as_admin())
    assert (status, [entry["id"] for entry in page["items"]]) == (200, [first["id"], fourth["id"]])
    assert not {"items", "note"} & page["items"][0].keys()


async def test_a_route_pages(shop: Shop) -> None:
    driver = await hired(shop)
    orders = await offers(shop, 3)
    for order in orders:
        await driver.claim(order)
    found: list[str] = []
    cursor = ""
    while True:
        _, page, _ = await shop.send("GET", f"/api/orders/route?limit=2{cursor}", driver.headers)
        found += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [order["id"] for order in orders]
    other = await hired(shop)
    cursor = (await shop.send("GET", "/api/orders/route?limit=2", driver.headers))[1]["next_cursor"]
    status, problem, _ = await shop.send("GET", f"/api/orders/route?cursor={cursor}", other.headers)
    assert (status, problem["errors"][0]["field"]) == (400, "cursor")


async def test_an_admin_sees_who_drives_in_a_zone_and_how_much_each_has_to_do(shop: Shop) -> None:
    zone = 4711
    busy, off, free = [await hired(shop, zone) for _ in range(3)]
    await hired(shop, zone, active=False)
    await hired(shop, zone + 1)
    first, second, done = await offers(shop, 3)
    for order in (first, second, done):
        await busy.given(order)
    await shop.move(first, "out_for_delivery", busy.headers)
    await shop.move(done, "out_for_delivery", busy.headers)
    await shop.move(done, "delivered", busy.headers)
    await off.duty(False)

    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = f"/api/orders/drivers?zone={zone}&limit=2{cursor}"
        status, page, _ = await shop.send("GET", path, shop.as_admin())
        assert status == 200, page
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [
        {"id": str(driver.id), "name": "A driver", "zone": zone, "on_duty": on_duty, "stops": stops}
        for driver, on_duty, stops in ((busy, True, 2), (off, False, 0), (free, True, 0))
    ]


@pytest.mark.parametrize("query", ["", "zone=-1", "zone=x", "zone=1&limit=101", "zone=1&cursor=x"])
async def test_drivers_of_no_zone_are_refused_by_the_fields_name(shop: Shop, query: str) -> None:
    status, problem, _ = await shop.send("GET", f"/api/orders/drivers?{query}", shop.as_admin())
    assert (status, problem["errors"][0]["field"]) == (400, query.split("&")[-1].split("=")[0] or "zone")


@pytest.mark.parametrize("role", ["restaurant", "driver"])
async def test_drivers_are_for_admins(shop: Shop, role: Any) -> None:
    who = identity(role, restaurant_id=new_id() if role == "restaurant" else None, zone=ZONE)
    status, _, _ = await shop.send("GET", f"/api/orders/drivers?zone={ZONE}", bearer(shop.stack, who))
    assert status == 403


async def test_orders_that_come_to_one_driver_at_once_get_a_stop_each(shop: Shop) -> None:
    driver = await hired(shop)
    orders = await offers(shop, 8)
    answers = await asyncio.gather(
        *(driver.claim(order) for order in orders[:4]), *(driver.given(order) for order in orders[4:])
    )
    assert {status for status, _ in answers} == {200}, answers
    assert [stop for _, stop in await driver.route()] == list(range(1, 9))
    assert sorted(order["stop"] for _, order in answers) == list(range(1, 9))


async def test_orders_that_change_hands_at_once_neither_block_nor_share_a_stop(shop: Shop) -> None:
    one, two = await hired(shop), await hired(shop)
    orders = await offers(shop, 6)
    for place, order in enumerate(orders):
        await (one if place % 2 else two).given(order)
    for _ in range(3):
        answers = await asyncio.gather(
            *(
                (two if place % 2 else one).given(order) if swap else (one if place % 2 else two).given(order)
                for swap in (True, False)
                for place, order in enumerate(orders)
            )
        )
        # An order that is the driver's already is 409; nothing deadlocks, which would be 503.
        assert {status for status, _ in answers} <= {200, 409}
    routes = await one.route() + await two.route()
    assert {order_id for order_id, _ in routes} == {order["id"] for order in orders}
    for driver in (one, two):
        stops = [stop for _, stop in await driver.route()]
        assert len(set(stops)) == len(stops)


async def test_the_route_is_held_before_the_order(shop: Shop) -> None:
    """Whoever waits for a route holds no order that the route's holder could want."""
    driver = await hired(shop)
    order = await shop.offer()
    holder = await asyncpg.connect(shop.stack.addresses.database("postgres"))
    try:
        await holder.execute("begin")
        await holder.execute("select orders.next_stop($1)", driver.id)
        claiming = asyncio.create_task(driver.claim(order))

        async def waits() -> bool:
            waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
            return bool(await shop.database.fetchval(waiting))

        await eventually(waits)
        assert not claiming.done()
        assert await shop.database.fetchval(
            "select id from orders.orders where id = $1 for update nowait", UUID(order["id"])
        )
        await holder.execute("rollback")
        assert (await claiming)[0] == 200
    finally:
        await holder.close()


async def test_who_is_off_duty_claims_nothing_and_is_given_nothing(shop: Shop) -> None:
    driver = await hired(shop)
    before, assigned, offered = await offers(shop, 3)
    await driver.claim(before)
    await driver.given(assigned)
    await driver.duty(False)
    status, problem = await driver.claim(offered)
    assert (status, problem["code"]) == (409, "duty")
    for to in ("ready", "out_for_delivery"):
        status, problem = await shop.move(offered, to, shop.as_admin(), driver_id=str(driver.id))
        assert (status, problem["code"], problem["errors"][0]["field"]) == (409, "driver", "driver_id")
    # What they have stays theirs: they see it, set out with it and end it.
    assert len(await driver.route()) == 2
    assert (await shop.move(assigned, "out_for_delivery", driver.headers))[0] == 200
    assert (await shop.move(before, "delivered", driver.headers))[0] == 200
    assert (await shop.send("GET", f"/api/orders/{offered['id']}", driver.headers))[0] == 200
    await driver.duty(True)
    assert (await driver.claim(offered))[0] == 200


async def test_duty_is_told_to_its_driver_and_to_admins(shop: Shop) -> None:
    driver = await hired(shop)
    own, of_admin = "/api/orders/duty", f"/api/orders/duty?driver_id={driver.id}"
    for on_duty in (None, False, True):
        if on_duty is not None:
            await driver.duty(on_duty)
        expected = {"driver_id": str(driver.id), "on_duty": on_duty is not False}
        for path, headers in ((own, driver.headers), (of_admin, driver.headers), (of_admin, shop.as_admin())):
            assert (await shop.send("GET", path, headers))[:2] == (200, expected)


@pytest.mark.parametrize("path", ["/api/orders/duty", "/api/orders/route"])
async def test_whose_is_asked_for_must_be_clear(shop: Shop, path: str) -> None:
    driver = await hired(shop)
    for query, headers in (
        ("", shop.as_admin()),
        (f"?driver_id={new_id()}", shop.as_admin()),
        ("?driver_id=x", shop.as_admin()),
        (f"?driver_id={shop.drivers[0]}", driver.headers),
    ):
        status, problem, _ = await shop.send("GET", path + query, headers)
        assert (status, [error["field"] for error in problem["errors"]]) == (400, ["driver_id"])
    for somebody, expected in (({}, 401), (shop.as_restaurant(), 403)):
        assert (await shop.send("GET", path, somebody))[0] == expected
    assert (await shop.send("PUT", "/api/orders/duty", shop.as_admin(), {"on_duty": True}))[0] == 403
    status, problem, _ = await shop.send("PUT", "/api/orders/duty", driver.headers, {"on_duty": "yes"})
    assert (status, problem["errors"][0]["field"]) == (400, "on_duty")


async def test_an_admin_puts_a_route_in_another_order(shop: Shop) -> None:
    driver = await hired(shop)
    orders = await offers(shop, 3)
    for order in orders:
        await driver.claim(order)
    first, second, third = (order["id"] for order in orders)
    body = {"driver_id": str(driver.id), "order_ids": [third, second, first]}
    status, page, _ = await shop.send("PUT", "/api/orders/route", shop.as_admin(), body)
    assert status == 200, page
    assert [(entry["id"], entry["stop"], entry["version"]) for entry in page["items"]] == [
        (third, 1, 6),
        (second, 2, 5),
        (first, 3, 6),
    ]
    assert await driver.route() == [(third, 1), (second, 2), (first, 3)]
    told = (await shop.events(orders[0]))[-1]
    assert (told.type, told.order.version, told.order.stop, told.order.status) == (
        "OrderAssigned",
        6,
        3,
        "out_for_delivery",
    )
    assert (told.audience.driver_id, told.audience.left_driver_id) == (driver.id, None)
    _, history, _ = await shop.send("GET", f"/api/orders/{first}/history", driver.headers)
    assert (history["items"][-1]["stop"], history["items"][-1]["actor_role"]) == (3, "admin")
    # Sent again it changes nothing.
    assert (await shop.send("PUT", "/api/orders/route", shop.as_admin(), body))[:2] == (200, page)


async def test_a_route_is_put_in_order_whole_or_not_at_all(shop: Shop) -> None:
    driver = await hired(shop)
    mine, other, foreign = await offers(shop, 3)
    await driver.claim(mine)
    await driver.claim(other)
    for wanted in ([mine], [mine, mine], [mine, other, foreign], [mine, foreign]):
        body = {"driver_id": str(driver.id), "order_ids": [order["id"] for order in wanted]}
        status, problem, _ = await shop.send("PUT", "/api/orders/route", shop.as_admin(), body)
        assert (status, problem["code"]) == (409, "route")
        assert problem["present"] == {"order_ids": [mine["id"], other["id"]]}
    for body, at in (
        ({"driver_id": str(driver.id), "order_ids": []}, "order_ids"),
        ({"driver_id": str(new_id()), "order_ids": [mine["id"]]}, "driver_id"),
    ):
        status, problem, _ = await shop.send("PUT", "/api/orders/route", shop.as_admin(), body)
        assert (status, problem["errors"][0]["field"]) == (400, at)
    assert (await shop.send("PUT", "/api/orders/route", driver.headers, body))[0] == 403
    assert await driver.route() == [(mine["id"], 1), (other["id"], 2)]


async def test_a_route_put_in_order_while_orders_come_and_go_stays_one_stop_each(shop: Shop) -> None:
    driver = await hired(shop)
    orders = await offers(shop, 6)
    for order in orders[:4]:
        await driver.claim(order)
    ids = [order["id"] for order in orders[:4]]
    reorder = [
        shop.send(
            "PUT", "/api/orders/route", shop.as_admin(), {"driver_id": str(driver.id), "order_ids": ids[n:] + ids[:n]}
        )
        for n in range(1, 4)
    ]
    answers = await asyncio.gather(
        *reorder,
        driver.claim(orders[4]),
        driver.given(orders[5]),
        shop.move(orders[0], "delivered", driver.headers),
    )
    assert {answer[0] for answer in answers} <= {200, 409}
    stops = [stop for _, stop in await driver.route()]
    assert len(stops) == 5
    assert len(set(stops)) == 5
    for order in orders:
        events = await shop.events(order)
        assert [event.order.version for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize("role", ["restaurant", "driver", "admin", "system"])
async def test_drivers_write_their_own_duty_and_nobody_elses(shop: Shop, role: str) -> None:
    driver, other = await hired(shop), await hired(shop)
    await other.duty(False)
    insert = "insert into orders.duties values ($1, true, now())"
    connection = await asyncpg.connect(shop.stack.addresses.database("orders_service"))
    try:
        await connection.execute(f"begin; set local role {role}; set local app.person_id = '{driver.id}'")
        denied = asyncpg.InsufficientPrivilegeError
        if role == "driver":
            await connection.execute(insert, driver.id)
            assert await connection.execute("update orders.duties set on_duty = false") == "UPDATE 1"
            assert [row["driver_id"] for row in await connection.fetch("select * from orders.duties")] == [driver.id]
        elif role == "admin":
            assert (
                await connection.fetchval("select on_duty from orders.duties where driver_id = $1", other.id) is False
            )
        with pytest.raises(denied):
            await connection.execute(insert, other.id)
        await connection.execute("rollback")
        await connection.execute(f"begin; set local role {role}; set local app.person_id = '{driver.id}'")
        with pytest.raises(denied):
            await connection.execute("delete from orders.duties")
    finally:
        await connection.close()
