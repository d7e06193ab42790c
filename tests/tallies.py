"""Analytics with a NATS and a database of a test's own: orders are published, and what the tables say is compared."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from deploy.local import Stack, migrate
from proto.catalog import Product
from proto.streams import CATALOG, ORDERS, order_subject, product_subject
from services.analytics.projection.domain import Order
from services.analytics.projection.projector import Projector
from services.analytics.projection.store import LIVE, Tables
from shared.bus import Bus, ensure_stream
from shared.database import Connection, Pool, open_pool
from shared.plumbing import utc_now
from shared.tasks import supervised
from tests.counted import World, counted, difference, stored
from tests.nats_server import NatsServer, own_nats
from tests.support import eventually

TOGETHER = 200


@dataclass
class Desk:
    """`lives` are all versions of the orders that were published, as far as they were."""

    nats: NatsServer
    bus: Bus
    pool: Pool
    database: Connection
    world: World = field(default_factory=World)
    lives: list[list[Order]] = field(default_factory=list)

    async def open_streams(self) -> None:
        for stream in (ORDERS, CATALOG):
            await ensure_stream(self.bus.jetstream, stream)

    async def publish(self, orders: Iterable[Order]) -> None:
        """In this order, as events that hold what is read of one."""
        waiting = []
        for order in orders:
            subject = order_subject(order.restaurant_id, order.id, "OrderPlaced")
            waiting.append(self.tell(subject, {"order": order}))
            if len(waiting) == TOGETHER:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)

    async def tell(self, subject: str, event: object) -> int:
        """One event; its place in the stream."""
        stored = await self.bus.jetstream.publish(subject, msgspec.json.encode(event))
        return stored.seq

    async def publish_product(self, product: Product) -> None:
        event = {
            "id": product.id,
            "type": "ProductChanged",
            "occurred_at": utc_now(),
            "actor": {"id": None, "role": "system"},
            "product": product,
        }
        await self.tell(product_subject(product.id), event)

    async def publish_catalogue(self) -> None:
        for product, category in self.world.categories.items():
            await self.publish_product(
                Product(
                    id=product,
                    sku=str(product)[-4:],
                    name="a product",
                    category=category,
                    unit="1 kg",
                    price_cents=1,
                    active=True,
                    version=1,
                )
            )

    def projecting(self, zone: str = "UTC") -> AbstractAsyncContextManager[asyncio.Task[None]]:
        projector = Projector(self.pool, self.bus, Tables(LIVE), zone, utc_now)
        return supervised(projector.run(), "projector")

    async def position(self) -> tuple[str, int, int]:
        row = await self.database.fetchrow("select epoch, seq, generation from analytics.projection")
        return tuple(row.values())

    async def caught_up(self) -> None:
        """Until the tables hold what the stream does."""
        info = await self.bus.jetstream.stream_info(ORDERS.name)
        epoch, last = (info.config.metadata or {})["larder.epoch"], info.state.last_seq

        async def there() -> bool:
            return (await self.position())[:2] == (epoch, last)

        await eventually(there, seconds=60)

    async def wrong(self, zone: str = "UTC", lives: Sequence[Sequence[Order]] | None = None) -> Any:
        """Rows that are not what a group-by says: none where all is well."""
        expected = counted(self.lives if lives is None else lives, self.world.categories, zone)
        return difference(await stored(self.database), expected)


@asynccontextmanager
async def open_desk(stack: Stack, home: Path, database: str) -> AsyncIterator[Desk]:
    """`database` is made anew, and dropped after."""
    stack.postgres.psql("postgres", sql=f"create database {database} owner larder_owner template template0")
    try:
        migrate.migrate(stack.addresses, database)
        url = stack.addresses.database("analytics_service", database)
        async with (
            own_nats(home) as nats,
            Bus(nats.url, "desk") as bus,
            open_pool(url, size=8, name="desk") as pool,
        ):
            await bus.connection()
            connection = await asyncpg.connect(stack.addresses.database("postgres", database))
            try:
                desk = Desk(nats, bus, pool, connection)
                await desk.open_streams()
                yield desk
            finally:
                await connection.close()
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {database} with (force)")
