"""One socket: who speaks, what they ask for, and when it ends. What it is sent is its writer's.

Invariants: nothing happens before a hello with a fresh ticket; the socket ends with its token. A frame that is not of
the protocol ends it with 4400, whatever it holds, and never more than the one socket.
"""

import asyncio
import random
import weakref
from collections import deque
from functools import partial
from time import monotonic, time
from typing import Protocol
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Gauge

from proto import realtime
from proto.realtime import MAX_FRAME_BYTES, MAX_TOPICS, CloseCode, Position
from services.gateway.hub import Hub
from services.gateway.replay import Replays
from services.gateway.sight import Viewer
from services.gateway.tickets import TicketError, Tickets, TicketsAwayError
from services.gateway.topic import ONLY_FOR
from services.gateway.wire import Wire
from services.gateway.writer import RESUMES, UNEXPECTED, Subscription, Writer
from shared import log
from shared.identity import Identity

HELLO_SECONDS = 10.0
FRAMES_PER_SECOND, FRAMES_BURST = 20.0, 60.0
LOCATION_SECONDS = 0.9
"""At most one a second, with room for a phone's clock."""

BEHIND_SECONDS = 1.0
"""How long a position may be ahead of us: another replica told of an event that is still on its way here."""

SOCKETS = Gauge("larder_gateway_sockets", "Open sockets that said hello")
TOPICS = Gauge("larder_gateway_topics", "Subscribed topics")

_decoder: msgspec.json.Decoder[realtime.ClientFrame] = msgspec.json.Decoder(realtime.ClientFrame)
_log = structlog.get_logger("socket")


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

    def admit(self, socket: "Socket", person_id: UUID) -> None:
        """Raises Closed for one too many, and when it is about to stop."""

    def dismiss(self, socket: "Socket", person_id: UUID) -> None: ...

    async def may_see(self, order_id: UUID, viewer: Viewer) -> bool:
        """Raises Closed when that cannot be said now."""

    async def report_location(self, driver_id: UUID, lat: float, lon: float) -> None: ...

    def show_last_locations(self, topic: Subscription) -> None: ...

    def show_alerts(self, topic: Subscription) -> None: ...


