"""Reading through the cache: a copy where there is one that may be served, else the source, once for all who wait.

Invariants: a copy is served only while this process is in step, that is, while it has heard every change of its kind
(see follower.py); never below the version of a change that it has heard; never after its life. What the source said is
stored only over what is not newer, and only within 20 s of when it was asked, while a floor lives 60 s: who read before
a change can never put that back after it. Whatever Valkey does or does not, the answer is right: the source is asked.
"""

import asyncio
import math
import random
import time
from collections import Counter as CounterDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Literal

import msgspec
import structlog
from prometheus_client import Counter
from redis.exceptions import RedisError, ResponseError

from proto.cache import Counts, KindName
from shared.cache.ages import StaleAges
from shared.cache.step import Step
from shared.cache.store import CacheStore, Entry
from shared.position import NEWEST

Came = Literal["hit", "miss", "away", "asked"]
"""Where an answer came from: a copy; or the source, since there was none, since the cache could not be used, or since
whoever asked wanted it so."""

STORE_WITHIN_SECONDS = 20.0
FLOORS_KEPT_SECONDS = 60.0
SPREAD = 0.1
"""Lives differ by so much, so that what was written together does not run out together."""

MOST_REFRESHING = 20
"""Early refreshes and hints in flight: beyond that they are left out, since nobody waits for them."""

MOST_READS_KEPT = 50_000

READS = Counter("larder_cache_reads_total", "Reads, by where the answer came from", ["kind", "came"])
EARLY = Counter("larder_cache_early_total", "Copies refreshed before they ran out", ["kind"])
REFUSED = Counter("larder_cache_refused_total", "Copies that Valkey did not take, as when it is full", ["kind"])

UNAVAILABLE = (RedisError, OSError, TimeoutError)

_log = structlog.get_logger("cache")


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What the source says: the version of the row, the answer's bytes, and how long at most a copy may live."""

    version: int
    body: bytes
    at_most_seconds: float = math.inf


class Answer(msgspec.Struct, frozen=True):
    version: int
    body: bytes
    came: Came

    @property
    def cache_status(self) -> str:
        """RFC 9211."""
        return f"larder; {CACHE_STATUS[self.came]}"


CACHE_STATUS: Mapping[Came, str] = {"hit": "hit", "miss": "fwd=miss", "away": "fwd=bypass", "asked": "fwd=request"}

Load = Callable[[], Awaitable[Loaded | None]]


