"""A small shop for tests of orders: two restaurants, three drivers of one zone and one of another, three products."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from deploy.local import Stack
from proto.envelope import Actor
from proto.orders import OrderEvent, Shortage
from proto.stock import StockEvent
from services.orders import app
from services.orders.commands import Orders
from services.orders.stock_commands import answer_orders
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.plumbing import utc_now
from tests.support import bearer, identity, serving, settings_of

ZONE = 3


@dataclass
class Shop:
    """Orders listening, with a small price book, a restaurant, three drivers of one zone and one of another."""

    stack: Stack
    url: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection
    orders: Orders
    restaurant: UUID = field(default_factory=new_id)
    other_restaurant: UUID = field(default_factory=new_id)
    drivers: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(3)])
    far_driver: UUID = field(default_factory=new_id)
    admin: UUID = field(default_factory=new_id)
    flour: UUID = field(default_factory=new_id)
    salt: UUID = field(default_factory=new_id)
    gone: UUID = field(default_factory=new_id)

    async def fill(self) -> None:
        for place, restaurant in enumerate((self.restaurant, self.other_restaurant)):
            await self.database.execute(
                "insert into orders.restaurants values ($1, $2, 'Quay 1', 1.5, 2.5, $3, 1000000, true, 1)",
                restaurant,
                f"Kitchen {place} {restaurant}",
                ZONE,
            )
        for place, driver in enumerate([*self.drivers, self.far_driver]):
            zone = ZONE if driver in self.drivers else ZONE + 1
            await self.database.execute(
                "insert into orders.drivers values ($1, $2, $3, true, 1)", driver, f"Driver {place}", zone
            )
        for product, name, cents, active in (
            (self.flour, "Flour", 250, True),
            (self.salt, "Salt", 90, True),
            (self.gone, "Gone", 10, False),
        ):
            await self.database.execute(
                "insert into orders.price_book values ($1, $2, '1 kg', $3, $4, 4)", product, name, cents, active
            )

    def as_restaurant(self, other: bool = False) -> dict[str, str]:
        place = self.other_restaurant if other else self.restaurant
        return bearer(self.stack, identity("restaurant", restaurant_id=place))

    def as_driver(self, number: int = 0) -> dict[str, str]:
        return bearer(self.stack, identity("driver", person_id=self.drivers[number], zone=ZONE))

    def as_far_driver(self) -> dict[str, str]:
        return bearer(self.stack, identity("driver", person_id=self.far_driver, zone=ZONE + 1))

    def as_admin(self) -> dict[str, str]:
        return bearer(self.stack, identity("admin", person_id=self.admin))

    async def send(
        self, method: str, path: str, headers: dict[str, str], body: object = None, key: str | None = None
    ) -> tuple[int, Any, Any]:
        """Status, decoded body, headers."""
        more = {} if key is None else {"Idempotency-Key": key}
        async with self.session.request(method, self.url + path, json=body, headers={**headers, **more}) as answer:
            return answer.status, json.loads(await answer.read()), answer.headers

    def basket(self, **more: object) -> dict[str, Any]:
        return {"items": [{"product_id": str(self.flour), "quantity": 2, **more}]}

    async def place(self, key: str | None = None, other: bool = False) -> dict[str, Any]:
        status, order, _ = await self.send(
            "POST", "/api/orders", self.as_restaurant(other), self.basket(), key or str(new_id())
        )
        assert status == 201, order
        return dict(order)

    async def move(
        self, order: dict[str, Any], to: str, headers: dict[str, str], key: str | None = None, **more: object
    ) -> tuple[int, Any]:
        path = f"/api/orders/{order['id']}/transitions"
        status, body, _ = await self.send("POST", path, headers, {"to": to, **more}, key)
        return status, body

    async def answer(self, order: dict[str, Any], short: Iterable[Shortage] = (), **more: Any) -> dict[str, Any]:
        """The order after the stock's answer, which needs no catalogue: its pieces are held, or these are short."""
        shortages = tuple(short)
        answer = {
            "id": new_id(),
            "type": "StockShort" if shortages else "StockReserved",
            "occurred_at": utc_now(),
            "actor": Actor(None, "system"),
            "order_id": UUID(order["id"]),
            "shortages": shortages,
        }
        await answer_orders(self.orders, [StockEvent(**{**answer, **more})])
        status, now, _ = await self.send("GET", f"/api/orders/{order['id']}", self.as_admin())
        assert status == 200, now
        return dict(now)

    async def offer(self, other: bool = False) -> dict[str, Any]:
        """An order that waits for a driver."""
        order = await self.answer(await self.place(other=other))
        for to in ("preparing", "ready"):
            status, order = await self.move(order, to, self.as_admin())
            assert status == 200, order
        return order

    async def events(self, order: dict[str, Any]) -> list[OrderEvent]:
        """What the outbox holds of the order, in the order of its rows."""
        rows = await self.database.fetch(
            "select payload from orders.outbox where key = $1 order by id", UUID(order["id"])
        )
        return [msgspec.json.decode(row["payload"], type=OrderEvent) for row in rows]

    async def stored(self) -> int:
        """Orders of both restaurants."""
        found: int = await self.database.fetchval(
            "select count(*) from orders.orders where restaurant_id = any($1)", [self.restaurant, self.other_restaurant]
        )
        return found


@asynccontextmanager
async def open_shop(stack: Stack, **overrides: str) -> AsyncIterator[Shop]:
    """Orders listening in this process, with the shop in its database; `overrides` are settings."""
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        settings = settings_of(stack, "orders", app.Settings, **overrides)
        async with (
            serving(settings, app.build) as url,
            aiohttp.ClientSession() as session,
            open_pool(settings.database_url, size=2, name="stock", statement_cache=settings.statement_cache) as pool,
        ):
            orders = Orders(pool, Bus(settings.nats_url, "stock"), utc_now)  # not connected: the relay polls
            shop = Shop(stack, url, session, database, orders)
            await shop.fill()
            yield shop
    finally:
        await database.close()
