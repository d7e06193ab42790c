"""Who and what comes first, beside `store` and by its rules: one typed function a query of tops.sql."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from services.analytics.reports.periods import Span
from services.analytics.reports.store import columns_of
from shared.database import Connection, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("tops.sql"))

By = Literal["revenue", "quantity"]


class TopProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What was sold of a product, in so many orders. Names are null until the catalogue has told them."""

    product_id: UUID
    sku: str | None
    name: str | None
    category: str | None
    orders: int
    quantity: int
    revenue_cents: int


class TopRestaurant(msgspec.Struct, frozen=True, kw_only=True):
    restaurant_id: UUID
    number: int
    name: str
    orders: int
    delivered: int
    cancelled: int
    rejected: int
    revenue_cents: int


class TopCategory(msgspec.Struct, frozen=True, kw_only=True):
    """`orders` have a line or more of it. Empty is the category of products that the catalogue has not told of."""

    category: str
    orders: int
    quantity: int
    revenue_cents: int


class DriverTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Of the orders that a driver has now, or had last."""

    driver_id: UUID
    name: str
    orders: int
    delivered: int
    on_time: int
    failed: int
    revenue_cents: int


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Empty where none was given."""

    status: Literal["cancelled", "rejected"]
    reason: str
    orders: int


async def list_top_products(
    connection: Connection, subject: UUID, spans: Sequence[Span], by: By, limit: int
) -> list[TopProduct]:
    rows = await QUERIES["list_top_products"].rows(connection, subject, *_columns(spans), by == "quantity", limit)
    return [TopProduct(**row) for row in rows]


async def every_product(
    connection: Connection, subject: UUID, spans: Sequence[Span], at_once: int
) -> AsyncIterator[list[TopProduct]]:
    """All that were sold, by revenue, so many at once. In a transaction."""
    parameters = (subject, *_columns(spans), False, None)
    cursor = await connection.cursor(QUERIES["list_top_products"].sql, *parameters)
    while rows := await cursor.fetch(at_once):
        yield [TopProduct(**row) for row in rows]


async def list_top_restaurants(connection: Connection, spans: Sequence[Span], limit: int | None) -> list[TopRestaurant]:
    rows = await QUERIES["list_top_restaurants"].rows(connection, *_columns(spans), limit)
    return [TopRestaurant(**row) for row in rows]


async def list_top_categories(connection: Connection, spans: Sequence[Span], limit: int | None) -> list[TopCategory]:
    rows = await QUERIES["list_top_categories"].rows(connection, *_columns(spans), limit)
    return [TopCategory(**row) for row in rows]


async def list_top_drivers(connection: Connection, spans: Sequence[Span], limit: int | None) -> list[DriverTotals]:
    rows = await QUERIES["list_top_drivers"].rows(connection, *_columns(spans), limit)
    return [DriverTotals(**row) for row in rows]


async def sum_times_of_drivers(
    connection: Connection, drivers: Sequence[UUID], spans: Sequence[Span]
) -> Mapping[UUID, Mapping[int, int]]:
    """Of each how many deliveries' seconds fell into which bucket. Spans of days."""
    found: defaultdict[UUID, dict[int, int]] = defaultdict(dict)
    for row in await QUERIES["sum_times_of_drivers"].rows(connection, drivers, *_columns(spans)):
        found[row["subject"]][row["bucket"]] = row["amount"]
    return found


async def list_reasons(
    connection: Connection, subject: UUID, start: datetime, end: datetime, limit: int
) -> list[Reason]:
    """From and until before midnights of the business's zone."""
    rows = await QUERIES["list_reasons"].rows(connection, subject, start, end, limit)
    return [Reason(**row) for row in rows]


async def every_reason(
    connection: Connection, subject: UUID, start: datetime, end: datetime, at_once: int
) -> AsyncIterator[list[Reason]]:
    """All of them, so many at once. In a transaction."""
    cursor = await connection.cursor(QUERIES["list_reasons"].sql, subject, start, end, None)
    while rows := await cursor.fetch(at_once):
        yield [Reason(**row) for row in rows]


def _columns(spans: Sequence[Span]) -> tuple[list[str], list[datetime], list[datetime]]:
    _, grains, starts, ends = columns_of([spans])
    return grains, starts, ends
