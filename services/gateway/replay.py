"""What is older than the ring, read from JetStream.

Invariants: a few replays at a time in a process, however many sockets come back at once; a position the stream no
longer holds, or one too far back, is refused with TooOldError, and the socket says `resync`.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from proto.streams import ORDERS, orders_of_restaurant
from services.gateway.entry import Entry
from services.gateway.sight import Viewer
from shared.bus import Bus

AT_ONCE = 4
BATCH = 256
FARTHEST = 100_000
"""Events between the position and the ring. Whoever was away for longer fetches once: it is less work for all."""

FETCH_SECONDS = 5.0


class TooOldError(Exception):
    """The position cannot be served: fetch instead."""


class Replays:
    """Reads the stream for sockets that come back from far."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def read(self, after: int, until: int, viewer: Viewer) -> AsyncIterator[Entry]:
        """The events above `after` up to `until` that may concern the viewer, in order. Raises TooOldError."""
        if until - after > FARTHEST:
            raise TooOldError
        async with self._gate:
            jetstream = self._bus.jetstream
            info = await jetstream.stream_info(ORDERS.name)
            if after + 1 < (info.state.first_seq or 0):
                raise TooOldError
            # A marker past which nothing is read: the filter may have nothing near `until`.
            restaurant = viewer.restaurant_id
            subject = orders_of_restaurant(restaurant) if restaurant is not None else ORDERS.subjects[0]
            consumer = await jetstream.add_consumer(
                ORDERS.name,
                ConsumerConfig(
                    filter_subject=subject,
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=after + 1,
                    ack_policy=AckPolicy.NONE,
                    inactive_threshold=FETCH_SECONDS * 2,
                    mem_storage=True,
                    num_replicas=1,
                ),
            )
            pending = consumer.num_pending or 0
            subscription = await jetstream.pull_subscribe_bind(consumer.name, ORDERS.name)
            try:
                while pending > 0:
                    batch = await subscription.fetch(min(BATCH, pending), timeout=FETCH_SECONDS)
                    for message in batch:
                        place = message.metadata
                        pending = place.num_pending
                        if place.sequence.stream > until:
                            return
                        try:
                            yield Entry.decode(place.sequence.stream, message.data)
                        except msgspec.DecodeError:
                            continue  # told of when it was live
            except nats.errors.Error as error:
                raise TooOldError from error
            finally:
                await subscription.unsubscribe()
                await jetstream.delete_consumer(ORDERS.name, consumer.name)
