"""What admins read of the catalogue: one typed function a query of admin.sql."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from proto.envelope import Actor
from services.catalog.domain import Product
from shared.database import Connection, load_queries

QUERIES = load_queries("catalog", Path(__file__).with_name("admin.sql"))

NEWEST = 2**31 - 1
"""Above every version: the first page of a history."""

Value = str | int | bool | None


class Change(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """What a field was and became. Before a first version there was nothing: no `from`."""

    after: Value
    before: Value | msgspec.UnsetType = msgspec.UNSET


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a product: who made it, in which request, and what it changed, by field."""

    version: int
    at: datetime
    actor: Actor
    request_id: str | None
    changes: dict[str, Change]


_changes = msgspec.json.Decoder(dict[str, Change])


async def list_all_products(
    connection: Connection, below: UUID, limit: int, active: bool | None, category: str | None, q: str | None
) -> list[Product]:
    """Newest first. `q`: how the sku or the name begins, in any case."""
    if q is not None:
        rows = await QUERIES["find_all_products"].rows(connection, below, limit, active, category, q)
    elif category is not None:
        rows = await QUERIES["list_all_products_of_category"].rows(connection, below, limit, active, category)
    else:
        rows = await QUERIES["list_all_products"].rows(connection, below, limit, active)
    return [Product(**row) for row in rows]


async def get_product(connection: Connection, product_id: UUID) -> Product | None:
    row = await QUERIES["get_whole_product"].row(connection, product_id)
    return None if row is None else Product(**row)


async def get_product_by_sku(connection: Connection, sku: str) -> Product | None:
    row = await QUERIES["get_whole_product_by_sku"].row(connection, sku)
    return None if row is None else Product(**row)


async def list_history(connection: Connection, product_id: UUID, below: int, limit: int) -> list[HistoryEntry]:
    rows = await QUERIES["list_product_history"].rows(connection, product_id, below, limit)
    return [
        HistoryEntry(
            version=row["version"],
            at=row["at"],
            actor=Actor(row["actor_id"], row["actor_role"]),
            request_id=row["request_id"],
            changes=_changes.decode(row["changes"]),
        )
        for row in rows
    ]


async def every_product(connection: Connection, at_once: int) -> AsyncIterator[list[Product]]:
    """All of them as they are when it begins, so many at once. In a transaction."""
    cursor = await connection.cursor(QUERIES["list_every_product"].sql)
    while rows := await cursor.fetch(at_once):
        yield [Product(**row) for row in rows]
