"""Reports as files: the same as the answers, whole, of one moment, safe to open, and never in memory as a whole."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from deploy.local import Stack
from services.analytics.reports import exports_api
from shared.database import Connection
from shared.spreadsheet import BOM
from tests.business import KEPT, RESTAURANTS, Business, open_business
from tests.support import eventually

ASKED: dict[str, Any] = {"start": "2026-06-03", "end": "2026-11-01"}


@pytest.fixture(scope="module")
async def business(stack: Stack) -> AsyncIterator[Business]:
    async with open_business(stack, "analytics_exports") as business:
        yield business


async def export(business: Business, name: str, **parameters: object) -> tuple[Any, bytes]:
    """Headers and the whole file."""
    query = {{"start": "from", "end": "to"}.get(key, key): str(value) for key, value in parameters.items()}
    url = f"{business.url}/api/analytics/exports/{name}"
    async with business.session.get(url, params=query, headers=business.as_admin()) as answer:
        assert answer.status == 200, await answer.read()
        return answer.headers, await answer.read()


async def read(business: Business, name: str, separator: str = "comma", **parameters: object) -> list[dict[str, str]]:
    _, body = await export(business, name, separator=separator, **parameters)
    assert body.startswith(BOM)
    text = io.StringIO(body.removeprefix(BOM).decode(), newline="")
    return list(csv.DictReader(text, delimiter=";" if separator == "semicolon" else ",", strict=True))


def cents(amount: str) -> int:
    whole, part = amount.replace(",", ".").split(".")
    assert len(part) == 2
    return int(whole) * 100 + int(part)


async def test_a_series_as_a_file_is_the_series(business: Business) -> None:
    for separator in ("comma", "semicolon"):
        lines = await read(business, "revenue.csv", separator, bucket="week", **ASKED)
        items = (await business.get("/revenue", bucket="week", **ASKED))["items"]
        told = [(line["at"], int(line["orders"]), cents(line["revenue"])) for line in lines]
        assert told == [(item["at"], item["orders"], item["revenue_cents"]) for item in items]
    assert "," in lines[0]["revenue"]


@pytest.mark.parametrize("restaurant", [None, RESTAURANTS[0]], ids=["all", "one"])
async def test_products_as_a_file_are_all_that_were_sold(business: Business, restaurant: object) -> None:
    more: dict[str, Any] = {} if restaurant is None else {"restaurant_id": restaurant}
    lines = await read(business, "products.csv", **ASKED, **more)
    items = (await business.get("/products/top", limit=100, **ASKED, **more))["items"]
    assert [(line["sku"], int(line["quantity"]), cents(line["revenue"])) for line in lines] == [
        (item["sku"] or "", item["quantity"], item["revenue_cents"]) for item in items
    ]


async def test_tops_as_files_are_the_tops(business: Business) -> None:
    for name, path, columns in (
        ("restaurants.csv", "/restaurants/top", ("number", "orders", "delivered", "cancelled", "rejected")),
        ("categories.csv", "/categories/top", ("category", "orders", "quantity")),
        ("drivers.csv", "/drivers/top", ("name", "orders", "delivered", "on_time", "failed")),
    ):
        items = (await business.get(path, limit=100, **ASKED))["items"]
        lines = await read(business, name, **ASKED)
        assert [[line[column] for column in columns] for line in lines] == [
            [str(item[column]) for column in columns] for item in items
        ]
        assert [cents(line["revenue"]) for line in lines] == [item["revenue_cents"] for item in items]
    drivers = await read(business, "drivers.csv", "semicolon", **ASKED)
    times = [item["delivery_minutes"]["p95"] for item in items]
    assert [line["minutes_p95"] for line in drivers] == [str(time).replace(".", ",") for time in times]


async def test_nothing_in_a_file_is_a_formula(business: Business) -> None:
    reasons = {line["reason"] for line in await read(business, "cancellations.csv", **ASKED)}
    assert reasons == {"Ordered twice.", '\'=HYPERLINK("http://example.org")', ""}
    restaurants = await read(business, "restaurants.csv", **ASKED)
    assert {line["name"] for line in restaurants} == {f"'+Kitchen {place}" for place in range(3)}


async def test_orders_as_a_file_are_those_of_the_list(business: Business) -> None:
    books = business.books.of(datetime(2026, 6, 3, tzinfo=KEPT), datetime(2026, 11, 1, tzinfo=KEPT))
    lines = await read(business, "orders.csv", **ASKED)
    orders = sorted(books.orders, key=lambda order: order.created_at, reverse=True)
    assert [line["id"] for line in lines] == [str(order.id) for order in orders]
    for line, order in zip(lines, orders, strict=True):
        assert datetime.fromisoformat(line["placed_at"]) == order.created_at
        assert datetime.fromisoformat(line["since"]) == order.updated_at
        assert (line["status"], cents(line["total"])) == (order.status, order.total_cents)
    late = await read(business, "orders.csv", late="true", restaurant_id=RESTAURANTS[0], **ASKED)
    assert len(late) == len([order for order in books.late if order.restaurant_id == RESTAURANTS[0]]) > 0


async def test_a_file_has_a_name_that_says_what_it_is(business: Business) -> None:
    headers, _ = await export(business, "orders.csv", **ASKED)
    assert headers["Content-Disposition"] == 'attachment; filename="larder-orders-2026-06-03-2026-11-01.csv"'
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Cache-Control"] == "private, no-store"
    headers, _ = await export(business, "revenue.csv", start="2026-10-31T06:00:00Z", end="2026-11-01")
    assert 'filename="larder-revenue-2026-10-31T0700-2026-11-01.csv"' in headers["Content-Disposition"]


MANY = 20_000
MORE = """
insert into analytics.orders (
    id, number, version, restaurant_id, driver_id, status, reason, lines, total_cents, created_at, entered_at
)
select
    gen_random_uuid(), nth, 1, $1, null, 'cancelled', repeat('a long reason ', 40), 1, 100,
    timestamptz '2021-01-01' + nth * interval '1 second', timestamptz '2021-01-02'
