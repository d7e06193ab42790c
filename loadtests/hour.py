"""An hour of all queries of orders: how many of them take less than 100 ms.

A hundred orders are placed and go all their steps, with commits, while their restaurants, drivers and admins look at
lists, orders and histories as often as people do. Several connections at once, as services have them.
"""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from uuid import UUID

import asyncpg

from proto.orders import Status
from services.orders.credit import postings
from services.orders.store import NEWEST, QUERIES, begin_as
from shared.database import Connection
from shared.identity import Identity
from shared.ids import new_id

LIVES, AT_ONCE = 100, 4
SLOW_MS = 100.0
PAGE = (NEWEST.created_at, NEWEST.id, 21)
STEPS: tuple[tuple[Status, str, str], ...] = (
    ("confirmed", "OrderConfirmed", "admin"),
    ("preparing", "OrderPreparationStarted", "admin"),
    ("ready", "OrderReady", "admin"),
    ("out_for_delivery", "OrderDispatched", "driver"),
    ("delivered", "OrderDelivered", "driver"),
)


class Life:
    """One order from its placing to its end, on one connection, and who looks on."""

    def __init__(self, connection: Connection, times: list[tuple[str, float]]) -> None:
        self._connection, self._times = connection, times
        self._restaurant = self._driver = UUID(int=0)
        self._zone = 0

    async def live(self) -> None:
        database = self._connection
        restaurant = await database.fetchrow("select id, zone from orders.restaurants order by random() limit 1")
        self._restaurant, self._zone = restaurant["id"], restaurant["zone"]
        self._driver = await database.fetchval(
            "select id from orders.drivers where zone = $1 order by random() limit 1", self._zone
        )
        products = await database.fetch(
            "select product_id from orders.price_book limit 5 offset $1", time.time_ns() % 999
        )
        order = await self._place([row["product_id"] for row in products])
        for place, (status, event, role) in enumerate(STEPS):
            await self._look(order)
            await self._step(order, place + 2, status, event, role)

    async def _as(self, role: str, *queries: tuple[str, tuple[object, ...]]) -> list[Any]:
        """Queries in one transaction of somebody with this role, each timed. Returns the rows of the first."""
        now, kind = time.time(), role
        who: Any = Identity(
            person_id=self._driver,
            session_id=new_id(),
            name="somebody",
            role=kind,  # type: ignore[arg-type]
            restaurant_id=self._restaurant if role == "restaurant" else None,
            zone=self._zone if role == "driver" else None,
            issued_at=now,
            expires_at=now + 900,
        )
        answers = []
        await self._connection.execute(begin_as(who))
        for name, parameters in queries:
            started = time.perf_counter()
            answers.append(await self._connection.fetch(QUERIES[name].sql, *parameters))
            self._times.append((name, (time.perf_counter() - started) * 1000))
        await self._connection.execute("commit")
        rows: list[Any] = answers[0]
        return rows

    async def _place(self, products: list[UUID]) -> UUID:
        order, now = new_id(), datetime.now(UTC)
        known = await self._as("restaurant", ("get_customer_and_prices", (self._restaurant, products)))
        placed = (
            *(
                self._restaurant,
                str(order),
                b"hash",
                order,
                b"{}" * 500,
                now,
                known[0]["number"],
                "Kitchen",
                self._zone,
            ),
            *(250, 1, "[]", None, "Quay 1", 1.5, 2.5, new_id(), self._driver, "restaurant", None, None),
            *("orders.v1", b"{}" * 500),
        )
        await self._as("restaurant", ("insert_order", placed))
        return order

    async def _step(self, order: UUID, version: int, status: Status, event: str, role: str) -> None:
        driven = (self._driver, "Driver", 1) if version >= 5 else (None, None, None)
        changed = (
            *(order, status, driven[0], driven[1], None, version, driven[2], datetime.now(UTC), new_id(), event, None),
            *(
                self._driver,
                role,
                None,
                None,
                "orders.v1",
                b"{}" * 500,
                self._driver,
                f"{order} {version}",
                b"h",
                b"{}",
                postings("pending", status),
            ),
        )
        look: tuple[str, tuple[object, ...]] = ("get_order_for_change", (order,))
        if status == "out_for_delivery":
            look = ("get_order_and_route_for_change", (order, self._driver))
        await self._as(role, look, ("update_order", changed))

    async def _look(self, order: UUID) -> None:
        restaurants = [self._restaurant]
        await self._as(
            "restaurant",
            ("list_orders", PAGE),
            ("list_active_orders", PAGE),
            ("list_orders_with_status", (*PAGE, "cancelled")),
            ("get_order", (order,)),
            ("list_history", (order, 0, 21)),
        )
        await self._as(
            "driver",
            ("list_deliveries", (*PAGE, self._driver)),
            ("list_active_deliveries", (*PAGE, self._driver)),
            ("list_deliveries_with_status", (*PAGE, self._driver, "failed")),
            ("list_offers", (*PAGE, self._zone)),
        )
        await self._as(
            "admin",
            ("list_orders", PAGE),
            ("list_active_orders", PAGE),
            ("list_orders_with_status", (*PAGE, "rejected")),
            ("list_restaurants_named", ("Kitchen",)),
            ("list_orders_of_restaurants", (*PAGE, restaurants)),
            ("find_order_by_number", (1001,)),
        )


async def hour(url: str) -> str:
    """A sentence with the share of fast queries and the slowest kinds."""
    times: list[tuple[str, float]] = []
    waiting = iter(range(LIVES))

    async def worker() -> None:
        connection = await asyncpg.connect(url)
        try:
            for _ in waiting:
                await Life(connection, times).live()
        finally:
            await connection.close()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    cuts = quantiles([took for _, took in times], n=100)
    slow = Counter(name for name, took in times if took >= SLOW_MS)
    share = 1 - sum(slow.values()) / len(times)
    worst = ", ".join(f"{name} {count}" for name, count in slow.most_common(3)) or "none"
    return (
        f"Of {len(times):,} mixed queries {share:.2%} took less than {SLOW_MS:.0f} ms (p50 {cuts[49]:.2f}, "
        f"p95 {cuts[94]:.2f}, p99 {cuts[98]:.2f} ms); slower: {worst}."
    )
