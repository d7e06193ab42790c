"""Envelopes of products, as the outbox takes them: one a version, the product's full state."""

import msgspec

from proto import catalog as contract
from proto.catalog import ProductEvent
from proto.envelope import Actor
from proto.streams import product_subject
from services.catalog.domain import Product
from shared.http.caller import Caller
from shared.ids import new_id
from shared.outbox import Event, wake_subject

WAKE = wake_subject("catalog")

CHANGED = "ProductChanged"

_encoder = msgspec.json.Encoder()


def event_of(product: Product, caller: Caller) -> Event:
    """The event of a product's version. Its id is the JetStream message id."""
    envelope = ProductEvent(
        id=new_id(),
        type=CHANGED,
        occurred_at=product.updated_at,
        request_id=caller.request_id,
        traceparent=caller.traceparent,
        actor=Actor(caller.identity.person_id, caller.identity.role),
        product=contract.Product(
            id=product.id,
            sku=product.sku,
            name=product.name,
            category=product.category,
            unit=product.unit,
            price_cents=product.price_cents,
            active=product.active,
            version=product.version,
        ),
    )
    return Event(envelope.id, product_subject(product.id), _encoder.encode(envelope))
