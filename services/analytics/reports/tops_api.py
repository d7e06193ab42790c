"""The routes of what comes first: products, restaurants, categories, drivers, and why orders came to nothing. They
decode, ask the roll-ups, and encode.

Tops have no pages: the first `limit`, and the whole of them as a file. All but restaurants are kept by days of the
business's zone: a range that is not whole days there is refused.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from services.analytics.api import AnalyticsRequest
from services.analytics.reports import store, tops_store
from services.analytics.reports.api import Minutes, minutes, share
from services.analytics.reports.asked import Asked, From, RestaurantId, Timezone, To, asked
from services.analytics.reports.tops_store import By, Reason, TopCategory, TopProduct, TopRestaurant
from shared.http.answers import JSONAnswer
from shared.http.guards import only
from shared.http.openapi import documented

Most = Annotated[int, QueryParameter(name="limit", ge=1, le=100, description="How many")]
SortedBy = Annotated[By, QueryParameter(description="What the first has most of")]

_encoder = msgspec.json.Encoder()


class TopProducts(msgspec.Struct, frozen=True):
    as_of: datetime | None
    items: list[TopProduct]


class TopRestaurants(msgspec.Struct, frozen=True):
    as_of: datetime | None
    items: list[TopRestaurant]


class TopCategories(msgspec.Struct, frozen=True):
    as_of: datetime | None
    items: list[TopCategory]


class TopDriver(msgspec.Struct, frozen=True, kw_only=True):
    """Of the orders that a driver has now, or had last. The share is null where none was delivered."""

    driver_id: UUID
    name: str
    orders: int
    delivered: int
    on_time: int
    on_time_share: float | None
    failed: int
    revenue_cents: int
    delivery_minutes: Minutes


class TopDrivers(msgspec.Struct, frozen=True):
    as_of: datetime | None
    items: list[TopDriver]


class Cancellations(msgspec.Struct, frozen=True, kw_only=True):
    """Of the `orders` of a period, those that came to nothing. `items` and `other_reasons` together are all of them."""

    as_of: datetime | None
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    orders: int
    cancelled: int
    rejected: int
    items: list[Reason]
    other_reasons: int


@get(
    "/api/analytics/products/top",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(TopProducts), **documented(400, 401, 403, 404, 429, 503)},
    summary="Products that sold best",
)
async def get_top_products(
    request: AnalyticsRequest,
    by: SortedBy = "revenue",
    most: Most = 20,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """In orders neither rejected nor cancelled."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        spans = about.period.cover(*about.grains("week", "day"))
        items = await tops_store.list_top_products(about.connection, about.subject, spans, by, most)
    return JSONAnswer(_encoder.encode(TopProducts(about.projection.as_of, items)))


@get(
    "/api/analytics/restaurants/top",
    before_request=only("admin"),
    responses={200: ResponseSpec(TopRestaurants), **documented(400, 401, 403, 429, 503)},
    summary="Restaurants that brought most",
)
async def get_top_restaurants(
    request: AnalyticsRequest, most: Most = 20, start: From = None, end: To = None, timezone: Timezone = None
) -> JSONAnswer:
    """By revenue."""
    async with asked(request, start, end, timezone, None) as about:
        items = await top_restaurants(about, most)
    return JSONAnswer(_encoder.encode(TopRestaurants(about.projection.as_of, items)))


@get(
    "/api/analytics/categories/top",
    before_request=only("admin"),
    responses={200: ResponseSpec(TopCategories), **documented(400, 401, 403, 429, 503)},
    summary="Categories that sold best",
)
async def get_top_categories(
    request: AnalyticsRequest, most: Most = 20, start: From = None, end: To = None, timezone: Timezone = None
) -> JSONAnswer:
    """By revenue, in orders neither rejected nor cancelled."""
    async with asked(request, start, end, timezone, None) as about:
        items = await top_categories(about, most)
    return JSONAnswer(_encoder.encode(TopCategories(about.projection.as_of, items)))


@get(
    "/api/analytics/drivers/top",
    before_request=only("admin"),
    responses={200: ResponseSpec(TopDrivers), **documented(400, 401, 403, 429, 503)},
    summary="Drivers who delivered most",
)
async def get_top_drivers(
    request: AnalyticsRequest, most: Most = 20, start: From = None, end: To = None, timezone: Timezone = None
) -> JSONAnswer:
    """With how long their deliveries took, from the order on."""
    async with asked(request, start, end, timezone, None) as about:
        items = await top_drivers(about, most)
    return JSONAnswer(_encoder.encode(TopDrivers(about.projection.as_of, items)))


@get(
    "/api/analytics/cancellations",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Cancellations), **documented(400, 401, 403, 404, 429, 503)},
    summary="Why orders were cancelled and rejected",
)
async def get_cancellations(
    request: AnalyticsRequest,
    most: Most = 20,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """The most frequent reasons first."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        period = about.period
        (total,) = await store.sum_totals(about.connection, about.subject, [period.cover("week", "day")])
        items = await tops_store.list_reasons(about.connection, about.subject, period.start, period.end, most)
    answer = Cancellations(
        as_of=about.projection.as_of,
        start=about.local(period.start),
        end=about.local(period.end),
        orders=total.orders,
        cancelled=total.cancelled,
        rejected=total.rejected,
        items=items,
        other_reasons=total.cancelled + total.rejected - sum(item.orders for item in items),
    )
    return JSONAnswer(_encoder.encode(answer))


ROUTES = (get_top_products, get_top_restaurants, get_top_categories, get_top_drivers, get_cancellations)


async def top_restaurants(about: Asked, limit: int | None) -> list[TopRestaurant]:
    """All of them where there is no limit. Raises PeriodError, as do the others."""
    return await tops_store.list_top_restaurants(about.connection, about.period.cover("week", "day", "hour"), limit)


async def top_categories(about: Asked, limit: int | None) -> list[TopCategory]:
    return await tops_store.list_top_categories(about.connection, about.period.cover("week", "day"), limit)


async def top_drivers(about: Asked, limit: int | None) -> list[TopDriver]:
    drivers = await tops_store.list_top_drivers(about.connection, about.period.cover("week", "day"), limit)
    times = await tops_store.sum_times_of_drivers(
        about.connection, [driver.driver_id for driver in drivers], about.period.cover("day")
    )
    return [
        TopDriver(
            on_time_share=share(driver.on_time, driver.delivered),
            delivery_minutes=minutes(times.get(driver.driver_id, {})),
            **msgspec.structs.asdict(driver),
        )
        for driver in drivers
    ]
