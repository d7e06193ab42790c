"""Orders as everybody sees them: in answers, in events, on sockets.

Owned by the orders context. Per order, `Order.version` is contiguous from 1 and one event carries each version. The
audience says who may see the order after the event and who just lost sight of it: exactly the rows of the policy.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from proto.envelope import Envelope

Status = Literal[
    "pending", "confirmed", "rejected", "preparing", "ready", "out_for_delivery", "delivered", "failed", "cancelled"
]

EventType = Literal[
    "OrderPlaced",
    "OrderConfirmed",
    "OrderRejected",
    "OrderCancelled",
    "OrderPreparationStarted",
    "OrderReady",
    "OrderAssigned",
    "OrderUnassigned",
    "OrderDispatched",
    "OrderDelivered",
    "OrderDeliveryFailed",
    "OrderReturned",
]


class Item(msgspec.Struct, frozen=True):
    """One line: `price_cents` is the price of one `unit` when the order was placed."""

    product_id: UUID
    name: str
    unit: str
    quantity: int
    price_cents: int


class Location(msgspec.Struct, frozen=True):
    """WGS 84 degrees."""

    lat: float
    lon: float


class Shortage(msgspec.Struct, frozen=True):
    """A line the stock could not cover."""

    product_id: UUID
    name: str
    requested: int
    available: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order at one version. `reason` belongs to a rejection, cancellation or failure; `stop` is the place in the
    driver's route; `zone` is copied from the restaurant when the order is placed and never changes."""

    id: UUID
    number: int
    restaurant_id: UUID
    restaurant_name: str
    zone: int
    driver_id: UUID | None
    driver_name: str | None
    status: Status
    reason: str | None
    version: int
    total_cents: int
    items: tuple[Item, ...]
    note: str | None
    address: str
    location: Location
    stop: int | None
    shortages: tuple[Shortage, ...]
    created_at: datetime
    updated_at: datetime


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who may SELECT the order after the change, and who could only before it. Admins always may.

    `driver_id` has it, `left_driver_id` had it; `offer_zone`: drivers of this zone see it as an open offer;
    `left_offer_zone`: they did, and it is one no more.
    """

    restaurant_id: UUID
    driver_id: UUID | None = None
    left_driver_id: UUID | None = None
    offer_zone: int | None = None
    left_offer_zone: int | None = None


class OrderEvent(Envelope, frozen=True, kw_only=True):
    """One version of one order, whole: who reads it needs to ask nobody."""

    audience: Audience
    order: Order


class OrderHead(msgspec.Struct, frozen=True):
    """The part of an order that routing reads; the rest of its bytes is passed on untouched."""

    id: UUID
    version: int
    status: Status
    restaurant_id: UUID
    driver_id: UUID | None = None


class RoutedOrderEvent(Envelope, frozen=True, kw_only=True):
    """`OrderEvent` as the gateway decodes it: the order stays the published bytes."""

    audience: Audience
    order: msgspec.Raw
