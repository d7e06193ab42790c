"""The routes of reports as CSV files, for spreadsheets. They decode, ask, and write lines as they come.

Invariants: a file is the whole of its report, of one moment, and never in memory as a whole: products, orders and
reasons are read a thousand at a time, of the rest there are hundreds. Nothing in it is a formula to a spreadsheet. What
is wrong with the question is told before the file begins. A few are written at once, each for EXPORT_SECONDS at most:
one more is refused, and one whose reader is slower broken off, so that the projector has connections and a rebuild can
swap its tables.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import datetime, time
from time import monotonic
from typing import Annotated, Any, Literal

from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from services.analytics.api import AnalyticsRequest, api_of
from services.analytics.projection.buckets import Grain
from services.analytics.reports import orders_store, tops_store
from services.analytics.reports.api import series
from services.analytics.reports.asked import Asked, From, RestaurantId, Timezone, To, asked
from services.analytics.reports.orders_api import DriverId, InState, Late, wanted_of
from services.analytics.reports.tops_api import top_categories, top_drivers, top_restaurants
from shared.database import LASTING_SNAPSHOT
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.problems import Problem, busy
from shared.spreadsheet import BOM, CSV, Separator, money, shown, written

Lines = AsyncIterator[Iterable[Sequence[object]]]
"""Of a file, some at a time; the first are its header."""

Top = Literal["products.csv", "restaurants.csv", "categories.csv", "drivers.csv", "cancellations.csv"]
OF_THE_BUSINESS: frozenset[Top] = frozenset({"restaurants.csv", "categories.csv", "drivers.csv"})

SeparatedBy = Annotated[
    Separator, QueryParameter(description="semicolon: also amounts as 2,50, for spreadsheets that write so")
]
FILE: dict[str, Any] = {
    "media_type": CSV,
    "responses": {
        200: ResponseSpec(str, media_type=CSV, generate_examples=False),
        **documented(400, 401, 403, 404, 429, 503),
    },
}

EXPORT_SECONDS = 300.0

_ROWS_AT_ONCE = 1_000


@get(
    "/api/analytics/exports/revenue.csv",
    before_request=only("restaurant", "admin"),
    summary="Orders and revenue as a CSV file",
    **FILE,
)
async def export_revenue(
    request: AnalyticsRequest,
    bucket: Annotated[Grain, QueryParameter(description="Of the zone: its days, and its weeks from Monday")] = "day",
    separator: SeparatedBy = "comma",
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> Stream:
    """The series, a line a bucket."""

    async def lines(about: Asked) -> Lines:
        yield [("at", "orders", "revenue")]
        items = await series(about, bucket)
        yield [(item.at.isoformat(), item.orders, money(item.revenue_cents, separator)) for item in items]

    whole = asked(request, start, end, timezone, restaurant_id, LASTING_SNAPSHOT)
    return await _file(request, "revenue", whole, lines, separator)


@get(
    "/api/analytics/exports/orders.csv",
    before_request=only("restaurant", "admin"),
    summary="The orders behind a number as a CSV file",
    **FILE,
)
async def export_orders(
    request: AnalyticsRequest,
    status: InState = None,
    late: Late = False,
    driver_id: DriverId = None,
    separator: SeparatedBy = "comma",
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> Stream:
    """Newest first, a line an order."""

    async def lines(about: Asked) -> Lines:
        wanted = wanted_of(about.restaurant_id, driver_id, status, late=late)
        yield [(*("id", "number", "placed_at", "restaurant", "driver", "status", "since", "reason", "lines", "total"),)]
        async for orders in orders_store.every_order(about.connection, about.period, wanted, _ROWS_AT_ONCE):
            yield [
                (
                    order.id,
                    order.number,
                    about.local(order.created_at).isoformat(),
                    shown(order.restaurant_name or ""),
                    shown(order.driver_name or ""),
                    order.status,
                    "" if order.entered_at is None else about.local(order.entered_at).isoformat(),
                    shown(order.reason or ""),
                    order.lines,
                    money(order.total_cents, separator),
                )
                for order in orders
            ]

    whole = asked(request, start, end, timezone, restaurant_id, LASTING_SNAPSHOT)
    return await _file(request, "orders", whole, lines, separator)


@get(
    "/api/analytics/exports/{file:str}",
    before_request=only("restaurant", "admin"),
    summary="What comes first as a CSV file",
    **FILE,
)
async def export_top(
    request: AnalyticsRequest,
    file: FromPath[Top],
    separator: SeparatedBy = "comma",
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> Stream:
    """The whole of it. Restaurants, categories and drivers are the business's alone, and for admins."""
    if file in OF_THE_BUSINESS:
        if request.user.role != "admin":
            raise Problem(403, "Only admin may do this.", code="forbidden")
        restaurant_id = None
    whole = asked(request, start, end, timezone, restaurant_id, LASTING_SNAPSHOT)
    return await _file(request, file.removesuffix(".csv"), whole, lambda about: TOPS[file](about, separator), separator)


