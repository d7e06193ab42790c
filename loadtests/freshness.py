"""How old a stale answer is: prices change while people read, and each answer is held against what was changed before.

An answer is stale when it was asked for after a change had been acknowledged and tells of an older version. Its age
runs from the moment that change was sent (it was committed later, so no age is told too small) to the moment the
answer was asked for. Readers prefer what changed a moment ago: there staleness would be.

An `Observer` is a way of reading that may be stale: `observers_of` has those at the edge. Another one (the price
book, say) is one more in the sequence that `measure` takes.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import aiohttp
import msgspec
from yarl import URL

BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1000)
RECENT, RECENTLY = 40, 0.7
"""So many of the last changes, and how often a reader asks for one of them."""

READERS = 16
"""Each observer's, sharing its rate."""

P99_MS = 1000.0
"""What was promised."""


class ReadError(Exception):
    """An answer was not 200."""


@dataclass
class Watched:
    """A product, and each version that somebody heard of: when the change to it was sent and acknowledged."""

    id: str
    category: str
    price_cents: int
    version: int
    sent: dict[int, float] = field(default_factory=dict)
    acknowledged: int = 0

    def age(self, seen: int, known: int, asked_at: float) -> float | None:
        """Of an answer that tells of version `seen`, when `known` was acknowledged as it was asked; None: not stale."""
        return None if seen >= known or seen + 1 not in self.sent else asked_at - self.sent[seen + 1]


class Observer(Protocol):
    """A way of reading."""

    name: str

    async def look(self, product: Watched) -> Mapping[str, int]:
        """The version that it tells of, by id: of this product, and of others that stand beside it."""


class Ages(msgspec.Struct):
    """`stale_ms`: the age of each stale answer among `answers`, each product that one tells of counting as one."""

    answers: int = 0
    stale_ms: list[float] = []

    def add(self, age: float | None) -> None:
        self.answers += 1
        if age is not None:
            self.stale_ms.append(age * 1000)

    def summary(self) -> dict[str, object]:
        ages = sorted(self.stale_ms)
        return {
            "answers": self.answers,
            "stale": len(ages),
            **{f"p{share}": percentile(ages, share) for share in (50, 95, 99)},
            "max": ages[-1] if ages else 0.0,
            "histogram_ms": {
                **{f"<= {bound}": sum(age <= bound for age in ages) for bound in BUCKETS_MS},
                "all": len(ages),
            },
        }


def percentile(ages: Sequence[float], share: int) -> float:
    """Of sorted ages; 0 of none."""
    return ages[min(len(ages) - 1, len(ages) * share // 100)] if ages else 0.0


class AtTheEdge:
    """Reads a list, or a product by itself, through Nginx as anybody."""

    def __init__(self, name: str, session: aiohttp.ClientSession, target: str) -> None:
        self.name, self._session, self._target = name, session, target

    async def look(self, product: Watched) -> Mapping[str, int]:
        category = URL.build(query={"category": product.category}).raw_query_string
        target = self._target.format(id=product.id, category=category)
        async with self._session.get(URL(target, encoded=True)) as answer:
            if answer.status != 200:
                raise ReadError(f"{target} was answered with {answer.status}")
            told = await answer.json()
        return {one["id"]: one["version"] for one in told.get("items", [told])}


def observers_of(session: aiohttp.ClientSession) -> list[Observer]:
    """Of the edge, with the session's base: what is kept for an hour, and what is kept for a second."""
    products = "/api/catalog/products"
    return [
        AtTheEdge("product", session, products + "/{id}"),
        AtTheEdge("first page", session, products + "?{category}"),
        AtTheEdge("other list", session, products + "?{category}&limit=19"),
    ]


async def watch(session: aiohttp.ClientSession, categories: Sequence[str], each: int) -> list[Watched]:
    """The newest products of these categories, as they are now."""
    watched = []
    for category in categories:
        async with session.get("/api/catalog/products", params={"category": category}) as answer:
            watched += [
                Watched(one["id"], category, one["price_cents"], one["version"])
                for one in (await answer.json())["items"][:each]
            ]
    return watched


class Measurement:
    """One run. `admin` are the headers of somebody who may change prices; all of them are set back at the end."""

    def __init__(self, edge: str, admin: Mapping[str, str], watched: Sequence[Watched]) -> None:
        self._edge, self._admin = edge, admin
        self._watched = {one.id: one for one in watched}
        self._recent: deque[Watched] = deque(maxlen=RECENT)
        self._chance = random.Random(5)  # noqa: S311  the same run each time
        self.changes = 0

    async def run(
        self, observers: Sequence[Observer], *, changes: float, reads: float, seconds: float
    ) -> dict[str, Ages]:
        """`changes` and `reads` a second, the latter shared by the observers. Raises ReadError, aiohttp.ClientError."""
        ages = {observer.name: Ages() for observer in observers}
        until = perf_counter() + seconds
        pause = READERS * len(observers) / reads
        async with aiohttp.ClientSession(self._edge, headers=self._admin, raise_for_status=True) as session:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._change(session, 1 / changes, until))
                    for observer in observers:
                        for _ in range(READERS):
                            tasks.create_task(self._read(observer, ages[observer.name], pause, until))
            finally:
                for product in self._watched.values():
                    if product.sent:
                        await self._send(session, product, product.price_cents)
        return ages

    async def _change(self, session: aiohttp.ClientSession, pause: float, until: float) -> None:
        products = list(self._watched.values())
        due = perf_counter()
        async with asyncio.TaskGroup() as tasks:
            while (due := due + pause) < until:
                await asyncio.sleep(max(0.0, due - perf_counter()))
                product = self._chance.choice(products)
                # One change at a time of each: then the next version is known before it is asked for.
                if product.acknowledged == (max(product.sent) if product.sent else 0):
                    self._recent.append(product)
                    tasks.create_task(self._send(session, product, product.price_cents + product.version % 2 + 1))

    async def _send(self, session: aiohttp.ClientSession, product: Watched, price_cents: int) -> None:
        sent = perf_counter()
        product.sent[product.version + 1] = sent
        async with session.patch(f"/api/catalog/products/{product.id}", json={"price_cents": price_cents}) as answer:
            changed = await answer.json()
        if changed["version"] != product.version + 1:
            raise ReadError(f"somebody else changes {product.id} too")
        product.version = product.acknowledged = changed["version"]
        self.changes += 1

    async def _read(self, observer: Observer, ages: Ages, pause: float, until: float) -> None:
        everything = list(self._watched.values())
        await asyncio.sleep(self._chance.random() * pause)
        while (began := perf_counter()) < until:
            recently = self._recent and self._chance.random() < RECENTLY
            product = self._chance.choice(self._recent if recently else everything)
            known = {one.id: one.acknowledged for one in everything if one.category == product.category}
            for identifier, version in (await observer.look(product)).items():
                if identifier in known:
                    ages.add(self._watched[identifier].age(version, known[identifier], began))
            await asyncio.sleep(max(0.0, pause - (perf_counter() - began)))


@asynccontextmanager
async def reading(edge: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who is not signed in."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(edge, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def measure(
    edge: str, admin: Mapping[str, str], categories: Sequence[str], *, changes: float, reads: float, seconds: float
) -> tuple[int, dict[str, Ages]]:
    """How many changes there were, and the ages by observer."""
    async with reading(edge) as session:
        watched = await watch(session, categories, each=8)
        measurement = Measurement(edge, admin, watched)
        ages = await measurement.run(observers_of(session), changes=changes, reads=reads, seconds=seconds)
    return measurement.changes, ages
