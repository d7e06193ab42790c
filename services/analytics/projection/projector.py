"""Keeps the live tables up to date with the stream of orders.

Invariant: of several replicas one projects. Another one begins when nobody has moved the position for REST_SECONDS, and
whoever finds that somebody else has moved it stands back.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from prometheus_client import Gauge, Histogram

from services.analytics.projection.folding import Folding, MovedError
from services.analytics.projection.store import Position, Tables
from services.analytics.projection.stream import open_stream
from shared.bus import BEHIND, Bus
from shared.database import Pool, transaction

NAME = "analytics-projection"
"""What it is called where durable followers are told of: its place is in the database, and not in NATS."""

BATCH = 250
"""Some thousand rows: a statement of it takes some 50 ms, and questions to the same tables go on."""

PAUSE_SECONDS = 0.1
"""After a batch that was not full: what comes meanwhile shares the next one's transaction, and a row that many orders
count in is written once for all of them."""

REST_SECONDS = 3.0
RETRY_SECONDS = 1.0

LAG_SECONDS = Histogram(
    "larder_analytics_lag_seconds",
    "From when the stream stored an event until it was counted",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
OLD_SECONDS = Gauge("larder_analytics_old_seconds", "How old the numbers are: all that the stream held then is counted")

_log = structlog.get_logger("projector")


class Projector:
    """`zone` is whose days are counted by when the tables are new; later it takes a rebuild."""

    def __init__(self, pool: Pool, bus: Bus, tables: Tables, zone: str, now: Callable[[], datetime]) -> None:
        self._pool, self._bus, self._tables, self._zone, self._now = pool, bus, tables, zone, now
        self._as_of = now()
        # It grows by itself: whatever keeps the projector from counting keeps it from telling, too.
        OLD_SECONDS.set_function(lambda: max(0.0, (now() - self._as_of).total_seconds()))

    async def run(self) -> None:
        """Until cancelled. Whatever fails is logged, and tried again."""
        await self._bus.connection()
        while True:
            try:
                await self._project(await self._turn())
            except NotFoundError:
                await asyncio.sleep(RETRY_SECONDS)  # the relay makes the stream
            except MovedError:
                await _log.ainfo("somebody else has moved the position")
            except Exception as error:  # noqa: BLE001  it outlives whatever its database or bus has
                await _log.aerror("projecting failed, trying again", error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> Position:
        """The position, once nobody moves it. Who moves it tells how far it is."""
        BEHIND.remove(NAME)
        while True:
            async with transaction(self._pool) as connection:
                position = await self._tables.get_position(connection, REST_SECONDS)
            self._as_of = position.as_of or self._as_of
            if not position.epoch:
                return msgspec.structs.replace(position, zone=self._zone)
            if position.resting:
                if position.zone != self._zone:
                    await _log.awarning("days are counted by another zone until a rebuild", zone=position.zone)
                return position
            await asyncio.sleep(RETRY_SECONDS)

    async def _project(self, position: Position) -> None:
        """From there on. Ends by an error alone."""
        folding = Folding(self._pool, self._bus, self._tables)
        async with open_stream(self._bus, position.epoch, position.seq) as reading:
            if (reading.epoch, reading.seq) != (position.epoch, position.seq):
                await _log.awarning("reading a stream from its start", epoch=reading.epoch, position=position)
            while True:
                asked = self._now()
                events = await reading.fetch(BATCH)
                after = msgspec.structs.replace(position, epoch=reading.epoch, seq=reading.seq)
                as_of = events[-1].metadata.timestamp if events else asked
                position = await folding.apply(position, events, after, as_of)
                self._tell(events, as_of)
                await asyncio.sleep(PAUSE_SECONDS if 0 < len(events) < BATCH else 0.0)

    def _tell(self, events: Sequence[Msg], as_of: datetime) -> None:
        counted = self._now()
        self._as_of = as_of
        BEHIND.labels(NAME).set(events[-1].metadata.num_pending if events else 0)
        for event in events:
            LAG_SECONDS.observe(max(0.0, (counted - event.metadata.timestamp).total_seconds()))
