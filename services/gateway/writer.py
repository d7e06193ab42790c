"""What a socket is sent: its bounded queue, its replays, and the one task that writes.

Invariants: only this writes, so frames leave in the order in which they were queued. A topic that replays is read here
and becomes live in the very step in which it has reached the hub's last event, so nothing is skipped or repeated
between. A socket that cannot keep up is closed with 4408 and resumes; it never slows another one.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from uuid import UUID

import msgspec
from prometheus_client import Counter

from proto import realtime
from proto.realtime import CloseCode, Position
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Replays, TooOldError
from services.gateway.sight import Viewer
from services.gateway.topic import Topic
from shared.http.types import Message, Send

QUEUE_FRAMES = 2_000
QUEUE_BYTES = 4 * 1024 * 1024
CHUNK = 200
"""Events of a replay between two looks at the queue."""

CLOSE_SECONDS = 5.0
"""How long a socket that is to be closed may take to read what is queued. Then it is dropped."""

REASON_BYTES = 123
"""RFC 6455, 5.5: a control frame has at most 125 bytes, the code two of them."""

CLOSED = Counter("larder_gateway_closed_total", "Sockets closed by us", ["code"])
RESUMES = Counter("larder_gateway_resumes_total", "Subscriptions with a position, by where it was served", ["source"])
WRITTEN = Counter("larder_gateway_written_total", "Frames written")

_encoder = msgspec.json.Encoder()


class Subscription(Topic):
    """A topic of a socket, as the hub pushes to it."""

    def __init__(self, name: str, viewer: Viewer, writer: "Writer") -> None:
        super().__init__(name, viewer)
        self.replaying = False
        self.source = "ring"
        self._writer = writer

    def push(self, frame: str) -> None:
        self._writer.push(frame)

    def push_location(self, order_id: UUID, frame: str) -> None:
        self._writer.push_location(order_id, frame)

    def resync(self, seq: int) -> None:
        if self.replaying:
            self.source = "resync"
            self.go_live()
        self._writer.tell(realtime.Resync(self.name, seq, self._writer.epoch))

    def replay(self, after: int) -> None:
        """From here on the writer reads what it missed."""
        self.position, self.replaying = after, True

    def go_live(self) -> None:
        self.replaying = False
        self.forget_versions()
        RESUMES.labels(self.source).inc()


class Writer:
    """Of one socket. `run` returns when the socket is closed or gone."""

    def __init__(self, hub: Hub, replays: Replays, send: Send) -> None:
        self._hub = hub
        self._replays = replays
        self._send = send
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._locations: dict[UUID, str] = {}
        self._replaying: deque[Subscription] = deque()
        self._wake = asyncio.Event()
        self._patience: asyncio.Timeout | None = None
        self._closing: Message | None = None
        self._gone = False

    @property
    def epoch(self) -> str:
        return self._hub.epoch or ""

    def tell(self, frame: realtime.ServerFrame) -> None:
        self.push(encode(frame))

    def push(self, frame: str) -> None:
        """Queues a frame; a full queue closes the socket."""
        if self._closing is not None or self._gone:
            return
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        if len(self._queue) > QUEUE_FRAMES or self._queued_bytes > QUEUE_BYTES:
            self._queue.clear()  # it comes again, after the resume
            self.close(CloseCode.TOO_SLOW, "too slow: resume")
        self._wake.set()

    def push_location(self, order_id: UUID, frame: str) -> None:
        """Replaces one that still waits."""
        self._locations[order_id] = frame
        self._wake.set()

    def replay(self, topic: Subscription) -> None:
        """Writes what the topic missed, after what is queued already."""
        self._replaying.append(topic)
        self._wake.set()

    def beat(self) -> None:
        """Tells how far the socket has everything; not while a topic is still replaying."""
        if not self._replaying:
            self.tell(realtime.At(self._hub.seq))

    def close(self, code: int, reason: str) -> None:
        """Ends the socket once what is queued is written, or is not read for too long. The first reason counts."""
        if self._closing is not None or self._gone:
            return
        CLOSED.labels(code).inc()
        brief = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        self._closing = {"type": "websocket.close", "code": code, "reason": brief}
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + CLOSE_SECONDS)
        self._wake.set()

    def leave(self) -> None:
        """The client has closed it, or vanished: nothing is written any more."""
        self._gone = True
        self._wake.set()

    async def run(self) -> None:
        """Once. What a client that is gone missed it resumes."""
        try:
            async with asyncio.timeout(None) as self._patience:
                while not self._gone:
                    await self._step()
        except OSError:
            pass  # gone while it was written to; TimeoutError, one of these, if it does not read its close
        finally:
            self._gone = True

    async def _step(self) -> None:
        if self._queue:
            frame = self._queue.popleft()
            self._queued_bytes -= len(frame)
            await self._write(frame)
        elif self._closing is not None:
            await self._deliver(self._closing)
            self._gone = True
        elif self._locations:
            await self._write(self._locations.pop(next(iter(self._locations))))
        elif self._replaying:
            await self._replay_some(self._replaying[0])
        else:
            self._wake.clear()
            await self._wake.wait()

    async def _write(self, text: str) -> None:
        await self._deliver({"type": "websocket.send", "text": text})
        WRITTEN.inc()

    async def _deliver(self, message: Message) -> None:
        """Raises OSError when the client is gone."""
        try:
            await self._send(message)
        except RuntimeError as error:
            # uvicorn's word for a socket it has closed by itself: a huge frame, a ping that was not answered.
            raise ConnectionError from error

    async def _replay_some(self, topic: Subscription) -> None:
        """A chunk of a topic's past; the topic is live when there is none left."""
        ring = self._hub.ring
        if not topic.replaying:
            self._replaying.popleft()  # unsubscribed, or told to fetch
        elif topic.subject is None:
            topic.go_live()
        elif topic.position < ring.floor:
            await self._replay_old(topic, topic.subject, ring.floor)
        elif entries := ring.after(topic.position, CHUNK):
            await self._write_past(topic, entries, entries[-1].seq)
        else:
            topic.go_live()  # nothing was awaited since the look: what comes next is pushed

    async def _replay_old(self, topic: Subscription, subject: str, floor: int) -> None:
        topic.source = "stream"
        try:
            past = await self._replays.read(Position(self.epoch, topic.position), floor, subject)
        except TooOldError:
            if topic.replaying:
                topic.resync(self._hub.seq)
        else:
            await self._write_past(topic, past.entries, past.seq)

    async def _write_past(self, topic: Subscription, entries: Iterable[Entry], seq: int) -> None:
        for entry in entries:
            if not topic.replaying or self._closing is not None:
                return
            told = topic.replayed(entry)
            if told is not None:
                await self._write(entry.frame(topic.name, told))
        topic.position = seq


def encode(frame: realtime.ServerFrame) -> str:
    return _encoder.encode(frame).decode()
