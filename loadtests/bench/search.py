"""Searches among all real products, each with an address of its own that no cache has, against the same SQL through
asyncpg in one process, which is what the service has. Refuses to measure when the two find different products."""

import asyncio
import sys
from urllib.parse import quote_plus

import aiohttp
import asyncpg
import msgspec

from deploy.demo import source
from deploy.local.processes import clean_environment
from loadtests.bench import wrk
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Result, Side
from loadtests.bench.search_peer import Statement, Work
from loadtests.bench.stage import Cast, Stage
from services.catalog.importer import import_products
from services.catalog.search import read_query
from services.catalog.store import BEST, QUERIES, Filters, get_words, search_parameters
from shared.database import open_pool

CATALOGUE_ALONE = Cast("catalogue alone", only=("postgres", "nginx", "catalog"))

PAGE = 20
TYPED = (
    "milk", "frozen pizza", "chiken", "peanut butter", "yog", "coffee 12oz", "bread", "choclate", "soda",
    "cheddar cheese",
    "toilet paper", "FRZN CHCK", "dog food", "apples", "ice cream", "pasta sauce 26 oz", "potatoe chips", "shampoo",
    "orange juice", "ground beef",
)  # fmt: skip
"""What people type: words, beginnings, slips, sizes, abbreviations."""


class SearchPeerError(BenchError):
    """The statements alone did not run to their end."""


async def against_asyncpg(meter: Meter) -> Result:
    """Raises SearchPeerError."""
    stage = meter.stage
    await _import(stage)
    searches = await _statements(stage.stack.addresses.database("catalog_service"))
    await _check(stage, searches)
    work = msgspec.json.encode(searches)

    async def run(clients: int, seconds: float) -> float:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "loadtests.bench.search_peer", str(clients), str(seconds)),
            env=clean_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(work)
        if process.returncode != 0:
            raise SearchPeerError(err.decode().strip())
        return float(out)

    return await meter.compare(_over_http(stage), Side("asyncpg", run))


def _over_http(stage: Stage) -> Side:
    requests = [
        wrk.request_line(
            "GET",
            f"/api/catalog/products?q={quote_plus(q)}&limit={PAGE}&once=<KEY>",
            {"Authorization": f"Bearer {stage.world.token(restaurant)}"},
        )
        for restaurant in range(1, stage.world.restaurants + 1)
        for q in TYPED
    ]

    async def run(clients: int, seconds: float) -> float:
        return (await wrk.run(stage.stack.addresses.edge, requests, clients=clients, seconds=seconds)).rate

    return Side("Larder", run)


async def _statements(url: str) -> Work:
    connection = await asyncpg.connect(url)
    try:
        searches = []
        for q in TYPED:
            terms = read_query(await get_words(connection, q))
            if terms is None:
                raise SearchPeerError(f"{q!r} asks for nothing")
            name, parameters = search_parameters(terms, BEST, PAGE + 1, Filters())
            searches.append([Statement(QUERIES["get_words"].sql, [q]), Statement(QUERIES[name].sql, list(parameters))])
    finally:
        await connection.close()
    return Work(url, searches)


async def _check(stage: Stage, work: Work) -> None:
    """That each search's last statement finds what is answered over HTTP, in its order."""
    connection = await asyncpg.connect(work.url)
    try:
        async with aiohttp.ClientSession(stage.stack.addresses.edge, raise_for_status=True) as session:
            for q, statements in zip(TYPED, work.searches, strict=True):
                last = statements[-1]
                rows = await connection.fetch(last.sql, *last.parameters)
                async with session.get("/api/catalog/products", params={"q": q, "limit": PAGE}) as answer:
                    items = (await answer.json())["items"]
                answered, found = [item["sku"] for item in items], [row["sku"] for row in rows[:PAGE]]
                if not found or answered != found:
                    raise SearchPeerError(f"{q!r} is answered with {answered}, the statements find {found}")
    finally:
        await connection.close()


async def _import(stage: Stage) -> None:
    """What of it is not there yet. The events of it are nobody's here."""
    database = await asyncpg.connect(stage.stack.addresses.database("postgres"))
    try:
        products = await asyncio.to_thread(source.read_products)
        if await database.fetchval("select count(*) from catalog.products") < len(products):
            async with open_pool(stage.stack.addresses.database("catalog_service"), size=1, name="bench") as pool:
                await import_products(pool, products)
            await database.execute("truncate catalog.outbox")
            await database.execute("vacuum (analyze)")
    finally:
        await database.close()
