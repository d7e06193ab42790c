"""The gateway as one application: who may open a socket, which sockets there are, and how they end.

Invariants: a socket is opened from our own origins alone and speaks `larder.v1`; a person has a bounded number; a
revoked session or a changed person ends theirs at once.
"""

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import nats.errors
import structlog
from nats.js.errors import NotFoundError

from proto import realtime
from proto.accounts import PersonEvent, SessionEvent
from proto.realtime import SUBPROTOCOL, CloseCode
from proto.streams import LOCATIONS, ORDERS, events_of_order, location_subject
from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Replays
from services.gateway.sight import Told, Viewer
from services.gateway.socket import Closed, Socket, encode
from services.gateway.tickets import Tickets
from shared.bus import Bus
from shared.http.front import Front
from shared.http.types import Receive, Scope, Send
from shared.identity import Identity

DRAIN_SECONDS = 3.0
"""Sockets close spread over this; their clients come back spread over RECONNECT_MS."""

RECONNECT_MS = 5_000

_log = structlog.get_logger("gateway")
_locations = msgspec.json.Decoder(realtime.LocationReport)
_encoder = msgspec.json.Encoder()


class Gateway:
    """An ASGI application: requests go to `front`, sockets are served here."""

    def __init__(
        self,
        *,
        front: Front,
        hub: Hub,
        replays: Replays,
        tickets: Tickets,
        bus: Bus,
        ready: asyncio.Event,
        allowed_origins: frozenset[str],
        sockets_per_person: int,
        heartbeat_s: float,
    ) -> None:
        self.hub = hub
        self.replays = replays
        self.tickets = tickets
        self.ready = ready
        self.heartbeat_s = heartbeat_s
        self._front = front
        self._bus = bus
        self._origins = allowed_origins
        self._per_person = sockets_per_person
        self._people: dict[UUID, set[Socket]] = defaultdict(set)
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._front(scope, receive, send)
            return
        await receive()  # websocket.connect
        if scope["path"] != "/ws" or self._draining or not self._welcome(scope):
            await send({"type": "websocket.close"})  # before the accept: answered with 403
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        await Socket(self, receive, send).run()

    def _welcome(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        ours = not origin or origin in self._origins or urlsplit(origin).netloc == host
        return ours and SUBPROTOCOL in scope.get("subprotocols", ())

    def admit(self, socket: Socket) -> None:
        """Raises Closed with 4409 for one too many."""
        sockets = self._people[self._person(socket)]
        if len(sockets) >= self._per_person:
            raise Closed(CloseCode.TOO_MANY_SOCKETS, f"at most {self._per_person} sockets a person")
        sockets.add(socket)

    def dismiss(self, socket: Socket) -> None:
        person = self._person(socket)
        self._people[person].discard(socket)
        if not self._people[person]:
            del self._people[person]

    async def may_see(self, order_id: UUID, viewer: Viewer) -> bool:
        """Whether the order's last event shows it to the viewer."""
        audience = self.hub.known(order_id)
        if audience is None:
            try:
                last = await self._bus.jetstream.get_last_msg(ORDERS.name, events_of_order(order_id))
            except (NotFoundError, nats.errors.Error):
                return False
            audience = Entry.decode(last.seq or 0, last.data or b"").audience
        return sight.on_order(audience, viewer) is Told.ORDER

    async def report_location(self, identity: Identity, frame: realtime.SendLocation) -> None:
        """To all gateways, when the driver is on the way with something."""
        if identity.person_id in self.hub.on_the_way and self._bus.connected:
            report = realtime.LocationReport(identity.person_id, frame.lat, frame.lon, datetime.now(UTC))
            await self._bus.client.publish(location_subject(identity.person_id), _encoder.encode(report))

    async def hear_locations(self) -> None:
        """Until cancelled."""
        client = await self._bus.connection()
        subscription = await client.subscribe(LOCATIONS)
        async for message in subscription.messages:
            try:
                self._show(_locations.decode(message.data))
            except msgspec.DecodeError as error:
                await _log.aerror("location refused", error=str(error))

    def _show(self, report: realtime.LocationReport) -> None:
        for order_id, restaurant_id in self.hub.on_the_way.get(report.driver_id, {}).items():
            frame = encode(realtime.DriverLocation(order_id, report.lat, report.lon, report.at))
            for subscription in self.hub.concerned(restaurant_id):
                subscription.push_location(order_id, frame)

    def hear_revocation(self, event: PersonEvent | SessionEvent) -> None:
        """Ends the sockets whose token is void now."""
        if isinstance(event, SessionEvent):
            person_id, session_id, valid_from = event.person_id, event.session_id, 0.0
        else:
            person_id, session_id = event.person.id, None
            valid_from = event.person.tokens_valid_from.timestamp()
        for socket in list(self._people.get(person_id, ())):
            identity = socket.identity
            if identity is not None and (identity.session_id == session_id or identity.issued_at < valid_from):
                socket.close(CloseCode.UNAUTHENTICATED, "the session was ended")

    async def beat(self) -> None:
        """Tells every socket, each heartbeat, how far it has everything. Until cancelled."""
        while True:
            await asyncio.sleep(self.heartbeat_s)
            for socket in self._all():
                socket.beat()

    async def drain(self) -> None:
        """Tells each client when to come back, and closes in small groups."""
        self._draining = True
        sockets = self._all()
        random.shuffle(sockets)
        for socket in sockets:
            socket.drain(random.randrange(RECONNECT_MS))  # noqa: S311  jitter
        groups = max(1, round(DRAIN_SECONDS / 0.1))
        size = -(-len(sockets) // groups)
        for start in range(0, len(sockets), max(1, size)):
            for socket in sockets[start : start + size]:
                socket.close(CloseCode.RESTART, "restart: resume")
            await asyncio.sleep(0.1)
        await self._front.drain()

    def _all(self) -> list[Socket]:
        return [socket for sockets in self._people.values() for socket in sockets]

    @staticmethod
    def _person(socket: Socket) -> UUID:
        if socket.identity is None:
            raise Closed(CloseCode.UNAUTHENTICATED, "say hello first")
        return socket.identity.person_id