class Cache:
    """The copies of one kind, as this process uses them. `schema` names the shape of the answers: those of another
    are no copies."""

    def __init__(
        self,
        store: CacheStore,
        step: Step,
        kind: KindName,
        *,
        schema: str = "",
        life_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.kind = kind
        self.step = step
        self.store = store
        self.life_seconds = life_seconds
        self.ages = StaleAges(kind)
        self.clock = clock
        self.position = NEWEST
        """What a read has to be made of at least to become a copy: all that was heard, or the primary's word."""
        self._schema = schema
        self.chance = chance
        self._floors: dict[str, tuple[int, float]] = {}
        self._flights: dict[tuple[str, Hashable], asyncio.Task[Loaded | None]] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._counts = CounterDict[str]()
        self._reads = CounterDict[str]()
        self._came: dict[Came, Counter] = {came: READS.labels(kind, came) for came in CACHE_STATUS}

    @property
    def made(self) -> str:
        """What a copy has to be made under to be served."""
        return f"{self.step.generation} {self._schema}"

    async def get(
        self,
        key: str,
        load: Load,
        *,
        who: Hashable = None,
        fits: Callable[[bytes], bool] = lambda _: True,
        from_source: bool = False,
    ) -> Answer | None:
        """The answer, or None when the source has none. `load` asks the source; who shares an answer with others asks
        as the same `who`. A copy that does not fit is none. Raises what `load` raises, and nothing of Valkey's."""
        came, entry = await self._look(key, fits, from_source=from_source)
        self._note(came)
        if entry is not None and entry.body is not None:
            self._serve(key, entry, load, who)
            return Answer(entry.version, entry.body, came)
        loaded = await (self._join(key, load, who) if came == "miss" else self._load(key, load))
        return None if loaded is None else Answer(loaded.version, loaded.body, came)

    def hear(self, key: str, version: int, changed_at: float | None = None) -> None:
        """The row is at this version now: below it nothing is served or stored here. `changed_at`, in Unix seconds, is
        what an event says; none is a hint from a writer of this process."""
        floor, _ = self._floors.get(key, (0, 0.0))
        self._floors[key] = (max(version, floor), self.clock())
        if changed_at is not None:
            self.ages.changed(key, version, changed_at)
        # Who asks from now on must not share what was asked before.
        for flight in [flight for flight in self._flights if flight[0] == key]:
            del self._flights[flight]

    def hint(self, key: str, version: int) -> None:
        """By a writer, after its commit, so that whoever asks next is not told of before. Only a hint: nobody waits for
        it, and the event does what has to be done."""
        self.hear(key, version)
        if self.step.usable:
            self._do_beside(self._tell(key, version))

    def floor(self, key: str) -> int:
        """The version that was heard of; below it nothing is right any more."""
        return self._floors.get(key, (0, 0.0))[0]

    def forget_old(self) -> None:
        """Floors that no reader can be older than."""
        oldest = self.clock() - FLOORS_KEPT_SECONDS
        self._floors = {key: floor for key, floor in self._floors.items() if floor[1] > oldest}

    def take_reads(self) -> Mapping[str, int]:
        """How often each was read since this was asked last."""
        reads, self._reads = self._reads, CounterDict()
        return reads

    def counts(self) -> Counts:
        named = ("hit", "miss", "away", "asked", "early", "refused")
        return Counts(**{name: self._counts[name] for name in named})

    def entry_of(self, loaded: Loaded, took_seconds: float) -> Entry:
        """What is stored of it now."""
        now = self.clock()
        life = min(self.life_seconds * (1 - SPREAD * self.chance()), loaded.at_most_seconds)
        return Entry(
            version=loaded.version,
            made=self.made,
            body=loaded.body,
            written_at=now,
            expires_at=now + life,
            took_seconds=took_seconds,
        )

    def servable(self, key: str, entry: Entry) -> bool:
        floor, _ = self._floors.get(key, (0, 0.0))
        return (
            entry.body is not None
            and entry.version >= floor
            and entry.made == self.made
            and entry.expires_at > self.clock()
        )

    async def reload(self, key: str, load: Load) -> Loaded | None:
        """What the source says, stored. Raises what `load` raises."""
        return await self._load(key, load)

    async def store_many(self, loaded: Mapping[str, Loaded], took_seconds: float, times: int, since: float) -> int:
        """Stores what the source was asked for at `since` (monotonic), when it was the `times`th time in step; how many
        were written. Raises one of UNAVAILABLE."""
        if not self.step.usable or times != self.step.times or time.monotonic() - since > STORE_WITHIN_SECONDS:
            return 0
        entries = {
            key: self.entry_of(one, took_seconds)
            for key, one in loaded.items()
            if one.version >= self._floors.get(key, (0, 0.0))[0]
        }
        if not entries:
            return 0
        try:
            await self.store.put_many(entries)
        except ResponseError as error:
            await self._note_refused(error, len(entries))
            return 0
        return len(entries)

    async def close(self) -> None:
        """Ends what nobody waits for."""
        tasks = [*self._beside, *self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, key: str, fits: Callable[[bytes], bool], *, from_source: bool) -> tuple[Came, Entry | None]:
        if from_source:
            return "asked", None
        if not self.step.usable:
            return "away", None
        try:
            entry = await self.store.fetch(key)
        except UNAVAILABLE as error:
            self.step.lose(error)
            return "away", None
        # Meanwhile something may have been heard.
        if not self.step.usable:
            return "away", None
        if entry is not None and entry.body is not None and self.servable(key, entry) and fits(entry.body):
            return "hit", entry
        return "miss", None

    def _serve(self, key: str, entry: Entry, load: Load, who: Hashable) -> None:
        now = self.clock()
        self.ages.served(key, entry.version, now)
        if len(self._reads) < MOST_READS_KEPT or key in self._reads:
            self._reads[key] += 1
        # XFetch (Vattani, Chierichetti, Lowenstein 2015): the nearer the end and the dearer the load, the likelier one
        # of many readers refreshes before all of them would have to.
        if now - entry.took_seconds * math.log(1.0 - self.chance()) >= entry.expires_at:
            self._counts["early"] += 1
            EARLY.labels(self.kind).inc()
            self._do_beside(self._refresh(key, load, who))

    async def _join(self, key: str, load: Load, who: Hashable) -> Loaded | None:
        if len(self._reads) < MOST_READS_KEPT or key in self._reads:
            self._reads[key] += 1
        flight = self._flights.get((key, who))
        if flight is None:
            # A task: whoever asked first may go away, and the others wait on.
            flight = asyncio.create_task(self._load(key, load), name=f"load {self.kind}")
            self._flights[key, who] = flight
            flight.add_done_callback(lambda done: self._land((key, who), done))
        return await asyncio.shield(flight)

    def _land(self, place: tuple[str, Hashable], flight: "asyncio.Task[Loaded | None]") -> None:
        if self._flights.get(place) is flight:
            del self._flights[place]
        if not flight.cancelled():
            flight.exception()  # told to those who wait; with nobody left it is nobody's

    async def _load(self, key: str, load: Load) -> Loaded | None:
        began, times = time.monotonic(), self.step.times
        may_store = self.step.usable
        loaded = await load()
        took = time.monotonic() - began
        if loaded is not None and may_store and took < STORE_WITHIN_SECONDS and loaded.at_most_seconds > 0:
            await self._store(key, loaded, took, times)
        return loaded

    async def _store(self, key: str, loaded: Loaded, took: float, times: int) -> None:
        floor, _ = self._floors.get(key, (0, 0.0))
        # Out of step in between, something may have been missed that came after the source was asked.
        if loaded.version < floor or not self.step.usable or times != self.step.times:
            return
        try:
            await self.store.put(key, self.entry_of(loaded, took))
        except ResponseError as error:
            await self._note_refused(error, 1)
        except UNAVAILABLE as error:
            self.step.lose(error)

    async def _note_refused(self, error: ResponseError, copies: int) -> None:
        """Valkey is there and does not want this: full, for one. What stands in it is as right as before."""
        self._counts["refused"] += copies
        REFUSED.labels(self.kind).inc(copies)
        await _log.awarning("copies refused", kind=self.kind, error=repr(error))

    async def _refresh(self, key: str, load: Load, who: Hashable) -> None:
        try:
            await self._join(key, load, who)
        except Exception as error:  # noqa: BLE001  nobody waits for it; the next reader asks the source and is told
            await _log.awarning("early refresh failed", kind=self.kind, error=repr(error))

    async def _tell(self, key: str, version: int) -> None:
        try:
            await self.store.raise_floor(key, version)
        except UNAVAILABLE as error:
            self.step.lose(error)

    def _do_beside(self, work: "Awaitable[None]") -> None:
        if len(self._beside) >= MOST_REFRESHING:
            work.close()  # type: ignore[attr-defined]
            return
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def _note(self, came: Came) -> None:
        self._counts[came] += 1
        self._came[came].inc()
