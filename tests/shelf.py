"""Products whose pieces are counted, for tests of the stock: in the catalogue's table, reserved by its own code."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from deploy.local import Stack
from proto.catalog import ProductEvent
from proto.stock import StockEvent
from services.catalog import app, stock_commands
from services.catalog.commands import Catalog
from services.catalog.stock import Deed, Line, State
from services.catalog.stock_commands import Asked
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.plumbing import utc_now
from tests.support import settings_of

MAKE = """
insert into catalog.products (
    id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
)
values ($1, $2, $3, 'SHELF', '1 kg', 250, $4, $5, 1, now(), now())
"""


@dataclass
class Shelf:
    """`catalog` reserves with a connection a transaction; nothing nudges the relay."""

    database: asyncpg.Connection
    catalog: Catalog

    async def product(self, stock: int | None, *, active: bool = True, product_id: UUID | None = None) -> UUID:
        made = product_id or new_id()
        await self.database.execute(MAKE, made, str(made), f"Flour {made}", stock, active)
        return made

    async def apply(self, *wanted: Asked) -> None:
        await stock_commands.apply(self.catalog, wanted)

    async def stock(self, product: UUID) -> int | None:
        found: int | None = await self.database.fetchval("select stock from catalog.products where id = $1", product)
        return found

    async def state(self, order: UUID) -> State | None:
        found: State | None = await self.database.fetchval(
            "select state from catalog.reservations where order_id = $1", order
        )
        return found

    async def answers(self, order: UUID) -> list[StockEvent]:
        """What the outbox tells the order, in the order of its rows."""
        return [msgspec.json.decode(payload, type=StockEvent) for payload in await self._outbox(order)]

    async def versions(self, product: UUID) -> list[tuple[int, bool]]:
        """(version, available) of each event of the product."""
        events = [msgspec.json.decode(payload, type=ProductEvent) for payload in await self._outbox(product)]
        return [(event.product.version, event.product.available) for event in events]

    async def _outbox(self, key: UUID) -> list[bytes]:
        rows = await self.database.fetch("select payload from catalog.outbox where key = $1 order by id", key)
        return [row["payload"] for row in rows]


def asked(deed: Deed, order: UUID, *wants: tuple[UUID, int], at: datetime | None = None) -> Asked:
    """`wants`: product and quantity of each line."""
    lines = tuple(Line(product, "Flour", quantity) for product, quantity in wants)
    return Asked(deed=deed, order_id=order, lines=lines, placed_at=at or utc_now())


def placed(order: UUID, *wants: tuple[UUID, int], at: datetime | None = None) -> Asked:
    return asked("reserve", order, *wants, at=at)


def all_of(deed: Deed, orders: Sequence[UUID]) -> list[Asked]:
    return [asked(deed, order) for order in orders]


@asynccontextmanager
async def open_shelf(stack: Stack) -> AsyncIterator[Shelf]:
    settings = settings_of(stack, "catalog", app.Settings)
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        async with open_pool(
            settings.database_url, size=4, name="shelf", statement_cache=settings.statement_cache
        ) as pool:
            yield Shelf(database, Catalog(pool, Bus(settings.nats_url, "shelf"), utc_now))
    finally:
        await database.close()
