"""The tables anew from the whole stream of orders, while the live ones go on.

Invariants: the live tables are what they were until, in one transaction, the new ones take their place, with all that
was counted until then. Broken off it has changed nothing, and is run again. One runs at a time. Refuses when the stream
itself is made anew meanwhile.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

import asyncpg
import msgspec
import structlog

from services.analytics.projection.folding import Folding
from services.analytics.projection.store import LIVE, REBUILT, Position, Tables
from services.analytics.projection.stream import Reading, open_stream
from services.analytics.rebuild import store as rebuild_store
from shared.bus import Bus
from shared.database import Pool, transaction

BATCH = 1000
SWAP_PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, *(15.0,) * 24)
"""Before each try after the first. A try waits half a second for questions to the live tables to end, and new ones
wait as long. All of it outlasts an export, which reads for five minutes at most."""

PATIENT = "; set local ".join(
    ["begin", "statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0"]
)
"""It may take minutes, and nobody waits for an answer."""

SWAP = f"{PATIENT}; set local lock_timeout = '500ms'"
"""Below deadlock_timeout: a question that waits for us while we wait for it goes first."""

_log = structlog.get_logger("rebuild")


class RunningError(Exception):
    """Another rebuild runs."""


class Rebuilt(msgspec.Struct, frozen=True):
    """`events` were read; the tables are at `seq` of `epoch`."""

    events: int
    seconds: float
    epoch: str
    seq: int


async def rebuild(
    pool: Pool, bus: Bus, zone: str, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Rebuilt:
    """Raises RunningError, and whatever ended it early: run it again. `progress` is told how many events of how many
    are read. The pool needs three connections."""
    began = monotonic()
    async with transaction(pool, PATIENT) as guard:
        if not await rebuild_store.hold_rebuild(guard):
            raise RunningError("Another rebuild runs.")
        async with transaction(pool, PATIENT) as connection:
            await rebuild_store.begin_rebuild(connection, zone)
        async with open_stream(bus, "", 0) as reading:
            building = _Building(pool, bus, reading, zone, progress)
            await building.catch_up()
            async with transaction(pool, PATIENT) as connection:
                await rebuild_store.analyze_rebuild(connection)
            await building.catch_up()
            await building.swap()
    return Rebuilt(building.events, monotonic() - began, reading.epoch, building.position.seq)


class _Building:
    def __init__(self, pool: Pool, bus: Bus, reading: Reading, zone: str, progress: Callable[[int, int], None]) -> None:
        self._pool, self._reading, self._progress = pool, reading, progress
        self._live = Tables(LIVE)
        self._folding = Folding(pool, bus, Tables(REBUILT), PATIENT)
        self.position = Position(epoch="", seq=0, zone=zone, generation=0)
        self.events = 0

    async def catch_up(self) -> None:
        """Until the new tables are within a batch of the live ones."""
        while await self._missing() > BATCH:
            await self._read(BATCH)

    async def swap(self) -> None:
        for pause in (*SWAP_PAUSES_SECONDS, None):
            try:
                async with transaction(self._pool, SWAP) as connection:
                    await rebuild_store.hold_projection(connection)
                    while (missing := await self._missing()) > 0:
                        await self._read(min(missing, BATCH))
                    await rebuild_store.finish_rebuild(connection)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
                if pause is None:
                    raise
                await _log.ainfo("the live tables are in use, swapping again", reason=str(error), in_seconds=pause)
                await asyncio.sleep(pause)
                await self.catch_up()
            else:
                return

    async def _missing(self) -> int:
        """Events that the live tables have counted, or that were there at the start where those know another stream."""
        async with transaction(self._pool) as connection:
            live = await self._live.get_position(connection, 0.0)
        until = live.seq if live.epoch == self._reading.epoch else self._reading.last_seq
        self._progress(self.position.seq, max(until, self.position.seq))
        return until - self.position.seq

    async def _read(self, most: int) -> None:
        events = await self._reading.fetch(most)
        if not events:
            return
        after = msgspec.structs.replace(self.position, epoch=self._reading.epoch, seq=self._reading.seq)
        self.position = await self._folding.apply(self.position, events, after, events[-1].metadata.timestamp)
        self.events += len(events)
