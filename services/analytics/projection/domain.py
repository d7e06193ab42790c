"""What the events of orders count, decided without I/O.

An order counts as its last version says, in the buckets of its created_at: an event takes back what the version before
it counted, and counts anew. A time in a state is counted once, when the order leaves it, and stays. What the last
version counted is known by `Counted`; the lines are in every event, and never change.

    what                    counts                                   for
    orders, by state        while in that state                      business, restaurant, the driver who has it
    deliveries on time      once delivered                           the same
    revenue, lines          while neither rejected nor cancelled     the same
    basket sizes            the same                                 business, restaurant
    sales of categories     the same                                 business
    sales of products       the same                                 business, restaurant
    reasons                 while rejected or cancelled              business, restaurant
    time in a state         from when it left the state              business, restaurant, who drove
    time to the delivery    once delivered                           business, restaurant, who drove

Invariants: a version that is not above the last one counted changes nothing, whatever its place in the stream. So the
tables are what a group-by over orders says, however the events of different orders are mixed, and however often they
come. Where versions are missing, it is not known how long the order was in which state, and that is not counted; all
else is. Refuses nothing: what may happen to an order is decided elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from proto.orders import Status
from services.analytics.projection.buckets import Buckets, Grain, buckets_of
from services.analytics.projection.histogram import bucket_of

DELIVERY_PROMISE = timedelta(hours=24)
"""From the order to its delivery, at most: on time. No order carries a time of its own that it is to be delivered by.
Another one takes a rebuild of the roll-ups."""

BUSINESS = UUID(int=0)
"""The subject whose numbers are everybody's."""

UNKNOWN = ""
"""The category of a product that the catalogue does not know."""

STATES: tuple[Status, ...] = (
    *("pending", "confirmed", "rejected", "preparing", "ready"),
    *("out_for_delivery", "delivered", "failed", "cancelled"),
)
ENDED_BADLY: frozenset[Status] = frozenset({"rejected", "cancelled"})

Measure = Literal[
    "pending",
    "confirmed",
    "preparing",
    "ready",
    "out_for_delivery",
    "failed",
    "delivery",
    "basket_lines",
    "basket_cents",
]
MEASURED: Mapping[Status, Measure] = {
    "pending": "pending",
    "confirmed": "confirmed",
    "preparing": "preparing",
    "ready": "ready",
    "out_for_delivery": "out_for_delivery",
    "failed": "failed",
}
"""The states that an order leaves."""


class Line(msgspec.Struct, frozen=True):
    """What is read of a line of an order."""

    product_id: UUID
    name: str
    quantity: int
    price_cents: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of proto.orders.Order."""

    id: UUID
    number: int
    restaurant_id: UUID
    driver_id: UUID | None
    status: Status
    reason: str | None
    version: int
    total_cents: int
    items: tuple[Line, ...]
    created_at: datetime
    updated_at: datetime


class OrderEvent(msgspec.Struct, frozen=True):
    """What is read of proto.orders.OrderEvent."""

    order: Order


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The last version of an order that was counted. `entered_at`: when it came into its status; None when that is not
    known. `reason` is that of a rejection or cancellation, empty when none was given."""

    id: UUID
    number: int
    version: int
    restaurant_id: UUID
    driver_id: UUID | None
    status: Status
    reason: str | None
    lines: int
    total_cents: int
    created_at: datetime
    entered_at: datetime | None

    @property
    def sells(self) -> bool:
        """Whether it counts as sold."""
        return self.status not in ENDED_BADLY

    @property
    def delivery(self) -> timedelta | None:
        """How long it took, once it is delivered."""
        if self.status != "delivered" or self.entered_at is None:
            return None
        return self.entered_at - self.created_at

    @property
    def is_on_time(self) -> bool:
        return self.delivery is not None and self.delivery <= DELIVERY_PROMISE


Id: TypeAlias = str
"""A UUID spelled out: keys are hashed, compared and sorted by thousands, which costs Python's UUID several times what
it costs a text."""

