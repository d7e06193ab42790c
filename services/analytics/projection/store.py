"""The tables that the stream is folded into, as their projector writes them: one typed function a query of
queries.sql, beside `store`.

Invariant: rows are written in the order of their keys, so that neighbours share pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from proto.accounts import Person, Restaurant
from proto.catalog import Product
from services.analytics.projection.domain import Counted, Tally
from shared.database import Connection, Query, load_queries

LIVE, REBUILT = "analytics", "analytics_rebuild"

_FILE = Path(__file__).with_name("queries.sql")


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Up to `seq` of `epoch` is folded in; "" and 0 before the first event. `zone`: whose days are counted by.
    `generation` changes when the tables are replaced. `as_of`, as it was read: all that the stream held then is folded
    in. `resting`: nobody has moved it for a while."""

    epoch: str
    seq: int
    zone: str
    generation: int
    as_of: datetime | None = None
    resting: bool = False


class Tables:
    """The live tables, or those of a rebuild, by their schema."""

    def __init__(self, schema: str) -> None:
        self._queries: Mapping[str, Query] = load_queries("analytics", _FILE, schema)

    async def get_position(self, connection: Connection, rest_seconds: float) -> Position:
        row = await self._queries["get_position"].row(connection, rest_seconds)
        assert row is not None  # noqa: S101  there is always one
        return Position(**row)

    async def move(self, connection: Connection, before: Position, after: Position, as_of: datetime | None) -> bool:
        """False when somebody else has moved it: then nothing may be written. Until the transaction ends nobody else
        moves it. All that the stream held at `as_of` is folded in."""
        wanted = (before.epoch, before.seq, before.generation, after.epoch, after.seq, as_of, after.zone)
        return await self._queries["move_projection"].row(connection, *wanted) is not None

    async def list_counted(self, connection: Connection, orders: Iterable[UUID]) -> dict[UUID, Counted]:
        rows = await self._queries["list_counted"].rows(connection, sorted(orders))
        return {row["id"]: Counted(**row) for row in rows}

    async def add(self, connection: Connection, tally: Tally) -> None:
        """What comes to nothing is not written."""
        orders = [msgspec.structs.astuple(tally.orders[order]) for order in sorted(tally.orders)]
        await self._write(connection, "upsert_counted", orders)
        await self._write(connection, "add_totals", _changed(tally.totals))
        await self._write(connection, "add_histograms", _changed(tally.histograms))
        await self._write(connection, "add_reasons", _changed(tally.reasons))
        await self._write(connection, "add_category_sales", _changed(tally.category_sales))
        await self._write(connection, "add_product_sales", _changed(tally.product_sales))

    async def list_categories(self, connection: Connection, products: Iterable[UUID]) -> dict[UUID, str]:
        """What their sales count under; without those that are not known."""
        rows = await self._queries["list_categories"].rows(connection, sorted(products))
        return {row["id"]: row["category"] for row in rows}

    async def insert_products(self, connection: Connection, products: Sequence[Product]) -> None:
        """Those that are not there yet."""
        await self._write(connection, "insert_products", _products(products))

    async def upsert_products(self, connection: Connection, products: Sequence[Product]) -> None:
        """What is newer; each product once. Sales go on counting under what the product was in at first."""
        await self._write(connection, "upsert_products", _products(products))

    async def upsert_restaurants(self, connection: Connection, restaurants: Sequence[Restaurant]) -> None:
        """What is newer; each restaurant once."""
        rows = [(one.id, one.number, one.name, one.zone, one.version) for one in restaurants]
        await self._write(connection, "upsert_restaurants", rows)

    async def upsert_drivers(self, connection: Connection, people: Sequence[Person]) -> None:
        """What is newer; each person once, and only those who drive."""
        rows = [(one.id, one.name, one.zone, one.version) for one in people if one.zone is not None]
        await self._write(connection, "upsert_drivers", rows)

    async def _write(self, connection: Connection, query: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await self._queries[query].execute(connection, *zip(*rows, strict=True))


def _changed(numbers: Mapping[Any, Any]) -> list[tuple[Any, ...]]:
    """Key and numbers of what is not nothing."""
    rows = []
    for key in sorted(numbers):
        value = numbers[key]
        values = value if isinstance(value, list) else [value]
        if any(values):
            rows.append((*key, *values))
    return rows


def _products(products: Sequence[Product]) -> list[tuple[Any, ...]]:
    return [(one.id, one.sku, one.name, one.category, one.version) for one in products]
