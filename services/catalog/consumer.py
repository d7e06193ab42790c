"""What the catalogue learns from others: of orders, what they take from the shelf and what they give back.

Invariant: an event is acknowledged after what it does is committed. Late, twice and in another order are no errors.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from proto import streams
from proto.streams import orders_events
from services.catalog import stock_commands
from services.catalog.commands import Catalog
from services.catalog.stock import Deed, Line
from services.catalog.stock_commands import Asked
from shared.bus import Received, follow
from shared.tasks import supervised

DURABLE = "catalog-stock"

DEEDS: Mapping[str, Deed] = {
    "OrderPlaced": "reserve",
    # A delivery that failed changes nothing: the order is tried again, or cancelled.
    "OrderRejected": "release",
    "OrderCancelled": "release",
    "OrderDelivered": "consume",
}
"""The events of an order that mean something to the stock."""

ACK_WAIT_SECONDS = 6.0
"""What a crashed process held comes again so soon: orders wait for it. A statement has 5 s."""

REST_SECONDS = 0.05
"""At most, after a batch: what comes meanwhile shares the next one's transaction and its fsync.
An order that comes alone waits for nothing."""


class StockOrder(msgspec.Struct, frozen=True):
    """What is read of an order."""

    id: UUID
    items: tuple[Line, ...]
    created_at: datetime


class StockOrderEvent(msgspec.Struct, frozen=True):
    """proto.orders.OrderEvent, of which the rest is left unread."""

    type: str
    order: StockOrder
    request_id: str | None = None
    traceparent: str | None = None


@asynccontextmanager
async def keeping_stock(catalog: Catalog) -> AsyncIterator[None]:
    """Answers orders during the block. Replicas share the work."""

    async def orders(batch: Sequence[Received[StockOrderEvent]]) -> None:
        await stock_commands.apply(catalog, [asked_by(received.event) for received in batch])

    subjects = [orders_events(event) for event in DEEDS]
    work = follow(
        catalog.bus,
        streams.ORDERS,
        StockOrderEvent,
        orders,
        durable=DURABLE,
        subjects=subjects,
        ack_wait_seconds=ACK_WAIT_SECONDS,
        rest_seconds=REST_SECONDS,
    )
    async with supervised(work, "stock"):
        yield


def asked_by(event: StockOrderEvent) -> Asked:
    """Of one of DEEDS."""
    deed = DEEDS[event.type]
    return Asked(
        deed=deed,
        order_id=event.order.id,
        lines=event.order.items if deed == "reserve" else (),
        placed_at=event.order.created_at,
        request_id=event.request_id,
    )