TotalKey: TypeAlias = tuple[Id, Grain, datetime]
HistogramKey: TypeAlias = tuple[Id, Grain, Measure, datetime, int]
ReasonKey: TypeAlias = tuple[Id, datetime, Status, str]
CategoryKey: TypeAlias = tuple[Grain, datetime, str]
ProductKey: TypeAlias = tuple[Id, Grain, datetime, Id]

TOTALS = ("orders", *STATES, "on_time", "revenue_cents", "lines")
"""The numbers of a total, in their order."""

SALES = ("orders", "quantity", "revenue_cents")
"""The numbers of a sale, in their order."""

Change: TypeAlias = list[tuple[int, int]]
"""Places of TOTALS, and what is added there."""

EVERYBODY: Id = str(BUSINESS)

_PLACES: Mapping[str, int] = {name: place for place, name in enumerate(TOTALS)}


@dataclass
class Tally:
    """What is to be added to the tables, which may be less than nothing; and `orders` as they are counted now."""

    orders: dict[UUID, Counted] = field(default_factory=dict)
    totals: dict[TotalKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(TOTALS)))
    histograms: dict[HistogramKey, int] = field(default_factory=lambda: defaultdict(int))
    reasons: dict[ReasonKey, int] = field(default_factory=lambda: defaultdict(int))
    category_sales: dict[CategoryKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(SALES)))
    product_sales: dict[ProductKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(SALES)))
    late: int = 0
    gaps: int = 0
    """Events that changed nothing, and those before which one is missing."""


def fold(
    known: Mapping[UUID, Counted], orders: Iterable[Order], categories: Mapping[UUID, str], zone: ZoneInfo
) -> Tally:
    """The orders of some events, in the order of the stream. `known`: what was counted of them last; `categories` of
    their products. Raises OverflowError for a created_at at the end of the calendar."""
    tally = Tally()
    for order in orders:
        before = tally.orders.get(order.id) or known.get(order.id)
        if before is not None and order.version <= before.version:
            tally.late += 1
            continue
        tally.gaps += order.version != (before.version + 1 if before else 1)
        after = _counted(before, order)
        _count(tally, before, after, order.items, categories, buckets_of(order.created_at, zone))
        tally.orders[order.id] = after
    return tally


def _counted(before: Counted | None, order: Order) -> Counted:
    return Counted(
        id=order.id,
        number=order.number,
        version=order.version,
        restaurant_id=order.restaurant_id,
        driver_id=order.driver_id,
        status=order.status,
        reason=order.reason or "" if order.status in ENDED_BADLY else None,
        lines=len(order.items),
        total_cents=order.total_cents,
        created_at=order.created_at,
        entered_at=_entered_at(before, order),
    )


def _entered_at(before: Counted | None, order: Order) -> datetime | None:
    # Nothing follows a delivery: this version is the one that brought it.
    if order.status == "delivered":
        return order.updated_at
    if order.version != (before.version + 1 if before else 1):
        return None
    return before.entered_at if before and before.status == order.status else order.updated_at


def _count(
    tally: Tally,
    before: Counted | None,
    after: Counted,
    lines: Sequence[Line],
    categories: Mapping[UUID, str],
    at: Buckets,
) -> None:
    """From one version of an order to the next."""
    _count_states(tally, before, after, at)
    sold = after.sells - (before.sells if before else 0)
    if sold:
        _count_sales(tally, after, lines, categories, at, sold)
    if before is not None:
        _count_stay(tally, before, after, at)
    if after.delivery is not None and (before is None or before.delivery is None):
        _measure(tally, after, after.driver_id, "delivery", after.delivery.total_seconds(), at)


def _count_states(tally: Tally, before: Counted | None, after: Counted, at: Buckets) -> None:
    """What follows from the state alone: of the version before it goes, of this one it comes."""
    gone, come = _numbers(before), _numbers(after)
    moved = _places(new - old for new, old in zip(come, gone, strict=True))
    for subject in (EVERYBODY, str(after.restaurant_id)):
        for key in ((subject, "hour", at.hour), (subject, "day", at.day), (subject, "week", at.week)):
            _move(tally, key, moved)
        for order, sign in ((before, -1), (after, 1)):
            if order is not None and order.reason is not None:
                tally.reasons[subject, at.day, order.status, order.reason] += sign
    if before is not None and before.driver_id == after.driver_id:
        _count_driver(tally, after.driver_id, at, moved)
    else:
        _count_driver(tally, before.driver_id if before else None, at, _places(-number for number in gone))
        _count_driver(tally, after.driver_id, at, _places(come))


