"""The gateway as one application: who may open a socket, which sockets there are, and how they end.

Invariants: a socket is opened from our own origins alone and speaks `larder.v1`; a person has a bounded number; a
revoked session or a changed person ends theirs at once; none is opened once the gateway is about to stop.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import msgspec
import nats.errors
from nats.js.errors import NotFoundError

from proto.accounts import PersonEvent, SessionEvent
from proto.realtime import SUBPROTOCOL, CloseCode, Drain
from proto.streams import ORDERS, events_of_order
from services.gateway import sight
from services.gateway.alerts import Alerts
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.locations import Locations
from services.gateway.replay import Replays
from services.gateway.sight import Told, Viewer
from services.gateway.socket import Closed, Socket
from services.gateway.tickets import Tickets
from services.gateway.wire import Wire
from shared.bus import Bus
from shared.http.front import Front, from_own_host
from shared.http.problems import Problem, busy, not_found
from shared.http.types import Receive, Scope, Send

DRAIN_SECONDS = 3.0
"""Sockets close spread over this; their clients come back spread over RECONNECT_MS."""

GROUP_SECONDS = 0.1
RECONNECT_MS = 5_000


class Gateway:
    """An ASGI application that answers requests, and the door of the sockets' server."""

    def __init__(
        self,
        *,
        front: Front,
        hub: Hub,
        replays: Replays,
        tickets: Tickets,
        bus: Bus,
        locations: Locations,
        alerts: Alerts,
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
        self.report_location = locations.report
        self.show_last_locations = locations.show_last
        self.show_alerts = alerts.show
        self._front = front
        self._bus = bus
        self._origins = allowed_origins
        self._per_person = sockets_per_person
        self._people: dict[UUID, set[Socket]] = defaultdict(set)
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    def open(self, path: str, headers: Mapping[str, str]) -> Callable[[Wire], Socket]:
        """Raises a Problem for a handshake that is refused."""
        if path.partition("?")[0] != "/ws":
            raise not_found("socket")
        if self._draining:
            raise busy("This server is about to stop. Come back.")
        origin = headers.get("origin", "")
        if origin and origin not in self._origins and not from_own_host(origin, headers.get("host", "")):
            raise Problem(403, "This socket was opened by another site.", code="other_origin")
        if SUBPROTOCOL not in [offered.strip() for offered in headers.get("sec-websocket-protocol", "").split(",")]:
            raise Problem(400, f"Offer the subprotocol {SUBPROTOCOL}.", code="subprotocol")
        if headers.get("upgrade", "").lower() != "websocket" or headers.get("sec-websocket-version") != "13":
            raise Problem(400, "This is no WebSocket handshake of version 13.", code="handshake")
        return partial(Socket, self)

    def admit(self, socket: Socket, person_id: UUID) -> None:
        if self._draining:
            raise Closed(CloseCode.RESTART, "restart: come back")
        sockets = self._people[person_id]
        if len(sockets) >= self._per_person:
            raise Closed(CloseCode.TOO_MANY_SOCKETS, f"at most {self._per_person} sockets a person")
        sockets.add(socket)

    def dismiss(self, socket: Socket, person_id: UUID) -> None:
        self._people[person_id].discard(socket)
        if not self._people[person_id]:
            del self._people[person_id]

    async def may_see(self, order_id: UUID, viewer: Viewer) -> bool:
        """Whether the order's last event shows it to the viewer."""
        audience = self.hub.known(order_id)
        if audience is None:
            try:
                last = await self._bus.jetstream.get_last_msg(ORDERS.name, events_of_order(order_id))
                audience = Entry.decode(last.seq or 0, last.data or b"").audience
            except (NotFoundError, msgspec.DecodeError):
                return False
            except nats.errors.Error as error:
                raise Closed(CloseCode.RESTART, "orders cannot be looked up: come back") from error
            audience = self.hub.known(order_id) or audience  # heard of meanwhile
        return sight.on_order(audience, viewer) is Told.ORDER

    def hear_revocation(self, event: PersonEvent | SessionEvent) -> None:
        """Ends the sockets whose token is void now."""
        if isinstance(event, SessionEvent):
            person_id, session_id, valid_from = event.person_id, event.session_id, 0.0
        else:
            person_id, session_id = event.person.id, None
            valid_from = event.person.tokens_valid_from.timestamp()
        for socket in tuple(self._people.get(person_id, ())):
            identity = socket.identity
            if identity is not None and (identity.session_id == session_id or identity.issued_at < valid_from):
                socket.refuse(CloseCode.UNAUTHENTICATED, "the session was ended")

    async def drain(self) -> None:
        """Not ready any more, and every socket told when to come back and closed."""
        self._draining = True
        await asyncio.gather(self._front.drain(), self._close_all())

    async def _close_all(self) -> None:
        """In small groups, so that not everybody comes back at once."""
        sockets = self._all()
        random.shuffle(sockets)
        for socket in sockets if self.ready.is_set() else ():
            socket.writer.tell(Drain(random.randrange(RECONNECT_MS)))  # noqa: S311  jitter
        size = max(1, round(len(sockets) * GROUP_SECONDS / DRAIN_SECONDS))
        for start in range(0, len(sockets), size):
            for socket in sockets[start : start + size]:
                socket.refuse(CloseCode.RESTART, "restart: resume")
            await asyncio.sleep(GROUP_SECONDS)

    def _all(self) -> list[Socket]:
        return [socket for sockets in self._people.values() for socket in sockets]
