"""Reads that may be a moment old: from a replica of the database where that is new enough, else from the primary.

Invariants: who carries a position (`shared.position`) is answered by a server that has replayed the log up to there;
who carries none is answered as of LAG_SECONDS ago at most. That is known and not guessed: the primary is asked how far
it has written, again and again, and the replica how far it has replayed; it is as new as the moment at which the
primary had written no more than that. So an idle primary makes nobody late, and a replica that lost its primary is
late with the first thing that it missed. A replica that is late, or does not say, is left until it has caught up. What
fails there is asked of the primary; without a replica nothing here does anything.

Refuses to write: the replica does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from time import monotonic
from typing import Literal, TypeVar

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from shared.database import Connection, Pool, connection, open_pool, transaction
from shared.position import NEWEST, Log, LogAwayError, Position, parse_position
from shared.tasks import supervised

T = TypeVar("T")
Read = Callable[[Connection], Awaitable[T]]

LAG_SECONDS = 1.0
"""What it tells is older: it is left."""

CAUGHT_UP_SECONDS = 0.25
"""It is taken up again once it lags no more than this, so that it does not come and go."""

LOOK_SECONDS = 0.1
WAIT_SECONDS, STEP_SECONDS = 0.01, 0.001
"""How long a reader waits for the replica to reach their position, and how often it is asked."""

MINT_REST_SECONDS = 0.004
"""Between two positions for answers: at 500 orders a second two share one, and a lone order waits for none."""

READ_SECONDS = 2.0
"""A read that takes longer there is asked of the primary."""

MOST_LOOKS = 600

# Their names stand where those of our other queries do.
PRIMARY = """select /* position.primary */
    pg_current_wal_insert_lsn()::text as written, pg_current_wal_flush_lsn()::text as kept"""
REPLAYED = "select /* position.replica */ pg_last_wal_replay_lsn()::text as replayed"

Why = Literal["fresh", "reached", "asked", "behind", "late", "failed", "missing"]

READS = Counter(
    "larder_reads_total",
    "Reads that may be a moment old, by where they were answered and why there. None without a replica",
    ["server", "why"],
)
LAG = Gauge(
    "larder_replica_lag_seconds", "How old at most is what the replica tells; it grows while it does not answer"
)
USED = Gauge("larder_replica_used", "Whether reads go to the replica")

_WHY: dict[Why, Counter] = {
    "fresh": READS.labels("replica", "fresh"),
    "reached": READS.labels("replica", "reached"),
    "asked": READS.labels("primary", "asked"),
    "behind": READS.labels("primary", "behind"),
    "late": READS.labels("primary", "late"),
    "failed": READS.labels("primary", "failed"),
    "missing": READS.labels("primary", "missing"),
}

_log = structlog.get_logger("replica")


class Replica:
    """One replica, as this process uses it. `pool` is what to read with when `serves` says so."""

    def __init__(self, pool: Pool, primary: Log, log: Log, now: Callable[[], float] = monotonic) -> None:
        self.pool = pool
        self._primary = primary
        self._log = log
        self._now = now
        self._replayed = 0
        self._seen_at = now() - LAG_SECONDS  # nothing is known yet: late
        self._fresh_until = 0.0
        self._left = True
        self._unseen: deque[tuple[int, float]] = deque(maxlen=MOST_LOOKS)
        """How far the primary was and when, of the looks that the replica has not reached yet."""

    async def mint(self) -> str | None:
        """A position after everything that has committed before the call; None when the primary does not say."""
        try:
            written: str = (await self._primary.ask())["written"]
        except LogAwayError as error:
            await _log.awarning("no position for an answer", error=str(error))
            return None
        return written

    async def serves(self, position: Position | None) -> bool:
        """Whether to read here. It may wait a moment for the position."""
        if position is not None and position >= NEWEST:
            why: Why = "asked"
        elif self._now() >= self._fresh_until:
            why = "late"
        elif position is None or position <= self._replayed:
            why = "fresh" if position is None else "reached"
        else:
            why = "reached" if await self._reaches(position) else "behind"
        _WHY[why].inc()
        return why in ("fresh", "reached")

    def lose(self, error: BaseException) -> None:
        """A read failed here: nobody is sent here before the next look."""
        self._leave(repr(error))

    async def follow(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Asks both how far they are, and judges by that."""
        away = None
        try:
            asked_at = self._now()
            kept = parse_position((await self._primary.ask())["kept"])
            self._unseen.append((kept, asked_at))
            await self._ask()
        except LogAwayError as error:
            away = str(error)
        now = self._now()
        LAG.set(now - self._seen_at if self._unseen or away else 0.0)
        if now - self._seen_at > (CAUGHT_UP_SECONDS if self._left else LAG_SECONDS):
            self._leave(away or "it lags")
        else:
            if self._left:
                self._left = False
                USED.set(1)
                _log.info("reading from the replica")
            self._fresh_until = self._seen_at + LAG_SECONDS

    def _leave(self, problem: str) -> None:
        self._fresh_until = 0.0
        if not self._left:
            self._left = True
            USED.set(0)
            _log.warning("reading from the primary alone", problem=problem, lag_seconds=self._now() - self._seen_at)

    async def _ask(self) -> None:
        """Notes how far it is. Raises LogAwayError."""
        told = (await self._log.ask())["replayed"]
        if told is None:
            raise LogAwayError("it is no replica")
        self._replayed = max(self._replayed, parse_position(told))
        while self._unseen and self._unseen[0][0] <= self._replayed:
            self._seen_at = self._unseen.popleft()[1]

    async def _reaches(self, position: Position) -> bool:
        until = self._now() + WAIT_SECONDS
        while True:
            try:
                await self._ask()
            except LogAwayError as error:
                self.lose(error)
                return False
            if position <= self._replayed:
                return True
            if self._now() >= until:
                return False
            await asyncio.sleep(STEP_SECONDS)


