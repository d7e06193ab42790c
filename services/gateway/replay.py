"""Whose turn it is to be told of the past, and what of it is older than the ring, read from JetStream.

Invariants: a few reads and a few chunks at a time in a process, however many sockets come back at once, so that what
happens now is not late for what has happened; none is held while a socket does not read, so a slow one keeps nobody
waiting. Whoever would wait behind too many is refused with BusyError and comes back later. What the stream no longer
holds, or is too much, or cannot be read now, is refused with TooOldError, and the socket says `resync`. A read proves
itself: what came is, place by place, what had to come. What the server says of itself (how many there are, which is the
newest) does not do: it counts anew after it was killed.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter, Gauge

from proto.realtime import Position
from proto.streams import EPOCH, ORDERS
from services.gateway.entry import Entry
from services.gateway.places import Due
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
MENTIONED = 10


WAITING = Gauge("larder_gateway_waiting_replays", "Sockets that wait for their turn to be told of the past")
HOLES = Counter("larder_gateway_holes_total", "Times that the server left out something that the stream must hold")


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

    async def read(self, position: Position, until: int, due: Due) -> Past:
        """The first events of what is due above the position up to `until`, in order. Raises TooOldError, BusyError."""
        if not due.seqs:
            return Past([], until)
        if len(due.seqs) > FARTHEST:
            raise TooOldError
        async with self._among(self._reads):
            try:
                async with asyncio.timeout(READ_SECONDS):
                    return await self._read(position, until, due)
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

    async def _read(self, position: Position, until: int, due: Due) -> Past:
        jetstream = self._bus.jetstream
        info = await jetstream.stream_info(ORDERS.name)
        same = (info.config.metadata or {}).get(EPOCH) == position.epoch
        if not same or position.seq + 1 < (info.state.first_seq or 0):
            raise TooOldError
        consumer = await jetstream.add_consumer(
            ORDERS.name,
            ConsumerConfig(
                filter_subject=due.subject,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=position.seq + 1,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=READ_SECONDS * 2,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        wanted = due.seqs[:BATCH]
        try:
            messages = await self._fetch(consumer.name, min(len(wanted), consumer.num_pending or 0))
        finally:
            with suppress(nats.errors.Error):  # it goes by itself when nobody reads it
                await jetstream.delete_consumer(ORDERS.name, consumer.name)
        # Fewer than asked for may come; what comes must be the first of them.
        came = [message.metadata.sequence.stream for message in messages]
        if not came or came != list(wanted[: len(came)]):
            HOLES.inc()
            missing = sorted(set(wanted) - set(came))[:MENTIONED]
            await _log.aerror(
                "the stream left something out", subject=due.subject, after=position.seq, until=until, missing=missing
            )
            raise TooOldError
        entries: list[Entry] = []
        for message in messages:
            with suppress(msgspec.DecodeError):  # logged by who followed it live
                entries.append(Entry.of(message))
        return Past(entries, until if len(came) == len(due.seqs) else came[-1])

    async def _fetch(self, consumer: str, wanted: int) -> list[Msg]:
        """Nothing only where nothing is wanted. Raises TimeoutError."""
        if not wanted:
            return []
        subscription = await self._bus.jetstream.pull_subscribe_bind(consumer, ORDERS.name)
        try:
            return await subscription.fetch(wanted, timeout=READ_SECONDS)
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()
