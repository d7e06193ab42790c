"""A person of the demo: signed in, with requests through Nginx and a socket that writes down all it hears.

Who is `returning` comes back when a gateway restarts, as docs/realtime.md says: when the drain told them to, and from
where they were.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, get_args
from uuid import UUID

import aiohttp
import msgspec
from websockets.exceptions import ConnectionClosed, WebSocketException

from deploy.demo.ledger import Frame, Kind, Ledger, Listener, Receipt, Topic, Version
from deploy.demo.people import PASSWORD
from proto import realtime
from proto.realtime import CloseCode, Position
from shared.realtime import RealtimeClient

RENEW_SECONDS = 600
"""A token lives 15 minutes."""

ABNORMAL = 1006
"""What a socket's code is when its gateway vanished."""

COME_BACK_SECONDS = 30.0
"""Who is not let in for so long is closed for good."""


class Head(msgspec.Struct):
    """What the demo reads of an event's order, or of an OrderLeft."""

    id: UUID
    version: int
    status: str | None = None


class Refused(Exception):
    """An answer that the story did not ask for."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.code = problem.get("code") if isinstance(problem, dict) else None


@dataclass(frozen=True)
class Restart:
    """A socket that was closed for a restart. `told_ms`: when to come back, as the drain said, None if it said nothing;
    both moments by time.perf_counter."""

    told_ms: int | None
    closed_at: float
    back_at: float


@dataclass
class Person:
    """Somebody with a session. `heard` is told of each frame at once. `closed` is the code of a socket that ended and
    stayed so."""

    session: aiohttp.ClientSession
    edge: str
    email: str
    ledger: Ledger
    token: str = ""
    listener: Listener = field(init=False)
    heard: Callable[["Person", Frame], None] | None = None
    returning: bool = False
    restarts: list[Restart] = field(default_factory=list)
    closed: int | None = None
    _screen: RealtimeClient | None = None
    _told_ms: int | None = None

    async def sign_in(self) -> None:
        answer = await self._send("POST", "/api/accounts/sessions", {"email": self.email, "password": PASSWORD})
        self.token = answer["access_token"]
        person = answer["person"]
        restaurant = person["restaurant_id"]
        kind: Kind = person["role"]
        self.listener = Listener(kind, UUID(person["id"]), UUID(restaurant) if restaurant else None, person["zone"])

    async def renew(self) -> None:
        self.token = (await self._send("POST", "/api/accounts/sessions/current/token", None))["access_token"]

    async def place(self, key: str, items: list[dict[str, Any]], note: str | None = None) -> dict[str, Any]:
        return await self._change("/api/orders", {"items": items, "note": note}, key)

    async def move(self, order: dict[str, Any], to: str, **more: object) -> dict[str, Any]:
        """The order's next version. Raises Refused."""
        path = f"/api/orders/{order['id']}/transitions"
        key = f"{order['id']}/{order['version']}/{to}/{self.email}"
        return await self._change(path, {"to": to, **more}, key)

    async def read(self, order: dict[str, Any]) -> dict[str, Any]:
        """The order as it is now: a version that nobody's request made is written down from here."""
        found = await self._send("GET", f"/api/orders/{order['id']}", None)
        self.ledger.note(_version(found))
        return found

    async def committed_cents(self) -> int:
        """What a restaurant's open orders hold and what it owes."""
        credit = await self._send("GET", "/api/orders/credit", None)
        return int(credit["held_cents"] + credit["owed_cents"])

    async def listen(self, *topics: Topic, after: Mapping[str, Position] | None = None) -> RealtimeClient:
        """A socket with these topics. What comes is written down by `hear`, which runs until it is closed."""
        ticket = (await self._send("POST", "/api/realtime/tickets", None))["ticket"]
        client = await RealtimeClient.connect(self.edge.replace("http", "ws", 1) + "/ws", ticket)
        for topic in topics:
            await client.subscribe(topic, (after or {}).get(topic))
        self._screen = client
        return client

    async def hear(self, client: RealtimeClient, *topics: Topic) -> None:
        """All that comes on these topics; over restarts too for who is returning."""
        positions: dict[str, Position] = {}
        try:
            while True:
                await self._hear_all(client)
                positions |= client.positions
                if not self.returning or client.close_code not in {CloseCode.RESTART, ABNORMAL}:
                    break
                closed_at = perf_counter()
                client = await self._come_back(topics, positions)
                self.restarts.append(Restart(self._told_ms, closed_at, perf_counter()))
        finally:
            self.closed = client.close_code

    async def leave(self) -> None:
        if self._screen is not None:
            await self._screen.close()

    async def stay_signed_in(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self.renew()
            if self._screen is not None:
                with suppress(ConnectionClosed):  # whoever comes back does it with the new token
                    await self._screen.authenticate((await self._send("POST", "/api/realtime/tickets", None))["ticket"])

    async def _hear_all(self, client: RealtimeClient) -> None:
        self._told_ms = None
        async for frame in client:
            match frame:
                case realtime.Event():
                    self._hear(frame, perf_counter())
                case realtime.Drain():
                    self._told_ms = frame.reconnect_after_ms
                case _:
                    pass

    async def _come_back(self, topics: Sequence[Topic], positions: Mapping[str, Position]) -> RealtimeClient:
        """When we were told to, and again a little later when we are not let in. Raises TimeoutError."""
        async with asyncio.timeout(COME_BACK_SECONDS):
            await asyncio.sleep((self._told_ms or 0) / 1000)
            while True:
                try:
                    return await self.listen(*topics, after=positions)
                except (Refused, aiohttp.ClientError, WebSocketException, OSError):
                    await asyncio.sleep(random.uniform(0.1, 1.0))  # noqa: S311  so that not all come at once

    def _hear(self, event: realtime.Event, at: float) -> None:
        if event.topic not in get_args(Topic):
            return
        head = msgspec.json.decode(event.order, type=Head)
        topic: Topic = "orders" if event.topic == "orders" else "offers"
        frame = Frame(topic, head.id, head.version, left=event.event == "OrderLeft")
        self.listener.received.append(Receipt(frame, event.seq, at))
        if self.heard is not None:
            self.heard(self, frame)

    async def _change(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        sent_at = perf_counter()
        order = await self._send("POST", path, body, {"Idempotency-Key": key})
        self.ledger.note(_version(order), sent_at)
        return order

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(
            method, self.edge + path, json=body, headers={**bearer, **(headers or {})}
        ) as answer:
            decoded = msgspec.json.decode(await answer.read())
            if answer.status >= 400:
                raise Refused(answer.status, decoded)
            result: dict[str, Any] = decoded
            return result


def _version(order: dict[str, Any]) -> Version:
    return Version(
        order_id=UUID(order["id"]),
        version=order["version"],
        restaurant_id=UUID(order["restaurant_id"]),
        zone=order["zone"],
        status=order["status"],
        driver_id=UUID(order["driver_id"]) if order["driver_id"] else None,
    )
