"""What an order's lines cost: the price book's prices, never the client's.

Invariants: every line of the result is an active product of the book, once, at the book's price. Who says what they
saw, by price or by version, is charged that price and no other. Refuses the rest, naming the line; what the customer
saw and the book disagreeing is an error, not a surprise on the invoice.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from proto.orders import Item
from services.orders.domain import DomainError


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was asked for. `price_cents` is the price the customer saw, `version` the product's they saw; with a
    version alone it is that version's price."""

    product_id: UUID
    quantity: int
    price_cents: int | None = None
    version: int | None = None


class Price(msgspec.Struct, frozen=True):
    """A product in the price book."""

    product_id: UUID
    name: str
    unit: str
    price_cents: int
    active: bool
    version: int


class StaleBookError(DomainError):
    """The customer saw a newer product than the book has: it catches up in a moment."""


class LineError(DomainError):
    """Lines that cannot be ordered: the place of each with the reason."""

    def __init__(self, lines: Mapping[int, str]) -> None:
        super().__init__("; ".join(lines.values()))
        self.lines = lines


class UnknownProductError(LineError):
    """No such products, or one twice."""


class InactiveProductError(LineError):
    """Products that are not sold now."""


class PriceChangedError(LineError):
    """The customer saw other prices than the book has, or an older version and did not say which price. `present` holds
    the book's."""

    def __init__(self, lines: Mapping[int, str], present: Sequence[Price]) -> None:
        super().__init__(lines)
        self.present = tuple(present)


def price_lines(wishes: Sequence[Wish], book: Mapping[UUID, Price]) -> tuple[Item, ...]:
    """The order's lines at the book's prices. Raises StaleBookError, or a LineError for all lines that are wrong in the
    same way."""
    if any(wish.version is not None and wish.version > _version(book, wish) for wish in wishes):
        raise StaleBookError("The price book is catching up.")
    unknown = {place: "is no product we know" for place, wish in enumerate(wishes) if wish.product_id not in book}
    unknown |= repeated(wishes)
    if unknown:
        raise UnknownProductError(unknown)
    lines = [(place, wish, book[wish.product_id]) for place, wish in enumerate(wishes)]
    inactive = {place: f"{price.name} is not sold now" for place, _, price in lines if not price.active}
    if inactive:
        raise InactiveProductError(inactive)
    changed = [(place, price) for place, wish, price in lines if not _saw(wish, price)]
    if changed:
        told = {place: f"{price.name} costs {price.price_cents} cents now" for place, price in changed}
        raise PriceChangedError(told, [price for _, price in changed])
    return tuple(
        Item(price.product_id, price.name, price.unit, wish.quantity, price.price_cents) for _, wish, price in lines
    )


def repeated(wishes: Sequence[Wish]) -> dict[int, str]:
    """The places of lines whose product stands in an earlier line."""
    seen: set[UUID] = set()
    places: dict[int, str] = {}
    for place, wish in enumerate(wishes):
        if wish.product_id in seen:
            places[place] = "stands in an earlier line; add up the quantities"
        seen.add(wish.product_id)
    return places


def _saw(wish: Wish, price: Price) -> bool:
    """Whether the price is the one that the customer saw, as far as they said. The book keeps no older versions: of one
    that is given alone it cannot tell the price."""
    if wish.price_cents is not None:
        return wish.price_cents == price.price_cents
    return wish.version in (None, price.version)


def _version(book: Mapping[UUID, Price], wish: Wish) -> int:
    price = book.get(wish.product_id)
    return price.version if price is not None else 0
