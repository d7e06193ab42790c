"""`python -m loadtests.cache_week 30`: the baskets of a real week, read through the cache product by product.

On a stack of its own, over HTTP at the catalogue: each line of each basket of the week is one GET of its product, in
the order of time and as fast as it goes (so nothing outlives its hour; that the most-read are kept for longer is tested
by itself). Once cold: an empty cache, and nobody has read before. Once as after a deploy: the cache knows what was read
in the weeks before (their lines are counted as their readers would have counted them), the copies are gone, the service
starts and warms itself. Says both hit ratios; exit status 1 when the second is below 95 %.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
from rich.console import Console

from deploy.demo import source
from deploy.local import Layout, Stack
from proto.cache import Report, product_key
from services.catalog.importer import import_products
from shared.bus import Bus
from shared.cache import gather_reports, open_cache_store
from shared.database import open_pool
from shared.limits import open_valkey

PARTS = {"postgres", "nats", "valkey", "cache", "catalog", "relay"}
WANTED = 0.95
READERS = 8
AT_ONCE = 200
PATIENCE_SECONDS = 60.0
STEADY_LOOKS = 3


def weeks_of_skus(week: int) -> tuple[list[str], Counter[str]]:
    """The skus of the week's lines in the order of time, and how often each was bought in the weeks before."""
    baskets = list(source.read_baskets())
    begin = baskets[0].at + timedelta(weeks=week - 1)
    lines: list[str] = []
    before = Counter[str]()
    for basket in baskets:
        skus = [sku for sku, _ in basket.lines]
        if basket.at < begin:
            before.update(skus)
        elif basket.at < begin + timedelta(weeks=1):
            lines += skus
    return lines, before


async def run(stack: Stack, week: int, console: Console) -> float:
    """The warm ratio."""
    lines, before = await asyncio.to_thread(weeks_of_skus, week)
    console.print(f"Week {week}: {len(lines):,} lines of {len(set(lines)):,} products.")
    async with open_pool(stack.addresses.database("catalog_service"), size=1, name="cache-week") as pool:
        await import_products(pool, await asyncio.to_thread(source.read_products), lambda _: None)
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    rows = await database.fetch("select sku, id from catalog.products")
    await database.close()
    ids: dict[str, UUID] = {row["sku"]: row["id"] for row in rows}
    async with Bus(stack.addresses.nats, "cache-week") as bus:
        await bus.connection()
        await _restart(stack, bus, {})
        cold = await _replay(stack, bus, [ids[sku] for sku in lines])
        console.print(f"Cold: {_told(cold)}")
        await _restart(stack, bus, {product_key(ids[sku]): count for sku, count in before.items()})
        warm = await _replay(stack, bus, [ids[sku] for sku in lines])
        console.print(f"Warmed after a deploy by what {sum(before.values()):,} earlier lines were of: {_told(warm)}")
    return _ratio(warm)


async def _restart(stack: Stack, bus: Bus, reads: dict[str, int]) -> None:
    """The service anew, on a cache that holds these counts and no copy. Returns when it has warmed itself."""
    async with open_valkey(stack.addresses.cache, 5.0) as valkey, open_cache_store(stack.addresses.cache) as store:
        await valkey.flushall()
        counted = list(reads.items())
        for start in range(0, len(counted), AT_ONCE):
            await store.count_reads("product", dict(counted[start : start + AT_ONCE]))
        old = next(row.pid for row in stack.status() if row.name == "catalog-0")
        if old is not None:
            os.kill(old, signal.SIGTERM)
        until = time.monotonic() + PATIENCE_SECONDS
        steady, copies = 0, -1
        while steady < STEADY_LOOKS:
            if time.monotonic() > until:
                raise TimeoutError("the service did not come back and warm itself")
            await asyncio.sleep(1)
            now = await valkey.dbsize()
            reports = await gather_reports(bus)
            settled = now == copies and len(reports) == 1 and reports[0].in_step
            steady, copies = steady + 1 if settled else 0, now


async def _replay(stack: Stack, bus: Bus, products: Sequence[UUID]) -> Report:
    url = f"{stack.addresses.service('catalog')}/api/catalog/products"
    waiting = iter(products)

    async def read(session: aiohttp.ClientSession) -> None:
        for product in waiting:
            async with session.get(f"{url}/{product}", raise_for_status=True) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(read(session))
    return (await gather_reports(bus))[0]


def _ratio(report: Report) -> float:
    counts = report.counts
    return counts.hit / max(1, counts.hit + counts.miss + counts.away)


def _told(report: Report) -> str:
    counts = report.counts
    reads = counts.hit + counts.miss + counts.away
    return f"{_ratio(report):.2%} of {reads:,} reads ({counts.away:,} of them while it was away)."


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="just cache-week", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("week", nargs="?", type=int, default=30, choices=range(2, 53), metavar="week (2 to 52)")
    week = parser.parse_args(arguments).week
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up({"catalog": 1, "relay": 1}, only=PARTS)
            ratio = asyncio.run(run(stack, week, console))
        finally:
            stack.reset()
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
