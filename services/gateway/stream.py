"""Following ORDERS: one consumer a process, whose every gap is noticed.

Invariants: the hub is given each message once, in the stream's order, without a hole: the consumer's own sequence is
checked, and on a gap, a silent server or a lost consumer a new one starts after the hub's last seq. A stream under
another epoch, or one that ends before our position, begins anew.
"""

import asyncio
from time import monotonic

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo
from nats.js.errors import NotFoundError
from prometheus_client import Counter

from proto.streams import EPOCH, ORDERS
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from shared.bus import REFUSED, Bus

WARM_EVENTS = 50_000
"""Read at the start, so that those who come back after a restart are served from memory."""

HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
RETRY_SECONDS = 0.5
INACTIVE_SECONDS = 30.0
NO_LIMIT = 0

FOLLOWS = Counter("larder_gateway_follows_total", "Consumers made: one at the start, more after a break")

_log = structlog.get_logger("stream")


class BrokenFeedError(Exception):
    """Something is missing between two messages, or nothing comes any more."""


class Stream:
    """Feeds the hub. `caught_up` is set once it has read what there was at the start."""

    def __init__(self, bus: Bus, hub: Hub, warm_events: int = WARM_EVENTS) -> None:
        self._bus = bus
        self._hub = hub
        self._warm = warm_events
        self._expected = 1
        self._heard_at = 0.0
        self._broken = asyncio.Event()
        self.caught_up = asyncio.Event()

    async def is_caught_up(self) -> None:
        """For readiness: returns when it is."""
        await self.caught_up.wait()

    async def run(self) -> None:
        """Until cancelled."""
        await self._bus.connection()
        while True:
            try:
                await self._follow()
            except NotFoundError:
                await asyncio.sleep(RETRY_SECONDS)  # the relay makes the stream
            except Exception as error:  # noqa: BLE001  whatever it is, the next consumer starts where we are
                await _log.awarning("following again", seq=self._hub.seq, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        jetstream = self._bus.jetstream
        info = await jetstream.stream_info(ORDERS.name)
        self._begin_if_other(info)
        if info.state.last_seq <= self._hub.seq:
            self.caught_up.set()
        self._expected, self._heard_at = 1, monotonic()
        self._broken.clear()
        client = self._bus.client
        inbox = client.new_inbox()
        subscription = await client.subscribe(
            inbox, cb=self._receive, pending_msgs_limit=NO_LIMIT, pending_bytes_limit=NO_LIMIT
        )
        try:
            await jetstream.add_consumer(
                ORDERS.name,
                ConsumerConfig(
                    deliver_subject=inbox,
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=self._hub.seq + 1,
                    ack_policy=AckPolicy.NONE,
                    idle_heartbeat=HEARTBEAT_SECONDS,
                    inactive_threshold=INACTIVE_SECONDS,
                    mem_storage=True,
                    num_replicas=1,
                ),
            )
            FOLLOWS.inc()
            await self._watch()
        finally:
            if client.is_connected:
                await subscription.unsubscribe()

    def _begin_if_other(self, info: StreamInfo) -> None:
        epoch = (info.config.metadata or {}).get(EPOCH, "")
        if epoch != self._hub.epoch or info.state.last_seq < self._hub.seq:
            first = max(info.state.first_seq or 1, info.state.last_seq - self._warm + 1)
            self._hub.begin(epoch, max(0, first - 1))

    async def _watch(self) -> None:
        """Returns never. Raises BrokenFeedError."""
        while True:
            try:
                await asyncio.wait_for(self._broken.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                if monotonic() - self._heard_at > SILENCE_SECONDS:
                    raise BrokenFeedError("nothing was heard") from None
            else:
                raise BrokenFeedError("a message is missing")

    async def _receive(self, message: Msg) -> None:
        self._heard_at = monotonic()
        if self._broken.is_set():
            return
        if message.headers and message.headers.get("Status"):
            # An idle heartbeat says what was sent last.
            last = message.headers.get("Nats-Last-Consumer")
            if last is not None and int(last) != self._expected - 1:
                self._broken.set()
            return
        place = message.metadata
        if place.sequence.consumer != self._expected:
            self._broken.set()
            return
        self._expected += 1
        self._take(place.sequence.stream, message.data)
        if place.num_pending == 0:
            self.caught_up.set()

    def _take(self, seq: int, data: bytes) -> None:
        try:
            entry = Entry.decode(seq, data)
        except msgspec.DecodeError as error:
            REFUSED.labels(ORDERS.name).inc()
            _log.error("event refused", seq=seq, error=str(error))
            self._hub.skip(seq)
        else:
            self._hub.take(entry)
