"""What was done, what each listener must therefore have received, and what it did receive.

Invariant: the expectation comes from the HTTP answers alone, by the rules of the protocol, and shares no code with the
services: two ways to the same frames, compared one by one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

Topic = Literal["orders", "offers"]
Kind = Literal["restaurant", "driver", "admin"]


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
    """All versions by order, and when the request that made each was sent (time.perf_counter)."""

    versions: dict[UUID, list[Version]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[tuple[UUID, int], float] = field(default_factory=dict)

    def note(self, version: Version, sent_at: float) -> None:
        self.versions[version.order_id].append(version)
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


def expected(versions: Mapping[UUID, list[Version]], listener: Listener) -> set[Frame]:
    """The frames that the listener must get, once each."""
    frames: set[Frame] = set()
    for steps in versions.values():
        before: Version | None = None
        for after in sorted(steps, key=lambda step: step.version):
            frames.update(_frames(before, after, listener))
            before = after
    return frames


def _frames(before: Version | None, after: Version, listener: Listener) -> Iterable[Frame]:
    if listener.kind == "admin" or listener.restaurant_id == after.restaurant_id:
        yield Frame("orders", after.order_id, after.version, left=False)
        return
    if listener.kind != "driver":
        return
    had_it = before is not None and before.driver_id == listener.person_id
    if after.driver_id == listener.person_id:
        yield Frame("orders", after.order_id, after.version, left=False)
    elif had_it:
        yield Frame("orders", after.order_id, after.version, left=True)
    was_offered = before is not None and before.offered_in == listener.zone
    if after.offered_in == listener.zone:
        yield Frame("offers", after.order_id, after.version, left=False)
    elif was_offered:
        yield Frame("offers", after.order_id, after.version, left=True)


def judge(ledger: Ledger, kind: Kind, listeners: Iterable[Listener]) -> Verdict:
    """Compares what each listener of a kind received with what it must have."""
    of_kind = [listener for listener in listeners if listener.kind == kind]
    total = Counter[str]()
    latencies: list[float] = []
    for listener in of_kind:
        must, came = expected(ledger.versions, listener), Counter(receipt.frame for receipt in listener.received)
        total["expected"] += len(must)
        total["received"] += len(listener.received)
        total["missing"] += len(must - came.keys())
        total["foreign"] += len(came.keys() - must)
        total["repeated"] += sum(times - 1 for times in came.values())
        total["out_of_order"] += _out_of_order(listener.received)
        for receipt in listener.received:
            sent = ledger.sent.get((receipt.frame.order_id, receipt.frame.version))
            if sent is not None:
                latencies.append((receipt.at - sent) * 1000)
    return Verdict(
        listeners=len(of_kind),
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
