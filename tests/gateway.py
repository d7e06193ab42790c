"""A gateway in this process, people with sockets, and orders whose events are published as orders would."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from deploy.local import Stack
from proto import realtime
from proto.envelope import Actor
from proto.orders import Item, Location, OrderEvent, Status
from proto.orders import Order as ContractOrder
from proto.realtime import Position, ServerFrame
from proto.streams import order_subject
from services.gateway import app
from services.gateway.gateway import Gateway
from services.orders import domain
from shared.bus import Bus
from shared.http.server import listening
from shared.identity import Identity
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.support import bearer, identity, settings_of

ZONE = 2
SECONDS = 5.0


@dataclass
class Gate:
    """A gateway listening: for requests at `url`, for sockets at `socket_url`."""

    stack: Stack
    application: Gateway
    url: str
    socket_url: str
    session: aiohttp.ClientSession

    async def ticket(self, somebody: Identity) -> str:
        async with self.session.post(
            f"{self.url}/api/realtime/tickets", headers=bearer(self.stack, somebody)
        ) as answer:
            assert answer.status == 201, await answer.text()
            ticket: str = (await answer.json())["ticket"]
            return ticket

    async def readiness(self) -> int:
        async with self.session.get(f"{self.url}/readyz") as answer:
            return answer.status

    async def connect(self, somebody: Identity, resume: Position | None = None) -> RealtimeClient:
        return await RealtimeClient.connect(self.socket_url, await self.ticket(somebody), resume=resume)

    async def listen(self, somebody: Identity, topic: str = "orders", after: Position | None = None) -> RealtimeClient:
        """A socket that is subscribed, with the answer read."""
        client = await self.connect(somebody)
        await client.subscribe(topic, after)
        answer = await receive(client)
        assert isinstance(answer, realtime.Subscribed), answer
        return client


@asynccontextmanager
async def open_gate(stack: Stack, *, ready: bool = True, **overrides: str) -> AsyncIterator[Gate]:
    """Once it is ready, unless that is not to be waited for."""
    settings = settings_of(stack, "gateway", app.Settings, **overrides)
    async with (
        app.build(settings) as application,
        listening(application, settings.host, settings.port),
        aiohttp.ClientSession() as session,
    ):
        assert isinstance(application, Gateway)
        url, socket_url = (f"{settings.host}:{port}" for port in (settings.port, settings.socket_port))
        gate = Gate(stack, application, f"http://{url}", f"ws://{socket_url}/ws", session)
        if ready:
            async with asyncio.timeout(SECONDS):
                while await gate.readiness() != 200:
                    pass
        yield gate


async def receive(client: RealtimeClient) -> ServerFrame:
    return await asyncio.wait_for(client.receive(), SECONDS)


async def events(client: RealtimeClient, count: int) -> list[realtime.Event]:
    """The next events, heartbeats left out."""
    found: list[realtime.Event] = []
    while len(found) < count:
        frame = await receive(client)
        if isinstance(frame, realtime.At):
            continue
        assert isinstance(frame, realtime.Event), frame
        found.append(frame)
    return found


class Told(msgspec.Struct):
    """What tests read of an event's order."""

    id: UUID
    version: int
    status: Status | None = None


def told(frames: Sequence[realtime.Event]) -> list[tuple[str, str, int]]:
    """(topic, event, version) of each."""
    return [(frame.topic, frame.event, msgspec.json.decode(frame.order, type=Told).version) for frame in frames]


@dataclass
class Life:
    """One order, moved by the domain and published step by step."""

    bus: Bus
    restaurant: UUID
    zone: int = ZONE
    last: domain.Changed = field(init=False)
    published: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        customer = domain.Customer(
            id=self.restaurant, name="K", address="A", location=Location(1.0, 2.0), zone=self.zone, active=True
        )
        items = (Item(UUID(int=9), "Flour", "1 kg", 1, 100),)
        self.last = domain.place(new_id(), 1001, customer, items, None, datetime.now(UTC))

    @property
    def order_id(self) -> UUID:
        return self.last.order.id

    async def place(self) -> int:
        return await self.publish()

    async def move(
        self, to: Status, driver: Identity | None = None, admin: bool = True, traceparent: str | None = None
    ) -> int:
        """A step; as the driver's own when not by an admin."""
        known = domain.Driver(driver.person_id, driver.name, active=True) if driver is not None else None
        asked = domain.Asked(
            to=to,
            role="system" if to == "confirmed" else "admin" if admin else "driver",
            person_id=driver.person_id if driver is not None else None,
            person_name="somebody",
            driver=known if admin and known is not None else msgspec.UNSET,
        )
        self.last = domain.change(self.last.order, asked, datetime.now(UTC))
        return await self.publish(traceparent)

    async def unassign(self) -> int:
        asked = domain.Asked(to="ready", role="admin", person_id=None, person_name="x", driver=None)
        self.last = domain.change(self.last.order, asked, datetime.now(UTC))
        return await self.publish()

    async def until_ready(self) -> int:
        seq = await self.place()
        for to in ("confirmed", "preparing", "ready"):
            seq = await self.move(to)
        return seq

    async def publish(self, traceparent: str | None = None) -> int:
        """The stream's seq of it. Under a new message id each time, as after the dedupe window."""
        order = msgspec.json.decode(msgspec.json.encode(self.last.order), type=ContractOrder)
        event = OrderEvent(
            id=new_id(),
            type=self.last.event,
            occurred_at=order.updated_at,
            traceparent=traceparent,
            actor=Actor(None, "system"),
            audience=self.last.audience,
            order=order,
        )
        subject = order_subject(order.restaurant_id, order.id, self.last.event)
        seq = (await self.bus.jetstream.publish(subject, msgspec.json.encode(event))).seq
        self.published.append(seq)
        return seq


def restaurant() -> Identity:
    return identity("restaurant", restaurant_id=new_id())


def driver(zone: int = ZONE) -> Identity:
    return identity("driver", zone=zone)


async def code_of(client: RealtimeClient | ClientConnection) -> int | None:
    """The close code, once it is closed."""
    async with asyncio.timeout(SECONDS):
        try:
            while True:
                await (client.receive() if isinstance(client, RealtimeClient) else client.recv())
        except ConnectionClosed:
            return client.close_code


async def raw(gate: Gate, **more: Any) -> ClientConnection:
    return await connect(gate.socket_url, subprotocols=[Subprotocol(realtime.SUBPROTOCOL)], compression=None, **more)