from generate_series(1, $2::integer) as nth
"""


@pytest.fixture
async def many(business: Business) -> AsyncIterator[Connection]:
    await business.database.execute(MORE, RESTAURANTS[0], MANY)
    yield business.database
    await business.database.execute("delete from analytics.orders where created_at < '2022-01-01'")


async def test_a_long_file_is_one_moment_and_never_whole_in_memory(business: Business, many: Connection) -> None:
    url = f"{business.url}/api/analytics/exports/orders.csv"
    lines, size = 0, 0
    tracemalloc.start()
    try:
        query = {"from": "2021-01-01", "to": "2021-02-01"}
        async with business.session.get(url, params=query, headers=business.as_admin()) as answer:
            first = await answer.content.readline()
            assert b"placed_at" in first
            await many.execute("delete from analytics.orders where created_at < '2021-01-01 12:00Z'")
            async for chunk in answer.content.iter_chunked(65_536):
                lines += chunk.count(b"\n")
                size += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lines == MANY
    assert size > 12_000_000
    assert peak < size / 2, "client and service are this process"


async def test_two_files_are_written_at_once_and_a_third_is_asked_to_come_again(
    business: Business, many: Connection
) -> None:
    url, query = f"{business.url}/api/analytics/exports/orders.csv", {"from": "2021-01-01", "to": "2021-02-01"}
    async with AsyncExitStack() as stack:
        for _ in range(2):
            answer = await stack.enter_async_context(
                business.session.get(url, params=query, headers=business.as_admin())
            )
            await answer.content.readline()  # and no further
        async with business.session.get(url, params=query, headers=business.as_admin()) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            assert (await refused.json(content_type=None))["code"] == "busy"

    async def free() -> bool:
        async with business.session.get(url, params=query, headers=business.as_admin()) as answer:
            return answer.status == 200

    # Who goes away gives it back.
    await eventually(free)


async def test_who_does_not_take_a_file_in_time_has_it_broken_off(
    business: Business, many: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports_api, "EXPORT_SECONDS", 0.3)
    url, query = f"{business.url}/api/analytics/exports/orders.csv", {"from": "2021-01-01", "to": "2021-02-01"}
    async with business.session.get(url, params=query, headers=business.as_admin()) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
