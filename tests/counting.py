"""`python -m tests.counting 500 60 30`: so many real baskets a second for so many seconds, with so many kills.

Real processes under supervisord in a state directory of their own: orders are placed into the outbox, the relay
publishes them, catalog answers them, orders confirms them, and analytics counts all of it, and is killed meanwhile.
Measured is how long after its commit an order is counted. At the end all orders must be counted, and the tables must be
those that a rebuild makes of the same stream, which nobody killed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
from rich.progress import Progress

from deploy.demo import source
from deploy.demo.load import load, place_of
from deploy.demo.source import Basket
from deploy.history.loader import bundles_of, place_baskets, read_world
from deploy.local import Layout, Stack
from services.analytics.rebuild import commands as rebuild
from services.orders.events import WAKE
from shared.bus import Bus
from shared.database import Connection, Pool, open_pool
from shared.plumbing import utc_now
from tests.counted import difference, stored
from tests.kills import all_ready, kill_one
from tests.support import eventually

PARTS = {"postgres", "nats", "valkey", "cache", "catalog", "orders", "analytics", "relay"}
TOGETHER = 10
AT_ONCE = 4
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 120.0
COUNTED = "select coalesce(sum(orders), 0)::bigint from analytics.totals where subject = $1 and grain = 'week'"
PLACED = "select count(*), coalesce(sum(total_cents), 0)::bigint from orders.orders"
SETTLED = """
select count(*) filter (where status = 'pending') = 0 and not exists (
    select from orders.outbox where published_at is null
)
from orders.orders
"""
COSTS = """
select
    case role.rolname
        when 'restaurant' then 'placing it' when 'system' then 'confirming it' when 'relay_service' then 'publishing it'
        when 'catalog_service' then 'its stock' when 'analytics_service' then 'counting it'
    end as deed,
    sum(total_exec_time) as milliseconds, sum(wal_bytes)::float8 as wal_bytes
