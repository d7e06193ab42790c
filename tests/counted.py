"""Lives of orders, and what the tables must say of them: a group-by over all versions, which shares no code with the
service's projection but the names of its keys."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from proto.orders import Status
from services.analytics.projection.domain import Line, Order, Tally
from services.orders.domain import STEPS
from shared.database import Connection
from shared.ids import new_id

NIL = UUID(int=0)
Tables = dict[str, dict[Any, Any]]

NUMBERS = {
    "totals": (
        *("orders", "pending", "confirmed", "rejected", "preparing", "ready", "out_for_delivery", "delivered"),
        *("failed", "cancelled", "on_time", "revenue_cents", "lines"),
    ),
    "histograms": ("amount",),
    "reasons": ("orders",),
    "category_sales": ("orders", "quantity", "revenue_cents"),
    "product_sales": ("orders", "quantity", "revenue_cents"),
}
KEYS = {
    "totals": ("subject", "grain", "at"),
    "histograms": ("subject", "grain", "measure", "at", "bucket"),
    "reasons": ("subject", "at", "status", "reason"),
    "category_sales": ("grain", "at", "category"),
    "product_sales": ("subject", "grain", "at", "product_id"),
}


UUIDS = {"subject", "product_id"}


@dataclass
class World:
    """Who orders what, and who drives. The last product is one that the catalogue does not know."""

    restaurants: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(3)])
    drivers: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(2)])
    products: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(5)])
    since: datetime = datetime(2026, 3, 26, tzinfo=UTC)
    """Clocks in Europe go forward on the 29th."""

    @property
    def categories(self) -> dict[UUID, str]:
        return {product: f"CATEGORY {place % 2}" for place, product in enumerate(self.products[:-1])}

    def life(self, luck: random.Random, steps: int = 8) -> list[Order]:
        """All versions of one order, as many as it gets within so many steps."""
        at = self.since + timedelta(seconds=luck.randrange(6 * 86_400), microseconds=luck.randrange(1_000_000))
        lines = tuple(
            Line(product, "a product", luck.randint(1, 9), luck.randint(1, 900))
            for product in luck.sample(self.products, luck.randint(1, len(self.products)))
        )
        order = Order(
            id=new_id(),
            number=luck.randrange(1_000_000),
            restaurant_id=luck.choice(self.restaurants),
            driver_id=None,
            status="pending",
            reason=None,
            version=1,
            total_cents=sum(line.quantity * line.price_cents for line in lines),
            items=lines,
            created_at=at,
            updated_at=at,
        )
        life = [order]
        for _ in range(luck.randint(0, steps)):
            ways: list[Status] = [to for start, to in STEPS if start == order.status]
            if not ways:
                break
            # Most orders arrive.
            to = luck.choice([way for way in ways if way not in ("rejected", "cancelled")] * 3 + ways)
            driver = order.driver_id
            if to == "out_for_delivery" or order.status == to:
                driver = luck.choice(self.drivers)
            order = msgspec.structs.replace(
                order,
                status=to,
                driver_id=driver,
                reason=luck.choice(["too late", "none left", None])
                if to in ("rejected", "cancelled", "failed")
                else None,
                version=order.version + 1,
                updated_at=order.updated_at + timedelta(seconds=luck.uniform(0, 20_000)),
            )
            life.append(order)
        return life


def counted(lives: Iterable[Sequence[Order]], categories: Mapping[UUID, str], zone: str = "UTC") -> Tables:
    """What follows from whole lives, as far as they have got."""
    sums = _Sums(categories, ZoneInfo(zone))
    for life in lives:
        sums.count_state(life[-1])
        sums.count_times(life)
        if life[-1].status not in ("rejected", "cancelled"):
            sums.count_sale(life[-1])
    return sums.tables


class _Sums:
    def __init__(self, categories: Mapping[UUID, str], zone: ZoneInfo) -> None:
        self.tables: Tables = {name: {} for name in NUMBERS}
        self._categories, self._zone = categories, zone

    def count_state(self, order: Order) -> None:
        hour, day, week = _begins(order.created_at, self._zone)
        sold = order.status not in ("rejected", "cancelled")
        states = [int(order.status == state) for state in NUMBERS["totals"][1:-3]]
        on_time = order.status == "delivered" and order.updated_at - order.created_at <= timedelta(days=1)
        numbers = [1, *states, int(on_time), order.total_cents if sold else 0, len(order.items) if sold else 0]
        for subject in (NIL, order.restaurant_id):
            for grain, at in (("hour", hour), ("day", day), ("week", week)):
                self._add("totals", (subject, grain, at), *numbers)
            if not sold:
                self._add("reasons", (subject, day, order.status, order.reason or ""), 1)
        if order.driver_id:
            for grain, at in (("day", day), ("week", week)):
                self._add("totals", (order.driver_id, grain, at), *numbers)

    def count_times(self, life: Sequence[Order]) -> None:
        """How long each stay in a state was that has ended, and how long the delivery took."""
        entered = life[0].updated_at
        for before, after in pairwise(life):
            if after.status != before.status:
                driver = before.driver_id if before.status == "out_for_delivery" else None
                self._measure(after, before.status, (after.updated_at - entered).total_seconds(), driver)
                entered = after.updated_at
        last = life[-1]
        if last.status == "delivered":
            self._measure(last, "delivery", (last.updated_at - last.created_at).total_seconds(), last.driver_id)

    def count_sale(self, order: Order) -> None:
        self._measure(order, "basket_lines", len(order.items))
        self._measure(order, "basket_cents", order.total_cents)
        _, day, week = _begins(order.created_at, self._zone)
        by_category: dict[str, list[Line]] = {}
        for line in order.items:
            by_category.setdefault(self._categories.get(line.product_id, ""), []).append(line)
            for subject, grain, at in ((NIL, "day", day), (NIL, "week", week), (order.restaurant_id, "day", day)):
                self._add("product_sales", (subject, grain, at, line.product_id), 1, *_sum([line]))
        for category, lines in by_category.items():
            for grain, at in (("day", day), ("week", week)):
                self._add("category_sales", (grain, at, category), 1, *_sum(lines))

    def _measure(self, order: Order, measure: str, value: float, driver: UUID | None = None) -> None:
        hour, day, week = _begins(order.created_at, self._zone)
        keys = [(NIL, "day", day), (NIL, "week", week), (order.restaurant_id, "day", day)]
        if measure == "delivery":
            keys += [(NIL, "hour", hour), (order.restaurant_id, "hour", hour)]
        for subject, grain, at in [*keys, (driver, "day", day)] if driver else keys:
            self._add("histograms", (subject, grain, measure, at, _bucket(value)), 1)

    def _add(self, table: str, key: tuple[Any, ...], *numbers: int) -> None:
        row = self.tables[table].setdefault(key, [0] * len(numbers))
        for place, number in enumerate(numbers):
            row[place] += number


def added(tables: Tables, tally: Tally) -> None:
    """Does with them what the database does with its own."""
    for name in NUMBERS:
        for texts, change in getattr(tally, name).items():
            key = tuple(UUID(part) if column in UUIDS else part for column, part in zip(KEYS[name], texts, strict=True))
            row = tables[name].setdefault(key, [0] * len(NUMBERS[name]))
            for place, number in enumerate(change if isinstance(change, list) else [change]):
                row[place] += number
            if not any(row):
                del tables[name][key]


async def stored(database: Connection, schema: str = "analytics") -> Tables:
    """What the database says; a row of nothing is none."""
    tables: Tables = {}
    for name, keys in KEYS.items():
        columns = ", ".join((*keys, *NUMBERS[name]))
        rows = await database.fetch(f"select {columns} from {schema}.{name}")  # noqa: S608
        split = [(tuple(row.values()), len(keys)) for row in rows]
        tables[name] = {row[:count]: list(row[count:]) for row, count in split if any(row[count:])}
    return tables


def difference(found: Tables, expected: Tables) -> Mapping[str, Counter[str]]:
    """How many rows of each table are missing, too many, or other: none of equal ones."""
    differing = {}
    for name in NUMBERS:
        here, there = found[name], expected[name]
        told = Counter(
            missing=len(there.keys() - here.keys()),
            too_many=len(here.keys() - there.keys()),
            other=sum(here[key] != there[key] for key in here.keys() & there.keys()),
        )
        if told.total():
            differing[name] = +told
    return differing


def _begins(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    local = moment.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    monday = midnight - timedelta(days=midnight.weekday())  # on the clock
    hour = datetime.fromtimestamp(moment.timestamp() // 3600 * 3600, UTC)
    return hour, midnight.astimezone(UTC), monday.astimezone(UTC)


def _bucket(value: float) -> int:
    """Below a millisecond, in the first one."""
    return math.floor(8 * math.log2(value)) if value > 2**-10 else -80


def _sum(lines: Sequence[Line]) -> tuple[int, int]:
    return sum(line.quantity for line in lines), sum(line.quantity * line.price_cents for line in lines)
