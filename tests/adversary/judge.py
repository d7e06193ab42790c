"""What must have come, and whether it did: from Postgres and the stream alone, by rules of its own.

Truth is `orders.order_history`, one row a version. Who sees an order at a version is said here in a few lines, from the
specification and not from the gateway's code, and is held against the row policies at the end, where each client's
board is compared with what its person may SELECT. Per chain (an unbroken piece of a topic) every event that the topic
tells between its two ends must have come once, in the stream's order, with the published bytes; nothing else may.

One repeat is allowed: an event that stands in the stream twice, because the relay had to publish it again, may come at
its later place too when a resume began between the two. It is counted, and the client drops it by its version.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast
from uuid import UUID

import asyncpg
import msgspec
from nats.js import JetStreamContext

from proto.envelope import Role
from proto.orders import RoutedOrderEvent
from proto.realtime import LeftOrder
from proto.streams import ORDERS
from services.orders.store import begin_as
from tests.adversary.listeners import Chain, Listener
from tests.adversary.world import Viewer
from tests.adversary.writers import ENDED
from tests.streams import stored
from tests.support import identity

ASIDE = 3
"""Examples given of each kind of fault."""


class At(NamedTuple):
    """An order at one version: what decides on sight."""

    restaurant_id: UUID
    zone: int
    status: str
    driver_id: UUID | None


def assigned(viewer: Viewer, order: At | None) -> bool:
    return order is not None and order.driver_id == viewer.person_id


def offered(viewer: Viewer, order: At | None) -> bool:
    return order is not None and (order.status, order.driver_id, order.zone) == ("ready", None, viewer.zone)


def in_sight(topic: str, viewer: Viewer, order: At | None) -> bool:
    """Whether the topic shows the order to this viewer at this version."""
    if order is None or viewer.role == "admin":
        return order is not None
    if viewer.role == "restaurant":
        return order.restaurant_id == viewer.restaurant_id
    if topic == "orders":
        return assigned(viewer, order)
    return offered(viewer, order) or (topic != "offers" and assigned(viewer, order))


class Version(NamedTuple):
    """A version where the stream first tells of it. `order` is the hash of (event, moment, bytes) for who sees it,
    `left` for who sees it no more."""

    seq: int
    order_id: UUID
    version: int
    before: At | None
    after: At
    order: int
    left: int

    def told(self, topic: str, viewer: Viewer) -> int | None:
        """What the topic must hear of it, None for nothing."""
        if topic.startswith("order:") and topic != f"order:{self.order_id}":
            return None
        if in_sight(topic, viewer, self.after):
            return self.order
        return self.left if in_sight(topic, viewer, self.before) else None


@dataclass
class Truth:
    """`versions` by their first place in the stream, ascending; `again`: later places of those published twice."""

    versions: list[Version] = field(default_factory=list)
    again: dict[int, Version] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.by_seq: dict[int, Version] = {}
        self._kept: dict[tuple[str, Viewer], list[tuple[int, int]]] = {}
        self._of_order: dict[str, list[Version]] = defaultdict(list)

    def add(self, version: Version) -> None:
        self.versions.append(version)
        self.by_seq[version.seq] = version
        self._of_order[f"order:{version.order_id}"].append(version)

    def expected(self, chain: Chain) -> list[tuple[int, int]]:
        """(seq, what) of all that the chain must hold."""
        key = (chain.topic, chain.viewer)
        told = self._kept.get(key)
        if told is None:
            among = self._of_order[chain.topic] if chain.topic.startswith("order:") else self.versions
            told = [
                (version.seq, what)
                for version in among
                if (what := version.told(chain.topic, chain.viewer)) is not None
            ]
            self._kept[key] = told
        first = bisect_right(told, chain.start, key=lambda one: one[0])
        return told[first : bisect_right(told, chain.end, key=lambda one: one[0])]


async def read_truth(database: asyncpg.Connection, jetstream: JetStreamContext) -> Truth:
    """The history and the stream must tell the same versions, in the same order."""
    truth = Truth()
    states = await _states(database)
    last: dict[UUID, int] = defaultdict(int)
    seen: dict[tuple[UUID, int], Version] = {}
    for message in await stored(jetstream, ORDERS.name):
        event = msgspec.json.decode(message.data, type=RoutedOrderEvent)
        head = msgspec.json.decode(event.order, type=_Head)
        seq, key = message.metadata.sequence.stream, (head.id, head.version)
        if key in seen:
            truth.again[seq] = seen[key]
            continue
        if head.version != last[head.id] + 1:
            truth.wrong["the stream leaves out a version"] += 1
        last[head.id] = head.version
        after = states.pop(key, None)
        if after is None:
            truth.wrong["the stream tells a version that the history does not know"] += 1
            continue
        before = seen[head.id, head.version - 1].after if head.version > 1 else None
        left = msgspec.json.encode(LeftOrder(head.id, head.version))
        order = hash((event.type, event.occurred_at, bytes(event.order)))
        version = Version(
            seq, head.id, head.version, before, after, order, hash(("OrderLeft", event.occurred_at, left))
        )
        seen[key] = version
        truth.add(version)
    truth.wrong["the stream lacks a version of the history"] += len(states)
    return truth


class _Head(msgspec.Struct):
    id: UUID
    version: int


async def _states(database: asyncpg.Connection) -> dict[tuple[UUID, int], At]:
    rows = await database.fetch(
        "select h.order_id, h.version, h.status, h.driver_id, o.restaurant_id, o.zone "
        "from orders.order_history as h inner join orders.orders as o on o.id = h.order_id"
    )
    return {
        (row["order_id"], row["version"]): At(row["restaurant_id"], row["zone"], row["status"], row["driver_id"])
        for row in rows
    }


@dataclass
class Verdict:
    """`wrong` is empty when all held. `told`: events compared; `allowed`: repeats of republished events."""

    chains: int = 0
    told: int = 0
    allowed: int = 0
    boards: int = 0
    board_orders: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def blame(self, what: str, chain: Chain, seqs: Iterable[int]) -> None:
        found = sorted(seqs)
        if found and self.wrong[what] < ASIDE:
            place = f"{chain.topic} of {chain.viewer.role} from {chain.start} to {chain.end}"
            self.examples.append(f"{what}: {place}, {len(found)} from {found[0]} to {found[-1]}, at {found[:5]}")
        self.wrong[what] += len(found)


def judge_chain(truth: Truth, chain: Chain, verdict: Verdict) -> None:
    """Adds what was wrong with it."""
    must = dict(truth.expected(chain))
    verdict.chains += 1
    verdict.told += len(must)
    heard: set[int] = set()
    foreign, altered, doubled, unordered = [], [], [], []
    last = chain.start
    for seq, mark in zip(chain.seqs, chain.marks, strict=True):
        if seq in heard:
            doubled.append(seq)
        elif seq in must:
            if must[seq] != mark:
                altered.append(seq)
            if seq <= last:
                unordered.append(seq)
        elif (repeated := truth.again.get(seq)) is not None and repeated.told(chain.topic, chain.viewer) == mark:
            verdict.allowed += 1
        else:
            foreign.append(seq)
        heard.add(seq)
        last = max(last, seq)
    verdict.blame("missed", chain, must.keys() - heard)
    verdict.blame("came twice", chain, doubled)
    verdict.blame("came late", chain, unordered)
    verdict.blame("came and was not theirs", chain, foreign)
    verdict.blame("came with other content", chain, altered)


async def judge(
    database: asyncpg.Connection, jetstream: JetStreamContext, listeners: Sequence[Listener], verdict: Verdict
) -> None:
    """Everything is still, and every listener has caught up."""
    truth = await read_truth(database, jetstream)
    verdict.wrong.update(truth.wrong)
    for listener in listeners:
        for chain in listener.chains:
            judge_chain(truth, chain, verdict)
    present = {
        row["id"]: row for row in await database.fetch("select id, role, restaurant_id, zone from accounts.people")
    }
    sights: dict[Viewer, dict[UUID, _Row]] = {}
    for listener in listeners:
        viewer = listener.viewer
        assert viewer is not None
        row = present[viewer.person_id]
        if (row["role"], row["restaurant_id"], row["zone"]) != viewer[:1] + viewer[2:]:
            verdict.wrong["listens as somebody who they are no more"] += 1
            continue
        if viewer not in sights:
            sights[viewer] = await _may_select(database, viewer)
        _compare_boards(listener, viewer, sights[viewer], verdict)
    verdict.wrong = +verdict.wrong


class _Row(NamedTuple):
    version: int
    driver_id: UUID | None


async def _may_select(database: asyncpg.Connection, viewer: Viewer) -> dict[UUID, _Row]:
    """The orders under way that the person's role sees, as the row policies say."""
    who = identity(
        cast("Role", viewer.role),
        person_id=viewer.person_id,
        restaurant_id=viewer.restaurant_id,
        zone=viewer.zone,
    )
    await database.execute(begin_as(who))
    try:
        rows = await database.fetch(
            "select id, version, driver_id from orders.orders where not status = any($1::text [])", sorted(ENDED)
        )
    finally:
        await database.execute("rollback")
    return {cast("UUID", row["id"]): _Row(row["version"], row["driver_id"]) for row in rows}


def _compare_boards(listener: Listener, viewer: Viewer, sees: dict[UUID, _Row], verdict: Verdict) -> None:
    for feed in listener.feeds.values():
        if feed.topic.startswith("order:"):
            one = UUID(feed.topic.removeprefix("order:"))
            must = {order: row.version for order, row in sees.items() if order == one}
        elif viewer.role == "driver":
            mine = feed.topic == "orders"
            must = {order: row.version for order, row in sees.items() if (row.driver_id is not None) == mine}
        else:
            must = {order: row.version for order, row in sees.items()}
        verdict.boards += 1
        verdict.board_orders += len(must)
        if feed.board != must:
            verdict.wrong["a board is not what the role may see"] += 1
            differing = sorted(str(order) for order, _ in feed.board.items() ^ must.items())
            verdict.examples.append(f"the board {feed.topic} of a {viewer.role} differs in {differing[:3]}")
