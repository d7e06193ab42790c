"""How old the price book is after a price change, and what people are charged meanwhile.

Customers look at a product and order it at once at the price and version they saw, at a fixed rate whatever the answers
take, while an admin changes prices of the same few products. The age of a change is from when it was sent until the
book, read in the database, has its version: a little more than its true age. Raises MeasureError for any order that was
charged another price than its customer saw, for a refusal that is none of the two there may be, and for a change that
does not arrive.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any, NamedTuple
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from shared.ids import new_id

CHANGES_PER_SECOND = 10
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.002
SEEDS = 1

Headers = Mapping[str, str]


class MeasureError(Exception):
    """Somebody was charged a price they did not see, or it could not be measured."""


class Shop(NamedTuple):
    """Where catalog and orders answer (the edge is both), who buys and who changes prices, in headers, and the database
    as somebody who may read the book."""

    catalog: str
    orders: str
    customers: Sequence[Headers]
    admin: Headers
    database: str
    products: Sequence[str]


class Freshness(msgspec.Struct, frozen=True):
    """Ages in milliseconds. `answers` counts orders: `charged` at the price that was seen, `refused` with the present
    one, `asked again` while the book was older than what was seen."""

    changes: int
    p50: float
    p99: float
    max: float
    answers: dict[str, int]


class _Seen(msgspec.Struct):
    id: str
    price_cents: int
    version: int


_seen = msgspec.json.Decoder(_Seen)


async def measure(shop: Shop, rate: int, seconds: float, changes_per_second: int = CHANGES_PER_SECOND) -> Freshness:
    """`rate` looks and orders a second."""
    try:
        return await _measure(shop, rate, seconds, changes_per_second)
    except ExceptionGroup as errors:
        found: Exception | None = errors.subgroup(MeasureError)
        while isinstance(found, ExceptionGroup):
            found = found.exceptions[0]
        if found is None:
            raise
        raise found from errors


async def _measure(shop: Shop, rate: int, seconds: float, changes_per_second: int) -> Freshness:
    chance = random.Random(SEEDS)  # noqa: S311  the same prices each time
    sent: dict[tuple[str, int], float] = {}
    ages: list[float] = []
    answers: Counter[str] = Counter()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        ended = asyncio.Event()
        watching = group.create_task(_watch(shop, sent, ages, ended))
        async with asyncio.TaskGroup() as acting:
            until = time.perf_counter() + seconds
            acting.create_task(_change_prices(session, shop, sent, chance, until, changes_per_second))
            acting.create_task(_order(session, shop, answers, chance, until, rate))
        ended.set()
        await watching
    cuts = quantiles(ages, n=100, method="inclusive")
    return Freshness(len(ages), round(cuts[49], 1), round(cuts[98], 1), round(max(ages), 1), dict(answers))


async def _change_prices(
    session: aiohttp.ClientSession,
    shop: Shop,
    sent: dict[tuple[str, int], float],
    chance: random.Random,
    until: float,
    per_second: int,
) -> None:
    async def change(product: str, cents: int) -> None:
        at = time.perf_counter()
        url = f"{shop.catalog}/api/catalog/products/{product}"
        async with session.patch(url, json={"price_cents": cents}, headers=shop.admin) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise MeasureError(f"a price could not be changed: {body!r}")
            # Two changes may be under way for one product: the later answer has the later version.
            sent.setdefault((product, _seen.decode(body).version), at)

    async with asyncio.TaskGroup() as group:
        while time.perf_counter() < until:
            group.create_task(change(chance.choice(shop.products), chance.randint(1, 99_999)))
            await asyncio.sleep(1 / per_second)


async def _order(
    session: aiohttp.ClientSession,
    shop: Shop,
    answers: Counter[str],
    chance: random.Random,
    until: float,
    rate: int,
) -> None:
    async def look_and_order(product: str, customer: Headers) -> None:
        async with session.get(f"{shop.catalog}/api/catalog/products/{product}") as answer:
            seen = _seen.decode(await answer.read())
        line = {"product_id": seen.id, "quantity": 1, "price_cents": seen.price_cents, "version": seen.version}
        headers = {**customer, "Idempotency-Key": str(new_id())}
        async with session.post(f"{shop.orders}/api/orders", json={"items": [line]}, headers=headers) as answer:
            answers[_judge(seen, answer.status, msgspec.json.decode(await answer.read()))] += 1

    async with asyncio.TaskGroup() as group:
        while time.perf_counter() < until:
            group.create_task(look_and_order(chance.choice(shop.products), chance.choice(shop.customers)))
            await asyncio.sleep(1 / rate)


def _judge(seen: _Seen, status: int, answer: Any) -> str:
    """What became of an order. Raises MeasureError where it should not have."""
    if status == 201 and answer["total_cents"] == seen.price_cents:
        return "charged"
    if status == 409 and answer["code"] == "price" and answer["present"][0]["price_cents"] != seen.price_cents:
        return "refused"
    if status == 503 and answer["code"] == "busy":
        return "asked again"
    raise MeasureError(f"who saw {seen} was answered {status} {answer}")


async def _watch(shop: Shop, sent: dict[tuple[str, int], float], ages: list[float], ended: asyncio.Event) -> None:
    """Until every change that was sent is in the book, or a later one of its product."""
    database = await asyncpg.connect(shop.database, server_settings={"application_name": "book freshness"})
    try:
        products = [UUID(product) for product in shop.products]
        last = time.perf_counter()
        while sent or not ended.is_set():
            rows = await database.fetch(
                "select product_id, version from orders.price_book where product_id = any($1)", products
            )
            now, book = time.perf_counter(), {str(row["product_id"]): row["version"] for row in rows}
            for product, version in [one for one in sent if one[1] <= book.get(one[0], 0)]:
                ages.append((now - sent.pop((product, version))) * 1000)
                last = now
            if sent and now - max(last, min(sent.values())) > PATIENCE_SECONDS:
                raise MeasureError(f"{len(sent)} changes are not in the book after {PATIENCE_SECONDS:.0f} s")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await database.close()
