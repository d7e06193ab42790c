"""What the database says of itself: one typed function a query of queries.sql.

Invariants: everything is read under pg_read_all_stats (LOOK), which sees statistics of all roles and rows of nobody; no
value that a person gave comes out, neither in the text of a statement nor in what runs now. Sizes are bytes, ages of
transaction ids a number of transactions.
"""

from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from shared.database import Connection, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("queries.sql"))

LOOK = "begin read only; set local role pg_read_all_stats"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The server and this database. Commits and what follows are counted since `counted_since`, null for ever.
    `statements`: whether pg_stat_statements is installed. At an `xid_age` of `xid_age_forced` Postgres vacuums by
    force; at 2 billion it stops."""

    version: str
    started_at: datetime
    replica: bool
    bytes: int
    connections: int
    connections_limit: int
    commits: int
    rollbacks: int
    blocks_hit: int
    blocks_read: int
    temp_bytes: int
    deadlocks: int
    counted_since: datetime | None
    xid_age: int
    xid_age_forced: int
    statements: bool


class Connections(msgspec.Struct, frozen=True, kw_only=True):
    role: str
    application: str
    state: str
    connections: int


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """An open one. `role` is Postgres's own worker where there is none, such as `autovacuum worker`. `statement` is the
    name of our query, or the first word of somebody else's; the last one, when it is idle."""

    pid: int
    role: str
    application: str
    state: str
    seconds: float
    statement: str | None


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody waits for a lock that somebody else holds or asked for before. `relation` is null for a row's lock,
    which is waited for as the other's transaction (`waits_for` of transactionid)."""

    pid: int
    role: str
    statement: str | None
    seconds: float | None
    waits_for: str
    mode: str
    relation: str | None
    blocker_pid: int
    blocker_role: str
    blocker_application: str
    blocker_state: str | None
    blocker_statement: str | None
    blocker_seconds: float | None


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """Lags are null while there is nothing to write."""

    name: str
    state: str
    sync_state: str
    bytes_behind: int | None
    write_lag_seconds: float | None
    flush_lag_seconds: float | None
    replay_lag_seconds: float | None


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes_left` until its WAL is given up (max_slot_wal_keep_size); null without such a limit."""

    name: str
    kind: str
    active: bool
    wal_status: str | None
    bytes_kept: int | None
    bytes_left: int | None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement cost under a role, since the counters began. `name` is null for what is none of ours. Blocks are
    of 8 KiB."""

    query_id: int
    role: str
    name: str | None
    text: str
    calls: float
    total_ms: float
    rows: float
    blocks_hit: float
    blocks_read: float
    blocks_temp: float


class Width(msgspec.Struct, frozen=True):
    """Of a column: bytes, as stored, and the share of rows where it is null."""

    bytes: int
    nulls: float


Widths: TypeAlias = dict[int, dict[int, Width]]
"""By the relation's oid, by the column's number."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` is the planner's estimate, null before the first ANALYZE. Reads and updates are counted since the
    database's counters were set back."""

    relation: int
    name: str
    rows: int | None
    bytes: int
    heap_bytes: int
    fillfactor: int
    live_rows: int
    dead_rows: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    xid_age: int
    whole_reads: int
    rows_read_whole: int
    index_reads: int
    updates: int
    updates_in_place: int


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """`constraint`: a primary key, a unique or an exclusion stands on it. Not `valid`: its making failed, and it costs
    writes and serves nobody."""

    relation: int
    table_relation: int
    name: str
    table: str
    method: str
    keys: list[int]
    rows: int | None
    bytes: int
    scans: int
    rows_read: int
    unique: bool
    constraint: bool
    valid: bool
    definition: str
    same_as: str | None


async def get_server(connection: Connection) -> Server:
    row = await QUERIES["get_server"].row(connection)
    assert row is not None  # noqa: S101  we are connected to it
    return Server(**row)


async def list_connections(connection: Connection) -> list[Connections]:
    return [Connections(**row) for row in await QUERIES["list_connections"].rows(connection)]


async def list_transactions(connection: Connection) -> list[Transaction]:
    """The ten oldest."""
    return [Transaction(**row) for row in await QUERIES["list_transactions"].rows(connection)]


async def list_blocked(connection: Connection) -> list[Blocked]:
    return [Blocked(**row) for row in await QUERIES["list_blocked"].rows(connection)]


async def list_replicas(connection: Connection) -> list[Replica]:
    """Of a primary."""
    return [Replica(**row) for row in await QUERIES["list_replicas"].rows(connection)]


async def list_slots(connection: Connection) -> list[Slot]:
    """Of a primary."""
    return [Slot(**row) for row in await QUERIES["list_slots"].rows(connection)]


async def get_statements_since(connection: Connection) -> datetime | None:
    """Raises what a database has without pg_stat_statements, as the next one does."""
    row = await QUERIES["get_statements_since"].row(connection)
    return row["since"] if row is not None else None


async def list_statements(connection: Connection) -> list[Statement]:
    return [Statement(**row) for row in await QUERIES["list_statements"].rows(connection)]


async def list_widths(connection: Connection) -> Widths:
    """Raises what a database has without planner.widths(), which deploy/postgres/roles.sql makes."""
    widths: Widths = {}
    for row in await QUERIES["list_widths"].rows(connection):
        widths.setdefault(row["relation"], {})[row["attribute"]] = Width(row["bytes"], row["nulls"])
    return widths


async def list_tables(connection: Connection) -> list[Table]:
    """The largest first."""
    return [Table(**row) for row in await QUERIES["list_tables"].rows(connection)]


async def list_indexes(connection: Connection) -> list[Index]:
    """The largest first."""
    return [Index(**row) for row in await QUERIES["list_indexes"].rows(connection)]
