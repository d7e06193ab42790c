"""What may be at the edge for an hour, as the database keeps it: one typed function a query of edge.sql."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from shared.database import Connection, load_queries

QUERIES = load_queries("catalog", Path(__file__).with_name("edge.sql"))


class Entry(msgspec.Struct, frozen=True):
    """An address that may be kept for an hour: a product's, or the first page of a category."""

    address: str
    category: str | None = None
    product_id: UUID | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """An address to be fetched anew by this process alone. `wanted` counts the reasons, `seconds` may it be kept,
    `waited` seconds since the first reason."""

    address: str
    wanted: int
    seconds: int
    waited: float


async def ask_for_entries(connection: Connection, entries: Sequence[Entry], most: int) -> None:
    """Readers came for these; beyond `most` nothing new is taken."""
    await QUERIES["ask_for_entries"].execute(
        connection,
        [entry.address for entry in entries],
        [entry.category for entry in entries],
        [entry.product_id for entry in entries],
        most,
    )


async def want_entries(connection: Connection, products: Sequence[UUID], categories: Sequence[str]) -> None:
    """These products changed, and are in these categories now."""
    await QUERIES["want_entries"].execute(connection, products, categories)


async def claim_entries(connection: Connection, limit: int) -> list[Claimed]:
    rows = await QUERIES["claim_entries"].rows(connection, limit)
    return [Claimed(**row) for row in rows]


async def finish_entries(connection: Connection, claimed: Sequence[Claimed]) -> None:
    await QUERIES["finish_entries"].execute(
        connection, [one.address for one in claimed], [one.wanted for one in claimed]
    )


async def postpone_entries(connection: Connection, claimed: Sequence[Claimed]) -> None:
    await QUERIES["postpone_entries"].execute(connection, [one.address for one in claimed])


async def get_stale_seconds(connection: Connection) -> float:
    """How long the longest waiting entry has waited."""
    row = await QUERIES["get_edge_state"].row(connection)
    return 0.0 if row is None else row["stale"]


async def count_entries(connection: Connection) -> int:
    row = await QUERIES["count_edge_entries"].row(connection)
    return 0 if row is None else row["entries"]


async def forget_entries(connection: Connection) -> None:
    """What has expired everywhere."""
    await QUERIES["forget_entries"].execute(connection)
