"""The relay's part of a trace: how long an event waited in the outbox, and how long it took to be stored in the stream.

Told afterwards, of what was stored and only when its event says that it is traced. Invariant: no payload, whatever it
holds, keeps the relay from going on.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from shared.database import Row
from shared.tracing import Tracer, context_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Traced(msgspec.Struct, frozen=True):
    """The one field of an envelope that is read here."""

    traceparent: str | None = None


_decoder = msgspec.json.Decoder(Traced)


def trace(tracer: Tracer, rows: Sequence[Row], stored: Collection[int], read: int, acknowledged: int) -> None:
    """Rows with id, key, subject, payload and created_at, read and acknowledged at these Unix nanoseconds. The moment
    of the insert is Postgres's: on another host its clock may differ from ours."""
    for row in rows:
        if row["id"] not in stored:
            continue
        with suppress(msgspec.DecodeError):  # no envelope: whoever reads the stream says so
            under = context_of(_decoder.decode(row["payload"]).traceparent)
            if under is not None:
                told = {"larder.key": str(row["key"]), "messaging.destination.name": row["subject"]}
                created = (row["created_at"] - _EPOCH) // _MICROSECOND * 1000
                tracer.add(under, "outbox", created, read, attributes=told)
                tracer.add(under, "publish", read, acknowledged, kind="producer", attributes=told)
