"""One socket: its reader, its bounded queue, its single writer.

Invariants: only the writer writes, so frames leave in the order in which they were queued; a topic that replays is
read by the writer and becomes live in the very step in which it has reached the hub's last event, so nothing is
skipped or repeated between. A socket that cannot keep up is closed with 4408 and resumes; it never slows another one.
"""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic, time
from typing import Any, Protocol
from uuid import UUID

import msgspec
from prometheus_client import Counter, Gauge

from proto import realtime
from proto.realtime import MAX_FRAME_BYTES, MAX_TOPICS, CloseCode, Position
from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Replays, TooOldError
from services.gateway.sight import Told, Viewer
from services.gateway.tickets import TicketError, Tickets
from shared.http.types import Message, Receive, Send
from shared.identity import Identity

QUEUE_FRAMES = 2_000
QUEUE_BYTES = 4 * 1024 * 1024
CHUNK = 200
"""Events of a replay between two looks at the queue."""

HELLO_SECONDS = 10.0
FRAMES_PER_SECOND, FRAMES_BURST = 20.0, 60.0
LOCATION_SECONDS = 0.9
"""At most one a second, with room for a phone's clock."""

SOCKETS = Gauge("larder_gateway_sockets", "Open sockets that said hello")
TOPICS = Gauge("larder_gateway_topics", "Subscribed topics")
CLOSED = Counter("larder_gateway_closed_total", "Sockets closed by us", ["code"])
RESUMES = Counter("larder_gateway_resumes_total", "Subscriptions with a position, by where it was served", ["source"])
WRITTEN = Counter("larder_gateway_written_total", "Frames written")

_decoder: msgspec.json.Decoder[realtime.ClientFrame] = msgspec.json.Decoder(realtime.ClientFrame)
_encoder = msgspec.json.Encoder()


