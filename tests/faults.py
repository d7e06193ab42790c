"""`python -m tests.faults`: deliberate faults, one after the other, and which alerts an admin is told of meanwhile.

Real processes under supervisord, behind Nginx, in a state directory of its own, with people ordering and reading all
the time. Each fault is kept up until its alert is on the admin's socket, then mended, and has to be over before the
next. Of each its own alert has to begin and no other. `--hurry 60` shortens every time in the rules so many times; 1,
the default, is as long as it is in earnest: half an hour.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from deploy.local import Layout, Stack
from proto.realtime import AlertState
from shared.identity import Identity
from shared.ids import new_id
from shared.realtime import RealtimeClient
from shared.tasks import supervised
from tests.pair import open_pair
from tests.support import bearer, eventually, identity

PARTS = {
    *("postgres", "replicas", "nats", "valkey", "cache", "nginx"),
    *("accounts", "catalog", "orders", "gateway", "relay", "analytics"),
}
REPLICAS = {"orders": 1}
EVERY_SECONDS = 0.6
HURRY = 60.0
LONGEST_SECONDS = 900.0
"""The longest that an alert takes to begin or to be over, and all that it explains to leave the windows."""

READERS, READS_PAUSE_SECONDS, ORDERS_PAUSE_SECONDS = 3, 0.08, 0.4
WAITERS = 30
"""More than a pool has connections."""

HELD_SECONDS = 0.4
ZONE = 3


def settings(hurry: float) -> Mapping[str, Mapping[str, str]]:
    """Of the services. Rates are limited, though not so that anybody notices, or nobody would ask Valkey."""
    limited = {"LARDER_RATE_PERSON_PER_HOUR": "100000000"}
    every = {"LARDER_ALERTS_EVERY_S": str(EVERY_SECONDS)} if hurry > 1 else {}
    return {
        "analytics": {"LARDER_ALERTS_HURRY": str(hurry), **every},
        **dict.fromkeys(("orders", "catalog", "accounts"), limited),
    }


@dataclass
class World:
    """A stack with people at it. `began` are the names of all alerts that were told, in their order; `firing` what
    fires now."""

    stack: Stack
    database: asyncpg.Connection
    session: aiohttp.ClientSession
    restaurant: UUID
    product: UUID
    order: UUID
    began: list[str] = field(default_factory=list)
    firing: dict[UUID, str] = field(default_factory=dict)
    judged: bool = False

    @property
    def as_restaurant(self) -> dict[str, str]:
        return bearer(self.stack, identity("restaurant", restaurant_id=self.restaurant))

    async def send(self, method: str, path: str, headers: dict[str, str], body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, self.stack.addresses.edge + path, headers=headers, json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def pid(self, program: str) -> int:
        async def found() -> int | None:
            rows = await asyncio.to_thread(self.stack.status)
            return next((row.pid for row in rows if row.name == program and row.pid), None)

        return await eventually(found)


# --- the faults

Cause = Callable[[World], AbstractAsyncContextManager[None]]


def frozen(program: str) -> Cause:
    """The process does nothing, and its connections stay open: worse to notice than one that is gone."""

    @asynccontextmanager
    async def cause(world: World) -> AsyncIterator[None]:
        pid = await world.pid(program)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return cause


@asynccontextmanager
async def slow_query(world: World) -> AsyncIterator[None]:
    """Somebody locks one order again and again, and who wants to move it waits each time: never long enough to fail."""

    async def lock() -> None:
        while True:
            async with world.database.transaction():
                await world.database.execute("select from orders.orders where id = $1 for update", world.order)
                await asyncio.sleep(HELD_SECONDS)
            await asyncio.sleep(0.01)

    async def move() -> None:
        admin = bearer(world.stack, identity("admin"))
        while True:
            await world.send("POST", f"/api/orders/{world.order}/transitions", admin, {"to": "delivered"})

    async with supervised(lock(), "lock"), supervised(move(), "move"):
        yield


@asynccontextmanager
async def exhausted_pool(world: World) -> AsyncIterator[None]:
    """Somebody locks a whole table, as a careless migration would, and everybody waits for it with a connection."""

    async def read() -> None:
        while True:
            await world.send("GET", "/api/orders", world.as_restaurant)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.database.transaction())
        await world.database.execute("lock table orders.orders in access exclusive mode")
        for _ in range(WAITERS):
            await stack.enter_async_context(supervised(read(), "waiter"))
        yield


@asynccontextmanager
async def lagging_replica(world: World) -> AsyncIterator[None]:
    """The replica gets all that is written and does nothing with it."""
    async with open_pair(world.stack) as pair, pair.held():
        yield


FAULTS: Mapping[str, tuple[str, Cause]] = {
    "a slow query": ("SlowQuery", slow_query),
    "an exhausted pool": ("PoolBusy", exhausted_pool),
    "a lagging replica": ("ReplicaLagging", lagging_replica),
    "a stopped relay": ("RelayDown", frozen("relay-0")),
    "a dead Valkey that caches": ("CacheAway", frozen("cache")),
    "a dead Valkey that counts": ("ValkeyAway", frozen("valkey")),
}
"""What is broken, the one alert that it has to raise, and how it is broken."""


@dataclass(frozen=True)
class Seen:
    """Of one fault: the names that began, and the seconds until its own did and until all was over."""

    fault: str
    began: tuple[str, ...]
    raised: float
    over: float


async def show(world: World, fault: str) -> Seen:
    """Raises TimeoutError when its alert does not come, or does not go."""
    alert, cause = FAULTS[fault]
    before, started = len(world.began), time.monotonic()
    async with cause(world):
        await eventually(lambda: _is(alert in world.firing.values()), LONGEST_SECONDS)
        raised = time.monotonic() - started
    await eventually(lambda: _is(not world.firing), LONGEST_SECONDS)
    return Seen(fault, tuple(world.began[before:]), raised, time.monotonic() - started - raised)


async def _is(fact: bool) -> bool:
    return fact


# --- the world around them


@asynccontextmanager
async def open_world(stack: Stack) -> AsyncIterator[World]:
    """Until the block ends people order and read, and an admin listens. Alerts are judged, and none fires."""
    async with AsyncExitStack() as opened:
        database = await asyncpg.connect(stack.addresses.database("postgres"))
        opened.push_async_callback(database.close)
        session = await opened.enter_async_context(aiohttp.ClientSession())
        world = World(stack, database, session, new_id(), await _product(stack, session), new_id())
        await _learn(world)
        await eventually(lambda: _first_order(world))
        admin = await _listen(world)
        opened.push_async_callback(admin.close)
        await opened.enter_async_context(supervised(_hear(world, admin), "admin"))
        for _ in range(READERS):
            await opened.enter_async_context(supervised(_read(world), "reader"))
        await opened.enter_async_context(supervised(_order(world), "kitchen"))
        await eventually(lambda: _is(world.judged and not world.firing), LONGEST_SECONDS)
        yield world


async def _product(stack: Stack, session: aiohttp.ClientSession) -> UUID:
    new = {"sku": str(new_id())[-12:], "name": "Flour", "category": "DRY", "unit": "1 kg", "price_cents": 1000}
    async with session.post(
        f"{stack.addresses.edge}/api/catalog/products", json=new, headers=bearer(stack, identity("admin"))
    ) as answer:
        assert answer.status == 201, await answer.text()
        return UUID((await answer.json())["id"])


async def _learn(world: World) -> None:
    """What orders would have learnt of the restaurant from accounts."""
    await world.database.execute(
        "insert into orders.restaurants values ($1, 'Kitchen', 'Quay 1', 1.5, 2.5, $2, 1000000000, true, 1)",
        world.restaurant,
        ZONE,
    )


async def _place(world: World) -> tuple[int, Any]:
    headers = {**world.as_restaurant, "Idempotency-Key": str(new_id())}
    return await world.send(
        "POST", "/api/orders", headers, {"items": [{"product_id": str(world.product), "quantity": 1}]}
    )


async def _first_order(world: World) -> bool:
    """Once orders has learnt of the product."""
    status, order = await _place(world)
    if status == 201:
        world.order = UUID(order["id"])
    return status == 201


async def _order(world: World) -> None:
    while True:
        await _place(world)
        await asyncio.sleep(ORDERS_PAUSE_SECONDS)


async def _read(world: World) -> None:
    while True:
        await world.send("GET", "/api/orders?limit=5", world.as_restaurant)
        await world.send("GET", f"/api/catalog/products/{world.product}", world.as_restaurant)
        await asyncio.sleep(READS_PAUSE_SECONDS)


async def _listen(world: World) -> RealtimeClient:
    """An admin on topic `alerts`, signed in for long enough."""
    somebody: Identity = identity("admin")
    somebody = msgspec.structs.replace(somebody, expires_at=somebody.issued_at + 2 * 3600)
    status, ticket = await world.send("POST", "/api/realtime/tickets", bearer(world.stack, somebody))
    assert status == 201, ticket
    url = world.stack.addresses.edge.replace("http", "ws", 1) + "/ws"
    admin = await RealtimeClient.connect(url, ticket["ticket"])
    await admin.subscribe("alerts")
    return admin


async def _hear(world: World, admin: RealtimeClient) -> None:
    while True:
        frame = await admin.receive()
        if isinstance(frame, AlertState):
            now = {alert.id: alert.name for alert in frame.firing}
            world.began += [name for key, name in now.items() if key not in world.firing]
            world.firing, world.judged = now, frame.judged


# --- as a command


async def run(stack: Stack, told: Callable[[str], object]) -> bool:
    """All of FAULTS. Whether each raised its alert and only that."""
    right = True
    async with open_world(stack) as world:
        for fault, (alert, _) in FAULTS.items():
            seen = await show(world, fault)
            right &= set(seen.began) == {alert}
            began = ", ".join(seen.began)
            told(f"{fault}: {began} after {seen.raised:.1f} s, over {seen.over:.1f} s after it was mended")
    return right


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 each fault raised its alert and only that, 1 else."""
    parser = argparse.ArgumentParser(prog="just faults", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hurry", type=float, default=1.0, metavar="N", help="so many times as fast")
    hurry = parser.parse_args(arguments).hurry
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080")))
        stack = Stack(layout, settings=settings(hurry))
        try:
            stack.up(REPLICAS, only=PARTS)
            right = asyncio.run(run(stack, lambda line: sys.stdout.write(f"{line}\n") and sys.stdout.flush()))
        finally:
            stack.reset()
    sys.stdout.write("Each raised its alert and only that.\n" if right else "WRONG: see above.\n")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
