"""Following the changes of a kind: what the outbox published is applied to the copies, in every process.

Every process follows by itself, and applies everything to Valkey itself; versions make that harmless. So each knows of
its own knowledge whether copies may be served, and needs to trust no other. Invariants: the place in Valkey moves only
together with the floors up to there. A place behind ours means that Valkey forgot (a restart that lost its last
second): all is applied again from there. No place means that it forgot everything. A stream under another epoch, a
place beyond its end, an event that cannot be read, or more to catch up with than is worth it begin a new generation: no
copy that is there counts.

Where copies may be made of what a replica says, each read has to have the log up to what was heard: as it was when the
following began, and then as each event says.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import StreamInfo
from nats.js.errors import NotFoundError
from redis.exceptions import ResponseError

from proto.streams import POSITION, StreamDefinition
from shared.bus import FOLLOWED, REFUSED, Bus
from shared.cache.reading import Cache
from shared.cache.store import Place
from shared.feed import BrokenFeedError, Feed, epoch_of, pushing
from shared.ids import new_id
from shared.position import NEWEST, parse_position
from shared.tasks import supervised

E = TypeVar("E")

Mint = Callable[[], Awaitable[str | None]]
"""Says how far the database's log is now, where there is a replica to read from."""

BEAT_SECONDS = 1.0
RETRY_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.05
BATCH = 500
COUNTED_AT_ONCE = 200
MOST_TO_CATCH_UP = 200_000
NO_LIMIT = 0

_log = structlog.get_logger("cache")


class Change(msgspec.Struct, frozen=True):
    """What stood at `key` is older than `version`, since `at` (Unix seconds)."""

    key: str
    version: int
    at: float


@dataclass(frozen=True)
class Followed(Generic[E]):
    """A kind's stream. `changes` says what a batch of its events changed."""

    stream: StreamDefinition
    subjects: Sequence[str]
    event: type[E]
    changes: Callable[[Sequence[E]], Awaitable[Sequence[Change]]]


