"""Every query of the reports has the plan that is written here, on roll-ups of many orders: it reads what it sums or
lists, from an index, and not the rest.

Prepared statements are planned for their values or for any (`generic`); both must hold. What a query may read is said
in buffers: by the rows that it sums, never by the orders behind them. The table below is the whole of the reports' .sql
files.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from deploy.seed.rollups import fill
from services.analytics.projection.buckets import Grain
from services.analytics.projection.domain import BUSINESS, DELIVERY_PROMISE, MEASURED
from services.analytics.reports import orders_store, store, tops_store
from services.analytics.reports.periods import Period
from services.analytics.reports.store import columns_of
from shared.database import Connection
from tests.plans import Plan, Seedbed, plan_of

ORDERS = 12_000
PAGE = 21
BEGIN = "begin isolation level repeatable read read only; set local role analytics_service"
QUERIES = {**store.QUERIES, **tops_store.QUERIES, **orders_store.QUERIES}
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class Facts:
    """The busiest restaurant and driver, and half a year of whole days."""

    restaurant: UUID
    driver: UUID
    period: Period

    def spans(self, *grains: Grain, periods: int = 2) -> tuple[object, ...]:
        """Of so many periods: this one, and those before."""
        found = [self.period]
        while len(found) < periods:
            found.append(found[-1].previous())
        return columns_of([period.cover(*grains) for period in found])

    def columns(self, *grains: Grain) -> tuple[object, ...]:
        """Of this period alone, without its number."""
        return self.spans(*grains, periods=1)[1:]

    def by_day(self) -> tuple[object, ...]:
        """The days of a series in another zone, of hours."""
        shift = timedelta(hours=5)
        days = Period(self.period.start + shift, self.period.end + shift, UTC_ZONE, UTC_ZONE).buckets("day")
        return columns_of(
            [Period(day.start + shift, day.end + shift, UTC_ZONE, UTC_ZONE).cover("hour") for day in days]
        )

    def page(self, deep: bool = False) -> tuple[object, ...]:
        below = self.period.start + (self.period.end - self.period.start) / 2 if deep else self.period.end
        return self.period.start, below, UUID(int=0), PAGE


class Expected(NamedTuple):
    """`buffers`: at most. `generic`: what the plan for any values is, where it is another."""

    plan: str
    parameters: Callable[[Facts], tuple[object, ...]]
    buffers: int
    generic: str | None = None


def in_state(which: str, *more: str) -> Callable[[Facts], tuple[object, ...]]:
    return lambda facts: (*facts.page(), which, DELIVERY_PROMISE, *(getattr(facts, name) for name in more))


def listed(index: str) -> str:
    """A page in the order of an index, and no further."""
    return f"Limit\n  Index Scan {index}"


def found_by_hours(index: str) -> str:
    """From the newest hour that has any of them, those of each hour, until the page is full."""
    return f"""
Limit
  Incremental Sort
    Nested Loop
      Index Scan totals_pkey
      Limit
        Index Scan {index}
"""


SPANS = """
Nested Loop
  Function Scan
  Aggregate
    Index Scan totals_pkey
"""
HISTOGRAMS = """
Nested Loop
  Function Scan
  Nested Loop
    Function Scan
    Aggregate
      Index Scan histograms_pkey
"""
PRODUCTS = """
Sort
  Nested Loop
    Limit
      Sort
        Aggregate
          Nested Loop
            Function Scan
            Index Scan product_sales_pkey
    Index Scan products_pkey
"""
EACH = """
Limit
  Sort
    Nested Loop
      Seq Scan {0}
      Aggregate
        Nested Loop
          Function Scan
          Index Scan totals_pkey
"""
CATEGORIES = """
Limit
  Sort
    Aggregate
      Nested Loop
        Function Scan
        Index Scan category_sales_pkey
"""
TIMES = """
Aggregate
  Nested Loop
    Function Scan
    Nested Loop
      Function Scan
      Index Scan histograms_pkey
"""
REASONS = """
Limit
  Sort
    Aggregate
      Index Scan reasons_pkey
"""
SIFTED = """
Limit
  Sort
    Bitmap Heap Scan orders
      Bitmap Index Scan orders_of_driver
