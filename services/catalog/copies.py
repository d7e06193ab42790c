"""Copies of products in the cache: what one is made of, and which events make it old."""

import math
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
        load_many=load_many,
    ) as copies:
        yield copies


async def load_product(reads: Reads, product_id: UUID, position: Position | None = None) -> Loaded | None:
    """From the database: from the primary, or with a position from whoever has that. Only what the primary says becomes
    a copy: what was heard before it was read is in it."""
    wanted = NEWEST if position is None else position
    product = await reads.find(lambda reading: store.get_product(reading, product_id), position=wanted)
    return None if product is None else _loaded(product, math.inf if wanted == NEWEST else 0.0)


def _loaded(product: Listed, at_most_seconds: float = math.inf) -> Loaded:
    return Loaded(version=product.version, body=_encoder.encode(product), at_most_seconds=at_most_seconds)


async def _changes(events: Sequence[_Changed]) -> list[Change]:
    """Nobody has an older copy of a first version."""
    return [
        Change(product_key(event.product.id), event.product.version, event.occurred_at.timestamp())
        for event in events
        if event.product.version > 1
    ]