class _No(Enum):
    ANSWER = 0


_FAILED = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    OSError,  # TimeoutError is one of these
)


class Reads:
    """Where a service reads what may be a moment old. `begin` is the first message of a transaction around a read that
    needs one. A read may be made twice, so it changes nothing and raises nothing for what is not there."""

    def __init__(self, primary: Pool, replica: Replica | None = None) -> None:
        self._primary = primary
        self._replica = replica
        self.mint = None if replica is None else replica.mint

    async def read(self, read: Read[T], *, begin: str | None = None, position: Position | None = None) -> T:
        """What `read` says, as of the position at least. Raises what the primary raises."""
        found = await self._try_replica(read, begin, position)
        return await _run(self._primary, read, begin) if found is _No.ANSWER else found

    async def find(
        self, read: Read[T | None], *, begin: str | None = None, position: Position | None = None
    ) -> T | None:
        """The same for one thing. What the replica has not is asked of the primary: it may be on its way there."""
        found = await self._try_replica(read, begin, position)
        if found is None:
            _WHY["missing"].inc()
        return await _run(self._primary, read, begin) if found is _No.ANSWER or found is None else found

    @asynccontextmanager
    async def reading(self, begin: str, position: Position | None = None) -> AsyncIterator[Connection]:
        """A transaction for a read that is not one call, and so is not made again: what fails once it has begun is the
        reader's. Who reads for longer than the replica lets (`deploy/postgres/replica.conf`) asks the primary."""
        async with AsyncExitStack() as stack:
            yield await self._begin(stack, begin, position)

    async def _begin(self, stack: AsyncExitStack, begin: str, position: Position | None) -> Connection:
        replica = self._replica
        if replica is not None and await replica.serves(position):
            try:
                return await stack.enter_async_context(transaction(replica.pool, begin))
            except _FAILED as error:
                replica.lose(error)
                _WHY["failed"].inc()
        return await stack.enter_async_context(transaction(self._primary, begin))

    async def _try_replica(
        self, read: Read[T], begin: str | None, position: Position | None
    ) -> T | Literal[_No.ANSWER]:
        replica = self._replica
        if replica is None or not await replica.serves(position):
            return _No.ANSWER
        try:
            return await _run(replica.pool, read, begin)
        except asyncpg.SerializationError:
            pass  # it was in the way of what the primary cleaned up
        except _FAILED as error:
            replica.lose(error)
        _WHY["failed"].inc()
        return _No.ANSWER


async def _run(pool: Pool, read: Read[T], begin: str | None) -> T:
    async with connection(pool) if begin is None else transaction(pool, begin) as reading:
        return await read(reading)


@asynccontextmanager
async def open_replica(
    url: str, primary_url: str, *, size: int, name: str, statement_cache: int
) -> AsyncIterator[Replica]:
    """The replica at `url`, whether it is there or not. `statement_cache` is of the way to the primary."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(url, size=size, name=f"{name}-replica", may_be_away=True, patience=READ_SECONDS)
        )
        primary = Log(
            primary_url, PRIMARY, name=f"{name}-position", statement_cache=statement_cache, rest=MINT_REST_SECONDS
        )
        log = Log(url, REPLAYED, name=f"{name}-position")
        for one in (primary, log):
            stack.push_async_callback(one.close)
        replica = Replica(pool, primary, log)
        await stack.enter_async_context(supervised(replica.follow(), "replica"))
        yield replica
