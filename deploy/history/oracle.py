"""What analytics must say of the baskets that were ordered, by a group-by over the source's files; and what it says.

Invariant: the two come on ways that share nothing: the files' usable lines times the catalogue's prices here, events
and roll-ups there. Equal means equal: to the order and the cent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from deploy.demo import source
from deploy.history.loader import QUERIES
from services.analytics.projection.histogram import bucket_of
from shared.database import Connection, Row

BUSINESS = UUID(int=0)
TOP = 100

Numbers = Mapping[Any, Sequence[int]]


class Answers(NamedTuple):
    """The same questions to both. By day (UTC), store and category: orders and cents. `top`: pieces and cents by the
    sku, of those that brought most. Sizes: baskets by bucket of the histogram. `lines` of all orders together."""

    days: Numbers
    stores: Numbers
    categories: Numbers
    top: Numbers
    sizes_in_lines: Numbers
    sizes_in_cents: Numbers
    lines: int

    @property
    def orders(self) -> int:
        return sum(orders for orders, _ in self.days.values())

    @property
    def cents(self) -> int:
        return sum(cents for _, cents in self.days.values())

    def questions(self) -> dict[str, Numbers]:
        """By what people call them; the top with the place of each product."""
        top = {sku: [place, *numbers] for place, (sku, numbers) in enumerate(self.top.items(), 1)}
        return {
            "day: orders, cents": self.days,
            "store: orders, cents": self.stores,
            "category: orders, cents": self.categories,
            f"top {TOP} products: place, pieces, cents": top,
            "basket size in lines: orders": self.sizes_in_lines,
            "basket size in cents: orders": self.sizes_in_cents,
            "all: lines": {"lines": [self.lines]},
        }

    def differing(self, other: "Answers") -> dict[str, int]:
        """How many answers to each question are not the other's; nothing when all are equal."""
        theirs = other.questions()
        found = {
            name: sum(here.get(key) != theirs[name].get(key) for key in here.keys() | theirs[name].keys())
            for name, here in self.questions().items()
        }
        return {name: count for name, count in found.items() if count}


def expected(prices: Mapping[str, int], baskets: Iterable[int] | None = None) -> Answers:
    """Of these baskets, all without. `prices`: sku → cents, as the catalogue says."""
    products = source.read_products()
    book = pa.table(
        {
            "product_id": pa.array([int(product.sku) for product in products], pa.int64()),
            "category": pa.array([product.category for product in products], pa.string()),
            "price": pa.array([prices.get(product.sku, 0) for product in products], pa.int64()),
        }
    )
    lines = source.read_sold(baskets)
    lines = lines.set_column(2, "product_id", pc.cast(lines["product_id"], pa.int64())).join(book, "product_id")
    lines = lines.append_column("cents", pc.multiply(pc.cast(lines["quantity"], pa.int64()), lines["price"]))
    orders = lines.group_by(["basket_id", "store_id"]).aggregate(
        [("cents", "sum"), ("at", "min"), ("product_id", "count_distinct")]
    )
    orders = orders.rename_columns(
        {"cents_sum": "cents", "at_min": "at", "product_id_count_distinct": "lines"}
    ).append_column(
        "day", pc.cast(pc.floor_temporal(pc.cast(orders["at_min"], pa.timestamp("s")), unit="day"), "int64")
    )
    sold = lines.group_by("product_id").aggregate([("quantity", "sum"), ("cents", "sum")])
    top = sorted(_rows(sold, "product_id", "quantity_sum", "cents_sum"), key=lambda row: (-row[2], str(row[0])))[:TOP]
    by_day = orders.group_by("day").aggregate([([], "count_all"), ("cents", "sum")])
    by_store = orders.group_by("store_id").aggregate([([], "count_all"), ("cents", "sum")])
    by_category = lines.group_by("category").aggregate([("basket_id", "count_distinct"), ("cents", "sum")])
    return Answers(
        days={
            datetime.fromtimestamp(day, UTC): [count, cents]
            for day, count, cents in _rows(by_day, "day", "count_all", "cents_sum")
        },
        stores={store: numbers for store, *numbers in _rows(by_store, "store_id", "count_all", "cents_sum")},
        categories={
            category: numbers
            for category, *numbers in _rows(by_category, "category", "basket_id_count_distinct", "cents_sum")
        },
        top={str(product): [quantity, cents] for product, quantity, cents in top},
        sizes_in_lines=_sizes(orders["lines"].to_pylist()),
        sizes_in_cents=_sizes(orders["cents"].to_pylist()),
        lines=pc.sum(orders["lines"]).as_py(),
    )


async def told(connection: Connection) -> Answers:
    """By the days that analytics keeps, which have to be those of UTC."""
    return Answers(
        days={row["at"]: [row["orders"], row["revenue_cents"]] for row in await _days(connection, "day")},
        stores=_numbers(await QUERIES["list_stores"].rows(connection, "day")),
        categories=_numbers(await QUERIES["list_categories"].rows(connection, "day")),
        top=_numbers(await QUERIES["list_top_products"].rows(connection, BUSINESS, "week", TOP)),
        sizes_in_lines=_numbers(await QUERIES["list_sizes"].rows(connection, BUSINESS, "basket_lines")),
        sizes_in_cents=_numbers(await QUERIES["list_sizes"].rows(connection, BUSINESS, "basket_cents")),
        lines=sum(row["lines"] for row in await _days(connection, "day")),
    )


async def read_prices(connection: Connection) -> dict[str, int]:
    """sku → cents of what can be ordered."""
    return {row["sku"]: row["price_cents"] for row in await QUERIES["list_products"].rows(connection)}


async def _days(connection: Connection, grain: str) -> list[Row]:
    return await QUERIES["list_days"].rows(connection, BUSINESS, grain)


def _numbers(rows: Iterable[Row]) -> Numbers:
    """The first column is the key."""
    return {key: numbers for key, *numbers in (tuple(row.values()) for row in rows)}


def _sizes(values: Iterable[int]) -> Numbers:
    return {bucket: [count] for bucket, count in Counter(bucket_of(value) for value in values).items()}


def _rows(table: Any, *names: str) -> Iterable[list[Any]]:
    return (list(row) for row in zip(*(table[name].to_pylist() for name in names), strict=True))
