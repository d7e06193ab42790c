"""Lines are priced from the book, never from the client."""

from uuid import UUID

import pytest

from services.orders import pricing
from services.orders.pricing import Price, Wish

FLOUR = Price(UUID(int=1), "Flour", "1 kg", 250, True, 3)
SALT = Price(UUID(int=2), "Salt", "500 g", 90, True, 1)
GONE = Price(UUID(int=3), "Gone", "each", 10, False, 2)
BOOK = {price.product_id: price for price in (FLOUR, SALT, GONE)}


def wish(price: Price, **more: int) -> Wish:
    return Wish(product_id=price.product_id, quantity=2, **more)


def test_lines_take_name_unit_and_price_of_the_book() -> None:
    (line,) = pricing.price_lines([wish(FLOUR, price_cents=250, version=3)], BOOK)
    assert (line.name, line.unit, line.quantity, line.price_cents) == ("Flour", "1 kg", 2, 250)


def test_every_unknown_or_repeated_line_is_named() -> None:
    unknown = Wish(product_id=UUID(int=77), quantity=1)
    with pytest.raises(pricing.UnknownProductError) as refused:
        pricing.price_lines([wish(FLOUR), unknown, wish(FLOUR)], BOOK)
    assert set(refused.value.lines) == {1, 2}


def test_an_inactive_product_is_named() -> None:
    with pytest.raises(pricing.InactiveProductError) as refused:
        pricing.price_lines([wish(SALT), wish(GONE)], BOOK)
    assert set(refused.value.lines) == {1}


def test_another_price_than_the_customer_saw_is_told_with_the_new_one() -> None:
    with pytest.raises(pricing.PriceChangedError) as refused:
        pricing.price_lines([wish(FLOUR, price_cents=240), wish(SALT, price_cents=90)], BOOK)
    assert refused.value.present == (FLOUR,)
    assert set(refused.value.lines) == {0}


def test_an_older_version_is_fine_with_its_price_and_refused_without() -> None:
    (line,) = pricing.price_lines([wish(FLOUR, price_cents=250, version=2)], BOOK)
    assert line.price_cents == 250
    with pytest.raises(pricing.PriceChangedError) as refused:
        pricing.price_lines([wish(FLOUR, version=2), wish(SALT, version=1)], BOOK)
    assert refused.value.present == (FLOUR,)


def test_a_book_behind_the_customer_is_asked_again_later_whatever_else_is_wrong() -> None:
    newer = Wish(product_id=UUID(int=77), quantity=1, version=1)
    for late in ([wish(FLOUR, version=4)], [newer], [wish(GONE, version=3)]):
        with pytest.raises(pricing.StaleBookError):
            pricing.price_lines(late, BOOK)
