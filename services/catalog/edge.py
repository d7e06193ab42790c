"""Keeps what Nginx holds for an hour as new as the catalogue.

Whoever reads brings what they read here (`ask`); catalog's own events say what changed; both only write down in
catalog.edge_entries what is to be fetched anew. `_refresh` has each Nginx fetch it. Replicas of catalog share all
three.

Invariants: an hour is given only through a door that the inside alone can reach, and only to what is written down. An
entry is fetched by one process at a time, and once more if a change was announced meanwhile; so the last answer put
into a cache for an hour was made after the last change that was announced. What a reader's own request puts there
lasts a second at most. Whatever fails, Nginx away, a process killed, is tried again until it is done: what waits is
in the database. However many products change, only what readers came for within the hour is fetched, each at most
twice a second.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import perf_counter

import structlog
from prometheus_client import Counter, Gauge, Histogram

from proto import streams
from proto.catalog import ProductEvent
from services.catalog import edge_store
from services.catalog.edge_doors import Doors
from services.catalog.edge_store import Claimed, Entry
from shared.bus import Bus, Received, follow
from shared.database import Pool, connection
from shared.tasks import supervised

MOST_ENTRIES = 20_000
"""What readers ask for beyond this is kept for a second, until others have expired."""

MOST_ASKED = 1_000
"""Waiting to be written down; who is not among them is asked for again."""

BATCH, AT_ONCE = 64, 8
LOOK_SECONDS, GAUGE_SECONDS, UPKEEP_SECONDS = 0.5, 2.0, 30.0

REFRESHED = Counter(
    "larder_edge_refreshed_total", "Answers that every Nginx fetched anew, or that one did not", ["outcome"]
)
LAG_SECONDS = Histogram(
    "larder_edge_lag_seconds",
    "Time from when a change was heard of until every Nginx has it",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
STALE_SECONDS = Gauge("larder_edge_stale_seconds", "How long the oldest known staleness at the edge has lasted")
ENTRIES = Gauge("larder_edge_entries", "Answers that Nginx may hold for an hour")

_log = structlog.get_logger("edge")


class Edge:
    """`ask` is for the routes; `refreshing` runs beside them."""

    def __init__(self, pool: Pool, doors: Doors) -> None:
        self._pool = pool
        self._doors = doors
        self._asked: dict[str, Entry] = {}
        self._wake = asyncio.Event()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._looked_at = self._upkept_at = 0.0

    def ask(self, entry: Entry) -> None:
        """A reader had to come here for this one: let the edge have it for an hour."""
        if len(self._asked) < MOST_ASKED:
            self._asked[entry.address] = entry
            self._wake.set()

    async def hear(self, batch: Sequence[Received[ProductEvent]]) -> None:
        """What these events make stale is written down before they are acknowledged."""
        products = [received.event.product for received in batch]
        async with connection(self._pool) as writing:
            await edge_store.want_entries(
                writing, list({product.id for product in products}), sorted({product.category for product in products})
            )
        self._wake.set()

    async def keep_fresh(self) -> None:
        """For ever. What fails is logged, and tried again."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()
            try:
                await self._write_down()
                while await self._refresh():
                    pass
                await self._look()
            except Exception as error:  # noqa: BLE001  it outlives whatever the database has
                await _log.aerror("keeping the edge fresh failed, trying again", error=repr(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _write_down(self) -> None:
        asked, self._asked = self._asked, {}
        if asked:
            async with connection(self._pool) as writing:
                await edge_store.ask_for_entries(writing, list(asked.values()), MOST_ENTRIES)

    async def _refresh(self) -> bool:
        """Has a batch of what is wanted fetched. False when there was none."""
        async with connection(self._pool) as writing:
            claimed = await edge_store.claim_entries(writing, BATCH)
        if not claimed:
            return False
        began = perf_counter()
        fetched = await asyncio.gather(*(self._fetch(one) for one in claimed))
        fresh = [one for one, well in zip(claimed, fetched, strict=True) if well]
        failed = [one for one, well in zip(claimed, fetched, strict=True) if not well]
        async with connection(self._pool) as writing:
            if fresh:
                await edge_store.finish_entries(writing, fresh)
            if failed:
                await edge_store.postpone_entries(writing, failed)
        for one in fresh:
            LAG_SECONDS.observe(one.waited + perf_counter() - began)
        REFRESHED.labels("kept").inc(len(fresh))
        REFRESHED.labels("failed").inc(len(failed))
        return True

    async def _fetch(self, one: Claimed) -> bool:
        async with self._at_once:
            return await self._doors.refresh(one.address, one.seconds)

    async def _look(self) -> None:
        """The gauges, now and then; and more rarely what has expired goes."""
        if perf_counter() - self._looked_at < GAUGE_SECONDS:
            return
        self._looked_at = perf_counter()
        async with connection(self._pool) as reading:
            STALE_SECONDS.set(await edge_store.get_stale_seconds(reading))
            if perf_counter() - self._upkept_at > UPKEEP_SECONDS:
                await edge_store.forget_entries(reading)
                ENTRIES.set(await edge_store.count_entries(reading))
                self._upkept_at = perf_counter()


@asynccontextmanager
async def refreshing(bus: Bus, edge: Edge) -> AsyncIterator[None]:
    """Follows what changes and keeps the edge fresh during the block. Replicas share the work."""
    following = follow(bus, streams.CATALOG, ProductEvent, edge.hear, durable="catalog-edge")
    async with supervised(following, "changes for the edge"), supervised(edge.keep_fresh(), "edge"):
        yield
