"""What products count under: known once, and the same until the tables are replaced.

Invariant: a product is in `products` before anything of it is counted. One that an order names before the catalogue's
stream was followed so far is asked of that stream; where there is none, it stays without a category.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from nats.js.errors import NotFoundError

from proto.catalog import Product, ProductEvent
from proto.streams import CATALOG, product_subject
from services.analytics.projection.domain import UNKNOWN, Line
from services.analytics.projection.store import Tables
from shared.bus import Bus
from shared.database import Pool, transaction

_events = msgspec.json.Decoder(ProductEvent)


class Catalogue:
    """The categories that sales count under in some tables."""

    def __init__(self, pool: Pool, bus: Bus, tables: Tables) -> None:
        self._pool, self._bus, self._tables = pool, bus, tables
        self._categories: dict[UUID, str] = {}

    async def of(self, lines: Iterable[Line]) -> Mapping[UUID, str]:
        """Of all products that lines name, and perhaps of others."""
        missing = {line.product_id: line for line in lines if line.product_id not in self._categories}
        if missing:
            async with transaction(self._pool) as connection:
                self._categories |= await self._tables.list_categories(connection, missing)
            unseen = [line for product, line in missing.items() if product not in self._categories]
            if unseen:
                await self._learn(unseen)
        return self._categories

    async def _learn(self, lines: Iterable[Line]) -> None:
        products = sorted([await self._ask(line) for line in lines], key=lambda product: product.id)
        async with transaction(self._pool) as connection:
            await self._tables.insert_products(connection, products)
            self._categories |= await self._tables.list_categories(connection, [product.id for product in products])

    async def _ask(self, line: Line) -> Product:
        try:
            message = await self._bus.jetstream.get_last_msg(
                CATALOG.name, product_subject(line.product_id), direct=True
            )
        except NotFoundError:
            return _unknown(line)
        try:
            return _events.decode(message.data or b"").product
        except msgspec.DecodeError:
            return _unknown(line)  # who follows the catalogue says so


def _unknown(line: Line) -> Product:
    return Product(
        id=line.product_id, sku="", name=line.name, category=UNKNOWN, unit="", price_cents=0, active=False, version=0
    )
