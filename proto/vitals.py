"""What a process says of itself when it is asked over core NATS: its pools, its followers, its outboxes, its queries.

Every process answers each question once, within a moment; whoever asks knows by their absence who does not. Counts and
times are since the process started (`since`): two answers of one start make a difference, and another start begins
anew. Nothing here is stored in a stream, and nothing carries a statement's parameters.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import msgspec

PROCESSES = ("accounts", "analytics", "catalog", "gateway", "orders", "relay")
"""Of each of these at least one runs."""

QUERY_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
WAIT_BOUNDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3)
"""Upper bounds in seconds of the times of queries, and of the waits for a connection."""


class Times(msgspec.Struct, frozen=True):
    """A histogram: how many were up to each bound, and above the last; not cumulative. `seconds` is their sum."""

    counts: tuple[int, ...]
    seconds: float

    def __add__(self, other: "Times") -> "Times":
        counts = tuple(one + two for one, two in zip(self.counts, other.counts, strict=True))
        return Times(counts, self.seconds + other.seconds)

    def since(self, earlier: "Times") -> "Times":
        """What came between two answers of one start."""
        counts = tuple(now - then for now, then in zip(self.counts, earlier.counts, strict=True))
        return Times(counts, self.seconds - earlier.seconds)

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float, bounds: Sequence[float]) -> float | None:
        """Seconds that this share of them kept to: within its bucket by a straight line, as Prometheus's
        histogram_quantile does, and the last bound for what is above it. None without any."""
        if not self.count:
            return None
        wanted = share * self.count
        for index, reached in enumerate(accumulate(self.counts[:-1])):
            if reached >= wanted and self.counts[index]:
                low = bounds[index - 1] if index else 0.0
                into = (wanted - (reached - self.counts[index])) / self.counts[index]
                return low + (bounds[index] - low) * into
        return float(bounds[-1])


class PoolVitals(msgspec.Struct, frozen=True, kw_only=True):
    """A pool of connections now: how many it may have, has, lends, and how many transactions wait for one. `waits` are
    by WAIT_BOUNDS."""

    name: str
    size: int
    open: int
    busy: int
    waiting: int
    waits: Times


class FollowerVitals(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads a stream in this process. `behind`: events that it had yet to read when it last looked."""

    name: str
    behind: int


class OutboxVitals(msgspec.Struct, frozen=True, kw_only=True):
    """`oldest_seconds`: the age of the oldest event that waited to be published when somebody looked last, at
    `seen_at`; 0 without one. `parked`: events that the bus refused for good."""

    context: str
    seen_at: datetime
    oldest_seconds: float
    parked: int


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to VITALS: of one process, now."""

    process: str
    instance: str
    since: datetime
    pools: tuple[PoolVitals, ...] = ()
    followers: tuple[FollowerVitals, ...] = ()
    outboxes: tuple[OutboxVitals, ...] = ()


class QueryTimes(msgspec.Struct, frozen=True, kw_only=True):
    """A query by its name, where it stands (`services/orders/queries.sql:27`), and its times, by QUERY_BOUNDS, as
    callers waited for it."""

    name: str
    place: str
    times: Times


class SlowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query that its caller waited long for, the `number`th of its process."""

    number: int
    name: str
    at: datetime
    seconds: float


class QueryVitals(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to QUERY_VITALS: of one process since it started, and its last slow queries."""

    process: str
    instance: str
    since: datetime
    queries: tuple[QueryTimes, ...]
    slow: tuple[SlowQuery, ...]


class PlanAsked(msgspec.Struct, frozen=True):
    """How Postgres would do the query of this name, for this role."""

    name: str
    role: str


class PlanAnswer(msgspec.Struct, frozen=True):
    """The plan for any parameters, as EXPLAIN (FORMAT JSON) gives it, or why there is none."""

    plan: list[dict[str, Any]] | None = None
    refused: str | None = None
