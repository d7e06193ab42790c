"""The gateway's part of a trace: from an event's arrival to its first frame, and on to the sockets.

Told afterwards, of events that say they are traced and that somebody here is told of; what a socket replays is not. A
frame goes to every socket that reads in the call that takes the event; those that do not read are followed by the
frame's identity, for one frame goes to many. Invariants: an event that is not traced costs a look at its flag, a frame
that waits one at an empty table, and a frame that goes at once nothing. A socket that does not read is waited for
PATIENCE_SECONDS, and no new event is followed while MOST_WATCHED frames are.
"""

import asyncio
from time import time_ns

from services.gateway.entry import Entry
from shared.tracing import Attributes, Context, Tracer, context_of

PATIENCE_SECONDS = 10.0
MOST_WATCHED = 1_000


class Traces:
    """Of one process. Without a tracer nothing is watched, ever."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.tracer = tracer
        self.watched: dict[int, Watched] = {}
        """By the identity of each frame that some socket has still to get."""

    def begin(self, entry: Entry, received: int) -> "Watched | None":
        """For an event that arrived at these Unix nanoseconds; None when it is not traced. If it has receivers, `watch`
        and then `sent` follow."""
        if self.tracer is None or (context := context_of(entry.traceparent)) is None:
            return None
        if len(self.watched) >= MOST_WATCHED:
            return None
        return Watched(self, self.tracer, context, str(entry.order_id), received)

    def waits(self, frame: bytes) -> None:
        """A socket does not read: the frame is queued. Call it only while something is `watched`."""
        if (watched := self.watched.get(id(frame))) is not None:
            watched.waits()

    def written(self, frame: bytes) -> None:
        """A frame that was queued has gone. Call it only while something is `watched`."""
        if (watched := self.watched.get(id(frame))) is not None:
            watched.written()


class Watched:
    """One event, until the last socket has its frame."""

    def __init__(self, traces: Traces, tracer: Tracer, context: Context, order_id: str, received: int) -> None:
        self._traces = traces
        self._tracer = tracer
        self._context = context
        self._order_id = order_id
        self._received = received
        self._began = 0
        self._frames: list[bytes] = []  # held, so that nothing else gets their identity
        self._waiting = self._written = 0
        self._patience: asyncio.TimerHandle | None = None

    def watch(self, frame: bytes) -> None:
        """Before it is given to the first socket."""
        if not self._frames:
            self._began = time_ns()
        self._frames.append(frame)
        self._traces.watched[id(frame)] = self

    def waits(self) -> None:
        self._waiting += 1

    def sent(self, receivers: int) -> None:
        """Every socket that reads has its frame."""
        now = time_ns()
        told: Attributes = {"larder.receivers": receivers, "larder.waiting": self._waiting}
        self._add("fan-out", self._received, self._began, told)
        self._add("write", self._began, now, told)
        if self._written < self._waiting:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._end)
        else:
            self._forget()

    def written(self) -> None:
        self._written += 1
        if self._patience is not None and self._written == self._waiting:
            self._end()

    def _end(self) -> None:
        """The last of those that waited has its frame, or is given up."""
        told: Attributes = {"larder.waiting": self._waiting, "larder.written": self._written}
        self._add("wait", self._began, time_ns(), told)
        self._forget()

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        for frame in self._frames:
            del self._traces.watched[id(frame)]

    def _add(self, name: str, start: int, end: int, told: Attributes) -> None:
        attributes = {"larder.key": self._order_id, **told}
        self._tracer.add(self._context, name, start, end, kind="consumer", attributes=attributes)
