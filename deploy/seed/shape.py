"""What seeded orders are drawn from: the real baskets' stores, times and lines.

A year of 142,314 baskets of 436 stores says how stores differ (the busiest has 2.5 % of all) and how hours do; a seeded
order is one of these moments, shifted, so both hold at any number. What is in an order is one of some hundred real
baskets of up to 20 lines (six of seven have no more), at the book's prices.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from deploy.demo import source
from proto.orders import Item

MOST_LINES = 20
BASKETS = 1000
"""How many of the first baskets are looked at."""


class Contents(NamedTuple):
    """`items` is JSON, as an order's document."""

    items: str
    lines: int
    total_cents: int


class Shape(NamedTuple):
    """`moments`: (store, when), in the order of time."""

    moments: list[tuple[int, datetime]]
    baskets: list[Contents]


def read_shape(book: Mapping[str, Item]) -> Shape:
    """`book`: sku → a line of one piece. Reads the source, which takes some seconds."""
    small = (basket.lines for basket in source.read_baskets(BASKETS) if len(basket.lines) <= MOST_LINES)
    known = [lines for lines in small if all(sku in book for sku, _ in lines)]
    return Shape(source.read_moments(), [_contents(lines, book) for lines in known])


def _contents(lines: tuple[tuple[str, int], ...], book: Mapping[str, Item]) -> Contents:
    items = [msgspec.structs.replace(book[sku], quantity=quantity) for sku, quantity in lines]
    total = sum(item.quantity * item.price_cents for item in items)
    return Contents(msgspec.json.encode(items).decode(), len(items), total)
