"""What was done, what each listener must therefore have received, and what it did receive.

Invariant: the expectation comes from the HTTP answers alone, by the rules of the protocol, and shares no code with the
services: two ways to the same frames, compared one by one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

Topic = Literal["orders", "offers"]
Kind = Literal["restaurant", "driver", "admin"]
Key = tuple[str, UUID | int | None]
"""A group that is told the same: a restaurant, a driver, a zone's drivers, the admins."""


class Version(NamedTuple):
    """One version of an order, as an answer told it."""

    order_id: UUID
    version: int
    restaurant_id: UUID
    zone: int
    status: str
    driver_id: UUID | None

    @property
    def offered_in(self) -> int | None:
        """The zone whose drivers see it as an open offer."""
        return self.zone if self.status == "ready" and self.driver_id is None else None


class Frame(NamedTuple):
    """One event on one topic; `left` when it tells only that the order is out of sight."""

    topic: Topic
    order_id: UUID
    version: int
    left: bool


class Receipt(NamedTuple):
    """A frame as it came: the place in the stream, and when (time.perf_counter)."""

    frame: Frame
    seq: int
    at: float


@dataclass
class Listener:
    """One socket. `person_id` and `zone` say who; `received` is everything, in the order in which it came."""

    kind: Kind
    person_id: UUID
    restaurant_id: UUID | None
    zone: int | None
    received: list[Receipt] = field(default_factory=list)


@dataclass
class Ledger:
    """All versions by order, and when the request that made each was sent (time.perf_counter), where one did."""

    versions: dict[UUID, list[Version]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[tuple[UUID, int], float] = field(default_factory=dict)

    def note(self, version: Version, sent_at: float | None = None) -> None:
        self.versions[version.order_id].append(version)
        if sent_at is not None:
            self.sent[version.order_id, version.version] = sent_at


class Verdict(NamedTuple):
    """The listeners of one kind together. `foreign` are frames that were not theirs to see."""

    listeners: int
    expected: int
    received: int
    missing: int
    repeated: int
    foreign: int
    out_of_order: int
    latencies_ms: list[float]

    @property
    def flawless(self) -> bool:
        return not (self.missing or self.repeated or self.foreign or self.out_of_order)


def expected(versions: Mapping[UUID, list[Version]], listeners: Sequence[Listener]) -> list[set[Frame]]:
    """The frames that each listener must get, once each. One pass over the versions, however many listen: the demo's
    own sockets have to be answered meanwhile."""
    must: list[set[Frame]] = [set() for _ in listeners]
    places: dict[Key, list[int]] = defaultdict(list)
    for place, listener in enumerate(listeners):
        for key in _keys(listener):
            places[key].append(place)
    for steps in versions.values():
        before: Version | None = None
        for after in sorted(steps, key=lambda step: step.version):
            for key, frame in _told(before, after):
                for place in places.get(key, ()):
                    must[place].add(frame)
            before = after
    return must


def _keys(listener: Listener) -> list[Key]:
    if listener.kind == "restaurant":
        return [("restaurant", listener.restaurant_id)]
    if listener.kind == "driver":
        return [("driver", listener.person_id), ("zone", listener.zone)]
    return [("admins", None)]


def _told(before: Version | None, after: Version) -> Iterable[tuple[Key, Frame]]:
    """Who is told what of one step."""
    order = Frame("orders", after.order_id, after.version, left=False)
    yield ("admins", None), order
    yield ("restaurant", after.restaurant_id), order
    if after.driver_id is not None:
        yield ("driver", after.driver_id), order
    if before is not None and before.driver_id not in (None, after.driver_id):
        yield ("driver", before.driver_id), order._replace(left=True)
    offer = order._replace(topic="offers")
    if after.offered_in is not None:
        yield ("zone", after.offered_in), offer
    elif before is not None and before.offered_in is not None:
        yield ("zone", before.offered_in), offer._replace(left=True)


def judge(ledger: Ledger, kind: Kind, listeners: Sequence[Listener], must: Sequence[set[Frame]]) -> Verdict:
    """Compares what each listener of a kind received with what it must have, by `expected` of the same listeners."""
    total = Counter[str]()
    latencies: list[float] = []
    for listener, frames in zip(listeners, must, strict=True):
        if listener.kind != kind:
            continue
        came = Counter(receipt.frame for receipt in listener.received)
        total["listeners"] += 1
        total["expected"] += len(frames)
        total["received"] += len(listener.received)
        total["missing"] += len(frames - came.keys())
        total["foreign"] += len(came.keys() - frames)
        total["repeated"] += sum(times - 1 for times in came.values())
        total["out_of_order"] += _out_of_order(listener.received)
        for receipt in listener.received:
            sent = ledger.sent.get((receipt.frame.order_id, receipt.frame.version))
            if sent is not None:
                latencies.append((receipt.at - sent) * 1000)
    return Verdict(
        listeners=total["listeners"],
        expected=total["expected"],
        received=total["received"],
        missing=total["missing"],
        repeated=total["repeated"],
        foreign=total["foreign"],
        out_of_order=total["out_of_order"],
        latencies_ms=sorted(latencies),
    )


def _out_of_order(received: Iterable[Receipt]) -> int:
    """Frames whose seq is not above the topic's last, or whose version is not above the order's last on that topic."""
    last_seq: dict[Topic, int] = {}
    last_version: dict[tuple[Topic, UUID], int] = {}
    late = 0
    for frame, seq, _ in received:
        key = (frame.topic, frame.order_id)
        if seq <= last_seq.get(frame.topic, -1) or frame.version <= last_version.get(key, 0):
            late += 1
        last_seq[frame.topic] = max(seq, last_seq.get(frame.topic, -1))
        last_version[key] = max(frame.version, last_version.get(key, 0))
    return late


def percentile(ordered: list[float], share: float) -> float:
    """The nearest-rank percentile of an ascending list; 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
