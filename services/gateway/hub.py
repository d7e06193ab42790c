"""Fan-out: each event, once, to the sockets that it concerns.

Invariants: events are taken in the order of the stream; per order a version at or below the last one is skipped, so a
republished event reaches nobody twice. An event costs its receivers and not the connected: topics are indexed by what
the audience names. Nothing here waits: all that one turn of the event loop brought a socket goes into the kernel's
hands in one write at the turn's end, or on the queue of a socket that does not read, and whose queue is full is closed.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable
from time import time, time_ns
from typing import Protocol
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from proto.orders import Audience
from proto.realtime import LogPosition
from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.on_the_way import OnTheWay
from services.gateway.places import Due, Places
from services.gateway.ring import Ring
from services.gateway.sight import Told, Viewer
from services.gateway.topic import ALERTS, ORDER_PREFIX
from services.gateway.traces import Traces, Watched
from services.gateway.wire import framed

KNOWN_ORDERS = 100_000
"""Orders whose last version and audience are remembered."""

FANNED_OUT = Counter("larder_gateway_events_total", "Events that were put on the queue of at least one socket")
FRAMES = Counter("larder_gateway_frames_total", "Event frames put on queues")
SKIPPED = Counter("larder_gateway_skipped_total", "Events at a version that was seen before")
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30)
QUEUED_SECONDS = Histogram(
    "larder_gateway_queued_seconds", "From an event's moment to its first frame", buckets=BUCKETS
)
WRITTEN_SECONDS = Histogram(
    "larder_gateway_written_seconds",
    "From an event's moment until the last of its sockets that read had it. Others: larder_gateway_waited_seconds",
    buckets=BUCKETS,
)


class Listener(Protocol):
    """A topic of a socket, as the hub sees it. While it is `replaying` it reads the ring by itself."""

    name: str
    viewer: Viewer
    order_id: UUID | None
    replaying: bool

    @property
    def socket(self) -> object:
        """What it shares with the other topics of its socket."""

    def push(self, frame: bytes) -> None: ...

    def push_location(self, order_id: UUID, frame: bytes) -> None: ...

    def resync(self, seq: int) -> None:
        """Tells to fetch; live from `seq` on."""


class Unsent(Protocol):
    """A socket that was given frames in this turn of the event loop."""

    def send_all(self) -> None: ...


Key = tuple[str, UUID | int | None]
"""What an audience names: ("restaurant", id), ("driver", id), ("zone", n), ("order", id), ("admins", None)."""

ADMINS: Key = ("admins", None)
TO_ALERTS: Key = ("alerts", None)
"""No event names them: `services.gateway.alerts` does."""


class Known(msgspec.Struct, frozen=True):
    """The last that was heard of an order."""

    version: int
    audience: Audience


class Hub:
    """All topics of this process. `seq` is the last event taken, of the stream with `epoch`, and `position` how far the
    database's log was by then, when that is told."""

    def __init__(self, ring: Ring, traces: Traces | None = None) -> None:
        self.ring = ring
        self.traces = traces or Traces()
        self.on_the_way = OnTheWay()
        self.places = Places()
        self.epoch: str | None = None
        self.seq = 0
        self.position: LogPosition = msgspec.UNSET
        self._known: OrderedDict[UUID, Known] = OrderedDict()
        self._listeners: dict[Key, set[Listener]] = defaultdict(set)
        self._unsent: list[Unsent] = []
        self._given: list[tuple[float, Watched | None, int]] = []
        """Of the events of this turn: their moments, traces and frames."""

    def begin(self, epoch: str, seq: int) -> None:
        """A stream from here on. Who listened to another one is told to fetch.

        What is known of orders stays: a stream that is rebuilt tells again what all have heard, and that is skipped.
        """
        self.epoch, self.seq, self.position = epoch, seq, msgspec.UNSET
        self.ring.clear(seq)
        self.places.clear(seq)
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.resync(seq)

    def take(self, entry: Entry, received: int | None = None) -> None:
        """The stream's next event, which arrived at these Unix nanoseconds, or now."""
        self.seq = entry.seq
        known = self._known.get(entry.order_id)
        if known is not None and entry.version <= known.version:
            SKIPPED.inc()
            return
        self._remember(entry)
        self.ring.add(entry)
        traced = self.traces.begin(entry, received or time_ns())
        moment = entry.occurred_at.timestamp()
        frames = 0
        made: dict[tuple[str, Told], bytes] = {}  # one for all who are told the same, by whatever key they are found
        for name, told, listeners in self._receivers(entry):
            frame = made.get((name, told))
            for listener in listeners:
                if not listener.replaying:
                    if frame is None:
                        if not made:
                            QUEUED_SECONDS.observe(max(0.0, time() - moment))
                        frame = made[name, told] = framed(entry.frame(name, told))
                        if traced is not None:
                            traced.watch(frame)
                    listener.push(frame)
                    frames += 1
        if frames:
            FANNED_OUT.inc()
            FRAMES.inc(frames)
            self._given.append((moment, traced, frames))
            if not self._unsent:
                self._send_all()  # nobody reads

    def send_later(self, unsent: Unsent) -> None:
        """At the end of this turn of the event loop."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send_all)
        self._unsent.append(unsent)

    def _send_all(self) -> None:
        unsent, self._unsent = self._unsent, []
        for one in unsent:
            one.send_all()
        given, self._given = self._given, []
        now = time()
        for moment, traced, frames in given:
            WRITTEN_SECONDS.observe(max(0.0, now - moment))
            if traced is not None:
                traced.sent(frames)

    def skip(self, seq: int) -> None:
        """A message of the stream that is no event of ours."""
        self.seq = seq

    def known(self, order_id: UUID) -> Audience | None:
        """Who sees the order now, if it was heard of lately."""
        known = self._known.get(order_id)
        return known.audience if known is not None else None

    def due(self, listener: Listener, after: int) -> Due:
        """What a read for it must bring, above `after` up to the ring's floor."""
        restaurant_id = listener.viewer.restaurant_id
        if restaurant_id is None and listener.order_id is not None:
            audience = self.known(listener.order_id)
            restaurant_id = audience.restaurant_id if audience is not None else None
        return self.places.due(restaurant_id, after, self.ring.floor)

    def add(self, listener: Listener) -> None:
        self._listeners[_key(listener)].add(listener)

    def remove(self, listener: Listener) -> None:
        key = _key(listener)
        self._listeners[key].discard(listener)
        if not self._listeners[key]:
            del self._listeners[key]  # or a year's orders would stay

    def waiting(self, order_id: UUID, restaurant_id: UUID) -> Collection[Listener]:
        """Who is told where the order's driver is: each socket once, by whatever topics it has."""
        to_one = (one for one in self._of("order", order_id) if sight.on_location(restaurant_id, one.viewer))
        listeners = (*self._of("restaurant", restaurant_id), *self._of(*ADMINS), *to_one)
        return {listener.socket: listener for listener in listeners}.values()

    def listening_to_alerts(self) -> Collection[Listener]:
        return self._of(*TO_ALERTS)

    def _receivers(self, entry: Entry) -> Iterable[tuple[str, Told, Collection[Listener]]]:
        """As `sight` says of every topic, found without asking every topic: topic, what it is told, whose."""
        audience = entry.audience
        for name, key, told in (
            ("orders", ADMINS, Told.ORDER),
            ("orders", ("restaurant", audience.restaurant_id), Told.ORDER),
            ("orders", ("driver", audience.driver_id), Told.ORDER),
            ("orders", ("driver", audience.left_driver_id), Told.LEFT),
            ("offers", ("zone", audience.offer_zone), Told.ORDER),
            ("offers", ("zone", audience.left_offer_zone), Told.LEFT),
        ):
            if listeners := self._of(*key):
                yield name, told, listeners
        by_told: dict[Told, list[Listener]] = {}
        for listener in self._of("order", entry.order_id):
            told_of_one = sight.on_order(audience, listener.viewer)
            if told_of_one is not None:
                by_told.setdefault(told_of_one, []).append(listener)
        for told, watching in by_told.items():
            yield f"{ORDER_PREFIX}{entry.order_id}", told, watching

    def _of(self, kind: str, named: UUID | int | None) -> Collection[Listener]:
        return self._listeners.get((kind, named), ())

    def _remember(self, entry: Entry) -> None:
        self._known[entry.order_id] = Known(entry.version, entry.audience)
        self._known.move_to_end(entry.order_id)
        if entry.position is not msgspec.UNSET:
            self.position = entry.position
        if len(self._known) > KNOWN_ORDERS:
            self._known.popitem(last=False)
        self.on_the_way.note(entry)


def _key(listener: Listener) -> Key:
    """What an event's audience must name for this topic."""
    viewer = listener.viewer
    if listener.order_id is not None:
        return "order", listener.order_id
    if listener.name == "offers" and viewer.zone is not None:
        return "zone", viewer.zone
    if listener.name == "orders":
        if viewer.role == "admin":
            return ADMINS
        if viewer.role == "driver":
            return "driver", viewer.person_id
        return "restaurant", viewer.restaurant_id
    if listener.name == ALERTS:
        return TO_ALERTS
    return "quiet", None