class Closed(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Gate(Protocol):
    """What a socket asks of its gateway."""

    hub: Hub
    replays: Replays
    tickets: Tickets
    heartbeat_s: float
    ready: asyncio.Event

    def admit(self, socket: "Socket") -> None:
        """Raises Closed when the person has too many."""

    def dismiss(self, socket: "Socket") -> None: ...

    async def may_see(self, order_id: UUID, viewer: Viewer) -> bool: ...

    async def report_location(self, identity: Identity, frame: realtime.SendLocation) -> None: ...


class Topic:
    """A subscription. `position`: everything up to it has been written, while it replays."""

    def __init__(self, socket: "Socket", topic: str, viewer: Viewer) -> None:
        self._socket = socket
        self.topic = topic
        self.viewer = viewer
        self.live = True
        self.position = 0
        self.seen: dict[UUID, int] = {}

    def push(self, frame: str) -> None:
        self._socket.push(frame)

    def push_location(self, order_id: UUID, frame: str) -> None:
        self._socket.push_location(order_id, frame)

    def resync(self, seq: int) -> None:
        self._socket.push(encode(realtime.Resync(self.topic, seq, self._socket.epoch)))

    def told(self, entry: Entry) -> Told | None:
        """What this topic hears of an event that is replayed; a version twice is heard once."""
        told = self._sight(entry)
        if told is None or entry.version <= self.seen.get(entry.order_id, 0):
            return None
        self.seen[entry.order_id] = entry.version
        return told

    def go_live(self) -> None:
        self.live = True
        self.seen.clear()

    def _sight(self, entry: Entry) -> Told | None:
        if self.topic == "orders":
            return sight.on_orders(entry.audience, self.viewer)
        if self.topic == "offers":
            return sight.on_offers(entry.audience, self.viewer)
        if self.topic == f"order:{entry.order_id}":
            return sight.on_order(entry.audience, self.viewer)
        return None


class Socket:
    """Runs from the accepted handshake to the close."""

    def __init__(self, gate: Gate, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._receive = receive
        self._send = send
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._locations: dict[UUID, str] = {}
        self._topics: dict[str, Topic] = {}
        self._replaying: deque[Topic] = deque()
        self._wake = asyncio.Event()
        self._closing: Closed | None = None
        self._default: Position | None = None
        self._allowance, self._refilled = FRAMES_BURST, monotonic()
        self._located_at = 0.0
        self._admitted = False
        self._expiry: asyncio.TimerHandle | None = None
        self.identity: Identity | None = None

    async def run(self) -> None:
        """Returns when the socket is closed, by whichever side."""
        reader = asyncio.create_task(self._read(), name="socket reader")
        try:
            await self._write()
        except OSError:
            pass  # the client is gone: what it missed it resumes
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
            self._leave()

    @property
    def epoch(self) -> str:
        return self._gate.hub.epoch or ""

    def push(self, frame: str) -> None:
        """Queues a frame; a full queue closes the socket."""
        if self._closing is not None:
            return
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        if len(self._queue) > QUEUE_FRAMES or self._queued_bytes > QUEUE_BYTES:
            self.close(CloseCode.TOO_SLOW, "too slow: resume")
            return
        self._wake.set()

    def push_location(self, order_id: UUID, frame: str) -> None:
        """Replaces one that still waits."""
        self._locations[order_id] = frame
        self._wake.set()

    def beat(self) -> None:
        """Tells how far the socket has everything; not while a topic is still replaying."""
        if not self._replaying:
            self.push(encode(realtime.At(self._gate.hub.seq)))

    def drain(self, reconnect_after_ms: int) -> None:
        self.push(encode(realtime.Drain(reconnect_after_ms)))

    def close(self, code: int, reason: str) -> None:
        """Ends the socket. What is queued for one that is too slow is not sent any more."""
        if self._closing is None:
            self._closing = Closed(code, reason)
            if code == CloseCode.TOO_SLOW:
                self._queue.clear()
            self._wake.set()

    async def _write(self) -> None:
        while True:
            self._wake.clear()
            while self._queue:
                frame = self._queue.popleft()
                self._queued_bytes -= len(frame)
                await self._send_text(frame)
            if self._closing is not None:
                CLOSED.labels(self._closing.code).inc()
                await self._send({"type": "websocket.close", "code": self._closing.code, "reason": str(self._closing)})
                return
            while self._locations:
                await self._send_text(self._locations.pop(next(iter(self._locations))))
            if self._replaying:
                await self._replay_some(self._replaying[0])
            else:
                await self._wake.wait()

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})
        WRITTEN.inc()

    async def _replay_some(self, topic: Topic) -> None:
        """A chunk of a topic's past; the topic is live when there is none left."""
        hub = self._gate.hub
        if self._topics.get(topic.topic) is not topic or topic.live:
            self._replaying.popleft()  # given up, or begun anew with another stream
            return
        if topic.position < hub.ring.floor:
            await self._replay_from_stream(topic, hub.ring.floor)
            return
        entries = hub.ring.after(topic.position, CHUNK)
        if not entries:
            # Nothing awaited since the look: what comes next is pushed.
            topic.go_live()
            self._replaying.popleft()
            return
        for entry in entries:
            told = topic.told(entry)
            topic.position = entry.seq
            if told is not None:
                await self._send_text(entry.frame(topic.topic, told))

    async def _replay_from_stream(self, topic: Topic, until: int) -> None:
        epoch = self._gate.hub.epoch
        try:
            async for entry in self._gate.replays.read(topic.position, until, topic.viewer):
                told = topic.told(entry)
                if told is not None:
                    await self._send_text(entry.frame(topic.topic, told))
        except TooOldError:
            RESUMES.labels("resync").inc()
            topic.go_live()
            topic.resync(self._gate.hub.seq)
        else:
            RESUMES.labels("stream").inc()
            topic.position = until
        if epoch != self._gate.hub.epoch:
            topic.go_live()  # the hub has told everybody to fetch

    async def _read(self) -> None:
        try:
            await self._greet()
            while True:
                await self._handle(await self._next_frame())
        except Closed as closed:
            self.close(closed.code, str(closed))
        except _Gone:
            self.close(1000, "gone")

    async def _greet(self) -> None:
        """The hello. Raises Closed."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                frame = await self._next_frame()
        except TimeoutError as error:
            raise Closed(CloseCode.UNAUTHENTICATED, "no hello came") from error
        if not isinstance(frame, realtime.Hello):
            raise Closed(CloseCode.BAD_FRAME, "the first frame must be a hello")
        self._become(await self._redeem(frame.ticket))
        self._gate.admit(self)
        self._admitted = True
        SOCKETS.inc()
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await self._gate.ready.wait()
        except TimeoutError as error:
            raise Closed(CloseCode.RESTART, "the stream is not there yet") from error
        self._default = frame.resume
        hub = self._gate.hub
        self.push(encode(realtime.Welcome(hub.epoch or "", hub.seq, round(self._gate.heartbeat_s))))

    async def _handle(self, frame: realtime.ClientFrame) -> None:
        match frame:
            case realtime.Subscribe():
                await self._subscribe(frame.topic, frame.after or self._default)
            case realtime.Unsubscribe():
                self._unsubscribe(frame.topic)
                self.push(encode(realtime.Unsubscribed(frame.topic)))
            case realtime.Auth():
                identity = await self._redeem(frame.ticket)
                if self.identity is None or identity.person_id != self.identity.person_id:
                    raise Closed(CloseCode.UNAUTHENTICATED, "the ticket is somebody else's")
                self._become(identity)
            case realtime.SendLocation():
                await self._locate(frame)
            case realtime.Hello():
                raise Closed(CloseCode.BAD_FRAME, "hello comes once")

    async def _subscribe(self, name: str, after: Position | None) -> None:
        identity = self._who()
        name = name.lower()
        if name not in self._topics and len(self._topics) >= MAX_TOPICS:
            raise Closed(CloseCode.TOO_MANY_REQUESTS, f"at most {MAX_TOPICS} topics")
        viewer = Viewer.of(identity)
        if not await self._may_subscribe(name, viewer):
            raise Closed(CloseCode.FORBIDDEN_TOPIC, "this topic is not yours")
        self._unsubscribe(name)
        topic = self._topics[name] = Topic(self, name, viewer)
        hub = self._gate.hub
        hub.add(topic)
        TOPICS.inc()
        if after is None:
            self.push(encode(realtime.Subscribed(name, hub.seq)))
        elif after.epoch != hub.epoch or after.seq > hub.seq:
            RESUMES.labels("resync").inc()
            self.push(encode(realtime.Subscribed(name, hub.seq)))
            topic.resync(hub.seq)
        else:
            if after.seq >= hub.ring.floor:
                RESUMES.labels("ring").inc()
            topic.live, topic.position = False, after.seq
            self.push(encode(realtime.Subscribed(name, after.seq)))
            self._replaying.append(topic)
            self._wake.set()

    async def _may_subscribe(self, name: str, viewer: Viewer) -> bool:
        if name.startswith("order:"):
            return await self._gate.may_see(UUID(name.removeprefix("order:")), viewer)
        return name == "orders" or viewer.role == {"offers": "driver", "alerts": "admin"}[name]

    def _unsubscribe(self, name: str) -> None:
        topic = self._topics.pop(name, None)
        if topic is not None:
            self._gate.hub.remove(topic)
            TOPICS.dec()

    async def _locate(self, frame: realtime.SendLocation) -> None:
        identity = self._who()
        if identity.role != "driver":
            raise Closed(CloseCode.BAD_FRAME, "only drivers send locations")
        if monotonic() - self._located_at >= LOCATION_SECONDS:
            self._located_at = monotonic()
            await self._gate.report_location(identity, frame)

    async def _redeem(self, ticket: str) -> Identity:
        try:
            return await self._gate.tickets.redeem(ticket)
        except TicketError as error:
            raise Closed(CloseCode.UNAUTHENTICATED, str(error)) from error

    def _become(self, identity: Identity) -> None:
        """Who the socket speaks for, until their token ends."""
        self.identity = identity
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(
            max(0.0, identity.expires_at - time()), self.close, CloseCode.UNAUTHENTICATED, "the token has expired"
        )

    def _who(self) -> Identity:
        if self.identity is None:
            raise Closed(CloseCode.UNAUTHENTICATED, "say hello first")
        return self.identity

    async def _next_frame(self) -> realtime.ClientFrame:
        """Raises Closed for what is no frame of the protocol, _Gone when the client has left."""
        message: Message = await self._receive()
        if message["type"] != "websocket.receive":
            raise _Gone
        self._count()
        text: Any = message.get("text")
        if text is None:
            raise Closed(CloseCode.BAD_FRAME, "frames are text")
        if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
            raise Closed(CloseCode.BAD_FRAME, f"a frame has at most {MAX_FRAME_BYTES} bytes")
        try:
            return _decoder.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Closed(CloseCode.BAD_FRAME, str(error)[:100]) from error

    def _count(self) -> None:
        now = monotonic()
        self._allowance = min(FRAMES_BURST, self._allowance + (now - self._refilled) * FRAMES_PER_SECOND) - 1
        self._refilled = now
        if self._allowance < 0:
            raise Closed(CloseCode.TOO_MANY_REQUESTS, "too many frames")

    def _leave(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        for name in list(self._topics):
            self._unsubscribe(name)
        if self._admitted:
            SOCKETS.dec()
            self._gate.dismiss(self)


class _Gone(Exception):
    """The client closed the socket, or vanished."""


def encode(frame: realtime.ServerFrame) -> str:
    return _encoder.encode(frame).decode()