def _count_driver(tally: Tally, driver_id: UUID | None, at: Buckets, change: Change) -> None:
    if driver_id is not None:
        _move(tally, (str(driver_id), "day", at.day), change)
        _move(tally, (str(driver_id), "week", at.week), change)


def _move(tally: Tally, key: TotalKey, change: Change) -> None:
    total = tally.totals[key]
    for place, number in change:
        total[place] += number


def _numbers(order: Counted | None) -> list[int]:
    """What one order adds to a total, as TOTALS says."""
    numbers = [0] * len(TOTALS)
    if order is not None:
        numbers[_PLACES["orders"]] = numbers[_PLACES[order.status]] = 1
        numbers[_PLACES["on_time"]] = int(order.is_on_time)
        if order.sells:
            numbers[_PLACES["revenue_cents"]] = order.total_cents
            numbers[_PLACES["lines"]] = order.lines
    return numbers


def _places(numbers: Iterable[int]) -> Change:
    return [(place, number) for place, number in enumerate(numbers) if number]


def _count_sales(
    tally: Tally,
    order: Counted,
    lines: Sequence[Line],
    categories: Mapping[UUID, str],
    at: Buckets,
    sign: int,
) -> None:
    """What was sold with the order, or is not any more."""
    _measure(tally, order, None, "basket_lines", order.lines, at, sign)
    _measure(tally, order, None, "basket_cents", order.total_cents, at, sign)
    kept_by: tuple[tuple[Grain, datetime], ...] = (("day", at.day), ("week", at.week))
    seen: set[str] = set()
    restaurant = str(order.restaurant_id)
    for line in lines:
        product, category = str(line.product_id), categories.get(line.product_id, UNKNOWN)
        sold = (line.quantity, line.quantity * line.price_cents)
        of_product, of_category = int(product not in seen), int(category not in seen)
        seen |= {product, category}
        for grain, begins in kept_by:
            _add(tally.product_sales[EVERYBODY, grain, begins, product], sign, of_product, *sold)
            _add(tally.category_sales[grain, begins, category], sign, of_category, *sold)
        _add(tally.product_sales[restaurant, "day", at.day, product], sign, of_product, *sold)


def _count_stay(tally: Tally, before: Counted, after: Counted, at: Buckets) -> None:
    """How long it was in the state that it has left."""
    measure = MEASURED.get(before.status)
    follows = after.version == before.version + 1
    if measure is None or before.status == after.status or not follows:
        return
    if before.entered_at is not None and after.entered_at is not None:
        driver = before.driver_id if measure == "out_for_delivery" else None
        _measure(tally, after, driver, measure, (after.entered_at - before.entered_at).total_seconds(), at)


def _measure(
    tally: Tally, order: Counted, driver_id: UUID | None, measure: Measure, value: float, at: Buckets, sign: int = 1
) -> None:
    bucket, restaurant = bucket_of(value), str(order.restaurant_id)
    tally.histograms[EVERYBODY, "day", measure, at.day, bucket] += sign
    tally.histograms[EVERYBODY, "week", measure, at.week, bucket] += sign
    tally.histograms[restaurant, "day", measure, at.day, bucket] += sign
    if measure == "delivery":
        tally.histograms[EVERYBODY, "hour", measure, at.hour, bucket] += sign
        tally.histograms[restaurant, "hour", measure, at.hour, bucket] += sign
    if driver_id is not None:
        tally.histograms[str(driver_id), "day", measure, at.day, bucket] += sign


def _add(numbers: list[int], sign: int, orders: int, quantity: int, cents: int) -> None:
    numbers[0] += sign * orders
    numbers[1] += sign * quantity
    numbers[2] += sign * cents
