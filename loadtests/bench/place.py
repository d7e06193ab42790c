"""Placing an order of ten lines, each with a key of its own.

Checked after each run over HTTP: the table has grown by exactly the number of 201s that the service counted, and wrk
saw all of those but what was in flight when it stopped.

While pgbench runs, the relay is held back, and what pgbench put into the outbox is deleted unpublished: it shall have
the machine for itself. While everything runs, the stock answers each order placed over HTTP and the order is confirmed,
beside the placing and from the same processors; what is left of that, and of the relay's work, is waited for after each
run.
"""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec

from deploy.local import Stack
from deploy.local.addresses import HOST
from loadtests.bench import pgbench, recorder, wrk
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Result, Side
from loadtests.bench.pgbench import Ranges
from loadtests.bench.recorder import Request
from loadtests.bench.stage import Stage
from loadtests.bench.world import World
from proto.streams import ORDERS, STOCK
from services.catalog.consumer import DURABLE as KEEPER
from services.orders.consumer import STOCK_DURABLE as CONFIRMER
from services.orders.store import QUERIES
from shared.bus import Bus
from shared.outbox.relay import LOCK_CLASS

REQUESTS = 2000
"""Different ones, each sent many times, every time with another key."""

DRAIN_SECONDS = 60.0
_PLACED = re.compile(r'larder_http_seconds_count\{method="POST",route="/api/orders",status="201"\} ([\d.e+]+)')


class MiscountError(BenchError):
    """The service said it stored another number of orders than there are."""


class RelayError(BenchError):
    """Events were still waiting, or orders for the stock, long after the last order."""


async def against_pgbench(meter: Meter) -> Result:
    stage = meter.stage
    key, body = "recorded-by-the-benchmark-0000000001", body_of(stage.world, random.Random(1))  # noqa: S311
    request = Request(
        "POST", "/api/orders", "", {"Content-Type": "application/json", "Idempotency-Key": key}, body.encode()
    )
    said = await recorder.record(stage.stack, stage.world.identity(1), request)
    script = pgbench.script_of(said, Ranges(stage.world.restaurants, len(stage.world.products)), restaurant=1, key=key)

    async def run(clients: int, seconds: float) -> float:
        async with relay_held(stage.stack):
            return await pgbench.run(stage.stack, script, clients=clients, seconds=seconds)

    return await meter.compare(over_http(stage), Side("pgbench", run))


def over_http(stage: Stage, *, counted: bool = True) -> Side:
    """Everybody's orders, through Nginx. `counted`: whether the services can say how many they stored."""
    requests = requests_of(stage.world)

    async def run(clients: int, seconds: float) -> float:
        stack = stage.stack
        async with _superuser(stack) as connection:
            before = await _count(connection), await _placed(stack)
            load = await wrk.run(stack.addresses.edge, requests, clients=clients, seconds=seconds)
            await _settle(stack, connection)
            stored = await _count(connection) - before[0]
            said = await _placed(stack) - before[1] if counted else stored
        if stored != said or not 0 <= stored - load.requests <= clients:
            raise MiscountError(
                f"{stored:,} orders were stored; the service counted {said:,} and wrk was told of {load.requests:,}"
            )
        return load.rate

    return Side("Larder", run)


def requests_of(world: World) -> list[str]:
    """Orders of ten lines of all restaurants, as `wrk` sends them."""
    chance = random.Random(2)  # noqa: S311  the same requests each time
    tokens = [world.token(restaurant) for restaurant in range(1, world.restaurants + 1)]
    return [
        wrk.request_line(
            "POST",
            "/api/orders",
            {
                "Authorization": f"Bearer {chance.choice(tokens)}",
                "Content-Type": "application/json",
                "Idempotency-Key": "<KEY>",
            },
            body_of(world, chance),
        )
        for _ in range(REQUESTS)
    ]


def body_of(world: World, chance: random.Random) -> str:
    """One order, as JSON."""
    lines = [
        {"product_id": one.id, "quantity": chance.randint(1, 9), "price_cents": one.price_cents}
        for one in world.basket(chance)
    ]
    return msgspec.json.encode({"items": lines, "note": "Leave it at the back door, please."}).decode()


@asynccontextmanager
async def _superuser(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def relay_held(stack: Stack) -> AsyncIterator[None]:
    """The relay waits during the block, and what was put into the outbox meanwhile is gone before it goes on."""
    async with _superuser(stack) as connection:
        async with connection.transaction():
            await connection.fetch(QUERIES["hold_relay"].sql, LOCK_CLASS)
            last = await connection.fetchval("select coalesce(max(id), 0) from orders.outbox")
            yield
            await connection.execute("delete from orders.outbox where id > $1", last)
        await connection.execute("vacuum orders.outbox")


async def _settle(stack: Stack, connection: asyncpg.Connection) -> None:
    """Until nobody answers or publishes any more. Where no relay runs, the events are deleted. Raises RelayError."""
    if not any(one.name.startswith("relay") for one in stack.status()):
        await connection.execute("delete from orders.outbox where published_at is null")
        await connection.execute("vacuum orders.outbox")
        return
    until = time.monotonic() + DRAIN_SECONDS
    async with Bus(stack.addresses.nats, "bench") as bus:
        await bus.connection()
        while await _under_way(connection, bus):
            if time.monotonic() > until:
                raise RelayError(f"not everything was published and answered within {DRAIN_SECONDS:.0f} s")
            await asyncio.sleep(0.1)


async def _under_way(connection: asyncpg.Connection, bus: Bus) -> bool:
    """Whether anything is left, in the order of its way: what was empty stays so."""
    for outbox, followed in (("orders", (ORDERS, KEEPER)), ("catalog", (STOCK, CONFIRMER)), ("orders", None)):
        waiting = f"select exists (select from {outbox}.outbox where published_at is null and parked_at is null)"  # noqa: S608
        if await connection.fetchval(waiting):
            return True
        if followed is not None:
            info = await bus.jetstream.consumer_info(followed[0].name, followed[1])
            if (info.num_pending or 0) + (info.num_ack_pending or 0):
                return True
    return False


async def _count(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("select count(*) from orders.orders"))


async def _placed(stack: Stack) -> int:
    """The 201s of all replicas, by their own metrics."""
    total = 0
    for standing in stack.status():
        if standing.name.startswith("orders-"):
            found = _PLACED.search(await _metrics(int(standing.address.rpartition(":")[2])))
            total += int(float(found[1])) if found else 0
    return total


async def _metrics(port: int) -> str:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return text
