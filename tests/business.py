"""A small business for tests of reports: a year of made-up orders that the projection has counted, and what a group-by
over the same orders says of them.

The orders are drawn with a fixed seed: some hours have many, some days none; they stand in every state, some are late.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg
import msgspec

from deploy.local import Stack, migrate
from proto.orders import Status
from services.analytics.api import Api
from services.analytics.app import Settings, front_of
from services.analytics.performance.look import Sources
from services.analytics.projection.domain import Line, Order, fold
from services.analytics.projection.histogram import bucket_of, percentile
from services.analytics.projection.store import LIVE, Tables
from shared.database import Connection
from shared.http.types import Application
from shared.plumbing import open_plumbing
from tests.support import bearer, identity, serving, settings_of

KEPT = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)
AS_OF = datetime(2026, 11, 24, 10, 19, 59, tzinfo=UTC)
FIRST = datetime(2025, 11, 24, tzinfo=UTC)

RESTAURANTS = [UUID(int=place + 100) for place in range(4)]
DRIVERS = [UUID(int=place + 200) for place in range(3)]
PRODUCTS = [UUID(int=place + 300) for place in range(9)]
"""The last is one that the catalogue has not told of."""

CATEGORIES = {product: ("BAKING", "DAIRY", "MEAT")[place % 3] for place, product in enumerate(PRODUCTS[:-1])}
WAYS: dict[Status, list[Status]] = {
    "pending": [],
    "confirmed": ["confirmed"],
    "rejected": ["rejected"],
    "cancelled": ["confirmed", "cancelled"],
    "preparing": ["confirmed", "preparing"],
    "ready": ["confirmed", "preparing", "ready"],
    "out_for_delivery": ["confirmed", "preparing", "ready", "out_for_delivery"],
    "delivered": ["confirmed", "preparing", "ready", "out_for_delivery", "delivered"],
    "failed": ["confirmed", "preparing", "ready", "out_for_delivery", "failed"],
}
REASONS = ("Ordered twice.", '=HYPERLINK("http://example.org")', None)
DAY = timedelta(days=1)


def lives(count: int = 900, seed: int = 7) -> list[list[Order]]:
    """The versions of each order."""
    draw = Random(seed)
    found = []
    for number in range(1, count + 1):
        # Crowded: half of them within three weeks about the end of summer time.
        crowded = draw.random() < 0.5
        begin, days = (datetime(2026, 10, 12, tzinfo=UTC), 21) if crowded else (FIRST, 364)
        at = begin + timedelta(seconds=draw.randrange(days * 86_400), microseconds=draw.randrange(10**6))
        lines = tuple(
            Line(
                product_id=draw.choice(PRODUCTS),
                name="x",
                quantity=draw.randint(1, 9),
                price_cents=draw.randint(1, 999),
            )
            for _ in range(draw.randint(1, 5))
        )
        status: Status = "delivered" if draw.random() < 0.7 else draw.choice(list(WAYS))
        order = Order(
            id=UUID(int=draw.getrandbits(128)),
            number=number,
            restaurant_id=draw.choice(RESTAURANTS[:3]),
            driver_id=None,
            status="pending",
            reason=None,
            version=1,
            total_cents=sum(line.quantity * line.price_cents for line in lines),
            items=lines,
            created_at=at,
            updated_at=at,
        )
        versions = [order]
        for step in WAYS[status]:
            at += timedelta(minutes=draw.uniform(1, 600))
            order = msgspec.structs.replace(
                order,
                status=step,
                version=order.version + 1,
                updated_at=at,
                driver_id=draw.choice(DRIVERS) if step == "out_for_delivery" else order.driver_id,
                reason=draw.choice(REASONS) if step in ("rejected", "cancelled", "failed") else None,
            )
            versions.append(order)
        found.append(versions)
    return found


@dataclass(frozen=True)
class Books:
    """What a group-by says, of last versions."""

    orders: list[Order]

    def of(self, start: datetime, end: datetime, restaurant: UUID | None = None) -> "Books":
        return Books(
            [
                order
                for order in self.orders
                if start <= order.created_at < end and restaurant in (None, order.restaurant_id)
            ]
        )

    def by(self, name: Callable[[Order], Any]) -> dict[Any, "Books"]:
        found: defaultdict[Any, list[Order]] = defaultdict(list)
        for order in self.orders:
            found[name(order)].append(order)
        return {key: Books(orders) for key, orders in found.items()}

    @property
    def states(self) -> Mapping[Status, int]:
        return Counter(order.status for order in self.orders)

    @property
    def sold(self) -> list[Order]:
        return [order for order in self.orders if order.status not in ("rejected", "cancelled")]

    @property
    def revenue(self) -> int:
        return sum(order.total_cents for order in self.sold)

    @property
    def times(self) -> list[timedelta]:
        """How long deliveries took."""
        return [order.updated_at - order.created_at for order in self.orders if order.status == "delivered"]

    @property
    def late(self) -> list[Order]:
        return [o for o in self.orders if o.status == "delivered" and o.updated_at - o.created_at > DAY]

    @property
    def figures(self) -> dict[str, Any]:
        """As the KPIs tell them."""
        sold = self.sold
        return {
            "orders": len(self.orders),
            "delivered": self.states["delivered"],
            "cancelled": self.states["cancelled"],
            "rejected": self.states["rejected"],
            "revenue_cents": self.revenue,
            "average_order_cents": math.floor(self.revenue / len(sold) + 0.5) if sold else None,
            "delivery_minutes": minutes(self.times),
        }

    def sales(self, name: Callable[[Line], Any]) -> dict[Any, dict[str, int]]:
        """Orders, pieces and revenue of what was sold."""
        found: defaultdict[Any, dict[str, int]] = defaultdict(lambda: {"orders": 0, "quantity": 0, "revenue_cents": 0})
        for line in (line for order in self.sold for line in order.items):
            sales = found[name(line)]
            sales["quantity"] += line.quantity
            sales["revenue_cents"] += line.quantity * line.price_cents
        for order in self.sold:
            for key in {name(line) for line in order.items}:
                found[key]["orders"] += 1
        return dict(found)


def minutes(times: Iterable[timedelta]) -> dict[str, float | None]:
    """As the answers tell them: from the same buckets."""
    amounts = Counter(bucket_of(time.total_seconds()) for time in times)
    told = {"p50": percentile(amounts, 0.5), "p95": percentile(amounts, 0.95)}
    return {name: None if seconds is None else round(seconds / 60, 1) for name, seconds in told.items()}


@dataclass(frozen=True)
class Business:
    """Analytics listening, with the orders counted, and the books of them."""

    stack: Stack
    url: str
    session: aiohttp.ClientSession
    database: Connection
    books: Books

    def as_admin(self) -> dict[str, str]:
        return bearer(self.stack, identity("admin"))

    def as_restaurant(self, restaurant: UUID = RESTAURANTS[0]) -> dict[str, str]:
        return bearer(self.stack, identity("restaurant", restaurant_id=restaurant))

    async def ask(self, path: str, who: Mapping[str, str] | None = None, **parameters: object) -> tuple[int, Any]:
        """Status and decoded body; `start` and `end` are from and to. An admin asks where nobody is named."""
        names = {"start": "from", "end": "to"}
        query = {names.get(name, name): str(value) for name, value in parameters.items()}
        headers = self.as_admin() if who is None else who
        async with self.session.get(f"{self.url}/api/analytics{path}", params=query, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())

    async def get(self, path: str, who: Mapping[str, str] | None = None, **parameters: object) -> Any:
        status, body = await self.ask(path, who, **parameters)
        assert status == 200, body
        return body


@asynccontextmanager
async def open_business(stack: Stack, name: str) -> AsyncIterator[Business]:
    """In a database of its own, which nobody else counts in."""
    stack.postgres.psql("postgres", sql=f"create database {name} owner larder_owner template template0")
    try:
        migrate.migrate(stack.addresses, name)
        database = await asyncpg.connect(stack.addresses.database("postgres", name))
        try:
            versions = lives()
            await _count(database, versions)
            url = stack.addresses.database("analytics_service", name)
            settings = settings_of(stack, "analytics", Settings, LARDER_DATABASE_URL=url)
            async with serving(settings, _build) as address, aiohttp.ClientSession() as session:
                yield Business(stack, address, session, database, Books([life[-1] for life in versions]))
        finally:
            await database.close()
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {name} with (force)")


@asynccontextmanager
async def _build(settings: Settings) -> AsyncIterator[Application]:
    """Without what follows the streams, and at a moment that does not move."""
    async with open_plumbing(settings, "analytics") as plumbing:
        sources = Sources(plumbing.pool, plumbing.bus, "", plumbing.now)
        yield front_of(plumbing, Api(plumbing.pool, plumbing.reads, plumbing.cursors, lambda: NOW, sources))


async def _count(database: Connection, versions: list[list[Order]]) -> None:
    for table, rows in (
        ("restaurants", [(one, 300 + place, f"+Kitchen {place}", 1, 1) for place, one in enumerate(RESTAURANTS)]),
        ("drivers", [(one, f"Driver {place}", 1, 1) for place, one in enumerate(DRIVERS)]),
        ("products", [(one, str(one.int), f"Product {one.int}", name, name, 1) for one, name in CATEGORIES.items()]),
    ):
        await database.copy_records_to_table(table, schema_name="analytics", records=rows)
    events = [order for life in versions for order in life]
    await Tables(LIVE).add(database, fold({}, events, CATEGORIES, KEPT))
    await database.execute("update analytics.projection set epoch = 'e', as_of = $1, zone = $2", AS_OF, KEPT.key)
