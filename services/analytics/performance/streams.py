"""How far everybody is who reads a stream: what JetStream itself knows of its consumers.

It knows more than the readers: one that is dead tells nothing, and its consumer here falls behind. The names of durable
consumers are ours; the others belong to one process each and go with it.
"""

import asyncio
from collections.abc import Sequence

import msgspec
import nats.errors
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from proto.streams import STREAMS
from shared.bus import Bus
from shared.feed import epoch_of

LOOK_SECONDS = 2.0


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """`behind`: events not handed out yet. `unacknowledged`: handed out, and not done yet. `redelivered` of these came
    again. `seq`: everything up to there is done."""

    name: str
    durable: bool
    behind: int
    unacknowledged: int
    redelivered: int
    seq: int


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    epoch: str
    seq: int
    events: int
    bytes: int
    consumers: list[Consumer]


class StreamsAwayError(Exception):
    """JetStream does not answer."""


async def look_at_streams(bus: Bus) -> list[StreamReport]:
    """Those that exist. Raises StreamsAwayError."""
    if not bus.connected:
        raise StreamsAwayError("NATS does not answer.")
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            found = [await _look(bus.jetstream, stream.name) for stream in STREAMS]
    except (nats.errors.Error, JetStreamError, TimeoutError) as error:
        raise StreamsAwayError(f"JetStream does not answer: {type(error).__name__}") from error
    return [report for report in found if report is not None]


async def _look(jetstream: JetStreamContext, name: str) -> StreamReport | None:
    try:
        info = await jetstream.stream_info(name)
        consumers = await jetstream.consumers_info(name)
    except NotFoundError:
        return None
    return StreamReport(
        name=name,
        epoch=epoch_of(info),
        seq=info.state.last_seq,
        events=info.state.messages,
        bytes=info.state.bytes,
        consumers=_consumers(consumers),
    )


def _consumers(found: Sequence[ConsumerInfo]) -> list[Consumer]:
    """The durable ones first."""
    reports = [
        Consumer(
            name=info.name,
            durable=info.config.durable_name is not None,
            behind=info.num_pending or 0,
            unacknowledged=info.num_ack_pending or 0,
            redelivered=info.num_redelivered or 0,
            seq=(info.ack_floor.stream_seq if info.ack_floor else 0),
        )
        for info in found
    ]
    return sorted(reports, key=lambda report: (not report.durable, report.name))
