"""`python -m tests.kills 30`: relay, orders and catalog are killed again and again while people order.

Real processes under supervisord, behind Nginx, in a state directory of its own. Clients place orders and take them
through their steps, each request under an idempotency key that is sent again until it is answered, as phones do; some
repeat a request that was answered. At the end the answers, the database and the stream must tell the same story.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from deploy.local import Layout, Stack
from proto.streams import ORDERS
from shared.bus import Bus
from shared.ids import new_id
from tests.streams import Told, as_applied, stored
from tests.support import bearer, eventually, identity

PARTS = {"postgres", "nats", "valkey", "cache", "nginx", "orders", "catalog", "relay"}
KILLED = ("orders", "relay", "catalog")
CLIENTS = 12
PAUSE_SECONDS = (0.3, 1.5)
"""Before a kill, of which three in four find everything at work, the others what is still starting."""

REQUEST_SECONDS = 5.0
REPEATED = 0.1
"""How many of the answered requests are sent once more, as if the answer had been lost."""

ZONE, CENTS = 3, 250
STEPS = ("preparing", "ready", "out_for_delivery", "delivered")
PATIENCE_SECONDS = 60.0

PRODUCT = """
insert into catalog.products (
    id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
)
values ($1, $2, 'Flour', 'Dry', '1 kg', $3, $4, true, 1, now(), now())
"""


@dataclass
class Story:
    """What the clients were told. `versions` is the status of each acknowledged version of each order."""

    orders: dict[str, str] = field(default_factory=dict)
    versions: dict[UUID, dict[int, str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0
    """Seconds that an order waited for the stock's answer."""

    def note(self, order: dict[str, Any]) -> None:
        self.versions.setdefault(UUID(order["id"]), {})[order["version"]] = order["status"]


