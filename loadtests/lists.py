"""`python -m loadtests.lists 10_000 1_000_000`: what a page of orders costs as the table grows.

Without and with indexes, without and with row-level security; and an hour of all queries. Prints Markdown.

The servers of a stack must run (`just up --only postgres`); each number of orders gets a database of its own beside the
stack's, seeded by `deploy.seed` and dropped afterwards. Times are what a client waits for a prepared statement inside a
transaction, both sides of a comparison in turns, so that a noisy machine is unfair to both; ratios are of the medians
of the server's own time. Refuses more orders than the disk has room for, and gives up a number of orders that takes
longer than its time.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local import Layout, Stack, migrate
from deploy.seed.generator import QUERIES as SEED
from deploy.seed.generator import seed
from deploy.seed.shape import Shape, read_shape
from deploy.seed.world import make_world
from loadtests.hour import hour
from services.orders.store import NEWEST, QUERIES, begin_as
from shared.database import Connection
from shared.identity import Identity
from shared.ids import new_id

BYTES_PER_ORDER = 2_700
"""In the table and all its indexes, without history: 2,530 were measured."""
SECONDS_AT_MOST = 1_500
BARE_AT_MOST = 1_000_000
"""Beyond, a page without an index takes half a minute, and says nothing new."""
AS_ORDERS_SERVICE = {"plan_cache_mode": "force_generic_plan"}
"""What deploy/postgres/roles.sql sets for it: the connections here are a superuser's."""

PAGE = 21
DEEP = 1_000
"""Pages of twenty above the deep one; the last page where a list has fewer."""
ROUNDS, FAST, SLOW = 6, 200, 2
LIST = QUERIES["list_orders"].sql
OWNED = LIST.replace("where ", "where restaurant_id = $4 and ")
"""The same page for somebody whom no policy binds."""


@dataclass
class Measured:
    """Milliseconds of each run by what was measured, as the client waited and as the server worked; the shared buffers
    of one."""

    times: dict[str, list[float]] = field(default_factory=dict)
    worked: dict[str, list[float]] = field(default_factory=dict)
    buffers: dict[str, int] = field(default_factory=dict)

    def row(self, what: str) -> str:
        times = self.times[what]
        cuts = quantiles(times, n=100, method="inclusive")
        return (
            f"{cuts[49]:.3f} | {cuts[94]:.3f} | {cuts[98]:.3f} | {self.middle(what):.3f} | {self.buffers.get(what, '')}"
        )

    def middle(self, what: str) -> float:
        """Of the server's: what others do on the machine hardly shows in it."""
        return median(self.worked[what])


@dataclass(frozen=True)
class Somebody:
    """The restaurant with the most orders."""

    restaurant: UUID
    begin: str

    @classmethod
    async def find(cls, connection: Connection) -> "Somebody":
        restaurant = await connection.fetchval(
            "select restaurant_id from orders.orders group by restaurant_id order by count(*) desc limit 1"
        )
        now = time.time()
        who = Identity(
            person_id=new_id(),
            session_id=new_id(),
            name="somebody",
            role="restaurant",
            restaurant_id=restaurant,
            zone=None,
            issued_at=now,
            expires_at=now + 900,
        )
        return cls(restaurant, begin_as(who))


@dataclass(frozen=True)
class Contestant:
    """One way to read a page: who asks, and what. `connection` is its own."""

    what: str
    connection: Connection
    begin: str
    sql: str
    parameters: Sequence[object]