class Follower(Generic[E]):
    def __init__(self, bus: Bus, cache: Cache, followed: Followed[E], mint: Mint | None = None) -> None:
        self._mint = mint
        self._minted_to = 0
        self._bus = bus
        self._cache = cache
        self._followed = followed
        self._decoder = msgspec.json.Decoder(followed.event)
        self._reconnects = -1
        self._place: Place | None = None
        self._received: list[tuple[int, bytes]] = []
        self._woken = asyncio.Event()
        self._beat_at = 0.0

    def hears(self) -> bool:
        """Connected, and without a break since it follows."""
        return self._bus.connected and self._bus.client.stats["reconnects"] == self._reconnects

    async def run(self) -> None:
        """Until cancelled."""
        await self._bus.connection()
        while True:
            if self._bus.connected:
                try:
                    await self._follow()
                except NotFoundError:
                    pass  # the relay makes the stream
                except Exception as error:  # noqa: BLE001  whatever it is, it is followed again
                    self._cache.step.lose(error)
                    await _log.awarning("following again", kind=self._cache.kind, error=repr(error))
                self._cache.step.lose("not following")
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        jetstream, client, stream = self._bus.jetstream, self._bus.client, self._followed.stream.name
        self._reconnects = client.stats["reconnects"]
        info = await jetstream.stream_info(stream)
        await self._begin_position(info)
        place = self._place = await self._begin(info)
        inbox = client.new_inbox()
        consumer = await jetstream.add_consumer(stream, pushing(inbox, place.seq + 1, self._followed.subjects))
        # It sends once somebody listens: until here the stream may have been made anew.
        if epoch_of(await jetstream.stream_info(stream)) != epoch_of(info):
            raise BrokenFeedError("the stream was made anew")
        if (consumer.num_pending or 0) > MOST_TO_CATCH_UP:
            await self._start_over(place, info.state.last_seq)
        self._received = []
        feed = Feed(client, self._take)
        subscription = await client.subscribe(
            inbox, cb=feed.receive, pending_msgs_limit=NO_LIMIT, pending_bytes_limit=NO_LIMIT
        )
        try:
            async with supervised(self._watch(feed), f"watch {self._cache.kind}") as watching:
                await self._apply(consumer.name, watching)
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def _begin(self, info: StreamInfo) -> Place:
        """Where to follow from."""
        kind, store, epoch = self._cache.kind, self._cache.store, epoch_of(info)
        place = await store.place(kind)
        if place is None and self._place is not None and _is_of(self._place, info):
            return self._place  # it forgot everything, and learns our place with the first step
        if place is None or not _is_of(place, info):
            place = await store.begin(kind, place, f"{epoch}/{new_id()}", info.state.last_seq)
        if not _is_of(place, info):
            raise BrokenFeedError("another process follows another stream")
        return place

    async def _begin_position(self, info: StreamInfo) -> None:
        """Whoever has the log as it is now has all that the stream told up to here."""
        told = None if self._mint is None else await self._mint()
        self._cache.position = NEWEST if told is None else parse_position(told)
        self._minted_to = info.state.last_seq

    def _note_position(self, message: Msg) -> None:
        """Before anything is done with it: who reads from now on has to see it. Each event's is after all before it."""
        if self._mint is None or message.metadata.sequence.stream <= self._minted_to:
            return
        told = (message.headers or {}).get(POSITION)
        if told is None:
            self._cache.position = NEWEST
        elif self._cache.position == NEWEST:
            self._cache.position = parse_position(told)
        else:
            self._cache.position = max(self._cache.position, parse_position(told))

    async def _start_over(self, place: Place, seq: int) -> None:
        """Raises BrokenFeedError, to follow again from there with no copy that counts."""
        epoch = place.generation.partition("/")[0]
        await self._cache.store.begin(self._cache.kind, place, f"{epoch}/{new_id()}", seq)
        raise BrokenFeedError("a new generation of copies")

    def _take(self, message: Msg) -> None:
        self._note_position(message)
        self._received.append((message.metadata.sequence.stream, message.data))
        self._woken.set()

    async def _watch(self, feed: Feed) -> None:
        """Ends when the feed is broken."""
        try:
            await feed.watch()
        except BrokenFeedError as error:
            await _log.awarning("the feed broke", kind=self._cache.kind, error=str(error))
        finally:
            self._woken.set()

    async def _apply(self, consumer: str, watching: "asyncio.Task[None]") -> None:
        """Applies what comes, until the feed breaks."""
        caught_up = looked = False
        taken = 0
        while not watching.done():
            self._woken.clear()
            if not self._received and looked:
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS if caught_up else LOOK_AGAIN_SECONDS):
                        await self._woken.wait()
            batch, self._received = self._received[:BATCH], self._received[BATCH:]
            taken += len(batch)
            if not self.hears():
                raise BrokenFeedError("the bus was away")
            await self._apply_batch(batch)
            if not caught_up and not self._received:
                told = await self._bus.jetstream.consumer_info(self._followed.stream.name, consumer)
                sent = told.delivered.consumer_seq if told.delivered is not None else 0
                caught_up, looked = not told.num_pending and (sent or 0) <= taken, True
            if caught_up:
                self._cache.step.reach(self._known.generation)
            await self._beat()

    async def _apply_batch(self, batch: Sequence[tuple[int, bytes]]) -> None:
        """With none, makes sure that Valkey is where we think it is."""
        place, stream = self._known, self._followed.stream.name
        events = []
        for seq, data in batch:
            try:
                events.append(self._decoder.decode(data))
            except msgspec.DecodeError as error:
                REFUSED.labels(stream).inc()
                await _log.aerror("event refused", stream=stream, seq=seq, error=str(error))
                await self._start_over(place, seq)
        floors: dict[str, int] = {}
        for change in await self._followed.changes(events) if events else ():
            self._cache.hear(change.key, change.version, change.at)
            floors[change.key] = max(change.version, floors.get(change.key, 0))
        to = batch[-1][0] if batch else place.seq
        other = await self._cache.store.step(self._cache.kind, place.generation, place.seq, to, floors)
        if other is not None:
            raise BrokenFeedError(f"Valkey is at {other}, not at {place}")
        self._place = Place(place.generation, to)
        FOLLOWED.labels(stream).inc(len(batch))

    async def _beat(self) -> None:
        if monotonic() < self._beat_at:
            return
        self._beat_at = monotonic() + BEAT_SECONDS
        self._cache.forget_old()
        reads = list(self._cache.take_reads().items())
        for start in range(0, len(reads), COUNTED_AT_ONCE):
            # Full: then what is read is not counted. It changes no answer.
            with suppress(ResponseError):
                await self._cache.store.count_reads(self._cache.kind, dict(reads[start : start + COUNTED_AT_ONCE]))

    @property
    def _known(self) -> Place:
        if self._place is None:
            raise BrokenFeedError("there is no place to follow from")
        return self._place


def _is_of(place: Place, info: StreamInfo) -> bool:
    return place.generation.startswith(f"{epoch_of(info)}/") and place.seq <= info.state.last_seq
