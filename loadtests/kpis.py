"""`python -m loadtests.kpis 10_000 1_000_000`: what the reports of analytics cost as orders grow, and what the same
numbers cost as an aggregate over the orders. Prints Markdown.

The servers of a stack must run (`just up --only postgres`); each number of orders has a database of its own beside the
stack's, seeded by `deploy.seed`, whose roll-ups are filled by statements that a test holds against the projection. With
`--keep` databases stay, and are found again by the next run: seeding takes its time, and measuring wants the machine
for itself.

Reports are asked as the service asks them, each in its snapshot: that is what the client waits. What the database works
is the sum of its statements' planning and execution, as EXPLAIN ANALYZE tells them. Refuses to tell anything when the
two sides' numbers differ, and more orders than the disk has room for.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from deploy.local import Layout, Stack, migrate
from deploy.seed.generator import seed
from deploy.seed.rollups import fill
from deploy.seed.shape import read_shape
from deploy.seed.world import make_world
from services.analytics.projection.domain import BUSINESS
from services.analytics.projection.histogram import RELATIVE_ERROR, percentile
from services.analytics.reports import orders_store, store, tops_store
from services.analytics.reports.orders_store import Wanted, top_of
from services.analytics.reports.periods import Period, period_of
from shared.database import SNAPSHOT, Connection

BYTES_PER_ORDER = 4_000
"""With its roll-ups, without history."""

SALES_AT_MOST = 100_000
"""Beyond, filling sales of products takes longer than all the rest, and all products sell each week: there are no more
rows to sum."""

AGGREGATE_AT_MOST = 1_000_000
"""Beyond, the aggregate takes minutes, and says nothing new."""

ROUNDS, SLOW = 200, 3
MONTHS = 6
UTC_ZONE = ZoneInfo("UTC")

AGGREGATE = """
select
    created_at < $2 as before,
    count(*) as orders,
    count(*) filter (where status = 'delivered') as delivered,
    count(*) filter (where status = 'cancelled') as cancelled,
    count(*) filter (where status = 'rejected') as rejected,
    sum(total_cents) filter (where status not in ('rejected', 'cancelled'))::bigint as revenue_cents,
    percentile_disc(array[0.5, 0.95]) within group (order by extract(epoch from updated_at - created_at)::float8)
        filter (where status = 'delivered') as seconds