async def compete(measured: Measured, runs: int, *contestants: Contestant) -> None:
    """In turns, so many times, in transactions that are undone. The first time of each, which plans, is not counted."""
    statements = []
    for each in contestants:
        await each.connection.execute(each.begin)
        statements.append(await each.connection.prepare(each.sql))
    for turn in range(runs + 1):
        for each, statement in zip(contestants, statements, strict=True):
            started = time.perf_counter()
            await statement.fetch(*each.parameters)
            if turn:
                measured.times.setdefault(each.what, []).append((time.perf_counter() - started) * 1000)
    for _ in range(max(runs // 10, 1)):
        for each in contestants:
            explain = f"explain (analyze, buffers, timing off, format json) {each.sql}"
            found = json.loads(await each.connection.fetchval(explain, *each.parameters))[0]
            measured.worked.setdefault(each.what, []).append(found["Execution Time"])
            measured.buffers[each.what] = found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
    for each in contestants:
        await each.connection.execute("rollback")


async def measure(url: str, *, bare: bool) -> tuple[Measured, str]:
    """The pages of one database, `bare`: also without indexes, and its hour in Markdown."""
    measured = Measured()
    connections = [await asyncpg.connect(url, server_settings=AS_ORDERS_SERVICE) for _ in range(3)]
    plain, policed, other = connections
    try:
        somebody = await Somebody.find(plain)
        deep = await plain.fetchrow(
            "select created_at, id from orders.orders where restaurant_id = $1 order by created_at desc, id desc "
            "offset least($2, (select count(*) from orders.orders where restaurant_id = $1) - $3) limit 1",
            *(somebody.restaurant, 20 * DEEP, PAGE),
        )
        first, far = (NEWEST.created_at, NEWEST.id, PAGE), (deep["created_at"], deep["id"], PAGE)
        owned = (*first, somebody.restaurant)
        undressed = "begin; " + "; ".join(
            f"drop index {row['name']}" for row in await SEED["list_list_indexes"].rows(plain)
        )
        for _ in range(ROUNDS):
            await compete(
                measured,
                FAST,
                Contestant("first", policed, somebody.begin, LIST, first),
                Contestant("first, no policy", plain, "begin", OWNED, owned),
                Contestant("deep", other, somebody.begin, LIST, far),
            )
            if not bare:
                continue
            # One after the other: each holds the table.
            await compete(measured, SLOW, Contestant("bare, no policy", plain, undressed, OWNED, owned))
            without = undressed + somebody.begin.removeprefix("begin")
            await compete(measured, SLOW, Contestant("bare", policed, without, LIST, first))
    finally:
        for connection in connections:
            await connection.close()
    return measured, await hour(url)


@asynccontextmanager
async def seeded(stack: Stack, shape_of: dict[str, Shape], orders: int) -> AsyncIterator[str]:
    """The URL of a database with so many orders. `shape_of` keeps what was read of the source."""
    name = f"lists_{orders}"
    stack.postgres.psql("postgres", sql=f"drop database if exists {name} with (force)")
    stack.postgres.psql("postgres", sql=f"create database {name} owner larder_owner template template0")
    try:
        migrate.migrate(stack.addresses, name)
        url = stack.addresses.database("postgres", name)
        connection = await asyncpg.connect(url)
        try:
            book = await make_world(stack.addresses.database("accounts_service", name), connection)
            shape = shape_of.setdefault("shape", read_shape(book))
            began = time.monotonic()
            await seed(connection, shape, orders, histories=False, progress=_tell)
            sys.stderr.write(f"\r{orders:,} orders in {time.monotonic() - began:.0f} s\n")
            await connection.execute("checkpoint")
        finally:
            await connection.close()
        yield url
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {name} with (force)")


def report(results: dict[int, tuple[Measured, str]]) -> str:
    lines = [
        "| orders | page of 20, as its restaurant | p50 ms | p95 ms | p99 ms | server ms | buffers |",
        "|---|---|---|---|---|---|---|",
    ]
    for orders, (measured, _) in results.items():
        for what, words in (
            ("first", "the first"),
            ("deep", f"the {DEEP:,}th, or the last"),
            ("first, no policy", "the first, no row-level security"),
            ("bare", "the first, no index"),
            ("bare, no policy", "the first, no index, no row-level security"),
        ):
            if what in measured.times:
                lines.append(f"| {orders:,} | {words} | {measured.row(what)} |")
    for orders, (measured, mixed) in results.items():
        cost = measured.middle("first, no policy")
        added = measured.middle("first") - cost
        waits = median(measured.times["first"]) / median(measured.times["first, no policy"]) - 1
        faster = ""
        if "bare" in measured.times:
            times = measured.middle("bare") / measured.middle("first")
            faster = f"the indexes make the page {times:,.0f} times faster, "
        lines += [
            "",
            f"At {orders:,} orders {faster}row-level security adds {added:.3f} ms of the server's time, "
            f"{added / cost:.0%} of it, and {waits:.0%} of what the client waits. {mixed}",
        ]
    least, most = min(results), max(results)
    if least != most:
        growth = results[most][0].middle("first") / results[least][0].middle("first")
        depth = results[most][0].middle("deep") / results[most][0].middle("first")
        lines += ["", f"From {least:,} to {most:,} orders: {growth:.2f} times the time; deep down: {depth:.2f} times."]
    return "\n".join(lines)


async def main(sizes: list[int]) -> int:
    stack = Stack(Layout.from_environment())
    need, free = max(sizes) * BYTES_PER_ORDER, shutil.disk_usage(stack.layout.state_dir).free
    if free < need + 2**30:
        sys.stderr.write(f"{max(sizes):,} orders need {need / 1e9:.1f} GB; the disk has {free / 1e9:.1f} GB free.\n")
        return 1
    results: dict[int, tuple[Measured, str]] = {}
    shape_of: dict[str, Shape] = {}
    for orders in sizes:
        try:
            async with asyncio.timeout(SECONDS_AT_MOST), seeded(stack, shape_of, orders) as url:
                results[orders] = await measure(url, bare=orders <= BARE_AT_MOST)
        except TimeoutError:
            sys.stderr.write(f"\n{orders:,} orders took more than {SECONDS_AT_MOST} s: given up.\n")
            sys.stdout.write(report(results) + "\n" if results else "")
            return 1
    sys.stdout.write(report(results) + "\n")
    return 0


def _tell(what: str, done: int) -> None:
    sys.stderr.write(f"\r{done:>12,} {what:<40}")


def _sizes(arguments: list[str]) -> list[int] | None:
    words = [word.replace("_", "") for word in arguments]
    sizes = sorted({int(word) for word in words if word.isdecimal()})
    return sizes if len(sizes) == len(words) and sizes and sizes[0] >= 1_000 and sizes[-1] <= 20_000_000 else None


if __name__ == "__main__":
    wanted: Any = _sizes(sys.argv[1:])
    if wanted is None:
        sys.stderr.write("How many orders? Numbers from 1_000 to 20_000_000: just bench-lists 10_000 1_000_000\n")
        sys.exit(2)
    sys.exit(asyncio.run(main(wanted)))
