"""`python -m tests.cache_outage 30`: the cache's Valkey is killed, frozen and emptied under load, for so many seconds.

Real processes under supervisord, behind Nginx, in a state directory of its own. Kitchens order and see their orders
through reassignment; strangers and former drivers look at them; prices change while everybody reads them. Nothing is
sent twice: each request has to be answered well the first time. What may not be, whatever Valkey does: a request that
fails, a price that is another version's or that was old for more than a second, an order shown to somebody who never
could see it, or at a version that came after they lost sight of it.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg

from deploy.local import Layout, Stack
from proto.cache import product_key
from shared.ids import new_id
from shared.limits import open_valkey
from tests.support import bearer, eventually, identity

PARTS = {"postgres", "nats", "valkey", "cache", "nginx", "catalog", "orders", "relay"}
REPLICAS = {"catalog": 1, "orders": 2, "relay": 1}
KITCHENS, READERS, PRODUCTS = 6, 6, 20
STALE_SECONDS = 1.0
FROZEN_SECONDS, BETWEEN_SECONDS = 0.8, 0.7
PATIENCE_SECONDS = 10.0
ZONE = 3


@dataclass
class Story:
    """What was answered. `prices`: (version → cents), and when each version was acknowledged."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    placed_seconds: list[float] = field(default_factory=list)
    prices: dict[UUID, dict[int, int]] = field(default_factory=dict)
    known_at: dict[UUID, tuple[int, float]] = field(default_factory=dict)


