"""An event as the gateway keeps it: decoded once, its order still the published bytes.

Refuses an envelope of a shape it does not know.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from proto.orders import Audience, OrderHead, RoutedOrderEvent
from proto.realtime import Event, LeftOrder, LogPosition
from proto.streams import POSITION
from services.gateway.sight import Told

SHAPE = 1
"""The version of the envelope that is read here."""

OVERHEAD_BYTES = 600
"""About what an entry costs beside the order's bytes."""

_events = msgspec.json.Decoder(RoutedOrderEvent)
_heads = msgspec.json.Decoder(OrderHead)
_encoder = msgspec.json.Encoder()


class Entry:
    """One event of the stream at `seq`; `position` is the database's, when it says so."""

    __slots__ = ("audience", "event", "head", "occurred_at", "order", "position", "seq", "traceparent")

    def __init__(
        self,
        seq: int,
        event: str,
        occurred_at: datetime,
        audience: Audience,
        head: OrderHead,
        order: msgspec.Raw,
        traceparent: str | None = None,
        position: LogPosition = msgspec.UNSET,
    ) -> None:
        self.seq = seq
        self.event = event
        self.occurred_at = occurred_at
        self.audience = audience
        self.head = head
        self.order = order
        self.traceparent = traceparent
        self.position = position

    @classmethod
    def of(cls, message: Msg) -> "Entry":
        """Of a message of the stream. Raises msgspec.DecodeError."""
        position = message.headers.get(POSITION, msgspec.UNSET) if message.headers else msgspec.UNSET
        return cls.decode(message.metadata.sequence.stream, message.data, position)

    @classmethod
    def decode(cls, seq: int, data: bytes, position: LogPosition = msgspec.UNSET) -> "Entry":
        """Raises msgspec.DecodeError."""
        envelope = _events.decode(data)
        if envelope.version != SHAPE:
            raise msgspec.ValidationError(f"envelopes of version {envelope.version} are unknown")
        order = envelope.order.copy()  # its own bytes: the rest of the envelope is let go
        head = _heads.decode(order)
        told = (envelope.type, envelope.occurred_at, envelope.audience)
        return cls(seq, *told, head, order, envelope.traceparent, position)

    @property
    def order_id(self) -> UUID:
        return self.head.id

    @property
    def version(self) -> int:
        return self.head.version

    @property
    def size(self) -> int:
        """In bytes, about."""
        return len(memoryview(self.order)) + OVERHEAD_BYTES

    def frame(self, topic: str, told: Told) -> bytes:
        """The frame for everybody who is told this on this topic. Not kept: the ring's limit counts the order alone."""
        name, order = self.event, self.order
        if told is Told.LEFT:
            name, order = "OrderLeft", msgspec.Raw(_encoder.encode(LeftOrder(self.head.id, self.head.version)))
        return _encoder.encode(Event(topic, self.seq, name, self.occurred_at, order, self.position))
