"""Envelopes of products and of answers to orders, as the outbox takes them.

A product has one a version, with its full state; an order has the one answer that its reservation is.
"""

from datetime import datetime

import msgspec

from proto import catalog as contract
from proto.catalog import ProductEvent
from proto.envelope import Actor
from proto.stock import StockEvent, StockEventType
from proto.streams import product_subject, stock_subject
from services.catalog.domain import Product
from services.catalog.stock import Reservation
from shared.http.caller import Caller
from shared.ids import new_id
from shared.outbox import Event, wake_subject

WAKE = wake_subject("catalog")

CHANGED = "ProductChanged"

SYSTEM = Actor(None, "system")

_encoder = msgspec.json.Encoder()


def event_of(product: Product, caller: Caller) -> Event:
    """The event of a product's version that somebody made. Its id is the JetStream message id."""
    actor = Actor(caller.identity.person_id, caller.identity.role)
    return _changed(product, actor, caller.request_id, caller.traceparent)


def stock_event_of(product: Product) -> Event:
    """The event of a product's version that its stock made: it sold out, or came back."""
    return _changed(product, SYSTEM, None, None)


def answer_of(reservation: Reservation, request_id: str | None, at: datetime) -> Event:
    """What the order is told: the pieces are held, or which lines were short. It carries the id of the request that
    placed the order, and not its trace, which ends with the frames of what was placed."""
    kind: StockEventType = "StockShort" if reservation.state == "short" else "StockReserved"
    envelope = StockEvent(
        id=new_id(),
        type=kind,
        occurred_at=at,
        request_id=request_id,
        actor=SYSTEM,
        order_id=reservation.order_id,
        shortages=reservation.shortages,
    )
    return Event(envelope.id, stock_subject(reservation.order_id, kind), _encoder.encode(envelope))


def _changed(product: Product, actor: Actor, request_id: str | None, traceparent: str | None) -> Event:
    envelope = ProductEvent(
        id=new_id(),
        type=CHANGED,
        occurred_at=product.updated_at,
        request_id=request_id,
        traceparent=traceparent,
        actor=actor,
        product=contract.Product(
            id=product.id,
            sku=product.sku,
            name=product.name,
            category=product.category,
            unit=product.unit,
            price_cents=product.price_cents,
            active=product.active,
            version=product.version,
            available=product.available,
        ),
    )
    return Event(envelope.id, product_subject(product.id), _encoder.encode(envelope))