"""

PLANS: dict[str, list[Expected]] = {
    "get_projection": [Expected("Seq Scan projection", lambda _: (), 2)],
    "get_restaurant": [Expected("Index Only Scan restaurants_pkey", lambda facts: (facts.restaurant,), 4)],
    # Two half-years of weeks and days, from one place of the index and a few pages of the table.
    "sum_totals": [
        Expected(SPANS, lambda facts: (BUSINESS, *facts.spans("week", "day", "hour")), 60),
        Expected(SPANS, lambda facts: (facts.restaurant, *facts.spans("week", "day", "hour")), 60),
        # 182 days of another zone, of 24 hours each.
        Expected(SPANS, lambda facts: (BUSINESS, *facts.by_day()), 182 * 6),
    ],
    "sum_histograms": [
        Expected(
            HISTOGRAMS,
            lambda facts: (BUSINESS, *facts.spans("week", "day", "hour"), ["delivery"]),
            200,
        ),
        Expected(
            HISTOGRAMS,
            lambda facts: (facts.restaurant, *facts.spans("day", "hour"), ["delivery"]),
            200,
        ),
        Expected(
            HISTOGRAMS,
            lambda facts: (BUSINESS, *facts.spans("week", "day", periods=1), list(MEASURED.values())),
            600,
        ),
    ],
    # All products that were sold in some week of the half-year: thousands a week, whatever the orders.
    "list_top_products": [
        Expected(PRODUCTS, lambda facts: (BUSINESS, *facts.columns("week", "day"), False, 20), 5_000),
        Expected(PRODUCTS, lambda facts: (facts.restaurant, *facts.columns("day"), True, 20), 1_000),
    ],
    # Hundreds of restaurants and drivers, each read as above.
    "list_top_restaurants": [
        Expected(EACH.format("restaurants"), lambda facts: (*facts.columns("week", "day"), 20), 436 * 30)
    ],
    "list_top_drivers": [Expected(EACH.format("drivers"), lambda facts: (*facts.columns("week", "day"), 20), 60 * 30)],
    "list_top_categories": [
        Expected(
            CATEGORIES,
            lambda facts: (*facts.columns("week", "day"), 20),
            1_000,
        )
    ],
    "sum_times_of_drivers": [
        Expected(
            TIMES,
            lambda facts: ([facts.driver], *facts.columns("day")),
            100,
        )
    ],
    "list_reasons": [
        Expected(REASONS, lambda facts: (BUSINESS, facts.period.start, facts.period.end, 20), 60),
        Expected(REASONS, lambda facts: (facts.restaurant, facts.period.start, facts.period.end, 20), 30),
    ],
    "list_orders": [
        Expected(listed("orders_created_at_id_idx"), lambda facts: facts.page(), 8),
        Expected(listed("orders_created_at_id_idx"), lambda facts: facts.page(deep=True), 8),
    ],
    # A page of rows that lie apart from each other: one buffer each.
    "list_orders_of_restaurant": [
        Expected(
            listed("orders_restaurant_id_created_at_id_idx"), lambda facts: (*facts.page(), facts.restaurant), 8 + PAGE
        ),
        Expected(
            listed("orders_restaurant_id_created_at_id_idx"),
            lambda facts: (*facts.page(deep=True), facts.restaurant),
            8 + PAGE,
        ),
    ],
    # At most a page of hours, each with its orders.
    "list_orders_in": [
        Expected(found_by_hours("orders_created_at_id_idx"), in_state("cancelled"), PAGE * 8),
        Expected(found_by_hours("orders_created_at_id_idx"), in_state("late"), PAGE * 8),
    ],
    "list_orders_of_restaurant_in": [
        Expected(found_by_hours("orders_restaurant_id_created_at_id_idx"), in_state("late", "restaurant"), PAGE * 10)
    ],
    "list_orders_of_driver": [
        Expected(listed("orders_of_driver"), lambda facts: (*facts.page(), facts.driver), 8 + PAGE)
    ],
    # All that one driver had in the half-year.
    "list_orders_of_driver_in": [
        Expected(
            listed("orders_of_driver"),
            lambda facts: (*facts.page(), "late", DELIVERY_PROMISE, facts.driver, None),
            1_000,
            SIFTED,
        )
    ],
    "list_names": [
        Expected(
            "Append\n  Index Scan restaurants_pkey\n  Seq Scan drivers",
            lambda facts: ([facts.restaurant], [facts.driver]),
            10,
        )
    ],
}


def cases() -> Iterator[Any]:
    for name, all_expected in PLANS.items():
        for place, expected in enumerate(all_expected):
            for generic in (False, True) if "$1" in QUERIES[name].sql else (False,):
                words = [name, str(place), "generic" if generic else "custom"]
                yield pytest.param(name, expected, generic, id="-".join(words))


@pytest.fixture(scope="module")
async def database(seedbed: Seedbed) -> AsyncIterator[Connection]:
    async with seedbed.seeded("analytics_plans", ORDERS) as connection:
        await fill(connection)
        yield connection


@pytest.fixture(scope="module")
async def facts(database: Connection) -> Facts:
    busiest = "select {0} from analytics.orders where {0} is not null group by 1 order by count(*) desc limit 1"
    last = await database.fetchval("select max(created_at) from analytics.orders")
    end = last.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Facts(
        await database.fetchval(busiest.format("restaurant_id")),
        await database.fetchval(busiest.format("driver_id")),
        Period(end - timedelta(days=182), end, UTC_ZONE, UTC_ZONE),
    )


def side_by_side(expected: list[str], found: Plan) -> str:
    """Both plans, for who reads the failure."""
    width = max(map(len, [*expected, "expected"])) + 3
    lines = [f"{'expected':<{width}}found ({found.buffers} buffers, {found.heap_fetches} from the table)"]
    lines += [f"{left:<{width}}{right}" for left, right in zip_longest(expected, found.lines, fillvalue="")]
    return "\n".join(lines)


def without_detours(lines: list[str]) -> list[str]:
    """Without what remembers rows, or orders those that are summed: whether that is done follows from estimates."""
    kept: list[str] = []
    depths: list[int] = []  # of what was left out, above the line
    for line in lines:
        depth = len(line) - len(line.lstrip())
        depths = [one for one in depths if one < depth]
        above = kept[-1].strip() if kept else ""
        if line.strip() == "Memoize" or (line.strip() == "Sort" and above == "Aggregate"):
            depths.append(depth)
        else:
            kept.append(line[2 * len(depths) :])
    return kept


@pytest.mark.parametrize(("name", "expected", "generic"), list(cases()))
async def test_a_query_has_its_plan(
    database: Connection, facts: Facts, name: str, expected: Expected, generic: bool
) -> None:
    found = await plan_of(database, QUERIES[name], expected.parameters(facts), BEGIN, generic=generic)
    plan = expected.generic if generic and expected.generic is not None else expected.plan
    wanted = plan.strip("\n").splitlines()
    assert without_detours(found.lines) == wanted, "\n" + side_by_side(wanted, found)
    assert found.buffers <= expected.buffers, "\n" + side_by_side(wanted, found)


def test_no_query_is_without_an_expected_plan() -> None:
    assert set(PLANS) == set(QUERIES), "the .sql files and PLANS name different queries"