class Socket:
    """From the accepted handshake to the close: the server says what it hears and whether it reads."""

    __slots__ = (
        "__weakref__",
        *("_admitted", "_allowance", "_beat", "_default", "_expiry", "_gate", "_inbox", "_located_at", "_refilled"),
        *("_silence", "_topics", "_work", "identity", "writer"),
    )

    def __init__(self, gate: Gate, wire: Wire) -> None:
        self._gate = gate
        self._inbox: deque[realtime.ClientFrame] = deque()
        self._work: asyncio.Task[None] | None = None
        self._topics: dict[str, Subscription] = {}
        self._default: Position | None = None
        self._allowance, self._refilled = FRAMES_BURST, monotonic()
        self._located_at = 0.0
        self._admitted: UUID | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._beat: asyncio.TimerHandle | None = None
        self.writer = Writer(gate.hub, gate.replays, wire)
        self.identity: Identity | None = None
        self._silence: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            HELLO_SECONDS, self.refuse, CloseCode.UNAUTHENTICATED, "no hello came"
        )

    def hear(self, text: str) -> None:
        """A frame of the client's. They are acted on one after the other."""
        if self.writer.ended:
            return
        try:
            self._count()
            self._inbox.append(_decoded(text))
        except Closed as closed:
            self.refuse(closed.code, str(closed))
            return
        if self._work is None:
            self._work = asyncio.create_task(self._act(), name="socket")

    def refuse(self, code: int, reason: str) -> None:
        """Ends it: what was heard and not yet acted on is let go."""
        self._inbox.clear()
        self.writer.close(code, reason)

    def pause(self) -> None:
        self.writer.pause()

    def resume(self) -> None:
        self.writer.resume()

    def gone(self) -> None:
        """The connection has ended, by whichever side."""
        self.writer.leave()
        self._inbox.clear()
        if self._work is not None:
            self._work.cancel()
        for timer in (self._silence, self._expiry, self._beat):
            if timer is not None:
                timer.cancel()
        for name in list(self._topics):
            self._unsubscribe(name)
        if self._admitted is not None:
            SOCKETS.dec()
            self._gate.dismiss(self, self._admitted)
            self._admitted = None

    async def _act(self) -> None:
        # By a weak reference: timers keep what their task was about, and the socket keeps its timers.
        log.about(partial(_ids_of, weakref.ref(self)))
        try:
            while self._inbox:
                await self._handle(self._inbox.popleft())
        except Closed as closed:
            self.refuse(closed.code, str(closed))
        except Exception as error:  # noqa: BLE001  a socket that is not served must not stay
            _log.error("socket failed", error=repr(error), exc_info=error)
            self.refuse(UNEXPECTED, "unexpected: resume")
        finally:
            self._work = None

    async def _greet(self, frame: realtime.Hello) -> None:
        if self._silence is None:
            raise Closed(CloseCode.BAD_FRAME, "hello comes once")
        self._silence.cancel()
        self._silence = None
        identity = await self._redeem(frame.ticket)
        self._become(identity)
        self._gate.admit(self, identity.person_id)
        self._admitted = identity.person_id
        SOCKETS.inc()
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await self._gate.ready.wait()
        except TimeoutError as error:
            raise Closed(CloseCode.RESTART, "the stream is not there yet") from error
        self._default = frame.resume
        welcome = realtime.Welcome(self.writer.epoch, self._gate.hub.seq, round(self._gate.heartbeat_s))
        self.writer.tell(welcome)
        self._beat_in(self._gate.heartbeat_s * random.uniform(0.5, 1))  # noqa: S311  not all at once

    def _beat_in(self, seconds: float) -> None:
        self._beat = asyncio.get_running_loop().call_later(seconds, self._tell_how_far)

    def _tell_how_far(self) -> None:
        self.writer.beat()
        self._beat_in(self._gate.heartbeat_s)

    async def _handle(self, frame: realtime.ClientFrame) -> None:
        if self.identity is None and not isinstance(frame, realtime.Hello):
            raise Closed(CloseCode.BAD_FRAME, "the first frame must be a hello")
        match frame:
            case realtime.Hello():
                await self._greet(frame)
            case realtime.Subscribe():
                await self._subscribe(frame.topic, frame.after or self._default)
            case realtime.Unsubscribe():
                topic = self._named(frame.topic)
                self._unsubscribe(topic.name)
                self.writer.tell(realtime.Unsubscribed(topic.name))
            case realtime.Auth():
                identity = await self._redeem(frame.ticket)
                if identity.person_id != self._who().person_id:
                    raise Closed(CloseCode.UNAUTHENTICATED, "the ticket is somebody else's")
                self._become(identity)
            case realtime.SendLocation():
                await self._locate(frame)

    async def _subscribe(self, name: str, after: Position | None) -> None:
        topic = self._named(name)
        if topic.name not in self._topics and len(self._topics) >= MAX_TOPICS:
            raise Closed(CloseCode.TOO_MANY_REQUESTS, f"at most {MAX_TOPICS} topics")
        if not await self._may_have(topic):
            raise Closed(CloseCode.FORBIDDEN_TOPIC, "this topic is not yours")
        known = after is not None and await self._is_known(after)
        self._check_still_open()
        # Nothing is awaited from here on: no event comes between the answer and the topic's first.
        self._unsubscribe(topic.name)
        self._topics[topic.name] = topic
        self._gate.hub.add(topic)
        TOPICS.inc()
        if after is not None and known:
            self.writer.tell(realtime.Subscribed(topic.name, after.seq, self._gate.hub.position))
            self._show_present(topic)
            topic.replay(after.seq)
            self.writer.replay(topic)
            return
        seq = self._gate.hub.seq
        self.writer.tell(realtime.Subscribed(topic.name, seq, self._gate.hub.position))
        self._show_present(topic)
        if after is not None:
            RESUMES.labels("resync").inc()
            topic.resync(seq)

    def _show_present(self, topic: Subscription) -> None:
        """What is told without a position: how things stand now."""
        self._gate.show_last_locations(topic)
        self._gate.show_alerts(topic)

    def _named(self, name: str) -> Subscription:
        """Raises Closed for a name that names no topic."""
        try:
            return Subscription(name, Viewer.of(self._who()), self.writer)
        except ValueError as error:
            raise Closed(CloseCode.BAD_FRAME, str(error)) from error

    async def _may_have(self, topic: Subscription) -> bool:
        if topic.order_id is not None:
            return await self._gate.may_see(topic.order_id, topic.viewer)
        return topic.name == "orders" or topic.viewer.role == ONLY_FOR[topic.name]

    async def _is_known(self, after: Position) -> bool:
        """Whether the position is one of our stream."""
        hub, until = self._gate.hub, monotonic() + BEHIND_SECONDS
        while after.epoch == hub.epoch and after.seq > hub.seq and monotonic() < until:  # noqa: ASYNC110  rare
            await asyncio.sleep(0.01)
        return after.epoch == hub.epoch and after.seq <= hub.seq

    def _unsubscribe(self, name: str) -> None:
        topic = self._topics.pop(name, None)
        if topic is not None:
            topic.replaying = False
            self._gate.hub.remove(topic)
            TOPICS.dec()

    async def _locate(self, frame: realtime.SendLocation) -> None:
        identity = self._who()
        if identity.role != "driver":
            raise Closed(CloseCode.BAD_FRAME, "only drivers send locations")
        if monotonic() - self._located_at >= LOCATION_SECONDS:
            self._located_at = monotonic()
            await self._gate.report_location(identity.person_id, frame.lat, frame.lon)

    async def _redeem(self, ticket: str) -> Identity:
        try:
            identity = await self._gate.tickets.redeem(ticket)
        except TicketError as error:
            raise Closed(CloseCode.UNAUTHENTICATED, str(error)) from error
        except TicketsAwayError as error:
            raise Closed(CloseCode.RESTART, str(error)) from error
        self._check_still_open()
        return identity

    def _check_still_open(self) -> None:
        """Raises Closed when the socket ended while something was awaited. Being cancelled does not tell: before Python
        3.12 `asyncio.wait_for`, which redis and nats await with, drops a cancellation that comes with a result."""
        if self.writer.ended:
            raise Closed(CloseCode.RESTART, "it has ended")

    def _become(self, identity: Identity) -> None:
        """Who the socket speaks for, until their token ends."""
        self.identity = identity
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(
            max(0.0, identity.expires_at - time()),
            self.refuse,
            CloseCode.UNAUTHENTICATED,
            "the token has expired",
        )

    def _who(self) -> Identity:
        if self.identity is None:
            raise Closed(CloseCode.UNAUTHENTICATED, "say hello first")
        return self.identity

    def _count(self) -> None:
        now = monotonic()
        self._allowance = min(FRAMES_BURST, self._allowance + (now - self._refilled) * FRAMES_PER_SECOND) - 1
        self._refilled = now
        if self._allowance < 0:
            raise Closed(CloseCode.TOO_MANY_REQUESTS, "too many frames")


def _decoded(text: str) -> realtime.ClientFrame:
    """Raises Closed for what is no frame of the protocol."""
    if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
        raise Closed(CloseCode.BAD_FRAME, f"a frame has at most {MAX_FRAME_BYTES} bytes")
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Closed(CloseCode.BAD_FRAME, str(error)) from error


def _ids_of(socket: weakref.ReferenceType[Socket]) -> dict[str, str]:
    """What logs tell of it."""
    one = socket()
    return {} if one is None or one.identity is None else {"person": str(one.identity.person_id)}