class Client:
    """One restaurant with its own driver and an admin: orders, and sees them delivered."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, story: Story) -> None:
        self._edge, self._session, self._story = stack.addresses.edge, session, story
        self.restaurant, self.driver, self.product = new_id(), new_id(), new_id()
        self._as = {
            "restaurant": bearer(stack, identity("restaurant", restaurant_id=self.restaurant)),
            "driver": bearer(stack, identity("driver", person_id=self.driver, zone=ZONE)),
            "admin": bearer(stack, identity("admin")),
        }

    async def learn(self, database: asyncpg.Connection) -> None:
        """What orders would have learnt of them from the other services."""
        await database.execute(
            "insert into orders.restaurants values ($1, 'Kitchen', 'Quay 1', 1.5, 2.5, $2, 1000000000, true, 1)",
            self.restaurant,
            ZONE,
        )
        await database.execute("insert into orders.drivers values ($1, 'Driver', $2, true, 1)", self.driver, ZONE)
        await database.execute(
            "insert into orders.price_book values ($1, 'Flour', '1 kg', $2, true, 1)", self.product, CENTS
        )
        await database.execute(PRODUCT, self.product, str(self.product), CENTS, None)

    async def work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            key = str(new_id())
            basket = {"items": [{"product_id": str(self.product), "quantity": random.randint(1, 9)}]}
            order = await self._ask("/api/orders", "restaurant", basket, key)
            self._story.orders[key] = order["id"]
            await self._until_confirmed(order)
            for to in STEPS:
                role = "driver" if to in STEPS[2:] else "admin"
                order = await self._ask(f"/api/orders/{order['id']}/transitions", role, {"to": to}, f"{key}/{to}")

    async def _until_confirmed(self, order: dict[str, Any]) -> None:
        """By the stock. Nobody asks for that version: it is noted as it is read."""
        path, headers = f"/api/orders/{order['id']}", self._as["restaurant"]

        async def confirmed() -> bool:
            try:
                async with self._session.get(self._edge + path, headers=headers) as answer:
                    content = await answer.read()
                    if answer.status != 200:
                        return False
            except (aiohttp.ClientError, TimeoutError):
                return False
            now = msgspec.json.decode(content)
            if now["version"] == 1:
                return False
            self._story.note(now)
            return True

        began = time.monotonic()
        await eventually(confirmed, PATIENCE_SECONDS)
        self._story.longest = max(self._story.longest, time.monotonic() - began)

    async def _ask(self, path: str, role: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """The answer, however often it takes."""
        url, headers = self._edge + path, {**self._as[role], "Idempotency-Key": key}
        answer = await insist(self._session, url, body, headers, self._story.counts)
        order: dict[str, Any] = msgspec.json.decode(answer)
        self._story.note(order)
        if random.random() < REPEATED:
            self._story.counts["repeated after the answer"] += 1
            if await insist(self._session, url, body, headers, self._story.counts) != answer:
                self._story.wrong.append(f"{path}: a repeat was answered otherwise")
        return order


async def insist(
    session: aiohttp.ClientSession, url: str, body: dict[str, Any], headers: Mapping[str, str], counts: Counter[str]
) -> bytes:
    """The answer to a POST under a key, however often it takes, as phones do it."""
    for attempt in itertools.count(1):
        try:
            async with session.post(url, json=body, headers=headers) as answer:
                content = await answer.read()
                if answer.status in {200, 201}:
                    counts["acknowledged"] += 1
                    return content
                if answer.status < 500 and answer.status != 429:
                    raise AssertionError(f"{url}: {answer.status} {content!r}")
                counts[f"answered {answer.status}"] += 1
        except (aiohttp.ClientError, TimeoutError):
            counts["without an answer"] += 1
        await asyncio.sleep(min(1.0, 0.05 * 2**attempt) * random.random())
    raise AssertionError("attempts do not end")


@dataclass(frozen=True)
class Result:
    """`wrong` says in words what did not hold. `repeats`: events that stand in the stream more than once."""

    kills: Counter[str]
    orders: int
    versions: int
    events: int
    repeats: int
    counts: Counter[str]
    seconds: float
    longest: float
    wrong: list[str]

    def __str__(self) -> str:
        killed = ", ".join(f"{count} of {name}" for name, count in sorted(self.kills.items()))
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(self.counts.items()))
        verdict = "All there once and in order." if not self.wrong else "WRONG: " + "; ".join(self.wrong)
        return (
            f"{self.kills.total()} kills ({killed}) in {self.seconds:.0f} s. Requests: {told}.\n"
            f"{self.orders:,} orders and {self.versions:,} versions acknowledged; {self.events:,} events in the "
            f"stream, {self.repeats:,} of them repeats. The stock answered within {self.longest:.1f} s. {verdict}"
        )


async def run(stack: Stack, kills: int) -> Result:
    """On a stack that is up with PARTS."""
    story, stop, killed = Story(), asyncio.Event(), Counter[str]()
    began = time.monotonic()
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            clients = [Client(stack, session, story) for _ in range(CLIENTS)]
            for client in clients:
                await client.learn(database)
            async with asyncio.TaskGroup() as group:
                for client in clients:
                    group.create_task(client.work(stop))
                for number in range(kills):
                    if number % 4:
                        await eventually(partial(all_ready, stack), PATIENCE_SECONDS)
                    await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
                    killed[await kill_one(stack, KILLED[number % 3])] += 1
                await asyncio.sleep(PAUSE_SECONDS[1])
                stop.set()
        seconds = time.monotonic() - began
        async with open_bus(stack) as bus:
            return await judge(story, killed, seconds, database, bus)
    finally:
        await database.close()


@asynccontextmanager
async def open_bus(stack: Stack) -> AsyncIterator[Bus]:
    async with Bus(stack.addresses.nats, "kills") as bus:
        await bus.connection()
        yield bus


async def all_ready(stack: Stack) -> bool:
    return all(row.problem is None for row in await asyncio.to_thread(stack.status))


async def kill_one(stack: Stack, part: str) -> str:
    """One process of the part that lives. supervisord starts it again."""

    async def living() -> tuple[str, int] | None:
        rows = await asyncio.to_thread(stack.status)
        found = [(row.name, row.pid) for row in rows if row.name.startswith(f"{part}-") and row.pid]
        return random.choice(found) if found else None

    while True:
        name, pid = await eventually(living, PATIENCE_SECONDS)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it had ended by itself: that is no kill
        return name


async def judge(story: Story, killed: Counter[str], seconds: float, database: asyncpg.Connection, bus: Bus) -> Result:
    async def all_published() -> bool:
        return not await database.fetchval("select count(*) from orders.outbox where published_at is null")

    await eventually(all_published, PATIENCE_SECONDS)
    wrong = list(story.wrong)
    keys = await database.fetch("select key, order_id from orders.idempotency_keys where status = 201")
    if sorted((row["key"], str(row["order_id"])) for row in keys) != sorted(story.orders.items()):
        wrong.append("the acknowledged orders are not those that are stored")
    count = await database.fetchval("select count(*) from orders.orders")
    if count != len(story.orders):
        wrong.append(f"{count} orders are stored for {len(story.orders)} acknowledged")
    history: dict[UUID, dict[int, str]] = {}
    for row in await database.fetch("select order_id, version, status from orders.order_history order by version"):
        history.setdefault(row["order_id"], {})[row["version"]] = row["status"]
    if history != story.versions:
        wrong.append("the acknowledged versions are not those of the history")
    found = await stored(bus.jetstream, ORDERS.name)
    events = [msgspec.json.decode(envelope.data, type=Told).order for envelope in found]
    applied = as_applied((event.id, event.version) for event in events)
    if applied != {order: list(range(1, len(versions) + 1)) for order, versions in history.items()}:
        wrong.append("a reader of the stream does not see each version once and in order")
    versions = sum(len(each) for each in story.versions.values())
    distinct = len({(event.id, event.version) for event in events})
    return Result(
        kills=killed,
        orders=len(story.orders),
        versions=versions,
        events=len(events),
        repeats=len(events) - distinct,
        counts=story.counts,
        seconds=seconds,
        longest=story.longest,
        wrong=wrong,
    )


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 all there, 1 something is wrong."""
    parser = argparse.ArgumentParser(prog="just kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kills", nargs="?", type=int, default=30)
    kills = parser.parse_args(arguments).kills
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up({"orders": 2, "relay": 1}, only=PARTS)
            result = asyncio.run(run(stack, kills))
        finally:
            stack.reset()
    sys.stdout.write(f"{result}\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
