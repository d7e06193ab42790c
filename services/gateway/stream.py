"""Following ORDERS: one consumer a process, whose every gap is noticed.

Invariants: the hub is given each message once, in the stream's order, without a hole: the consumer's own sequence is
checked, and on a gap, a silent server or a lost consumer a new one starts after the hub's last seq. A stream under
another epoch, or one that ends before our position, begins anew at its head, and the hub tells everybody to fetch. So
it does where the server itself leaves out a place: the stream is kept whole and has none that is empty.
"""

import asyncio
from contextlib import suppress
from time import time_ns

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import StreamInfo
from nats.js.errors import NotFoundError
from prometheus_client import Counter

from proto.streams import ORDERS
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import HOLES
from shared.bus import REFUSED, Bus
from shared.feed import BrokenFeedError, Feed, epoch_of, pushing

WARM_EVENTS = 50_000
"""Read at the start, so that those who come back after a restart are served from memory."""

RETRY_SECONDS = 0.5
NO_LIMIT = 0

FOLLOWS = Counter("larder_gateway_follows_total", "Consumers made: one at the start, more after a break")

_log = structlog.get_logger("stream")


class Stream:
    """Feeds the hub. `caught_up` is set once it has read what there was at the start; `following` only while it hears
    the stream and has what there was when it began to listen."""

    def __init__(self, bus: Bus, hub: Hub, warm_events: int = WARM_EVENTS) -> None:
        self._bus = bus
        self._hub = hub
        self._warm = warm_events
        self.caught_up = asyncio.Event()
        self.following = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        await self._bus.connection()
        while True:
            if not self._bus.connected:
                await asyncio.sleep(RETRY_SECONDS)  # a request now would be answered by its own timeout
                continue
            try:
                await self._follow()
            except NotFoundError:
                await asyncio.sleep(RETRY_SECONDS)  # the relay makes the stream
            except Exception as error:  # noqa: BLE001  whatever it is, the next consumer starts where we are
                await _log.awarning("following again", seq=self._hub.seq, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                self.following.clear()

    async def _follow(self) -> None:
        jetstream, client = self._bus.jetstream, self._bus.client
        info = await jetstream.stream_info(ORDERS.name)
        self._begin_if_other(info)
        inbox = client.new_inbox()
        await jetstream.add_consumer(ORDERS.name, pushing(inbox, self._hub.seq + 1))
        FOLLOWS.inc()
        # It sends once somebody listens: until here the stream may have been made anew.
        if epoch_of(await jetstream.stream_info(ORDERS.name)) != self._hub.epoch:
            raise BrokenFeedError("the stream was made anew")
        feed = Feed(client, lambda message: self._take(message, info.state.last_seq))
        subscription = await client.subscribe(
            inbox, cb=feed.receive, pending_msgs_limit=NO_LIMIT, pending_bytes_limit=NO_LIMIT
        )
        try:
            self._note_progress(info.state.last_seq)
            await feed.watch()
        finally:
            with suppress(nats.errors.Error):  # also while NATS is away: or it would be heard again after that
                await subscription.unsubscribe()

    def _begin_if_other(self, info: StreamInfo) -> None:
        state, epoch = info.state, epoch_of(info)
        if self._hub.epoch is None:
            first = max(state.first_seq or 1, state.last_seq - self._warm + 1)
            self._hub.begin(epoch, first - 1)
        elif epoch != self._hub.epoch or state.last_seq < self._hub.seq:
            _log.warning("another stream", epoch=epoch, seq=state.last_seq)
            self._hub.begin(epoch, state.last_seq)

    def _take(self, message: Msg, head: int) -> None:
        received, seq = time_ns(), message.metadata.sequence.stream
        if seq != self._hub.seq + 1:
            HOLES.inc()
            _log.error("the stream left something out", after=self._hub.seq, next=seq)
            self._hub.begin(self._hub.epoch or "", seq - 1)
        self._hub.places.note(seq, message.subject)
        try:
            entry = Entry.of(message)
        except msgspec.DecodeError as error:
            REFUSED.labels(ORDERS.name).inc()
            _log.error("event refused", seq=seq, error=str(error))
            self._hub.skip(seq)
        else:
            self._hub.take(entry, received)
        if not self.following.is_set():
            self._note_progress(head)

    def _note_progress(self, head: int) -> None:
        if self._hub.seq >= head:
            self.following.set()
            self.caught_up.set()
