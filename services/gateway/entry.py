"""An event as the gateway keeps it: decoded once, its frames built once for all who get it."""

from datetime import datetime
from uuid import UUID

import msgspec

from proto.orders import Audience, OrderHead, RoutedOrderEvent
from proto.realtime import Event, LeftOrder
from services.gateway.sight import Told

OVERHEAD_BYTES = 600
"""About what an entry costs beside the order's bytes."""

_events = msgspec.json.Decoder(RoutedOrderEvent)
_heads = msgspec.json.Decoder(OrderHead)
_encoder = msgspec.json.Encoder()


class Entry:
    """One event of the stream at `seq`."""

    __slots__ = ("_frames", "audience", "event", "head", "occurred_at", "order", "seq")

    def __init__(
        self, seq: int, event: str, occurred_at: datetime, audience: Audience, head: OrderHead, order: msgspec.Raw
    ) -> None:
        self.seq = seq
        self.event = event
        self.occurred_at = occurred_at
        self.audience = audience
        self.head = head
        self.order = order
        self._frames: dict[tuple[str, Told], str] = {}

    @classmethod
    def decode(cls, seq: int, data: bytes) -> "Entry":
        """Raises msgspec.DecodeError."""
        envelope = _events.decode(data)
        order = envelope.order.copy()  # its own bytes: the rest of the envelope is let go
        return cls(seq, envelope.type, envelope.occurred_at, envelope.audience, _heads.decode(order), order)

    @property
    def order_id(self) -> UUID:
        return self.head.id

    @property
    def version(self) -> int:
        return self.head.version

    @property
    def bytes(self) -> int:
        return len(memoryview(self.order)) + OVERHEAD_BYTES

    def frame(self, topic: str, told: Told) -> str:
        """The text for everybody who is told this on this topic."""
        key = (topic, told)
        text = self._frames.get(key)
        if text is None:
            text = self._frames[key] = _encoder.encode(self._event(topic, told)).decode()
        return text

    def forget_frames(self) -> None:
        """After the fan-out: the ring keeps the order's bytes alone."""
        self._frames.clear()

    def _event(self, topic: str, told: Told) -> Event:
        if told is Told.ORDER:
            return Event(topic, self.seq, self.event, self.occurred_at, self.order)
        left = msgspec.Raw(_encoder.encode(LeftOrder(self.head.id, self.head.version)))
        return Event(topic, self.seq, "OrderLeft", self.occurred_at, left)
