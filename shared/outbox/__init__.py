"""The transactional outbox: a command inserts its event beside its data, the relay publishes it afterwards.

Invariants: an event is in the outbox if and only if its change was committed. The relay publishes the events of one
key (an order, a product) in the order of their rows and never the next before the one before is stored, marks a row
only after JetStream acknowledged it, and may publish a row twice: its `Nats-Msg-Id` is the event's id and consumers are
idempotent. An event that the bus refuses for good is parked with the reason; it holds back its own key alone.

Every context's outbox is the same table, `<context>.outbox`:

    id bigint identity, event_id uuid, key uuid, subject text, payload bytea, ttl_seconds integer,
    created_at, published_at, parked_at timestamptz, error text
"""

from uuid import UUID

import msgspec

EVERY_WAKE = "larder.outbox.wake.*"


def wake_subject(context: str) -> str:
    """Core NATS: what a context's writers nudge after a commit. One for each, or every order would send the relays of
    all contexts to the database."""
    return f"larder.outbox.wake.{context}"


class Event(msgspec.Struct, frozen=True):
    """An envelope ready for the outbox. `id` becomes the JetStream message id."""

    id: UUID
    subject: str
    payload: bytes
