"""Whose turn it is to be told of the past, and what of it is older than the ring, read from JetStream.

Invariants: a few reads and a few chunks at a time in a process, however many sockets come back at once, so that what
happens now is not late for what has happened; none is held while a socket does not read, so a slow one keeps nobody
waiting. Whoever would wait behind too many is refused with BusyError and comes back later. What the stream no longer
holds, or is too much, or cannot be read now, is refused with TooOldError, and the socket says `resync`. A read proves
itself: what came has no hole and reaches the newest event that there was before it. That the server says that there is
no more does not do: it counts anew after each restart.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import nats.errors
import structlog
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from prometheus_client import Gauge

from proto.realtime import Position
from proto.streams import EPOCH, ORDERS
from services.gateway.entry import Entry
from shared.bus import Bus

AT_ONCE = 4
MOST_WAITING = 2_000
"""Some five seconds' work: reads of the stream, the slowest, take about 10 ms and are AT_ONCE. To wait costs nothing
and to come back a ticket, a handshake and a hello: so many wait, and who is sent away stays away for longer."""

RECONNECT_MS = (5_000, 20_000)
"""When to come back, each at a moment of their own."""

BATCH = 500
FARTHEST = 100_000
"""Events left to read. Whoever was away for longer fetches once: it is less work for all."""

READ_SECONDS = 5.0


WAITING = Gauge("larder_gateway_waiting_replays", "Sockets that wait for their turn to be told of the past")


class TooOldError(Exception):
    """The position cannot be served: fetch instead."""


_log = structlog.get_logger("replay")


class BusyError(Exception):
    """Too many come back at once. `after_ms`: when to try again, in milliseconds."""

    def __init__(self, after_ms: int) -> None:
        super().__init__(f"come back in {after_ms} ms")
        self.after_ms = after_ms


class Past(msgspec.Struct, frozen=True):
    """`entries` are all there is between the position asked for and `seq`."""

    entries: list[Entry]
    seq: int


class Replays:
    """The turns of all sockets that come back, and the stream for those that come from far."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._reads, self._turns = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """To send a chunk. Raises BusyError."""
        async with self._among(self._turns):
            yield

    async def read(self, position: Position, until: int, subject: str) -> Past:
        """The first events on `subject` above the position up to `until`, in order. Raises TooOldError, BusyError."""
        async with self._among(self._reads):
            try:
                async with asyncio.timeout(READ_SECONDS):
                    return await self._read(position, until, subject)
            except (nats.errors.Error, TimeoutError) as error:
                raise TooOldError from error

    @asynccontextmanager
    async def _among(self, few: asyncio.Semaphore) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise BusyError(random.randint(*RECONNECT_MS))  # noqa: S311  jitter
        self._waiting += 1
        WAITING.set(self._waiting)
        try:
            await few.acquire()
        finally:
            self._waiting -= 1
            WAITING.set(self._waiting)
        try:
            yield
        finally:
            few.release()

    async def _read(self, position: Position, until: int, subject: str) -> Past:
        jetstream = self._bus.jetstream
        info = await jetstream.stream_info(ORDERS.name)
        same = (info.config.metadata or {}).get(EPOCH) == position.epoch
        if not same or position.seq + 1 < (info.state.first_seq or 0):
            raise TooOldError
        newest = await self._newest(subject)
        consumer = await jetstream.add_consumer(
            ORDERS.name,
            ConsumerConfig(
                filter_subject=subject,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=position.seq + 1,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=READ_SECONDS * 2,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        try:
            waiting = consumer.num_pending or 0
            if waiting > FARTHEST:
                raise TooOldError
            past, no_more_after = await self._fetch(consumer.name, waiting, position.seq, until)
        finally:
            with suppress(nats.errors.Error):  # it goes by itself when nobody reads it
                await jetstream.delete_consumer(ORDERS.name, consumer.name)
        if no_more_after is not None and no_more_after < newest:
            await _log.aerror("the stream left something out", subject=subject, after=no_more_after, newest=newest)
            raise TooOldError
        return past

    async def _newest(self, subject: str) -> int:
        """The seq of the last event on it, 0 when there is none."""
        try:
            return (await self._bus.jetstream.get_last_msg(ORDERS.name, subject)).seq or 0
        except NotFoundError:
            return 0

    async def _fetch(self, consumer: str, waiting: int, after: int, until: int) -> tuple[Past, int | None]:
        """And, where the server says that there is no more on the subject, after which seq."""
        if not waiting:
            return Past([], until), after
        subscription = await self._bus.jetstream.pull_subscribe_bind(consumer, ORDERS.name)
        try:
            messages = await subscription.fetch(min(BATCH, waiting), timeout=READ_SECONDS)
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()
        entries: list[Entry] = []
        for place, message in enumerate(messages, start=1):
            seq = message.metadata.sequence.stream
            if message.metadata.sequence.consumer != place:
                raise TooOldError  # one was lost on its way
            if seq > until:
                return Past(entries, until), None
            with suppress(msgspec.DecodeError):  # logged by who followed it live
                entries.append(Entry.decode(seq, message.data))
        last = messages[-1].metadata
        reached = last.sequence.stream
        return (Past(entries, until), reached) if last.num_pending == 0 else (Past(entries, reached), None)
