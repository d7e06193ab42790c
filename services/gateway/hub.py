"""Fan-out: each event, once, to the sockets that it concerns.

Invariants: events are taken in the order of the stream; per order a version at or below the last one is skipped, so a
republished event reaches nobody twice. An event costs its receivers and not the connected: topics are indexed by what
the audience names. Nothing here waits: a frame is put on a socket's queue, and whose queue is full is closed.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from proto.orders import Audience
from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.ring import Ring
from services.gateway.sight import Told, Viewer

KNOWN_ORDERS = 100_000
"""Orders whose last version and audience are remembered."""

FANNED_OUT = Counter("larder_gateway_frames_total", "Event frames put on queues")
SKIPPED = Counter("larder_gateway_skipped_total", "Events at a version that was seen before")
QUEUED_SECONDS = Histogram(
    "larder_gateway_queued_seconds",
    "From an event's moment to its frames on the queues",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30),
)


class Subscription(Protocol):
    """A topic of a socket, as the hub sees it. While it replays, it reads the ring by itself."""

    topic: str
    viewer: Viewer
    live: bool

    def push(self, frame: str) -> None: ...

    def push_location(self, order_id: UUID, frame: str) -> None: ...

    def resync(self, seq: int) -> None: ...


class Known(msgspec.Struct, frozen=True):
    """The last that was heard of an order."""

    version: int
    audience: Audience


class Hub:
    """All topics of this process. `seq` is the last event taken, of the stream with `epoch`."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.epoch: str | None = None
        self.seq = 0
        self._known: OrderedDict[UUID, Known] = OrderedDict()
        self._restaurants: dict[UUID, set[Subscription]] = defaultdict(set)
        self._drivers: dict[UUID, set[Subscription]] = defaultdict(set)
        self._zones: dict[int, set[Subscription]] = defaultdict(set)
        self._orders: dict[UUID, set[Subscription]] = defaultdict(set)
        self._admins: set[Subscription] = set()
        self._quiet: set[Subscription] = set()
        # Who is on the way with what: locations go to these restaurants.
        self.on_the_way: dict[UUID, dict[UUID, UUID]] = defaultdict(dict)

    def begin(self, epoch: str, seq: int) -> None:
        """A stream from here on. Everybody who listened to another one must fetch again."""
        changed = self.epoch is not None
        self.epoch, self.seq = epoch, seq
        self.ring.clear(seq)
        if changed:
            for subscription in self._all():
                subscription.live = True
                subscription.resync(seq)

    def take(self, entry: Entry) -> None:
        """The stream's next event."""
        self.seq = entry.seq
        known = self._known.get(entry.order_id)
        if known is not None and entry.version <= known.version:
            SKIPPED.inc()
            return
        self._remember(entry)
        self.ring.add(entry)
        frames = 0
        for subscription, told in self._receivers(entry):
            if subscription.live:
                subscription.push(entry.frame(subscription.topic, told))
                frames += 1
        if frames:
            entry.forget_frames()
            FANNED_OUT.inc(frames)
            QUEUED_SECONDS.observe(max(0.0, (datetime.now(UTC) - entry.occurred_at).total_seconds()))

    def skip(self, seq: int) -> None:
        """A message of the stream that is no event of ours."""
        self.seq = seq

    def known(self, order_id: UUID) -> Audience | None:
        """Who sees the order now, if it was heard of lately."""
        known = self._known.get(order_id)
        return known.audience if known is not None else None

    def add(self, subscription: Subscription) -> None:
        self._index(subscription).add(subscription)

    def remove(self, subscription: Subscription) -> None:
        self._index(subscription).discard(subscription)

    def concerned(self, restaurant_id: UUID) -> Iterable[Subscription]:
        """Who is told where the order's driver is."""
        yield from self._restaurants.get(restaurant_id, ())
        yield from self._admins

    def _receivers(self, entry: Entry) -> Iterable[tuple[Subscription, Told]]:
        audience = entry.audience
        for subscription in self._admins:
            yield subscription, Told.ORDER
        for subscription in self._restaurants.get(audience.restaurant_id, ()):
            yield subscription, Told.ORDER
        for driver, told in ((audience.driver_id, Told.ORDER), (audience.left_driver_id, Told.LEFT)):
            for subscription in self._drivers.get(driver, ()) if driver is not None else ():
                yield subscription, told
        for zone, told in ((audience.offer_zone, Told.ORDER), (audience.left_offer_zone, Told.LEFT)):
            for subscription in self._zones.get(zone, ()) if zone is not None else ():
                yield subscription, told
        for subscription in self._orders.get(entry.order_id, ()):
            told_of_one = sight.on_order(audience, subscription.viewer)
            if told_of_one is not None:
                yield subscription, told_of_one

    def _remember(self, entry: Entry) -> None:
        self._known[entry.order_id] = Known(entry.version, entry.audience)
        self._known.move_to_end(entry.order_id)
        if len(self._known) > KNOWN_ORDERS:
            self._known.popitem(last=False)
        driver, left = entry.audience.driver_id, entry.audience.left_driver_id
        for gone in (left, driver if entry.head.status != "out_for_delivery" else None):
            if gone is not None and gone in self.on_the_way:
                self.on_the_way[gone].pop(entry.order_id, None)
                if not self.on_the_way[gone]:
                    del self.on_the_way[gone]
        if driver is not None and entry.head.status == "out_for_delivery":
            self.on_the_way[driver][entry.order_id] = entry.audience.restaurant_id

    def _index(self, subscription: Subscription) -> set[Subscription]:
        """The set that events look in for this topic."""
        topic, viewer = subscription.topic, subscription.viewer
        if topic.startswith("order:"):
            return self._orders[UUID(topic.removeprefix("order:"))]
        if topic == "offers" and viewer.zone is not None:
            return self._zones[viewer.zone]
        if topic == "orders" and viewer.role == "admin":
            return self._admins
        if topic == "orders" and viewer.role == "driver":
            return self._drivers[viewer.person_id]
        if topic == "orders" and viewer.restaurant_id is not None:
            return self._restaurants[viewer.restaurant_id]
        return self._quiet

    def _all(self) -> list[Subscription]:
        indexes = (self._restaurants, self._drivers, self._zones, self._orders)
        found = [subscription for index in indexes for listeners in index.values() for subscription in listeners]
        return [*found, *self._admins, *self._quiet]
