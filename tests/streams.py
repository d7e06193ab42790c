"""Reading a whole stream in tests, by count and not by patience; and reading it as an idempotent consumer does."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

FETCH = 500
SECONDS = 10.0


class Head(msgspec.Struct):
    """What tests read of an order in an event."""

    id: UUID
    version: int


class Told(msgspec.Struct):
    order: Head


async def stored(jetstream: JetStreamContext, stream: str, subject: str | None = None, since: int = 1) -> list[Msg]:
    """All that the stream holds now of a subject, in its order, from a sequence on."""
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=since,
        filter_subject=subject,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60,
    )
    consumer = await jetstream.add_consumer(stream, config)
    subscription = await jetstream.pull_subscribe_bind(consumer.name, stream)
    found: list[Msg] = []
    wanted = consumer.num_pending or 0
    while len(found) < wanted:
        found += await subscription.fetch(min(FETCH, wanted - len(found)), timeout=SECONDS)
    await subscription.unsubscribe()
    return found


def as_applied(events: Iterable[tuple[UUID, int]]) -> dict[UUID, list[int]]:
    """The versions that a reader applies who skips what is not above the last: (key, version) in, by key out."""
    applied: dict[UUID, list[int]] = {}
    for key, version in events:
        versions = applied.setdefault(key, [])
        if version > (versions[-1] if versions else 0):
            versions.append(version)
    return applied
