"""ORDERS from a place on, in its order and without holes.

Each reading has a consumer of its own, which nobody else pulls: so nats-py's `fetch` does here, which fills a batch,
and not `shared.pull`, which hands over at once what many deal out among them.

Invariant: whoever reads on from the position that it was left at gets every event once. Refuses to go on after a hole,
or when the stream is another one: it is opened anew then.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy

from proto.streams import ORDERS
from shared.bus import Bus
from shared.feed import epoch_of

ASK_SECONDS = 1.0
"""How long an empty stream is waited for: as often it is told that all is counted."""

TRIES = 3
INACTIVE_SECONDS = 30.0


class HoleError(Exception):
    """Something is missing between two events."""


class Reading:
    """The stream's `epoch`; `seq` is what was read last, `last_seq` what it held when it was opened."""

    def __init__(self, subscription: JetStreamContext.PullSubscription, epoch: str, seq: int, last_seq: int) -> None:
        self._subscription = subscription
        self.epoch, self.seq, self.last_seq = epoch, seq, last_seq
        self._read = 0  # in the consumer's own count, which begins at 1

    async def fetch(self, most: int) -> list[Msg]:
        """The next events, once there are some; none when there are none, by the server's own word: that an answer did
        not come in time says nothing. Raises HoleError, and NotFoundError when the stream is not there any more."""
        for _ in range(TRIES):
            try:
                return self._in_order(await self._subscription.fetch(most, timeout=ASK_SECONDS))
            except (TimeoutError, nats.errors.TimeoutError):
                if not self._has_more(await self._subscription.consumer_info()):
                    return []
        raise HoleError(f"what follows {self.seq} does not come")

    def _has_more(self, told: ConsumerInfo) -> bool:
        """To send, or sent and still on its way."""
        on_its_way = told.delivered is not None and told.delivered.consumer_seq > self._read
        return bool(told.num_pending) or on_its_way

    def _in_order(self, events: list[Msg]) -> list[Msg]:
        for event in events:
            seq = event.metadata.sequence.stream
            # What the stream itself has lost before our first event will not come.
            if seq != self.seq + 1 and self._read:
                raise HoleError(f"{seq} follows {self.seq}")
            self.seq, self._read = seq, event.metadata.sequence.consumer
        return events


@asynccontextmanager
async def open_stream(bus: Bus, epoch: str, seq: int) -> AsyncIterator[Reading]:
    """From after a position on; from the start of the stream when it is one of another epoch, or ends before that.
    Raises NotFoundError where there is none."""
    jetstream = bus.jetstream
    info = await jetstream.stream_info(ORDERS.name)
    last_seq = info.state.last_seq
    begin = seq if epoch_of(info) == epoch and seq <= last_seq else 0
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=begin + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=INACTIVE_SECONDS,
        mem_storage=True,
        num_replicas=1,
    )
    consumer = await jetstream.add_consumer(ORDERS.name, config)
    if epoch_of(await jetstream.stream_info(ORDERS.name)) != epoch_of(info):
        raise HoleError("the stream was made anew meanwhile")
    subscription = await jetstream.pull_subscribe_bind(consumer.name, ORDERS.name)
    try:
        yield Reading(subscription, epoch_of(info), begin, last_seq)
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()
