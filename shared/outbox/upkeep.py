"""What outboxes need besides publishing: their gauges, a relay that is woken, and published rows gone after 72 hours.

Invariants: the gauges say what stands in the table, whether NATS is there or not and whichever relay publishes. Rows
are deleted only after they were published and have been kept; a purge never runs while events wait.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from prometheus_client import Gauge

from proto.vitals import OutboxVitals
from shared.database import Pool, Query, connection, place_of
from shared.outbox.relay import deliverable

WATCH_SECONDS = 1.0
PURGE_SECONDS = 60.0
PURGE_ROWS = 1_000
PURGE_PAUSE_SECONDS = 0.1
KEPT = "72 hours"
"""Published rows stay this long, for the operator who asks what was sent; the stream keeps them for ever."""

BUSY_SECONDS = 1.0
"""Events that waited longer than this have the right of way before a purge."""

OLDEST_SECONDS = Gauge(
    "larder_outbox_oldest_seconds", "Age of the oldest event that waits to be published, 0 when none does", ["context"]
)
PARKED = Gauge("larder_outbox_parked", "Events the bus refused for good, waiting for an operator", ["context"])
KEPT_SECONDS = Gauge("larder_outbox_kept_seconds", "Time since the oldest row still kept was published", ["context"])

PLACE = place_of(Path(__file__))

_log = structlog.get_logger("upkeep")


class Upkeep:
    """Of one context's outbox. `purge` ends only by cancellation. `vitals`: as it was seen last."""

    def __init__(self, context: str, pool: Pool) -> None:
        self.context = context
        self._pool = pool
        self.vitals: OutboxVitals | None = None
        table = f"{context}.outbox"  # from the settings' pattern, [a-z_]+
        # Rows were published about in the order of their ids, so the old ones are among the first: no index on
        # published_at, which every publish would have to write, and no look at more rows than one batch.
        first = f"select id, published_at from {table} where published_at is not null order by id limit"  # noqa: S608
        self._kept = Query(
            f"relay.kept_{context}",
            f"select coalesce((select extract(epoch from clock_timestamp() - published_at) "  # noqa: S608
            f"from ({first} 1) as published), 0)::float8 as kept",
            PLACE,
        )
        self._purge = Query(
            f"relay.purge_{context}",
            f"with old as (select id from ({first} $1) as published "  # noqa: S608
            f"where published_at < clock_timestamp() - interval '{KEPT}'), "
            f"gone as (delete from {table} where id in (select id from old) returning id) "
            "select count(*) as rows from gone",
            PLACE,
        )

    def saw(self, oldest_seconds: float, parked: int) -> None:
        self.vitals = OutboxVitals(
            context=self.context, seen_at=datetime.now(UTC), oldest_seconds=oldest_seconds, parked=parked
        )
        OLDEST_SECONDS.labels(self.context).set(oldest_seconds)
        PARKED.labels(self.context).set(parked)

    async def purge(self) -> None:
        while True:
            try:
                await self.purge_once()
            except Exception as error:  # noqa: BLE001
                await _log.awarning("purge failed, trying again", context=self.context, error=repr(error))
            await asyncio.sleep(PURGE_SECONDS)

    async def purge_once(self) -> int:
        """Deletes what was kept long enough, a small batch a transaction, as long as no event waits. The number of
        rows."""
        deleted, last = 0, PURGE_ROWS
        while last == PURGE_ROWS and (self.vitals is None or self.vitals.oldest_seconds < BUSY_SECONDS):
            async with connection(self._pool) as acquired:
                row = await self._purge.row(acquired, PURGE_ROWS)
            last = int(row["rows"]) if row else 0
            deleted += last
            await asyncio.sleep(PURGE_PAUSE_SECONDS)
        async with connection(self._pool) as acquired:
            row = await self._kept.row(acquired)
        KEPT_SECONDS.labels(self.context).set(row["kept"] if row else 0)
        return deleted


class Watch:
    """Looks into all outboxes at once, with one statement, however many they are; `wake` is told the context of each in
    which something waits. `run` ends only by cancellation."""

    def __init__(self, pool: Pool, upkeeps: Sequence[Upkeep], wake: Callable[[str], None]) -> None:
        self._pool, self._wake = pool, wake
        self._upkeeps = {upkeep.context: upkeep for upkeep in upkeeps}
        self._look = Query("relay.look", " union all ".join(map(_look, self._upkeeps)), PLACE)

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  the database may be away; the gauges keep what was last true
                await _log.awarning("outboxes not seen, trying again", error=repr(error))
            await asyncio.sleep(WATCH_SECONDS)

    async def look(self) -> None:
        """Sets the gauges, and wakes who has something to do."""
        async with connection(self._pool) as acquired:
            rows = await self._look.rows(acquired)
        for row in rows:
            self._upkeeps[row["context"]].saw(row["oldest"], row["parked"])
            if row["oldest"] > 0:
                self._wake(row["context"])


def _look(context: str) -> str:
    """The context is from the settings' pattern, [a-z_]+: it can hold no SQL."""
    table = f"{context}.outbox"
    return f"""
        select
            '{context}' as context,
            coalesce(
                (select extract(epoch from clock_timestamp() - event.created_at) from {table} as event
                 where {deliverable(table)} order by event.id limit 1), 0
            )::float8 as oldest,
            (select count(*) from {table} where parked_at is not null) as parked"""  # noqa: S608
