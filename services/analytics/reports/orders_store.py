"""The orders behind a number, beside `store` and by its rules: one typed function a query of orders.sql.

Invariant: what is listed is what was counted, in the same snapshot: as many orders of a state as the totals say.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from proto.orders import Status
from services.analytics.projection.domain import DELIVERY_PROMISE
from services.analytics.reports.periods import Period
from shared.database import Connection, Row, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("orders.sql"))


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page."""

    created_at: datetime
    id: UUID


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders; None is any. `late`: delivered, and not on time."""

    restaurant_id: UUID | None = None
    driver_id: UUID | None = None
    which: Status | Literal["late"] | None = None


class CountedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was counted last: in `status` since `entered_at`, which is null where that is not known. Names are
    null until accounts has told them. The whole of it is at `/api/orders/{id}`."""

    id: UUID
    number: int
    restaurant_id: UUID
    restaurant_name: str | None
    driver_id: UUID | None
    driver_name: str | None
    status: Status
    reason: str | None
    version: int
    lines: int
    total_cents: int
    created_at: datetime
    entered_at: datetime | None


def top_of(period: Period) -> Position:
    """Above every row of it: the first page."""
    return Position(period.end, UUID(int=0))


async def list_orders(
    connection: Connection, period: Period, wanted: Wanted, below: Position, limit: int
) -> list[CountedOrder]:
    """Newest first."""
    name, parameters = _question(period, wanted, below, limit)
    return await _named(connection, await QUERIES[name].rows(connection, *parameters))


async def every_order(
    connection: Connection, period: Period, wanted: Wanted, at_once: int
) -> AsyncIterator[list[CountedOrder]]:
    """All of them, newest first, so many at once. In a transaction."""
    below = top_of(period)
    while orders := await list_orders(connection, period, wanted, below, at_once):
        yield orders
        below = Position(orders[-1].created_at, orders[-1].id)


def _question(period: Period, wanted: Wanted, below: Position, limit: int) -> tuple[str, tuple[object, ...]]:
    """The query for it, and its parameters."""
    page = (period.start, below.created_at, below.id, limit)
    narrowed = (*page, wanted.which, DELIVERY_PROMISE)
    if wanted.driver_id is not None and (wanted.which, wanted.restaurant_id) != (None, None):
        return "list_orders_of_driver_in", (*narrowed, wanted.driver_id, wanted.restaurant_id)
    if wanted.driver_id is not None:
        return "list_orders_of_driver", (*page, wanted.driver_id)
    if wanted.restaurant_id is not None and wanted.which is not None:
        return "list_orders_of_restaurant_in", (*narrowed, wanted.restaurant_id)
    if wanted.restaurant_id is not None:
        return "list_orders_of_restaurant", (*page, wanted.restaurant_id)
    return ("list_orders", page) if wanted.which is None else ("list_orders_in", narrowed)


async def _named(connection: Connection, rows: Sequence[Row]) -> list[CountedOrder]:
    if not rows:
        return []
    restaurants, drivers = {row["restaurant_id"] for row in rows}, {row["driver_id"] for row in rows}
    found = await QUERIES["list_names"].rows(connection, list(restaurants), list(drivers - {None}))
    names = {row["id"]: row["name"] for row in found}
    return [
        CountedOrder(restaurant_name=names.get(row["restaurant_id"]), driver_name=names.get(row["driver_id"]), **row)
        for row in rows
    ]
