"""Copies of orders in the cache: what one is made of, which events make it old, and who is answered from it.

Invariants: a copy answers only whom the row policy would let SELECT that version of the order (`domain.sees`), and only
with yes: whoever it would refuse is answered by the database under their own role. A copy is the answer's bytes, which
are the same for everybody who may see the order.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import get_args
from uuid import UUID

import msgspec

from proto import orders as contract
from proto import streams
from proto.cache import ids_of, order_key
from services.orders import domain, store
from services.orders.domain import Order
from shared.bus import Bus
from shared.cache import Answer, Cache, CacheStore, Change, Followed, Loaded, open_cache, schema_of
from shared.database import Connection
from shared.identity import Identity
from shared.position import NEWEST, Position
from shared.replica import Reads

LIFE_SECONDS = 900.0

CHANGES = tuple(streams.order_events(event) for event in get_args(contract.EventType) if event != domain.PLACED)
"""All but the first of an order: nobody has an older copy of a first version, and most events are first ones."""

_encoder = msgspec.json.Encoder()
_sights = msgspec.json.Decoder(domain.Sight)


class _Head(msgspec.Struct):
    id: UUID
    version: int


_heads = msgspec.json.Decoder(_Head)


class _Changed(msgspec.Struct):
    """What is read of an OrderEvent."""

    occurred_at: datetime
    order: _Head


@asynccontextmanager
async def order_copies(bus: Bus, reads: Reads, cache: CacheStore, instance: str) -> AsyncIterator[Cache]:
    """Up to date by the events of orders."""

    async def reload(key: str) -> Loaded | None:
        return await load_order(reads, store.SYSTEM, ids_of(key)[0])

    async with open_cache(
        bus,
        cache,
        "order",
        Followed(streams.ORDERS, CHANGES, _Changed, _changes),
        reload,
        schema=schema_of(contract.Order),
        life_seconds=LIFE_SECONDS,
        service="orders",
        instance=instance,
        mint=reads.mint,
    ) as copies:
        yield copies


async def read_order(
    copies: Cache, reads: Reads, identity: Identity, order_id: UUID, position: Position | None, *, from_source: bool
) -> Answer | None:
    """The order as the caller may see it; None when they may not, or there is none. Who says what it has to be made of
    is not answered from a copy, which does not say that of itself."""
    viewer = domain.Viewer(identity.role, identity.person_id, identity.restaurant_id, identity.zone)
    return await copies.get(
        order_key(order_id),
        lambda: load_order(reads, store.begin_as(identity), order_id, position or 0, copies),
        who=viewer,
        fits=lambda body: domain.sees(viewer, _sights.decode(body)),
        from_source=from_source or position is not None,
    )


async def load_order(
    reads: Reads, begin: str, order_id: UUID, position: int = NEWEST, copies: Cache | None = None
) -> Loaded | None:
    """From the database, under the role that `begin` sets, from whoever has the log up to the position. With `copies`
    also up to all that they have heard of, so that it may become one."""
    wanted = position if copies is None else max(position, copies.position)

    async def read(connection: Connection) -> Order | None:
        return await store.get_order(connection, order_id)

    order = await reads.find(read, begin=begin, position=Position(wanted))
    if copies is not None and order is not None and order.version < copies.floor(order_key(order_id)):
        # A writer of this process has told of a newer one, and its event has yet to come.
        order = await reads.find(read, begin=begin, position=NEWEST)
    return None if order is None else Loaded(version=order.version, body=_encoder.encode(order))


def hint_order(copies: Cache, order_id: UUID, answer: bytes) -> None:
    """After a step: whoever asks next is not told of before it."""
    copies.hint(order_key(order_id), _heads.decode(answer).version)


async def _changes(events: Sequence[_Changed]) -> list[Change]:
    return [Change(order_key(event.order.id), event.order.version, event.occurred_at.timestamp()) for event in events]
