"""The routes of the business's numbers: what it comes to, as a series, and how it is delivered. They decode, ask the
roll-ups, and encode. Orders count by when they were placed, in the state that they are in now; revenue is the total of
those neither rejected nor cancelled. Percentiles come from histograms and are off by 4.4 % at most."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from proto.orders import Status
from services.analytics.api import AnalyticsRequest, api_of
from services.analytics.projection.buckets import Grain
from services.analytics.projection.domain import DELIVERY_PROMISE, MEASURED
from services.analytics.projection.histogram import percentile
from services.analytics.reports import store
from services.analytics.reports.asked import Asked, From, RestaurantId, Timezone, To, asked
from services.analytics.reports.store import Projection, Totals
from shared.http.answers import JSONAnswer
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented

_encoder = msgspec.json.Encoder()


class Minutes(msgspec.Struct, frozen=True):
    """Half of them took at most `p50`, 95 of 100 at most `p95`. Null where there is none."""

    p50: float | None
    p95: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a period comes to. `from` counts, `to` does not. `average_order_cents` is of the orders that revenue is of,
    and null where there is none; `delivery_minutes` go from the order to its delivery."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    orders: int
    delivered: int
    cancelled: int
    rejected: int
    revenue_cents: int
    average_order_cents: int | None
    delivery_minutes: Minutes


class Kpis(Figures, frozen=True, kw_only=True):
    """`previous` is the period just before: of as many days, or as many hours. All that had happened at `as_of` is
    counted; null before the first time."""

    as_of: datetime | None
    previous: Figures


class Bucket(msgspec.Struct, frozen=True):
    """What was ordered from `at` until the next one."""

    at: datetime
    orders: int
    revenue_cents: int


class Revenue(msgspec.Struct, frozen=True, kw_only=True):
    """A series. Every bucket of the range is there, those of nothing too."""

    as_of: datetime | None
    items: list[Bucket]


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """Of the orders of a period. `on_time` of the delivered took `promise_minutes` at most, `late` more; the share is
    null where none was delivered."""

    as_of: datetime | None
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    delivered: int
    on_time: int
    late: int
    on_time_share: float | None
    promise_minutes: int
    out_for_delivery: int
    failed: int
    delivery_minutes: Minutes


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long orders stayed in a state, once for each of the `stays` that have ended."""

    status: Status
    stays: int
    minutes: Minutes


class Stages(msgspec.Struct, frozen=True, kw_only=True):
    as_of: datetime | None
    items: list[StageTime]


