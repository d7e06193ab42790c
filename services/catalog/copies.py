"""Copies of products in the cache: what one is made of, and which events make it old."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from proto import streams
from proto.cache import ids_of, product_key
from services.catalog import store
from services.catalog.store import Listed
from shared.bus import Bus
from shared.cache import Cache, CacheStore, Change, Followed, Loaded, open_cache, schema_of
from shared.database import Connection
from shared.position import NEWEST, Position
from shared.replica import Reads

LIFE_SECONDS = 3600.0

_encoder = msgspec.json.Encoder()


class _Head(msgspec.Struct):
    id: UUID
    version: int


class _Changed(msgspec.Struct):
    """What is read of a ProductEvent."""

    occurred_at: datetime
    product: _Head


@asynccontextmanager
async def product_copies(bus: Bus, reads: Reads, cache: CacheStore, instance: str) -> AsyncIterator[Cache]:
    """Kept warm, and up to date by the events of products."""

    async def reload(key: str) -> Loaded | None:
        return await load_product(reads, ids_of(key)[0])

    async def load_many(keys: Sequence[str]) -> Mapping[str, Loaded]:
        products = [ids_of(key)[0] for key in keys]
        found = await reads.read(lambda reading: store.get_products(reading, products), position=NEWEST)
        return {product_key(product.id): _loaded(product) for product in found}

    async with open_cache(
        bus,
        cache,
        "product",
        Followed(streams.CATALOG, streams.CATALOG.subjects, _Changed, _changes),
        reload,
        schema=schema_of(Listed),
        life_seconds=LIFE_SECONDS,
        service="catalog",
        instance=instance,
        mint=reads.mint,
        load_many=load_many,
    ) as copies:
        yield copies


async def load_product(
    reads: Reads, product_id: UUID, position: int = NEWEST, copies: Cache | None = None
) -> Loaded | None:
    """From the database, from whoever has the log up to the position. With `copies` also up to all that they have heard
    of, so that it may become one."""
    wanted = position if copies is None else max(position, copies.position)

    async def read(connection: Connection) -> Listed | None:
        return await store.get_product(connection, product_id)

    product = await reads.find(read, position=Position(wanted))
    if copies is not None and product is not None and product.version < copies.floor(product_key(product_id)):
        # A writer of this process has told of a newer one, and its event has yet to come.
        product = await reads.find(read, position=NEWEST)
    return None if product is None else _loaded(product)


def _loaded(product: Listed) -> Loaded:
    return Loaded(version=product.version, body=_encoder.encode(product))


async def _changes(events: Sequence[_Changed]) -> list[Change]:
    """Nobody has an older copy of a first version."""
    return [
        Change(product_key(event.product.id), event.product.version, event.occurred_at.timestamp())
        for event in events
        if event.product.version > 1
    ]
