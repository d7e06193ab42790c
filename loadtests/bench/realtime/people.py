"""Whose sockets they are. A few people share many sockets: who they are costs the gateway the same.

Tickets come the way everybody's do, one a socket, from the gateway itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import msgspec

from deploy.local import Stack
from deploy.local.addresses import HOST
from loadtests.bench.errors import BenchError
from loadtests.bench.realtime.crowd import Ear, Hear, LarderEar
from loadtests.bench.world import World, id_of
from proto.envelope import Role
from shared.identity import TOKEN_LIFE, Identity
from shared.ids import new_id

SOCKETS_A_PERSON = 50
"""Below the local stack's limit (LARDER_SOCKETS_PER_PERSON)."""


TRIES = 5
"""Of a ticket: opening thousands of sockets is not what is measured."""


class TicketRefusedError(BenchError):
    """The gateway gave no ticket."""


class Person:
    """Somebody who is signed in, with as many sockets as the gateway lets them have."""

    def __init__(self, world: World, role: Role, restaurant: int | None = None) -> None:
        now = datetime.now(UTC).timestamp()
        self.token = world.sign(
            Identity(
                person_id=new_id(),
                session_id=new_id(),
                name=f"a {role} of the benchmark",
                role=role,
                restaurant_id=None if restaurant is None else id_of(restaurant),
                zone=0 if role == "driver" else None,
                issued_at=now,
                expires_at=now + TOKEN_LIFE.total_seconds(),
            )
        )


def crowd_of(world: World, role: Role, sockets: int, restaurant: int | None = None) -> list[Person]:
    """Who each socket speaks for: so many people that none has more than SOCKETS_A_PERSON."""
    people = [Person(world, role, restaurant) for _ in range(-(-sockets // SOCKETS_A_PERSON))]
    return [people[place // SOCKETS_A_PERSON] for place in range(sockets)]


class Door:
    """Where tickets are given, `address` (http://…), and where sockets come to (ws://…)."""

    def __init__(self, session: aiohttp.ClientSession, address: str, socket_url: str) -> None:
        self._session = session
        self.socket_url = socket_url
        self._tickets = f"{address}/api/realtime/tickets"

    def ear(self, person: Person, hear: Hear, beat: Hear | None = None) -> Callable[[], Awaitable[Ear]]:
        """A socket of this person that listens to `orders`, once it is connected."""

        async def make() -> Ear:
            return LarderEar(hear, await self._ticket(person), beat)

        return make

    async def _ticket(self, person: Person) -> str:
        """Asks again when the gateway is busy, as it is told to. Raises TicketRefusedError."""
        headers = {"Authorization": f"Bearer {person.token}"}
        for _ in range(TRIES):
            async with self._session.post(self._tickets, headers=headers) as answer:
                body = await answer.read()
            if answer.status == 201:
                ticket: str = msgspec.json.decode(body)["ticket"]
                return ticket
            if answer.status != 503:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        raise TicketRefusedError(f"{self._tickets} answered {answer.status}: {body.decode(errors='replace')}")


@asynccontextmanager
async def door(address: str, socket_url: str) -> AsyncIterator[Door]:
    async with aiohttp.ClientSession() as session:
        yield Door(session, address, socket_url)


def door_of_edge(stack: Stack) -> AbstractAsyncContextManager[Door]:
    """Everybody's, through Nginx."""
    edge = stack.addresses.edge
    return door(edge, edge.replace("http", "ws", 1) + "/ws")


def door_of_gateway(stack: Stack, replica: int = 0) -> AbstractAsyncContextManager[Door]:
    """One gateway's, past Nginx."""
    sockets = f"ws://{HOST}:{stack.layout.port('sockets', replica)}/ws"
    return door(stack.addresses.service("gateway", replica), sockets)