@get(
    "/api/analytics/kpis",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Kpis), **documented(400, 401, 403, 404, 429, 503)},
    summary="What the business comes to, and came to before",
)
async def get_kpis(
    request: AnalyticsRequest,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """Of all, or of one restaurant, beside the same of the period before."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        periods = [about.period, about.period.previous()]
        totals = await store.sum_totals(
            about.connection, about.subject, [period.cover("week", "day", "hour") for period in periods]
        )
        grains = about.grains("week", "day", "hour")
        times = await store.sum_histograms(
            about.connection, about.subject, ["delivery"], [period.cover(*grains) for period in periods]
        )
    now, before = (
        _figures(about, period.start, period.end, total, time["delivery"])
        for period, total, time in zip(periods, totals, times, strict=True)
    )
    return JSONAnswer(
        _encoder.encode(Kpis(as_of=about.projection.as_of, previous=before, **msgspec.structs.asdict(now)))
    )


@get(
    "/api/analytics/revenue",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Revenue), **documented(400, 401, 403, 404, 429, 503)},
    summary="Orders and revenue, hour by hour, day by day or week by week",
)
async def get_revenue(
    request: AnalyticsRequest,
    bucket: Annotated[Grain, QueryParameter(description="Of the zone: its days, and its weeks from Monday")] = "day",
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """The first and the last are cut to the range, so that all together are what the range comes to. At most 1,000."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        items = await series(about, bucket)
    return JSONAnswer(_encoder.encode(Revenue(as_of=about.projection.as_of, items=items)))


@get(
    "/api/analytics/deliveries",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Deliveries), **documented(400, 401, 403, 404, 429, 503)},
    summary="How many were delivered, and when",
)
async def get_deliveries(
    request: AnalyticsRequest,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """On time is what was delivered within a day of its order."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        (total,) = await store.sum_totals(about.connection, about.subject, [about.period.cover("week", "day", "hour")])
        spans = about.period.cover(*about.grains("week", "day", "hour"))
        (times,) = await store.sum_histograms(about.connection, about.subject, ["delivery"], [spans])
    answer = Deliveries(
        as_of=about.projection.as_of,
        start=about.local(about.period.start),
        end=about.local(about.period.end),
        delivered=total.delivered,
        on_time=total.on_time,
        late=total.delivered - total.on_time,
        on_time_share=share(total.on_time, total.delivered),
        promise_minutes=int(DELIVERY_PROMISE.total_seconds()) // 60,
        out_for_delivery=total.out_for_delivery,
        failed=total.failed,
        delivery_minutes=minutes(times["delivery"]),
    )
    return JSONAnswer(_encoder.encode(answer))


@get(
    "/api/analytics/stages",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Stages), **documented(400, 401, 403, 404, 429, 503)},
    summary="How long orders stay in each state",
)
async def get_stages(
    request: AnalyticsRequest,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
) -> JSONAnswer:
    """In the order in which they come. Of whole days of the business's zone."""
    async with asked(request, start, end, timezone, restaurant_id) as about:
        spans = about.period.cover(*about.grains("week", "day"))
        (times,) = await store.sum_histograms(about.connection, about.subject, list(MEASURED.values()), [spans])
    items = [
        StageTime(status=status, stays=sum(times[measure].values()), minutes=minutes(times[measure]))
        for status, measure in MEASURED.items()
    ]
    return JSONAnswer(_encoder.encode(Stages(as_of=about.projection.as_of, items=items)))


@get(
    "/api/analytics/projection",
    before_request=only("admin"),
    responses={200: ResponseSpec(Projection), **documented(401, 403, 429, 503)},
    summary="How far the orders are counted",
)
async def get_projection(request: AnalyticsRequest) -> JSONAnswer:
    """The position in the stream of orders, and the moment up to which all is counted that happened."""
    projection = await api_of(request).reads.read(store.get_projection, position=position_of(request))
    return JSONAnswer(_encoder.encode(projection))


ROUTES = (get_kpis, get_revenue, get_deliveries, get_stages, get_projection)


async def series(about: Asked, grain: Grain) -> list[Bucket]:
    """Raises PeriodError."""
    buckets = about.period.buckets(grain)
    totals = await store.sum_totals(
        about.connection, about.subject, [bucket.cover("week", "day", "hour") for bucket in buckets]
    )
    return [
        Bucket(about.local(bucket.start), total.orders, total.revenue_cents)
        for bucket, total in zip(buckets, totals, strict=True)
    ]


def minutes(amounts: Mapping[int, int]) -> Minutes:
    """Of seconds in buckets."""
    half, most = percentile(amounts, 0.5), percentile(amounts, 0.95)
    return Minutes(*(None if seconds is None else round(seconds / 60, 1) for seconds in (half, most)))


def share(part: int, whole: int) -> float | None:
    """0 to 1, to four places."""
    return round(part / whole, 4) if whole else None


def _figures(about: Asked, start: datetime, end: datetime, total: Totals, times: Mapping[int, int]) -> Figures:
    sold = total.orders - total.rejected - total.cancelled
    return Figures(
        start=about.local(start),
        end=about.local(end),
        orders=total.orders,
        delivered=total.delivered,
        cancelled=total.cancelled,
        rejected=total.rejected,
        revenue_cents=total.revenue_cents,
        # Half a cent is rounded up.
        average_order_cents=(2 * total.revenue_cents + sold) // (2 * sold) if sold else None,
        delivery_minutes=minutes(times),
    )