from orders.orders
where created_at >= $1 and created_at < $3
group by 1
"""
"""The same KPIs of the same two periods, by somebody whom no policy binds."""


class DifferentNumbersError(Exception):
    """The two sides do not tell the same."""


@dataclass
class Cost:
    """Milliseconds of each time: as the client waited, and as the database worked; the shared buffers of one."""

    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    buffers: int = 0

    def row(self) -> str:
        return (
            f"{_cut(self.waited, 50):.2f} | {_cut(self.waited, 95):.2f} | {_cut(self.worked, 50):.2f} | "
            f"{_cut(self.worked, 95):.2f} | {self.buffers:,}"
        )


Ask = Callable[[Connection], Awaitable[object]]


class Explained:
    """A connection that answers a query and tells what the database did for it."""

    def __init__(self, connection: Connection, cost: Cost) -> None:
        self._connection, self._cost = connection, cost
        self.worked = 0.0
        self.buffers = 0

    async def fetch(self, sql: str, *parameters: object) -> Any:
        explain = f"explain (analyze, buffers, timing off, format json) {sql}"
        (found,) = json.loads(await self._connection.fetchval(explain, *parameters))
        self.worked += found["Planning Time"] + found["Execution Time"]
        self.buffers += found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
        return await self._connection.fetch(sql, *parameters)

    async def fetchrow(self, sql: str, *parameters: object) -> Any:
        return next(iter(await self.fetch(sql, *parameters)), None)

    def note(self) -> None:
        self._cost.worked.append(self.worked)
        self._cost.buffers = self.buffers


async def measure(url: str, *, sales: bool, compared: bool) -> tuple[dict[str, Cost], Cost | None]:
    """The reports of one database, and the aggregate where they are `compared`. Raises DifferentNumbersError."""
    connection = await asyncpg.connect(url, server_settings={"jit": "off"})
    try:
        period = await half_a_year(connection)
        restaurant = await connection.fetchval(
            "select restaurant_id from orders.orders group by restaurant_id order by count(*) desc limit 1"
        )
        if compared:
            await check(connection, period)
        costs = {}
        for what, ask in reports(period, restaurant, sales=sales).items():
            costs[what] = await cost_of(connection, ask)
        if not compared:
            return costs, None
        aggregate = Cost()
        for _ in range(SLOW):
            await once(connection, aggregate, lambda reading: reading.fetch(AGGREGATE, *edges(period)))
        return costs, aggregate
    finally:
        await connection.close()


def reports(period: Period, restaurant: UUID, *, sales: bool) -> dict[str, Ask]:
    """What is asked, as the routes ask it."""
    week = Period(period.end - timedelta(days=7), period.end, UTC_ZONE, UTC_ZONE)
    cancelled, late = Wanted(which="cancelled"), Wanted(which="late", restaurant_id=restaurant)
    found: dict[str, Ask] = {
        "KPIs of six months and the six before": lambda reading: kpis(reading, BUSINESS, period),
        "the same, days of New York": lambda reading: kpis(
            reading, BUSINESS, Period(period.start, period.end, UTC_ZONE, UTC_ZONE), hours=4
        ),
        "the same, of the busiest restaurant": lambda reading: kpis(reading, restaurant, period),
        "revenue of six months by day": lambda reading: series(reading, period, "day"),
        "revenue of a week by hour": lambda reading: series(reading, week, "hour"),
        "20 restaurants of six months": lambda reading: tops_store.list_top_restaurants(
            reading, period.cover("week", "day"), 20
        ),
        "20 of the cancelled orders": lambda reading: orders_store.list_orders(
            reading, period, cancelled, top_of(period), 21
        ),
        "20 late orders of a restaurant": lambda reading: orders_store.list_orders(
            reading, period, late, top_of(period), 21
        ),
    }
    if sales:
        found["20 products of six months"] = lambda reading: tops_store.list_top_products(
            reading, BUSINESS, period.cover("week", "day"), "revenue", 20
        )
        found["20 products of a restaurant"] = lambda reading: tops_store.list_top_products(
            reading, restaurant, period.cover("day"), "revenue", 20
        )
    return found


async def kpis(reading: Connection, subject: UUID, period: Period, hours: int = 0) -> tuple[Any, Any]:
    """`hours`: the range begins and ends so many hours after the days of the roll-ups."""
    shift = timedelta(hours=hours)
    asked = Period(period.start + shift, period.end + shift, UTC_ZONE, UTC_ZONE)
    periods = [asked, asked.previous()]
    grains = ("week", "day", "hour") if subject == BUSINESS else ("day", "hour")
    await store.get_projection(reading)
    totals = await store.sum_totals(reading, subject, [one.cover("week", "day", "hour") for one in periods])
    times = await store.sum_histograms(reading, subject, ["delivery"], [one.cover(*grains) for one in periods])
    return totals, times


async def series(reading: Connection, period: Period, bucket: Any) -> object:
    spans = [one.cover("week", "day", "hour") for one in period.buckets(bucket)]
    return await store.sum_totals(reading, BUSINESS, spans)


async def cost_of(connection: Connection, ask: Ask) -> Cost:
    """Of so many times; the first of each kind, which reads the catalogs, is not counted."""
    cost = Cost()
    for turn in range(ROUNDS + 1):
        await connection.execute(SNAPSHOT)
        started = time.perf_counter()
        await ask(connection)
        waited = (time.perf_counter() - started) * 1000
        await connection.execute("commit")
        if turn:
            cost.waited.append(waited)
    for _ in range(ROUNDS):
        await once(connection, cost, ask, waits=False)
    return cost


async def once(connection: Connection, cost: Cost, ask: Ask, *, waits: bool = True) -> None:
    explained = Explained(connection, cost)
    await connection.execute(SNAPSHOT)
    await ask(explained)
    explained.note()
    if waits:
        started = time.perf_counter()
        await ask(connection)
        cost.waited.append((time.perf_counter() - started) * 1000)
    await connection.execute("commit")


async def check(connection: Connection, period: Period) -> None:
    """Raises DifferentNumbersError."""
    totals, times = await kpis(connection, BUSINESS, period)
    rows = await connection.fetch(AGGREGATE, *edges(period))
    for place, before in enumerate((False, True)):
        row = next(row for row in rows if row["before"] is before)
        names = ("orders", "delivered", "cancelled", "rejected", "revenue_cents")
        told = [getattr(totals[place], name) for name in names]
        percentiles = [percentile(times[place]["delivery"], share) or 0 for share in (0.5, 0.95)]
        off = max(abs(mine / theirs - 1) for mine, theirs in zip(percentiles, row["seconds"], strict=True))
        if told != [row[name] for name in names] or off > RELATIVE_ERROR + 1e-9:
            raise DifferentNumbersError(f"{told} {percentiles} and not {dict(row)}")


def edges(period: Period) -> tuple[datetime, datetime, datetime]:
    return period.previous().start, period.start, period.end


async def half_a_year(connection: Connection) -> Period:
    """The six months before the first of the last month that is over."""
    last = await connection.fetchval("select max(created_at) from orders.orders")
    end = last.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month = end.month - MONTHS
    start = end.replace(year=end.year - (month < 1), month=(month - 1) % 12 + 1)
    return period_of(f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", UTC_ZONE, UTC_ZONE, end)


async def make(stack: Stack, orders: int) -> None:
    """A database with so many orders and their roll-ups, or what an earlier run has left of it."""
    name = name_of(orders)
    if not _is_there(stack, orders):
        stack.postgres.psql("postgres", sql=f"create database {name} owner larder_owner template template0")
        migrate.migrate(stack.addresses, name)
    connection = await asyncpg.connect(stack.addresses.database("postgres", name))
    try:
        began = time.monotonic()
        if not await connection.fetchval("select exists (select from orders.orders)"):
            book = await make_world(stack.addresses.database("accounts_service", name), connection)
            await seed(connection, read_shape(book), orders, histories=False, progress=_tell)
        if not await connection.fetchval("select exists (select from analytics.orders)"):
            await fill(connection, sales=orders <= SALES_AT_MOST, progress=lambda what: _tell(what, orders))
        await connection.execute("checkpoint")
        sys.stderr.write(f"\r{orders:,} orders and their roll-ups in {time.monotonic() - began:.0f} s{'':40}\n")
    finally:
        await connection.close()


def drop(stack: Stack, orders: int) -> None:
    stack.postgres.psql("postgres", sql=f"drop database {name_of(orders)} with (force)")


def _is_there(stack: Stack, orders: int) -> bool:
    found = f"select 1 from pg_database where datname = '{name_of(orders)}'"  # noqa: S608
    return bool(stack.postgres.psql("postgres", sql=found).strip())


def name_of(orders: int) -> str:
    return f"kpis_{orders}"


def report(results: dict[int, tuple[dict[str, Cost], Cost | None]]) -> str:
    lines = [
        "| orders | report | client p50 ms | p95 ms | database p50 ms | p95 ms | buffers |",
        "|---|---|---|---|---|---|---|",
    ]
    for orders, (costs, aggregate) in results.items():
        lines += [f"| {orders:,} | {what} | {cost.row()} |" for what, cost in costs.items()]
        if aggregate is not None:
            lines.append(f"| {orders:,} | the same KPIs as an aggregate over orders | {aggregate.row()} |")
    lines.append("")
    for orders, (costs, aggregate) in results.items():
        first = next(iter(costs.values()))
        told = f"At {orders:,} orders the KPIs cost the database {_cut(first.worked, 95):.2f} ms at p95"
        if aggregate is not None:
            told += f", and {median(aggregate.worked) / median(first.worked):,.0f} times less than the aggregate"
        lines.append(f"{told}.")
    least, most = min(results), max(results)
    if least != most:
        growth = median(next(iter(results[most][0].values())).worked) / median(
            next(iter(results[least][0].values())).worked
        )
        lines.append(f"From {least:,} to {most:,} orders the KPIs take {growth:.2f} times the time.")
    return "\n".join(lines)


async def main(sizes: Sequence[int], *, keep: bool, seed_only: bool) -> int:
    stack = Stack(Layout.from_environment())
    if not stack.layout.state_dir.exists():
        sys.stderr.write("No stack is here yet: just up --only postgres\n")
        return 1
    missing = max((orders for orders in sizes if not _is_there(stack, orders)), default=0)
    need, free = missing * BYTES_PER_ORDER, shutil.disk_usage(stack.layout.state_dir).free
    if missing and free < need + 2**30:
        sys.stderr.write(f"{missing:,} orders need {need / 1e9:.1f} GB; the disk has {free / 1e9:.1f} GB free.\n")
        return 1
    results: dict[int, tuple[dict[str, Cost], Cost | None]] = {}
    for orders in sizes:
        await make(stack, orders)
        try:
            if not seed_only:
                url = stack.addresses.database("postgres", name_of(orders))
                sales, compared = orders <= SALES_AT_MOST, orders <= AGGREGATE_AT_MOST
                results[orders] = await measure(url, sales=sales, compared=compared)
        finally:
            if not keep:
                drop(stack, orders)
    if results:
        sys.stdout.write(report(results) + "\n")
    return 0


def _cut(times: Sequence[float], percent: int) -> float:
    return quantiles(times, n=100, method="inclusive")[percent - 1]


def _tell(what: str, done: int) -> None:
    sys.stderr.write(f"\r{done:>12,} {what:<40}")
    sys.stderr.flush()


def _sizes(words: Sequence[str]) -> list[int] | None:
    numbers = [word.replace("_", "") for word in words]
    sizes = sorted({int(number) for number in numbers if number.isdecimal()})
    return sizes if len(sizes) == len(numbers) and sizes and sizes[0] >= 1_000 and sizes[-1] <= 20_000_000 else None


if __name__ == "__main__":
    flags = {"--keep", "--seed-only"} & set(sys.argv[1:])
    wanted = _sizes([word for word in sys.argv[1:] if word not in flags])
    if wanted is None or ("--seed-only" in flags and "--keep" not in flags):
        sys.stderr.write(
            "How many orders? Numbers from 1_000 to 20_000_000: just bench-kpis 10_000 1_000_000; --keep leaves the "
            "databases for another run, --keep --seed-only makes them alone\n"
        )
        sys.exit(2)
    sys.exit(asyncio.run(main(wanted, keep="--keep" in flags, seed_only="--seed-only" in flags)))
