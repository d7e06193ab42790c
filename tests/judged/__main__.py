"""`python -m tests.judged`: the judged searches on all real products, and what searches take in the database.

Starts a Postgres of its own, imports the catalogue, tells, and takes it down: some forty seconds. Times are of the two
statements of a search as the service's connection waits for them, one after the other. Exit status 1 when a set is
below what is promised.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median, quantiles

import asyncpg
from rich.console import Console

from deploy.local import Layout, Stack
from services.catalog.search import Terms, read_query
from services.catalog.store import BEST, Filters, get_words, search_products, suggest
from shared.database import Connection
from tests.judged.judge import (
    HELD_OUT,
    PRECISION,
    RECIPROCAL_RANK,
    TUNED,
    Catalogue,
    Product,
    Query,
    Report,
    judge,
    read,
)
from tests.support import TEST_PORT
from tests.whole_catalogue import import_whole, whole_database

PAGE = 21
LETTERS = (2, 3, 4, 5, 7, 9)
"""How much of a query has been typed when suggestions are asked for."""


async def run(stack: Stack) -> int:
    with whole_database(stack) as url:
        await import_whole(stack, url)
        reading = await asyncpg.connect(url)
        try:
            return await _judge(reading)
        finally:
            await reading.close()


async def _judge(reading: Connection) -> int:
    rows = await reading.fetch("select name, category, unit from catalog.products where active")
    catalogue = Catalogue(Product.of(**row) for row in rows)
    console = Console(highlight=False, soft_wrap=True)
    sets = {path.stem: read(path) for path in (TUNED, HELD_OUT)}
    met = True
    for name, queries in sets.items():
        for query in queries:  # once before, so that nothing is read or planned for the first time
            await _search(reading, query)
        judgements, times = [], []
        for query in queries:
            began = time.perf_counter()
            found = await _search(reading, query)
            times.append(time.perf_counter() - began)
            judgements.append(judge(query, catalogue, found))
        report = Report(judgements)
        met = met and report.precision >= PRECISION and report.reciprocal_rank >= RECIPROCAL_RANK
        console.print(f"{name}: {len(queries)} queries, {report.kinds:.1f} kinds in the first ten, {_told(times)}")
        # What is held out is not looked into, or it would soon be tuned on.
        console.print(report if name == TUNED.stem else report.means)
    typed = dict.fromkeys(query.text[:letters] for queries in sets.values() for query in queries for letters in LETTERS)
    console.print(f"suggestions: {len(typed)} beginnings, {_told([await _suggest(reading, q) for q in typed])}")
    return 0 if met else 1


async def _search(reading: Connection, query: Query) -> Sequence[Product]:
    terms = await _terms(reading, query.text)
    found = [] if terms is None else await search_products(reading, terms, BEST, PAGE, Filters())
    return [Product.of(product.name, product.category, product.unit) for _, product in found]


async def _suggest(reading: Connection, q: str) -> float:
    """The seconds it took."""
    began = time.perf_counter()
    terms = await _terms(reading, q)
    if terms is not None and terms.readings:
        await suggest(reading, terms, 10)
    return time.perf_counter() - began


async def _terms(reading: Connection, q: str) -> Terms | None:
    return read_query(await get_words(reading, q))


def _told(times: Iterable[float]) -> str:
    milliseconds = [1000 * each for each in times]
    return f"p50 {median(milliseconds):.1f} ms, p95 {quantiles(milliseconds, n=20)[-1]:.1f} ms"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(state_dir=Path(folder) / "state", base_port=TEST_PORT))
        try:
            stack.up(only={"postgres"})
            return asyncio.run(run(stack))
        finally:
            stack.reset()


if __name__ == "__main__":
    sys.exit(main())
