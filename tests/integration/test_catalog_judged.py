"""The judged searches on all real products: over HTTP, as people send them.

`just judge-search` tells the same at length, with what it took in the database.
"""

import time
from pathlib import Path
from statistics import quantiles

import asyncpg
import pytest

from services.catalog.search import read_query
from services.catalog.store import get_words, suggest
from shared.database import Connection
from tests.judged.judge import (
    FIRST,
    HELD_OUT,
    PRECISION,
    RECIPROCAL_RANK,
    TUNED,
    Catalogue,
    Product,
    Report,
    judge,
    read,
)
from tests.whole_catalogue import Whole

SUGGESTION_SECONDS = 0.02
TURNS = 3
"""The quickest of so many counts: what others do on the machine is not the database's."""


@pytest.fixture(scope="module")
async def catalogue(whole: Whole) -> Catalogue:
    rows = await whole.database.fetch("select name, category, unit from catalog.products where active")
    return Catalogue(Product.of(**row) for row in rows)


@pytest.mark.parametrize("path", [TUNED, HELD_OUT], ids=lambda path: path.stem)
async def test_the_first_ten_are_right_and_the_evident_is_first(whole: Whole, catalogue: Catalogue, path: Path) -> None:
    judgements = []
    for query in read(path):
        items = (await whole.page(q=query.text, limit=str(FIRST)))["items"]
        found = [Product.of(item["name"], item["category"], item["unit"]) for item in items]
        judgements.append(judge(query, catalogue, found))
    report = Report(judgements)
    assert report.precision >= PRECISION, report
    assert report.reciprocal_rank >= RECIPROCAL_RANK, report


def test_the_judged_set_is_large_and_asks_everything_once() -> None:
    queries = [query.text for path in (TUNED, HELD_OUT) for query in read(path)]
    assert len(set(queries)) == len(queries) >= 250


@pytest.mark.parametrize("path", [TUNED, HELD_OUT], ids=lambda path: path.stem)
def test_every_pattern_names_something_real(catalogue: Catalogue, path: Path) -> None:
    slips = {query.text: unmatched for query in read(path) if (unmatched := catalogue.unmatched(query))}
    assert slips == {}


async def test_suggestions_are_there_before_the_next_letter(whole: Whole) -> None:
    typed = [query.text[:letters] for query in read(TUNED) for letters in (2, 4, 7) if len(query.text) >= letters]
    reading = await asyncpg.connect(whole.dsn)
    times = [min([await _seconds(reading, q) for _ in range(TURNS)]) for q in dict.fromkeys(typed)]
    await reading.close()
    assert quantiles(times, n=20)[-1] <= SUGGESTION_SECONDS


async def _seconds(reading: Connection, q: str) -> float:
    began = time.perf_counter()
    terms = read_query(await get_words(reading, q))
    if terms is not None and terms.readings:
        await suggest(reading, terms, 10)
    return time.perf_counter() - began