class Load:
    def __init__(self, stack: Stack, session: aiohttp.ClientSession, story: Story) -> None:
        self._stack, self._session, self._story = stack, session, story
        self.admin = bearer(stack, identity("admin"))

    async def send(
        self, method: str, path: str, headers: dict[str, str], body: object = None, *, wanted: Sequence[int]
    ) -> tuple[int, Any]:
        """Once. What is not as wanted is noted as wrong, and 0."""
        try:
            async with self._session.request(
                method, self._stack.addresses.edge + path, headers=headers, json=body
            ) as answer:
                found = await answer.json(content_type=None)
                self._story.came[answer.headers.get("Cache-Status", "")] += 1
                if answer.status in wanted:
                    return answer.status, found
                self._story.wrong.append(f"{method} {path}: {answer.status} {found}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self._story.wrong.append(f"{method} {path}: {error!r}")
        return 0, None

    async def products(self) -> list[UUID]:
        made = []
        for number in range(PRODUCTS):
            new = {"sku": f"S{number}", "name": "Flour", "category": "DRY", "unit": "1 kg", "price_cents": 1000}
            _, product = await self.send("POST", "/api/catalog/products", self.admin, new, wanted=[201])
            made.append(UUID(product["id"]))
            self._story.prices[made[-1]] = {1: 1000}
            self._story.known_at[made[-1]] = (1, time.monotonic())
        return made

    async def change_prices(self, products: list[UUID], stop: asyncio.Event) -> None:
        """The cents tell the version: a price of another version would be seen."""
        while not stop.is_set():
            product = random.choice(products)
            version, _ = self._story.known_at[product]
            wanted = {"price_cents": 1000 + version}
            self._story.prices[product][version + 1] = 1000 + version
            path = f"/api/catalog/products/{product}"
            await self.send("PATCH", path, self.admin, wanted, wanted=[200])
            self._story.known_at[product] = (version + 1, time.monotonic())
            self._story.counts["prices changed"] += 1
            await asyncio.sleep(0.02)

    async def read_prices(self, products: list[UUID], stop: asyncio.Event) -> None:
        while not stop.is_set():
            product = random.choice(products)
            known, at = self._story.known_at[product]
            settled = time.monotonic() - at > STALE_SECONDS
            # Signed in, or the edge would answer from what it keeps itself.
            _, found = await self.send("GET", f"/api/catalog/products/{product}", self.admin, wanted=[200])
            if found is None:
                continue
            self._story.counts["prices read"] += 1
            if self._story.prices[product].get(found["version"]) != found["price_cents"]:
                self._story.wrong.append(f"version {found['version']} at {found['price_cents']} cents")
            if settled and found["version"] < known:
                self._story.wrong.append(f"version {found['version']} a second after {known}")

    async def kitchen(self, restaurant: UUID, drivers: list[UUID], product: UUID, stop: asyncio.Event) -> None:
        own = bearer(self._stack, identity("restaurant", restaurant_id=restaurant))
        stranger = bearer(self._stack, identity("restaurant", restaurant_id=new_id()))
        far = bearer(self._stack, identity("driver", zone=ZONE + 1))
        as_driver = {driver: bearer(self._stack, identity("driver", person_id=driver, zone=ZONE)) for driver in drivers}
        while not stop.is_set():
            began = time.monotonic()
            basket = {"items": [{"product_id": str(product), "quantity": 1}]}
            headers = {**own, "Idempotency-Key": str(new_id())}
            _, order = await self.send("POST", "/api/orders", headers, basket, wanted=[201])
            if order is None:
                continue
            self._story.placed_seconds.append(time.monotonic() - began)
            path = f"/api/orders/{order['id']}"
            if not await self._confirmed(path, own):
                return
            steps: list[dict[str, object]] = [{"to": "preparing"}]
            steps += [{"to": "ready", "driver_id": str(driver)} for driver in drivers]
            for step in steps:
                for nobody in (stranger, far):
                    await self.send("GET", path, nobody, wanted=[404])
                await self.send("GET", path, own, wanted=[200])
                _, moved = await self.send("POST", f"{path}/transitions", self.admin, step, wanted=[200])
                if moved is None:
                    return
                order = moved
                self._story.counts["steps"] += 1
                await self._look(path, order, own, as_driver)

    async def _confirmed(self, path: str, own: dict[str, str]) -> bool:
        """Once the stock has answered, which no order may miss."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            _, order = await self.send("GET", path, {**own, "Cache-Control": "no-cache"}, wanted=[200])
            if order is not None and order["status"] == "confirmed":
                return True
            await asyncio.sleep(0.01)
        self._story.wrong.append(f"{path} was not confirmed within {PATIENCE_SECONDS} s")
        return False

    async def _look(
        self, path: str, order: dict[str, Any], own: dict[str, str], drivers: dict[UUID, dict[str, str]]
    ) -> None:
        """Right after a step: whoever has the order sees it; whoever had it sees nothing that came after."""
        for driver, headers in drivers.items():
            has_it = order["driver_id"] == str(driver)
            status, found = await self.send("GET", path, headers, wanted=[200] if has_it else [200, 404])
            if status == 200 and not has_it and found["driver_id"] != str(driver):
                self._story.wrong.append(f"{path} at {found['version']} was shown to a driver who does not have it")
            self._story.counts["looks of drivers"] += 1
        _, found = await self.send("GET", path, {**own, "Cache-Control": "no-cache"}, wanted=[200])
        if found is not None and found["version"] < order["version"]:
            self._story.wrong.append(f"{path}: the source said {found['version']} after {order['version']}")


async def break_the_cache(stack: Stack, story: Story, seconds: float) -> None:
    """One after the other, all the time."""
    until = time.monotonic() + seconds
    deeds = ["kill", "freeze", "empty"]
    while time.monotonic() < until:
        for deed in deeds:
            await asyncio.sleep(BETWEEN_SECONDS)
            pid = await eventually(lambda: _pid(stack), 30.0)
            if deed == "kill":
                os.kill(pid, signal.SIGKILL)
            elif deed == "freeze":
                os.kill(pid, signal.SIGSTOP)
                await asyncio.sleep(FROZEN_SECONDS)
                os.kill(pid, signal.SIGCONT)
            else:
                async with open_valkey(stack.addresses.cache, 1.0) as valkey:
                    await valkey.flushall()
            story.counts[f"cache: {deed}"] += 1


async def _pid(stack: Stack) -> int | None:
    rows = await asyncio.to_thread(stack.status)
    return next((row.pid for row in rows if row.name == "cache" and row.pid and row.problem is None), None)


@dataclass(frozen=True)
class Result:
    story: Story
    seconds: float

    def __str__(self) -> str:
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(self.story.counts.items()))
        came = ", ".join(f"{count:,} {what}" for what, count in sorted(self.story.came.items()) if what)
        times = sorted(self.story.placed_seconds)
        placed = f"{len(times):,} orders placed, p50 {times[len(times) // 2] * 1000:.0f} ms, "
        placed += f"p99 {times[int(len(times) * 0.99)] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms"
        verdict = "Nothing failed and nothing was wrong."
        if self.story.wrong:
            verdict = f"WRONG, {len(self.story.wrong)} times: " + "; ".join(self.story.wrong[:20])
        return f"{self.seconds:.0f} s: {told}.\n{placed}.\nAnswers: {came}.\n{verdict}"


async def run(stack: Stack, seconds: float) -> Result:
    """On a stack that is up with PARTS."""
    story, stop, began = Story(), asyncio.Event(), time.monotonic()
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            load = Load(stack, session, story)
            products = await load.products()
            drivers = [[new_id() for _ in range(3)] for _ in range(KITCHENS)]
            restaurants = [new_id() for _ in range(KITCHENS)]
            await _learn(database, restaurants, [driver for each in drivers for driver in each], products)
            async with asyncio.TaskGroup() as group:
                for restaurant, its in zip(restaurants, drivers, strict=True):
                    group.create_task(load.kitchen(restaurant, its, products[0], stop))
                for _ in range(READERS):
                    group.create_task(load.read_prices(products, stop))
                group.create_task(load.change_prices(products, stop))
                await break_the_cache(stack, story, seconds)
                await asyncio.sleep(BETWEEN_SECONDS)
                stop.set()
            await _serves_again(load, stack, products[0], story)
    finally:
        await database.close()
    return Result(story, time.monotonic() - began)


async def _serves_again(load: Load, stack: Stack, product: UUID, story: Story) -> None:
    async with open_valkey(stack.addresses.cache, 1.0) as valkey:

        async def held() -> bool:
            await load.send("GET", f"/api/catalog/products/{product}", load.admin, wanted=[200])
            return bool(await valkey.hexists(product_key(product), "body"))

        await eventually(held)
        story.counts["copies of orders at the end"] = len([key async for key in valkey.scan_iter("order:*")])


async def _learn(
    database: asyncpg.Connection, restaurants: list[UUID], drivers: list[UUID], products: list[UUID]
) -> None:
    """What orders would have learnt of them from accounts; products it learns by itself."""
    for restaurant in restaurants:
        await database.execute(
            "insert into orders.restaurants values ($1, 'Kitchen', 'Quay 1', 1.5, 2.5, $2, 1000000000, true, 1)",
            restaurant,
            ZONE,
        )
    for driver in drivers:
        await database.execute("insert into orders.drivers values ($1, 'Driver', $2, true, 1)", driver, ZONE)

    async def learnt() -> bool:
        count = await database.fetchval("select count(*) from orders.price_book where product_id = any($1)", products)
        return bool(count == len(products))

    await eventually(learnt)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 nothing was wrong, 1 something was."""
    parser = argparse.ArgumentParser(prog="just cache-outage", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    seconds = parser.parse_args(arguments).seconds
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up(REPLICAS, only=PARTS)
            result = asyncio.run(run(stack, seconds))
        finally:
            stack.reset()
    sys.stdout.write(f"{result}\n")
    return 1 if result.story.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
