"""What is kept of how the database and the processes did: one typed function a query of snapshots.sql.

Invariants: a snapshot is written in one transaction, by whoever claimed it, and only while the counters are those that
it was made from. Minutes are kept KEPT_DAYS, plans and days of usage KEPT_LONG_DAYS; what is older goes in small
batches.
"""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from services.analytics.performance.counters import Counters
from shared.database import Connection, Row, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("snapshots.sql"))

KEPT_DAYS = 8
"""So that the same hour of a week ago stands beside this one."""

KEPT_LONG_DAYS = 92
"""What runs once a quarter has used its index within these."""

Kind: TypeAlias = Literal["now", "objects"]

_encoder = msgspec.json.Encoder()
_counters = msgspec.json.Decoder(Counters)


class Kept(msgspec.Struct, frozen=True):
    """The counters as they stood at the last snapshot; None before the first."""

    at: datetime | None
    counters: Counters


class StatementMinute(msgspec.Struct, frozen=True, kw_only=True):
    statement: int
    calls: int
    total_ms: float
    rows: int
    blocks_hit: int
    blocks_read: int
    blocks_temp: int


class QueryMinute(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    counts: list[int]
    seconds: float


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a query stands: in which file, at which line."""

    query: str
    place: str


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """A query that somebody waited long for."""

    instance: str
    since: datetime
    number: int
    query: str
    at: datetime
    seconds: float


class NotedPlan(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    role: str
    shape: str
    plan: list[dict[str, Any]]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["index", "table"]
    name: str
    scans: int
    rows_read: int


class StatementSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement did in a span, under one role. `query_id` tells apart those that have no name of ours."""

    name: str | None
    query_id: int | None
    role: str
    text: str
    calls: int
    total_ms: float
    rows: int
    blocks_hit: int
    blocks_read: int
    blocks_temp: int


class QuerySum(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    counts: list[int]
    seconds: float


class SlowSum(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    times: int
    longest_seconds: float
    last_at: datetime


class KeptPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan for any parameters, under a role, and between which moments it was seen."""

    query: str
    role: str
    plan: list[dict[str, Any]]
    first_seen: datetime
    last_seen: datetime


class HistoryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Some figures of a snapshot. `busiest_pool` is a share from 0 to 1. null is unknown, or nobody's."""

    at: datetime
    connections: int
    commits_a_second: float | None
    hit_ratio: float | None
    bytes: int
    blocked: int
    silent: int
    busiest_pool: float | None
    outbox_oldest_seconds: float | None
    replica_lag_seconds: float | None


class MovedError(Exception):
    """Somebody else has taken this snapshot meanwhile."""


async def claim_snapshot(connection: Connection, every_seconds: float) -> Kept | None:
    """None when the next one is not due, or somebody is at it."""
    row = await QUERIES["claim_snapshot"].row(connection, every_seconds)
    return None if row is None else _kept(row["at"], row["counters"])


async def get_counters(connection: Connection) -> Kept:
    row = await QUERIES["get_counters"].row(connection)
    assert row is not None  # noqa: S101  the migration made the row
    return _kept(row["at"], row["counters"])


async def move_counters(connection: Connection, before: datetime | None, at: datetime, counters: Counters) -> None:
    """Raises MovedError."""
    if await QUERIES["move_counters"].row(connection, before, at, _text(counters)) is None:
        raise MovedError


async def insert_snapshot(connection: Connection, kind: Kind, at: datetime, document: bytes) -> None:
    await QUERIES["insert_snapshot"].execute(connection, kind, at, document.decode())


async def insert_point(connection: Connection, point: HistoryPoint) -> None:
    await QUERIES["insert_point"].execute(connection, *msgspec.structs.astuple(point))


async def learn_statements(
    connection: Connection, at: datetime, statements: Sequence[object]
) -> dict[tuple[int, str], int]:
    """The ids by (query_id, role). The statements have query_id, role, name and text, each pair once."""
    rows = await QUERIES["learn_statements"].rows(connection, _text(statements), at)
    return {(row["query_id"], row["role"]): row["id"] for row in rows}


async def insert_statement_minutes(connection: Connection, at: datetime, minutes: Sequence[StatementMinute]) -> None:
    await QUERIES["insert_statement_minutes"].execute(connection, at, _text(minutes))


async def insert_query_minutes(connection: Connection, at: datetime, minutes: Sequence[QueryMinute]) -> None:
    await QUERIES["insert_query_minutes"].execute(connection, at, _text(minutes))


async def learn_queries(connection: Connection, places: Sequence[Place]) -> None:
    await QUERIES["learn_queries"].execute(connection, _text(places))


async def insert_slow_queries(connection: Connection, slow: Sequence[Slow]) -> None:
    await QUERIES["insert_slow_queries"].execute(connection, _text(slow))


async def note_plans(connection: Connection, at: datetime, plans: Sequence[NotedPlan]) -> None:
    await QUERIES["note_plans"].execute(connection, at, _text(plans))


async def add_usage(connection: Connection, day: date, usage: Sequence[Usage]) -> None:
    await QUERIES["add_usage"].execute(connection, day, _text(usage))


OLD: dict[str, int] = {
    "delete_snapshots": KEPT_DAYS,
    "delete_points": KEPT_DAYS,
    "delete_statement_minutes": KEPT_DAYS,
    # When they were seen is known to the day: none goes before its last minute.
    "delete_statements": KEPT_DAYS + 1,
    "delete_query_minutes": KEPT_DAYS,
    "delete_slow_queries": KEPT_DAYS,
    "delete_plans": KEPT_LONG_DAYS,
    "delete_usage": KEPT_LONG_DAYS,
}
"""What is deleted, and how many days it was kept."""


async def delete_old(connection: Connection, query: str, before: datetime, most: int) -> int:
    """By one of OLD's queries; how many rows went."""
    row = await QUERIES[query].row(connection, before, most)
    return int(row["rows"]) if row is not None else 0


async def get_snapshot(connection: Connection, kind: Kind, at: datetime) -> bytes | None:
    """The last up to then, as it was answered."""
    row = await QUERIES["get_snapshot"].row(connection, kind, at)
    return None if row is None else row["document"].encode()


async def get_last_at(connection: Connection, kind: Kind, until: datetime) -> datetime | None:
    row = await QUERIES["get_last_at"].row(connection, kind, until)
    return None if row is None else row["at"]


async def list_history(
    connection: Connection, start: datetime, end: datetime, step_seconds: float
) -> list[HistoryPoint]:
    return [HistoryPoint(**row) for row in await QUERIES["list_history"].rows(connection, start, end, step_seconds)]


async def sum_statements(connection: Connection, start: datetime, end: datetime) -> list[StatementSum]:
    return [StatementSum(**row) for row in await QUERIES["sum_statements"].rows(connection, start, end)]


async def sum_queries(connection: Connection, start: datetime, end: datetime) -> list[QuerySum]:
    return [QuerySum(**row) for row in await QUERIES["sum_queries"].rows(connection, start, end)]


async def list_places(connection: Connection) -> dict[str, Place]:
    """By the query."""
    return {row["query"]: Place(**row) for row in await QUERIES["list_places"].rows(connection)}


async def list_slow_queries(connection: Connection, start: datetime, end: datetime) -> list[SlowSum]:
    return [SlowSum(**row) for row in await QUERIES["list_slow_queries"].rows(connection, start, end)]


async def list_plans(connection: Connection, queries: Sequence[str]) -> list[KeptPlan]:
    return [_plan(row) for row in await QUERIES["list_plans"].rows(connection, queries)]


async def list_recent_plans(connection: Connection, since: datetime) -> list[KeptPlan]:
    return [_plan(row) for row in await QUERIES["list_recent_plans"].rows(connection, since)]


async def sum_usage(connection: Connection, kind: Literal["index", "table"], since: date) -> dict[str, tuple[int, int]]:
    """By the name: scans, and rows that they read."""
    rows = await QUERIES["sum_usage"].rows(connection, kind, since)
    return {row["name"]: (row["scans"], row["rows_read"]) for row in rows}


async def get_first_day(connection: Connection) -> date | None:
    row = await QUERIES["get_first_day"].row(connection)
    return None if row is None else row["day"]


def _kept(at: datetime | None, counters: str | None) -> Kept:
    return Kept(at, _counters.decode(counters) if counters is not None else {})


def _plan(row: Row) -> KeptPlan:
    return KeptPlan(**{**row, "plan": msgspec.json.decode(row["plan"])})


def _text(value: object) -> str:
    return _encoder.encode(value).decode()