ROUTES = (export_revenue, export_orders, export_top)


async def _products(about: Asked, separator: Separator) -> Lines:
    yield [("sku", "name", "category", "orders", "quantity", "revenue")]
    spans = about.period.cover(*about.grains("week", "day"))
    async for products in tops_store.every_product(about.connection, about.subject, spans, _ROWS_AT_ONCE):
        yield [
            (
                *(shown(text or "") for text in (one.sku, one.name, one.category)),
                one.orders,
                one.quantity,
                money(one.revenue_cents, separator),
            )
            for one in products
        ]


async def _restaurants(about: Asked, separator: Separator) -> Lines:
    yield [("number", "name", "orders", "delivered", "cancelled", "rejected", "revenue")]
    yield [
        (
            *(one.number, shown(one.name), one.orders, one.delivered, one.cancelled, one.rejected),
            money(one.revenue_cents, separator),
        )
        for one in await top_restaurants(about, None)
    ]


async def _categories(about: Asked, separator: Separator) -> Lines:
    yield [("category", "orders", "quantity", "revenue")]
    yield [
        (shown(one.category), one.orders, one.quantity, money(one.revenue_cents, separator))
        for one in await top_categories(about, None)
    ]


async def _drivers(about: Asked, separator: Separator) -> Lines:
    yield [("name", "orders", "delivered", "on_time", "failed", "minutes_p50", "minutes_p95", "revenue")]
    yield [
        (
            *(shown(one.name), one.orders, one.delivered, one.on_time, one.failed),
            *(_decimal(one.delivery_minutes.p50, separator), _decimal(one.delivery_minutes.p95, separator)),
            money(one.revenue_cents, separator),
        )
        for one in await top_drivers(about, None)
    ]


async def _cancellations(about: Asked, separator: Separator) -> Lines:  # noqa: ARG001  has no amounts
    yield [("status", "reason", "orders")]
    period = about.period
    period.cover("day")  # or it is refused
    found = tops_store.every_reason(about.connection, about.subject, period.start, period.end, _ROWS_AT_ONCE)
    async for some in found:
        yield [(one.status, shown(one.reason), one.orders) for one in some]


TOPS: dict[Top, Callable[[Asked, Separator], Lines]] = {
    "products.csv": _products,
    "restaurants.csv": _restaurants,
    "categories.csv": _categories,
    "drivers.csv": _drivers,
    "cancellations.csv": _cancellations,
}


class SlowReaderError(Exception):
    """Who asked for the file did not take it in time."""


async def _file(
    request: AnalyticsRequest,
    name: str,
    whole: AbstractAsyncContextManager[Asked],
    lines: Callable[[Asked], Lines],
    separator: Separator,
) -> Stream:
    """`whole`: the open question. Raises Problem for what is wrong with it, and when others are at theirs."""
    turns = api_of(request).exports
    if turns.locked():
        raise busy("Other files are being written. Ask for this one again in a moment.")

    async def chunks() -> AsyncGenerator[bytes, None]:
        async with turns, whole as about:
            until = monotonic() + EXPORT_SECONDS
            yield _name(name, about).encode()
            yield BOM
            async for some in lines(about):
                yield written(some, separator)
                if monotonic() > until:
                    raise SlowReaderError(f"{name}: broken off after {EXPORT_SECONDS:.0f} s")

    found = chunks()
    file_name = (await anext(found)).decode()
    # Header and first lines before the answer's head: where something is wrong this is a problem, and no broken file.
    first = [await anext(found, b"") for _ in range(3)]

    async def file() -> AsyncIterator[bytes]:
        async with aclosing(found):
            for chunk in first:
                yield chunk
            async for chunk in found:
                yield chunk

    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{file_name}"'}
    return Stream(file(), media_type=f"{CSV}; charset=utf-8", headers=headers)


def _decimal(number: float | None, separator: Separator) -> str:
    return "" if number is None else str(number).replace(".", "," if separator == "semicolon" else ".")


def _name(report: str, about: Asked) -> str:
    """`larder-orders-2026-11-01-2026-12-01.csv`: from when until before when, in the zone that was asked for."""
    start, end = (_told(about.local(moment)) for moment in (about.period.start, about.period.end))
    return f"larder-{report}-{start}-{end}.csv"


def _told(local: datetime) -> str:
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%dT%H%M}"
