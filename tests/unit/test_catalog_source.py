"""What the demo makes of the source: prices, names, baskets, and totals by two ways."""

from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.source import (
    EACH,
    UNCATEGORISED,
    baskets_of,
    count,
    lines_of,
    prices_of,
    products_of,
    totals_of,
    usable_of,
)

AT = datetime(2017, 1, 1, 12, tzinfo=UTC)


def products(*rows: dict[str, Any]) -> Any:
    names = ("manufacturer_id", "department", "brand", "product_category", "product_type", "package_size")
    usual = (2, "GROCERY", "National", "BAKING", "FLOUR", None)
    whole = [dict(zip(names, usual, strict=True)) | row for row in rows]
    types = {name: pa.string() for name in names[1:]}
    columns = {"product_id": pa.int64(), "manufacturer_id": pa.int64(), **types}
    return pa.table({name: pa.array([row[name] for row in whole], kind) for name, kind in columns.items()})


def transactions(*rows: tuple[int, int, int, float]) -> Any:
    """(basket, product, quantity, paid for the line in money)."""
    baskets, bought, quantities, paid = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "basket_id": pa.array(baskets, pa.int64()),
            "store_id": pa.array([7] * len(rows), pa.int64()),
            "product_id": pa.array(bought, pa.int64()),
            "quantity": pa.array(quantities, pa.int64()),
            "sales_value": pa.array(paid, pa.float64()),
            # A later basket has the lower number: order is of time.
            "transaction_timestamp": pa.array(
                [datetime(2017, 1, 1, 12, 59 - basket, 30) for basket in baskets],  # noqa: DTZ001  as in the source
                pa.timestamp("ns"),
            ),
        }
    )


FLOUR, RYE, SALT, UNKNOWN = 1, 2, 3, 99
CATALOGUE = products(
    {"product_id": FLOUR},
    {"product_id": RYE},
    {"product_id": SALT, "product_type": None, "product_category": None, "package_size": "A  16 OZ"},
)


def test_the_price_is_the_most_frequent_one_then_the_types_median_then_none() -> None:
    lines = usable_of(lines_of(transactions((1, FLOUR, 1, 2.5), (2, FLOUR, 2, 5.0), (3, FLOUR, 1, 1.0)), CATALOGUE))
    assert prices_of(CATALOGUE, lines) == {FLOUR: 250, RYE: 250}


def test_of_two_equally_frequent_prices_the_lower_counts() -> None:
    lines = usable_of(lines_of(transactions((1, FLOUR, 1, 2.5), (2, FLOUR, 1, 2.4)), CATALOGUE))
    assert prices_of(CATALOGUE, lines)[FLOUR] == 240


def test_what_has_no_price_is_inactive_and_what_has_no_category_or_size_says_so() -> None:
    made = products_of(CATALOGUE, {FLOUR: 250})
    assert [(one.sku, one.price_cents, one.active) for one in made] == [
        ("1", 250, True),
        ("2", 0, False),
        ("3", 0, False),
    ]
    assert (made[0].name, made[0].category, made[0].unit) == ("FLOUR, National 2", "BAKING", EACH)
    assert (made[2].name, made[2].category, made[2].unit) == ("GROCERY, National 2, A 16 OZ", UNCATEGORISED, "A 16 OZ")


def test_lines_that_are_not_usable_are_counted_under_their_reason() -> None:
    lines = lines_of(
        transactions(
            (1, FLOUR, 1, 2.5),
            (1, UNKNOWN, 1, 2.5),
            (1, FLOUR, 0, 2.5),
            (1, FLOUR, 1000, 2.5),
            (1, FLOUR, 1, 0.0),
            (1, FLOUR, 999, 1.0),
        ),
        CATALOGUE,
    )
    counts = count(lines, usable_of(lines))
    assert (counts.lines, counts.usable) == (6, 1)
    assert (counts.unknown_product, counts.bad_quantity, counts.no_price) == (1, 2, 2)


def test_a_product_twice_in_a_basket_is_one_line_and_baskets_come_in_order_of_time() -> None:
    usable = usable_of(
        lines_of(transactions((1, FLOUR, 1, 2.5), (1, FLOUR, 2, 5.0), (1, RYE, 1, 1.0), (2, RYE, 1, 1.0)), CATALOGUE)
    )
    first, second = baskets_of(usable, None)
    assert (first.basket_id, first.store_id, first.lines) == (2, 7, (("2", 1),))
    assert first.at == datetime(2017, 1, 1, 12, 57, 30, tzinfo=UTC)
    assert (second.basket_id, second.lines) == (1, (("1", 3), ("2", 1)))
    assert [basket.basket_id for basket in baskets_of(usable, 1)] == [2]


def test_a_basket_that_no_order_can_hold_is_left_out_and_counted() -> None:
    lines = lines_of(transactions((1, FLOUR, 999, 99.9), (1, FLOUR, 1, 1.0), (2, RYE, 1, 1.0)), CATALOGUE)
    usable = usable_of(lines)
    assert [basket.basket_id for basket in baskets_of(usable, None)] == [2]
    assert (count(lines, usable).baskets, count(lines, usable).baskets_too_large) == (2, 1)


LINES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([FLOUR, RYE, SALT, UNKNOWN]),
        st.sampled_from([0, 1, 2, 3, 7, 999, 1000]),
        st.integers(0, 2000).map(lambda cents: cents / 100),
    ),
    max_size=30,
)


@given(LINES)
def test_prices_and_totals_equal_those_of_plain_arithmetic(rows: list[tuple[int, int, int, float]]) -> None:
    usable = usable_of(lines_of(transactions(*rows), CATALOGUE))
    paid: dict[int, list[int]] = {}
    kept = []
    for basket, product, quantity, money in rows:
        unit = floor(Fraction(round(money * 100), quantity) + Fraction(1, 2)) if quantity else 0
        if product != UNKNOWN and 1 <= quantity <= 999 and unit > 0:
            paid.setdefault(product, []).append(unit)
            kept.append((basket, product, quantity))
    expected = {
        product: min(Counter(units).items(), key=lambda one: (-one[1], one[0]))[0] for product, units in paid.items()
    }
    prices = prices_of(CATALOGUE, usable)
    assert {product: prices[product] for product in expected} == expected

    totals: Counter[int] = Counter()
    for basket, product, quantity in kept:
        totals[basket] += quantity * prices[product]
    book = {str(product): price for product, price in prices.items()}
    assert totals_of(usable, book, range(6)) == dict(totals)
    for bought in baskets_of(usable, None):
        assert sum(quantity * book[sku] for sku, quantity in bought.lines) == totals[bought.basket_id]
