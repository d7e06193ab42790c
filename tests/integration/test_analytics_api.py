"""Reports say what a group-by over the same orders says, for any range, zone and restaurant; whoever may not have them
is told so, and whatever is asked wrongly is refused by its name.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.business import (
    AS_OF,
    CATEGORIES,
    DRIVERS,
    FIRST,
    KEPT,
    NOW,
    PRODUCTS,
    RESTAURANTS,
    Business,
    minutes,
    open_business,
)
from tests.support import bearer, identity

REPORTS = ("/kpis", "/revenue", "/products/top", "/deliveries", "/stages", "/cancellations", "/orders")
OF_ADMINS = ("/restaurants/top", "/categories/top", "/drivers/top")
AS_OF_TOLD = "2026-11-24T10:19:59Z"


@pytest.fixture(scope="module")
async def business(stack: Stack) -> AsyncIterator[Business]:
    async with open_business(stack, "analytics_api") as business:
        yield business


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def midnight(text: str, zone: ZoneInfo = KEPT) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


RANGES: list[tuple[str, str, str, str]] = [
    # from, to, zone, and where the period before begins
    ("2026-05-24", "2026-11-24", "Europe/Berlin", "2025-11-21"),
    ("2026-10-19", "2026-10-26", "Europe/Berlin", "2026-10-12"),  # its last day has 25 hours
    ("2026-10-25", "2026-10-26", "Europe/Berlin", "2026-10-24"),
    ("2026-03-29", "2026-03-30", "Europe/Berlin", "2026-03-28"),  # 23 hours
    ("2026-10-19", "2026-10-26", "America/New_York", "2026-10-12"),
    ("2026-10-30", "2026-11-03", "America/New_York", "2026-10-26"),
    ("2026-09-01", "2026-11-01", "UTC", "2026-07-02"),
    ("2026-10-19", "2026-10-23", "Pacific/Auckland", "2026-10-15"),
]


@pytest.mark.parametrize(("start", "end", "zone", "before"), RANGES)
@pytest.mark.parametrize("restaurant", [None, RESTAURANTS[0]], ids=["all", "one"])
async def test_kpis_are_what_the_orders_come_to_and_came_to_before(
    business: Business, start: str, end: str, zone: str, before: str, restaurant: UUID | None
) -> None:
    more: dict[str, Any] = {} if restaurant is None else {"restaurant_id": restaurant}
    kpis = await business.get("/kpis", start=start, end=end, timezone=zone, **more)
    previous = kpis.pop("previous")
    assert kpis.pop("as_of") == AS_OF_TOLD
    edges = [midnight(day, ZoneInfo(zone)) for day in (before, start, end)]
    for told, since, until in ((previous, *edges[:2]), (kpis, *edges[1:])):
        assert (moment(told.pop("from")), moment(told.pop("to"))) == (since, until)
        assert told == business.books.of(since, until, restaurant).figures


async def test_kpis_of_some_hours_count_just_those(business: Business) -> None:
    start, end = datetime(2026, 10, 20, 3, tzinfo=UTC), datetime(2026, 10, 24, 17, tzinfo=UTC)
    for restaurant in (None, RESTAURANTS[1]):
        more: dict[str, Any] = {} if restaurant is None else {"restaurant_id": restaurant}
        kpis = await business.get("/kpis", start=start.isoformat(), end=end.isoformat(), **more)
        books = business.books.of(start, end, restaurant)
        assert kpis | books.figures == kpis
        assert moment(kpis["previous"]["from"]) == start - (end - start)


async def test_without_a_range_they_are_of_thirty_days_with_today(business: Business) -> None:
    kpis = await business.get("/kpis")
    assert (kpis["from"], kpis["to"]) == ("2026-10-26T00:00:00+01:00", "2026-11-25T00:00:00+01:00")
    assert kpis["previous"]["from"] == "2026-09-26T00:00:00+02:00"
    assert kpis["orders"] == len(business.books.of(midnight("2026-10-26"), NOW).orders)


async def test_of_nothing_there_is_no_average_and_no_time(business: Business) -> None:
    kpis = await business.get("/kpis", start="2020-01-01", end="2020-02-01")
    assert kpis["orders"] == kpis["revenue_cents"] == 0
    assert kpis["average_order_cents"] is None
    assert kpis["delivery_minutes"] == {"p50": None, "p95": None}
    deliveries = await business.get("/deliveries", start="2020-01-01", end="2020-02-01")
    assert deliveries["on_time_share"] is None
    assert (await business.get("/products/top", start="2020-01-01", end="2020-02-01"))["items"] == []


@pytest.mark.parametrize(("start", "end", "zone"), [one[:3] for one in RANGES])
@pytest.mark.parametrize("bucket", ["hour", "day", "week"])
async def test_a_series_has_every_bucket_of_its_zone_and_adds_up(
    business: Business, start: str, end: str, zone: str, bucket: str
) -> None:
    since, until = midnight(start, ZoneInfo(zone)), midnight(end, ZoneInfo(zone))
    status, body = await business.ask("/revenue", start=start, end=end, timezone=zone, bucket=bucket)
    if bucket == "hour" and until - since > timedelta(hours=1000):
        assert (status, body["errors"][0]["field"]) == (400, "bucket")
        return
    assert (status, body["as_of"]) == (200, AS_OF_TOLD)
    items = body["items"]
    edges = [*(moment(item["at"]) for item in items), until]
    assert edges[0] == since
    for item, begins, ends in zip(items, edges, edges[1:], strict=False):
        books = business.books.of(begins, ends)
        assert (item["orders"], item["revenue_cents"]) == (len(books.orders), books.revenue), item
        local = begins.astimezone(ZoneInfo(zone))
        assert begins.utcoffset() == local.utcoffset()
        assert bucket == "hour" or local.hour == 0
        assert bucket != "week" or local.weekday() == 0 or begins == since
    hours = (until.astimezone(UTC) - since.astimezone(UTC)) / timedelta(hours=1)
    assert len(items) >= {"hour": hours, "day": hours / 25, "week": hours / 169}[bucket]
    assert sum(item["orders"] for item in items) == len(business.books.of(since, until).orders)


async def test_buckets_of_nothing_are_there_as_zeros(business: Business) -> None:
    items = (await business.get("/revenue", start="2026-03-28", end="2026-03-30", bucket="hour"))["items"]
    assert len(items) == 47
    assert {"at": "2026-03-29T03:00:00+02:00", "orders": 0, "revenue_cents": 0} in items
    assert len((await business.get("/revenue", start="2020-01-06", end="2020-01-27", bucket="week"))["items"]) == 3


async def test_a_series_of_a_restaurant_is_its_own(business: Business) -> None:
    body = await business.get("/revenue", business.as_restaurant(), start="2026-10-12", end="2026-11-02")
    books = business.books.of(midnight("2026-10-12"), midnight("2026-11-02"), RESTAURANTS[0])
    assert len(body["items"]) == 21
    assert sum(item["revenue_cents"] for item in body["items"]) == books.revenue


@pytest.mark.parametrize("restaurant", [None, RESTAURANTS[2]], ids=["all", "one"])
@pytest.mark.parametrize("by", ["revenue", "quantity"])
async def test_top_products_are_those_that_sold_best(business: Business, restaurant: UUID | None, by: str) -> None:
    more: dict[str, Any] = {} if restaurant is None else {"restaurant_id": restaurant}
    body = await business.get("/products/top", start="2026-06-03", end="2026-11-01", by=by, limit=5, **more)
    books = business.books.of(midnight("2026-06-03"), midnight("2026-11-01"), restaurant)
    sales = books.sales(lambda line: line.product_id)
    first = "revenue_cents" if by == "revenue" else "quantity"
    ranking = sorted(sales, key=lambda product: (-sales[product][first], product))[:5]
    assert [UUID(item["product_id"]) for item in body["items"]] == ranking
    for item in body["items"]:
        assert item | sales[UUID(item["product_id"])] == item
    assert set(body) == {"as_of", "items"}


async def test_a_product_that_the_catalogue_has_not_told_of_has_no_name(business: Business) -> None:
    body = await business.get("/products/top", start="2026-01-01", end="2026-11-01")
    items = {UUID(item["product_id"]): item for item in body["items"]}
    assert (items[PRODUCTS[-1]]["sku"], items[PRODUCTS[-1]]["name"]) == (None, None)
    assert (items[PRODUCTS[0]]["sku"], items[PRODUCTS[0]]["name"]) == ("300", "Product 300")


async def test_restaurants_categories_and_drivers_come_by_what_they_brought(business: Business) -> None:
    books = business.books.of(midnight("2026-06-03"), midnight("2026-11-01"))
    asked: dict[str, Any] = {"start": "2026-06-03", "end": "2026-11-01"}
    restaurants = (await business.get("/restaurants/top", **asked))["items"]
    by = books.by(lambda order: order.restaurant_id)
    assert [UUID(one["restaurant_id"]) for one in restaurants] == sorted(by, key=lambda each: -by[each].revenue)
    for one in restaurants:
        own = by[UUID(one["restaurant_id"])]
        assert (one["orders"], one["revenue_cents"]) == (len(own.orders), own.revenue)
        assert (one["cancelled"], one["delivered"]) == (own.states["cancelled"], own.states["delivered"])
    categories = (await business.get("/categories/top", **asked))["items"]

    sales = books.sales(lambda line: CATEGORIES.get(line.product_id, ""))
    assert {one.pop("category"): one for one in categories} == sales
    drivers = (await business.get("/drivers/top", **asked))["items"]
    by = books.by(lambda order: order.driver_id)
    assert len(drivers) == len(DRIVERS)
    for one in drivers:
        own = by[UUID(one["driver_id"])]
        assert (one["orders"], one["delivered"]) == (len(own.orders), own.states["delivered"])
        assert one["on_time"] == one["delivered"] - len(own.late)
        assert one["delivery_minutes"] == minutes(own.times)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
async def test_deliveries_are_on_time_within_a_day_of_their_order(business: Business, zone: str) -> None:
    body = await business.get("/deliveries", start="2026-06-03", end="2026-11-01", timezone=zone)
    books = business.books.of(midnight("2026-06-03", ZoneInfo(zone)), midnight("2026-11-01", ZoneInfo(zone)))
    assert body["late"] == len(books.late) > 0
    assert body["on_time"] + body["late"] == body["delivered"] == books.states["delivered"]
    assert body["on_time_share"] == round(body["on_time"] / body["delivered"], 4)
    assert (body["failed"], body["out_for_delivery"]) == (books.states["failed"], books.states["out_for_delivery"])
    assert (body["promise_minutes"], body["delivery_minutes"]) == (1440, minutes(books.times))


async def test_stages_say_how_long_orders_stay_in_each_state(business: Business) -> None:
    for restaurant in (None, RESTAURANTS[0]):
        more: dict[str, Any] = {} if restaurant is None else {"restaurant_id": restaurant}
        body = await business.get("/stages", start="2026-06-03", end="2026-11-01", **more)
        states = business.books.of(midnight("2026-06-03"), midnight("2026-11-01"), restaurant).states
        stays = {item["status"]: item["stays"] for item in body["items"]}
        assert list(stays) == ["pending", "confirmed", "preparing", "ready", "out_for_delivery", "failed"]
        assert stays["out_for_delivery"] == states["delivered"] + states["failed"]
        assert stays["pending"] == sum(states.values()) - states["pending"]
        assert all(item["minutes"]["p50"] <= item["minutes"]["p95"] for item in body["items"] if item["stays"])


async def test_cancellations_come_with_their_reasons_and_those_left_out_are_counted(business: Business) -> None:
    asked: dict[str, Any] = {"start": "2026-06-03", "end": "2026-11-01"}
    books = business.books.of(midnight("2026-06-03"), midnight("2026-11-01"))
    told = books.by(lambda order: (order.status, order.reason or ""))
    wanted = {key: len(own.orders) for key, own in told.items() if key[0] in ("cancelled", "rejected")}
    body = await business.get("/cancellations", **asked)
    assert {(item["status"], item["reason"]): item["orders"] for item in body["items"]} == wanted
    assert (body["orders"], body["other_reasons"]) == (len(books.orders), 0)
    assert (body["cancelled"], body["rejected"]) == (books.states["cancelled"], books.states["rejected"])
    first = await business.get("/cancellations", limit=1, **asked)
    assert first["items"] == body["items"][:1]
    assert first["other_reasons"] == body["cancelled"] + body["rejected"] - body["items"][0]["orders"]


LISTS: list[dict[str, Any]] = [
    {},
    {"status": "delivered"},
    {"status": "cancelled"},
    {"status": "failed"},
    {"late": "true"},
    {"restaurant_id": RESTAURANTS[0]},
    {"restaurant_id": RESTAURANTS[0], "status": "rejected"},
    {"restaurant_id": RESTAURANTS[0], "late": "true", "status": "delivered"},
    {"driver_id": DRIVERS[0]},
    {"driver_id": DRIVERS[0], "late": "true"},
    {"driver_id": DRIVERS[0], "status": "failed", "restaurant_id": RESTAURANTS[1]},
]


@pytest.mark.parametrize("wanted", LISTS, ids=["-".join(map(str, one)) or "all" for one in LISTS])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
async def test_the_orders_behind_a_number_are_as_many_as_it_says(
    business: Business, wanted: dict[str, Any], zone: str
) -> None:
    books = business.books.of(
        midnight("2026-09-20", ZoneInfo(zone)), midnight("2026-11-02", ZoneInfo(zone)), wanted.get("restaurant_id")
    )
    late = {order.id for order in books.late}
    expected = [
        str(order.id)
        for order in sorted(books.orders, key=lambda order: (order.created_at, order.id), reverse=True)
        if wanted.get("driver_id") in (None, order.driver_id)
        and wanted.get("status") in (None, order.status)
        and ("late" not in wanted or order.id in late)
    ]
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await business.get(
            "/orders", start="2026-09-20", end="2026-11-02", timezone=zone, limit=30, **wanted, **cursor
        )
        assert page["as_of"] == AS_OF_TOLD
        found += page["items"]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 30
        cursor = {"cursor": page["next_cursor"]}
    assert [item["id"] for item in found] == expected
    if set(wanted) <= {"status", "restaurant_id"}:
        asked = {name: wanted[name] for name in wanted if name == "restaurant_id"}
        kpis = await business.get("/kpis", start="2026-09-20", end="2026-11-02", timezone=zone, **asked)
        number = {"delivered": "delivered", "cancelled": "cancelled", "rejected": "rejected", None: "orders"}
        name = number.get(wanted.get("status"))
        assert name is None or kpis[name] == len(found)


async def test_a_listed_order_says_whose_it_is_and_since_when(business: Business) -> None:
    (order,) = [one for one in business.books.orders if one.number == 17]
    day = order.created_at.astimezone(KEPT).date()
    page = await business.get("/orders", start=day, end=day + timedelta(days=1), limit=100)
    (item,) = [one for one in page["items"] if one["number"] == 17]
    assert item["restaurant_name"] == f"+Kitchen {RESTAURANTS.index(order.restaurant_id)}"
    assert item["driver_name"] == (None if order.driver_id is None else f"Driver {DRIVERS.index(order.driver_id)}")
    assert (item["status"], moment(item["entered_at"])) == (order.status, order.updated_at)
    assert (item["total_cents"], item["lines"]) == (order.total_cents, len(order.items))


async def test_a_cursor_belongs_to_what_its_list_is_narrowed_to(business: Business) -> None:
    page = await business.get("/orders", start="2026-09-20", end="2026-11-02", limit=1)
    cursor = page["next_cursor"]
    for more in ({"status": "delivered"}, {"timezone": "UTC"}, {"restaurant_id": RESTAURANTS[0]}, {"late": "true"}):
        asked: dict[str, Any] = {"start": "2026-09-20", "end": "2026-11-02", "cursor": cursor, **more}
        status, body = await business.ask("/orders", **asked)
        assert (status, body["errors"][0]["field"]) == (400, "cursor"), more


@pytest.mark.parametrize("path", [*REPORTS, *OF_ADMINS, "/projection", "/exports/orders.csv", "/exports/products.csv"])
async def test_nobody_and_drivers_have_no_numbers(business: Business, path: str) -> None:
    assert (await business.ask(path, {}))[0] == 401
    assert (await business.ask(path, bearer(business.stack, identity("driver", zone=1))))[0] == 403


@pytest.mark.parametrize("path", [*REPORTS, "/exports/orders.csv", "/exports/cancellations.csv"])
async def test_a_restaurant_has_its_own_numbers_and_no_others(business: Business, path: str) -> None:
    who = business.as_restaurant()
    assert (await business.ask(path, who, restaurant_id=RESTAURANTS[1]))[0] == 404
    assert (await business.ask(path, restaurant_id=new_id()))[0] == 404
    if not path.startswith("/exports"):
        own = await business.get(path, who)
        assert own == await business.get(path, who, restaurant_id=RESTAURANTS[0])
        assert {**own, "next_cursor": None} == {
            **await business.get(path, restaurant_id=RESTAURANTS[0]),
            "next_cursor": None,
        }


@pytest.mark.parametrize("path", [*OF_ADMINS, "/exports/drivers.csv", "/exports/restaurants.csv"])
async def test_what_tells_of_all_is_for_admins(business: Business, path: str) -> None:
    assert (await business.ask(path, business.as_restaurant()))[0] == 403


async def test_a_restaurant_that_nobody_has_told_of_yet_has_nothing(business: Business) -> None:
    kpis = await business.get("/kpis", business.as_restaurant(new_id()))
    assert kpis["orders"] == 0


WRONG: list[tuple[str, dict[str, Any], str]] = [
    *((path, {"start": "yesterday"}, "from") for path in (*REPORTS, *OF_ADMINS, "/exports/revenue.csv")),
    ("/kpis", {"end": "2026-11-01T06:30:00Z"}, "to"),
    ("/kpis", {"start": "2026-11-02", "end": "2026-11-01"}, "from"),
    ("/kpis", {"timezone": "Middle-earth/Shire"}, "timezone"),
    ("/kpis", {"timezone": "Asia/Kolkata"}, "timezone"),
    ("/kpis", {"timezone": ""}, "timezone"),
    ("/kpis", {"restaurant_id": "mine"}, "restaurant_id"),
    ("/revenue", {"bucket": "month"}, "bucket"),
    ("/revenue", {"bucket": "hour", "start": "2020-01-01"}, "bucket"),
    ("/revenue", {"bucket": "day", "start": "2001-01-01"}, "bucket"),
    ("/products/top", {"limit": 0}, "limit"),
    ("/products/top", {"limit": 101}, "limit"),
    ("/products/top", {"by": "name"}, "by"),
    ("/products/top", {"timezone": "America/New_York"}, "timezone"),
    ("/products/top", {"start": "2026-11-01T06:00:00Z"}, "from"),
    ("/categories/top", {"timezone": "UTC"}, "timezone"),
    ("/drivers/top", {"timezone": "UTC"}, "timezone"),
    ("/stages", {"timezone": "UTC"}, "timezone"),
    ("/cancellations", {"timezone": "UTC"}, "timezone"),
    ("/exports/products.csv", {"timezone": "UTC"}, "timezone"),
    ("/exports/products.csv", {"separator": "tab"}, "separator"),
    ("/exports/secrets.csv", {}, "file"),
    ("/orders", {"status": "lost"}, "status"),
    ("/orders", {"late": "true", "status": "ready"}, "late"),
    ("/orders", {"driver_id": "7"}, "driver_id"),
    ("/orders", {"cursor": "AAAA"}, "cursor"),
    ("/orders", {"limit": 101}, "limit"),
]


@pytest.mark.parametrize(
    ("path", "asked", "field"), WRONG, ids=[f"{path} {next(iter(asked), field)}" for path, asked, field in WRONG]
)
async def test_what_is_asked_wrongly_is_refused_by_its_name(
    business: Business, path: str, asked: dict[str, Any], field: str
) -> None:
    status, body = await business.ask(path, **asked)
    assert (status, [error["field"] for error in body["errors"]]) == (400, [field]), body


async def test_before_anything_is_counted_nothing_says_as_of(business: Business) -> None:
    await business.database.execute("update analytics.projection set as_of = null")
    try:
        for path in (*REPORTS, *OF_ADMINS):
            assert (await business.get(path))["as_of"] is None
    finally:
        await business.database.execute("update analytics.projection set as_of = $1", AS_OF)


def test_the_made_up_year_has_what_these_tests_are_about(business: Business) -> None:
    orders = business.books.orders
    assert set(business.books.states) >= {"pending", "rejected", "cancelled", "failed", "out_for_delivery"}
    assert min(order.created_at for order in orders) < FIRST + timedelta(days=10)
    assert business.books.of(midnight("2026-10-25"), midnight("2026-10-26")).orders
