"""A restaurant of its own limit, for tests of credit."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.shop import ZONE, Shop
from tests.support import bearer, identity

TOTAL = 500
"""Of the shop's basket, in cents."""


@dataclass
class Kitchen:
    """A restaurant of its own limit that nobody else orders for."""

    shop: Shop
    id: UUID
    headers: dict[str, str]

    async def order(self, key: str | None = None) -> tuple[int, Any]:
        status, body, _ = await self.shop.send(
            "POST", "/api/orders", self.headers, self.shop.basket(), key or str(new_id())
        )
        return status, body

    async def place(self) -> dict[str, Any]:
        status, order = await self.order()
        assert status == 201, order
        return dict(order)

    async def on_the_way(self) -> dict[str, Any]:
        order = await self.shop.answer(await self.place())
        for to in ("preparing", "ready"):
            await self.shop.move(order, to, self.shop.as_admin())
        status, order = await self.shop.move(order, "out_for_delivery", self.shop.as_driver())
        assert status == 200, order
        return dict(order)

    async def delivered(self) -> dict[str, Any]:
        status, order = await self.shop.move(await self.on_the_way(), "delivered", self.shop.as_driver())
        assert status == 200, order
        return dict(order)

    async def credit(self) -> tuple[int, int, int]:
        """Held, owed, available."""
        status, credit, _ = await self.shop.send("GET", "/api/orders/credit", self.headers)
        assert status == 200, credit
        return credit["held_cents"], credit["owed_cents"], credit["available_cents"]

    async def pay(self, cents: int, key: str | None = None, **more: object) -> tuple[int, Any]:
        body = {"restaurant_id": str(self.id), "amount_cents": cents, **more}
        status, answer, _ = await self.shop.send(
            "POST", "/api/orders/payments", self.shop.as_admin(), body, key or str(new_id())
        )
        return status, answer

    async def statement(self, query: str = "", headers: dict[str, str] | None = None) -> Any:
        status, page, _ = await self.shop.send("GET", f"/api/orders/credit/statement?{query}", headers or self.headers)
        assert status == 200, page
        return page

    async def kinds(self) -> list[str]:
        """What was posted, oldest first."""
        return [entry["kind"] for entry in (await self.statement("limit=100"))["items"]][::-1]


async def open_kitchen(shop: Shop, limit_cents: int = 10 * TOTAL) -> Kitchen:
    restaurant = new_id()
    await shop.database.execute(
        "insert into orders.restaurants values ($1, 'Kitchen', 'Quay 1', 1.5, 2.5, $2, $3, true, 1)",
        *(restaurant, ZONE, limit_cents),
    )
    return Kitchen(shop, restaurant, bearer(shop.stack, identity("restaurant", restaurant_id=restaurant)))