from pg_stat_statements as statement
inner join pg_roles as role on role.oid = statement.userid
where toplevel and role.rolname in ('restaurant', 'system', 'relay_service', 'catalog_service', 'analytics_service')
group by deed
order by deed desc
"""
NIL = "00000000-0000-0000-0000-000000000000"


@dataclass
class Story:
    """When orders were committed and, by looking again and again, counted: (moment, how many by then)."""

    placed: list[tuple[float, int]] = field(default_factory=list)
    counted: list[tuple[float, int]] = field(default_factory=list)

    def lags(self) -> list[float]:
        """Seconds from the commit of the nth order until n are counted, ascending."""
        found, looks = [], iter(self.counted)
        moment, count, before = 0.0, 0, 0
        for committed, placed in self.placed:
            while count < placed:
                moment, count = next(looks)
            found += [max(0.0, moment - committed)] * (placed - before)
            before = placed
        return sorted(found)


@dataclass(frozen=True)
class Result:
    """`wrong` says in words what did not hold."""

    orders: int
    kills: int
    seconds: float
    lags: list[float]
    events: int
    rebuilt: rebuild.Rebuilt
    costs: dict[str, tuple[float, float]]
    wrong: list[str]

    def __str__(self) -> str:
        p50, p99 = (self.lags[min(len(self.lags) - 1, int(share * len(self.lags)))] for share in (0.5, 0.99))
        costs = "; ".join(
            f"{deed} {milliseconds / self.orders:.2f} ms and {wal_bytes / self.orders / 1024:.1f} KiB of WAL"
            for deed, (milliseconds, wal_bytes) in self.costs.items()
        )
        verdict = "It all adds up." if not self.wrong else "WRONG: " + "; ".join(self.wrong)
        return (
            f"{self.orders:,} orders in {self.seconds:.0f} s ({self.orders / self.seconds:,.0f} a second), "
            f"{self.events:,} events, {self.kills} kills of analytics. "
            f"From the commit until it was counted an order took {p50:.2f} s "
            f"(p50), {p99:.2f} s (p99), {self.lags[-1]:.1f} s at most. A rebuild took {self.rebuilt.seconds:.1f} s "
            f"({self.rebuilt.events / self.rebuilt.seconds:,.0f} events a second) and made the same tables. "
            f"Statements took, an order: {costs}. {verdict}"
        )


async def run(stack: Stack, rate: int, seconds: int, kills: int) -> Result:
    baskets = list(source.read_baskets(rate * seconds))
    await load(place_of(stack.addresses), Progress(disable=True), len(baskets))
    story, addresses = Story(), stack.addresses
    async with AsyncExitStack() as opened:
        url = addresses.database("orders_service")
        pool = await opened.enter_async_context(open_pool(url, size=AT_ONCE, name="counting"))
        bus = await opened.enter_async_context(Bus(addresses.nats, "counting"))
        database = await asyncpg.connect(addresses.database("postgres"))
        opened.push_async_callback(database.close)
        looking = await asyncpg.connect(addresses.database("postgres"))
        opened.push_async_callback(looking.close)
        await bus.connection()
        watching = asyncio.create_task(_look(looking, story, len(baskets)))
        killing = asyncio.create_task(_kill(stack, kills))
        await database.execute("select pg_stat_statements_reset()")
        began = time.monotonic()
        await _order(pool, bus, database, baskets, rate, story)
        lasted = time.monotonic() - began
        await killing
        await watching
        return await _judge(stack, database, bus, story, kills, lasted)


async def _order(
    pool: Pool, bus: Bus, database: Connection, baskets: Sequence[Basket], rate: int, story: Story
) -> None:
    """Each bundle when it is due, or as soon after as the one before allows."""
    customers, products = await read_world(database)
    coming, due, placed = iter(bundles_of(baskets, TOGETHER)), 0, 0
    began = time.monotonic()

    async def work() -> None:
        nonlocal due, placed
        for bundle in coming:
            at = began + due / rate
            due += len(bundle)
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            await place_baskets(pool, customers, products, bundle, lambda _: utc_now())
            placed += len(bundle)
            story.placed.append((time.monotonic(), placed))
            await bus.nudge(WAKE)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def _look(database: Connection, story: Story, orders: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS) as patience:
        while not story.counted or story.counted[-1][1] < orders:
            counted = await database.fetchval(COUNTED, NIL)
            if not story.counted or counted > story.counted[-1][1]:
                story.counted.append((time.monotonic(), counted))
                patience.reschedule(asyncio.get_running_loop().time() + PATIENCE_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)


async def _kill(stack: Stack, kills: int) -> None:
    """As soon as it is at work again, and every third time before."""
    for number in range(kills):
        await kill_one(stack, "analytics")
        if number % 3:
            await eventually(partial(all_ready, stack), PATIENCE_SECONDS)


async def _judge(stack: Stack, database: Connection, bus: Bus, story: Story, kills: int, seconds: float) -> Result:
    await eventually(lambda: database.fetchval(SETTLED), PATIENCE_SECONDS)
    last = (await bus.jetstream.stream_info("ORDERS")).state.last_seq

    async def caught_up() -> bool:
        return bool(await database.fetchval("select seq >= $1 from analytics.projection", last))

    await eventually(caught_up, PATIENCE_SECONDS)
    costs = {row["deed"]: (row["milliseconds"], row["wal_bytes"]) for row in await database.fetch(COSTS)}
    live, wrong = await stored(database), []
    async with open_pool(stack.addresses.database("analytics_service"), size=4, name="rebuild") as pool:
        rebuilt = await rebuild.rebuild(pool, bus, "UTC")
    if differing := difference(live, await stored(database)):
        wrong.append(f"the tables are not those of a rebuild: {differing}")
    orders, cents = await database.fetchrow(PLACED)
    totals = await database.fetchrow(
        "select sum(orders)::bigint, sum(revenue_cents)::bigint from analytics.totals "
        "where subject = $1 and grain = 'day'",
        NIL,
    )
    if tuple(totals) != (orders, cents):
        wrong.append(f"counted are {tuple(totals)} orders and cents, and placed {(orders, cents)}")
    return Result(orders, kills, seconds, story.lags(), last, rebuilt, costs, wrong)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 it adds up, 1 something is wrong."""
    parser = argparse.ArgumentParser(prog="just counting", description=(__doc__ or "").partition("\n")[0])
    for name, usual in (("rate", 500), ("seconds", 60), ("kills", 30)):
        parser.add_argument(name, nargs="?", type=int, default=usual)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up({"orders": 1}, only=PARTS)
            result = asyncio.run(run(stack, options.rate, options.seconds, options.kills))
        finally:
            stack.reset()
    sys.stdout.write(f"{result}\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
