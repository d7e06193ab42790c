"""What a socket is sent: at once while it reads, from a bounded queue while it does not, and its replays.

Invariants: only this sends, so frames leave in the order in which they were given. What one turn of the event loop
gave leaves together at its end, for it is the write that costs. Nothing waits in the queue unless the connection is
paused. A topic that replays is read here, a chunk at a time and only while the socket reads, and
becomes live in the very step in which it has reached the hub's last event, so nothing is skipped or repeated between. A
socket that cannot keep up is closed with 4408 and resumes; it never slows another one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter, Gauge, Histogram

from proto import realtime
from proto.realtime import CloseCode, Position
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import BusyError, Past, Replays, TooOldError
from services.gateway.sight import Viewer
from services.gateway.topic import Topic
from services.gateway.wire import Wire, framed

QUEUE_FRAMES = 2_000
QUEUE_BYTES = 4 * 1024 * 1024
CHUNK = 50
"""Events of a replay between two looks at everything else: about half a millisecond."""

CLOSE_SECONDS = 5.0
"""How long a socket that is to be closed may take to read what is queued. Then it is dropped."""

UNEXPECTED = 1011

CLOSED = Counter("larder_gateway_closed_total", "Sockets closed by us", ["code"])
RESUMES = Counter("larder_gateway_resumes_total", "Subscriptions with a position, by where it was served", ["source"])
WAITING = Gauge("larder_gateway_waiting_frames", "Frames that wait for sockets which do not read")
LOCATIONS_REPLACED = Counter("larder_gateway_locations_replaced_total", "Locations that a newer one overtook")
WAITED_SECONDS = Histogram(
    "larder_gateway_waited_seconds",
    "Time that a frame waited for its socket to read. Those that went at once are not in it",
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30),
)

# From the start at 0: an alert on what grows needs a series to look at.
CLOSED.labels(CloseCode.TOO_SLOW)
for _source in ("ring", "stream", "resync"):
    RESUMES.labels(_source)

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("writer")


class Subscription(Topic):
    """A topic of a socket, as the hub pushes to it. `past`: of its replay, what was read and is not yet sent."""

    __slots__ = ("_writer", "past", "replaying", "source")

    def __init__(self, name: str, viewer: Viewer, writer: "Writer") -> None:
        super().__init__(name, viewer)
        self.replaying = False
        self.source = "ring"
        self.past: Past | None = None
        self._writer = writer

    @property
    def socket(self) -> object:
        return self._writer

    def push(self, frame: bytes) -> None:
        self._writer.push(frame)

    def push_location(self, order_id: UUID, frame: bytes) -> None:
        self._writer.push_location(order_id, frame)

    def resync(self, seq: int) -> None:
        if self.replaying:
            self.source = "resync"
            self.go_live()
        self._writer.tell(realtime.Resync(self.name, seq, self._writer.epoch, self._writer.position))

    def replay(self, after: int) -> None:
        """From here on the writer reads what it missed."""
        self.position, self.replaying = after, True

    def go_live(self) -> None:
        self.replaying, self.past = False, None
        self.forget_versions()
        RESUMES.labels(self.source).inc()


class Writer:
    """Of one socket. `ended`: nothing is sent any more but what is queued and the close."""

    __slots__ = (
        *("_bytes", "_closing", "_hub", "_locations", "_patience", "_paused", "_queue", "_replayer", "_replaying"),
        *("_replays", "_unsent", "_wire", "_writable", "ended"),
    )

    def __init__(self, hub: Hub, replays: Replays, wire: Wire) -> None:
        self.ended = False
        self._hub = hub
        self._replays = replays
        self._wire = wire
        self._paused = False
        self._unsent: list[bytes] | None = None
        self._queue: deque[tuple[float, bytes]] | None = None
        self._bytes = 0
        self._locations: dict[UUID, bytes] | None = None
        self._replaying: deque[Subscription] | None = None
        self._replayer: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None
        self._closing: tuple[int, str] | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def epoch(self) -> str:
        return self._hub.epoch or ""

    @property
    def position(self) -> realtime.LogPosition:
        return self._hub.position

    def tell(self, frame: realtime.ServerFrame) -> None:
        self.push(framed(_encode(frame)))

    def push(self, frame: bytes) -> None:
        """Sends a frame, as the wire has it, at the end of this turn, or queues it; a full queue closes the socket."""
        if self.ended:
            return
        if self._paused:
            self._wait(frame)
        elif self._unsent is None:
            self._unsent = [frame]
            self._hub.send_later(self)
        else:
            self._unsent.append(frame)

    def send_all(self) -> None:
        """What was pushed in this turn, in one write."""
        unsent, self._unsent = self._unsent, None
        if unsent is not None:
            self._wire.send(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    def push_location(self, order_id: UUID, frame: bytes) -> None:
        """Replaces one that still waits."""
        if not self._paused:
            self.push(frame)
        elif not self.ended:
            self._locations = self._locations if self._locations is not None else {}
            if self._locations.pop(order_id, None) is not None:
                LOCATIONS_REPLACED.inc()
            self._locations[order_id] = frame

    def pause(self) -> None:
        """The socket does not read."""
        self._paused = True

    def resume(self) -> None:
        """It reads again: what waited goes first."""
        self._paused = False
        self._flush()
        if not self._paused and self._writable is not None:
            self._writable.set()

    def replay(self, topic: Subscription) -> None:
        """Sends what the topic missed, after what was sent already."""
        if self._replaying is None:
            self._replaying = deque()
        self._replaying.append(topic)
        if self._replayer is None:
            self._replayer = asyncio.create_task(self._replay_all(self._replaying), name="replay")

    def beat(self) -> None:
        """Tells how far the socket has everything; not while a topic is still replaying."""
        if not self._replaying:
            self.tell(realtime.At(self._hub.seq, self._hub.position))

    def close(self, code: int, reason: str) -> None:
        """Ends the socket once what is queued is sent, or is not read for too long. The first reason counts."""
        if self.ended:
            return
        self.ended = True
        CLOSED.labels(code).inc()
        self._closing = (code, reason)
        self._stop_replays()
        self._flush()
        if self._closing is not None:
            self._patience = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._wire.abort)

    def leave(self) -> None:
        """The connection has ended: what it missed its client resumes."""
        self.ended, self._closing, self._locations, self._unsent = True, None, None, None
        self._forget_queue()
        self._stop_replays()
        if self._patience is not None:
            self._patience.cancel()

    def _wait(self, frame: bytes) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append((monotonic(), frame))
        self._bytes += len(frame)
        WAITING.inc()
        if self._hub.traces.watched:
            self._hub.traces.waits(frame)
        if len(self._queue) > QUEUE_FRAMES or self._bytes > QUEUE_BYTES:
            self._forget_queue()  # it comes again, after the resume
            self.close(CloseCode.TOO_SLOW, "too slow: resume")

    def _forget_queue(self) -> None:
        if self._queue is not None:
            WAITING.dec(len(self._queue))
        self._queue, self._bytes = None, 0

    def _flush(self) -> None:
        """What waits, until it is all sent or the socket does not read again: events, locations, the close."""
        self.send_all()
        now = monotonic()
        while self._queue and not self._paused:
            since, frame = self._queue.popleft()
            self._bytes -= len(frame)
            WAITING.dec()
            WAITED_SECONDS.observe(now - since)
            self._wire.send(frame)
            if self._hub.traces.watched:
                self._hub.traces.written(frame)
        while self._locations and not self._paused:
            self._wire.send(self._locations.pop(next(iter(self._locations))))
        if self._closing is not None and not self._paused:
            self._wire.close(*self._closing)
            self._closing = None

    async def _replay_all(self, replaying: deque[Subscription]) -> None:
        try:
            while replaying and not self.ended:
                if self._paused:
                    await self._until_writable()
                else:
                    await self._replay_some(replaying[0], replaying)
        except BusyError as busy:
            self.tell(realtime.Drain(busy.after_ms))
            self.close(CloseCode.RESTART, "many come back at once: resume then")
        except (Exception, asyncio.CancelledError) as error:  # a client may have cancelled a future of its own
            if self.ended:
                raise
            _log.error("replay failed", error=repr(error), exc_info=error)
            self.close(UNEXPECTED, "unexpected: resume")
        finally:
            self._replayer = None

    async def _until_writable(self) -> None:
        if self._writable is None:
            self._writable = asyncio.Event()
        self._writable.clear()
        await self._writable.wait()

    async def _replay_some(self, topic: Subscription, replaying: deque[Subscription]) -> None:
        """A chunk of a topic's past; the topic is live when there is none left."""
        if not topic.replaying:
            replaying.popleft()  # done, or unsubscribed, or told to fetch
        elif not topic.has_past:
            topic.go_live()
        elif topic.past is None and topic.position < self._hub.ring.floor:
            await self._read_old(topic, self._hub.ring.floor)
        else:
            async with self._replays.turn():
                self._send_some(topic)
            await asyncio.sleep(0)

    def _send_some(self, topic: Subscription) -> None:
        """Nothing is awaited in here: when there is nothing left, what comes next is pushed."""
        ring = self._hub.ring
        if not topic.replaying or (topic.position < ring.floor and topic.past is None):
            return  # while it waited for its turn
        if topic.past is not None:
            self._send_past(topic, topic.past)
        elif entries := ring.after(topic.position, CHUNK):
            self._send_events(topic, entries)
        else:
            topic.go_live()

    async def _read_old(self, topic: Subscription, floor: int) -> None:
        topic.source = "stream"
        due = self._hub.due(topic, topic.position)
        try:
            past = await self._replays.read(Position(self.epoch, topic.position), floor, due)
        except TooOldError:
            if topic.replaying:
                topic.resync(self._hub.seq)
        else:
            if topic.replaying:
                topic.past = past

    def _send_past(self, topic: Subscription, past: Past) -> None:
        """A chunk of what was read from the stream."""
        rest = [entry for entry in past.entries if entry.seq > topic.position]
        self._send_events(topic, rest[:CHUNK])
        if len(rest) <= CHUNK:
            topic.position, topic.past = past.seq, None

    def _send_events(self, topic: Subscription, entries: Sequence[Entry]) -> None:
        told_of = ((entry, topic.replayed(entry)) for entry in entries)
        frames = [framed(entry.frame(topic.name, told)) for entry, told in told_of if told is not None]
        if entries:
            topic.position = entries[-1].seq
        if frames:
            self.send_all()
            self._wire.send(b"".join(frames))

    def _stop_replays(self) -> None:
        if self._replayer is not None and self._replayer is not asyncio.current_task():
            self._replayer.cancel()
