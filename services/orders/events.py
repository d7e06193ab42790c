"""Envelopes of orders, as the outbox takes them.

Invariant: an envelope is proto.orders.OrderEvent byte for byte; the lines are spliced in as they are stored.
"""

from uuid import UUID

import msgspec

from proto.envelope import Actor, Envelope
from proto.orders import Audience
from proto.streams import order_subject
from services.orders.domain import Changed, Order
from services.orders.store import Origin
from shared.ids import new_id
from shared.outbox import Event, wake_subject

WAKE = wake_subject("orders")


class OrderEnvelope(Envelope, frozen=True, kw_only=True):
    """proto.orders.OrderEvent around the domain's order."""

    audience: Audience
    order: Order


_encoder = msgspec.json.Encoder()


def event_of(changed: Changed, origin: Origin, event_id: UUID | None = None) -> Event:
    """The event of one change: a new one, or one that was told of before, with its id. The id is JetStream's message
    id."""
    order = changed.order
    envelope = OrderEnvelope(
        id=event_id or new_id(),
        type=changed.event,
        occurred_at=order.updated_at,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
        actor=Actor(origin.actor_id, origin.actor_role),
        audience=changed.audience,
        order=order,
    )
    subject = order_subject(order.restaurant_id, order.id, changed.event)
    return Event(envelope.id, subject, _encoder.encode(envelope))
