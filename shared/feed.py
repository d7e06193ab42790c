"""What one push consumer of a stream sends, checked for holes.

Invariants: `take` is given each message once, in the stream's order, without a hole; after the first hole, or when the
server falls silent, nothing more. Whoever follows then makes a new consumer after the last that was taken.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo

from proto.streams import EPOCH

HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
INACTIVE_SECONDS = 30.0


class BrokenFeedError(Exception):
    """Something is missing between two messages, or nothing comes any more."""


def pushing(inbox: str, start_seq: int, subjects: Sequence[str] = ()) -> ConsumerConfig:
    """A consumer that sends what is in the stream from there on, of these subjects (all without), to an inbox."""
    return ConsumerConfig(
        deliver_subject=inbox,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start_seq,
        filter_subjects=list(subjects) or None,
        ack_policy=AckPolicy.NONE,
        idle_heartbeat=HEARTBEAT_SECONDS,
        flow_control=True,
        inactive_threshold=INACTIVE_SECONDS,
        mem_storage=True,
        num_replicas=1,
    )


def epoch_of(info: StreamInfo) -> str:
    return (info.config.metadata or {}).get(EPOCH, "")


class Feed:
    """What one consumer sends, checked for holes. It takes nothing more once there was one."""

    def __init__(self, client: Client, take: Callable[[Msg], None]) -> None:
        self._client = client
        self._take = take
        self._expected = 1
        self._heard_at = monotonic()
        self._broken = asyncio.Event()

    async def watch(self) -> None:
        """Returns never. Raises BrokenFeedError."""
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._broken.wait()
            except TimeoutError:
                if monotonic() - self._heard_at > SILENCE_SECONDS:
                    self._broken.set()
                    raise BrokenFeedError("nothing was heard") from None
            else:
                raise BrokenFeedError("a message is missing")

    async def receive(self, message: Msg) -> None:
        self._heard_at = monotonic()
        if self._broken.is_set():
            return
        if message.headers and message.headers.get("Status"):
            await self._answer(message, message.headers)
            return
        if message.metadata.sequence.consumer == self._expected:
            self._expected += 1
            self._take(message)
        else:
            self._broken.set()

    async def _answer(self, message: Msg, headers: dict[str, str]) -> None:
        """To a question whether we keep up, or to an idle heartbeat, which says what was sent last."""
        keep_sending = message.reply or headers.get("Nats-Consumer-Stalled")
        if keep_sending:
            await self._client.publish(keep_sending)
        last = headers.get("Nats-Last-Consumer")
        if last is not None and int(last) != self._expected - 1:
            self._broken.set()
