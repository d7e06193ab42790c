"""What an order takes from the shelf: the rules alone, and any life of orders against a model that only adds up."""

from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proto.orders import Shortage
from services.catalog.stock import Held, Line, Reservation, Shelf, State, consume, release, reserve

ORDER = UUID(int=1)
FLOUR, SALT, WATER, NOBODYS = (UUID(int=10 + number) for number in range(4))


def line(product: UUID, quantity: int) -> Line:
    return Line(product, f"product {product.int}", quantity)


def shelf() -> Shelf:
    """Five of flour, one of salt; water is not counted; the last is no product."""
    return {FLOUR: 5, SALT: 1, WATER: None}


def test_an_order_takes_all_its_lines() -> None:
    left = shelf()
    made = reserve(ORDER, [line(FLOUR, 5), line(SALT, 1), line(WATER, 999)], left)
    assert (made.state, made.held, made.shortages) == ("held", (Held(FLOUR, 5), Held(SALT, 1)), ())
    assert left == {FLOUR: 0, SALT: 0, WATER: None}


def test_or_nothing_and_each_line_that_is_short_is_named() -> None:
    left = shelf()
    made = reserve(ORDER, [line(SALT, 2), line(FLOUR, 5), line(NOBODYS, 1)], left)
    assert (made.state, made.held) == ("short", ())
    assert made.shortages == (Shortage(SALT, "product 11", 2, 1), Shortage(NOBODYS, "product 13", 1, 0))
    assert left == shelf()


KNOWN: dict[str, Reservation | None] = {
    "none": None,
    **{
        state: Reservation(order_id=ORDER, state=state, held=(Held(FLOUR, 3),))
        for state in ("held", "released", "consumed")
    },
    "short": Reservation(order_id=ORDER, state="short"),
}


@pytest.mark.parametrize(
    ("before", "released", "consumed"),
    [
        ("none", "released", "consumed"),
        ("held", "released", "consumed"),
        ("short", "short", "short"),
        ("released", "released", "released"),
        ("consumed", "consumed", "consumed"),
    ],
)
def test_what_an_orders_end_does(before: str, released: State, consumed: State) -> None:
    left = shelf()
    assert consume(ORDER, KNOWN[before]).state == consumed
    assert left == shelf()
    assert release(ORDER, KNOWN[before], left).state == released
    assert left[FLOUR] == (8 if before == "held" else 5)


def test_pieces_that_are_not_counted_any_more_come_back_to_nobody() -> None:
    left: Shelf = {FLOUR: None}
    assert release(ORDER, KNOWN["held"], left).state == "released"
    assert left == {FLOUR: None}


class Lives(RuleBasedStateMachine):
    """Events of a few orders in any order and number. What is taken and what is left are always what there was."""

    @initialize(flour=st.integers(0, 12), salt=st.integers(0, 4))
    def begin(self, flour: int, salt: int) -> None:
        self.shelf: Shelf = {FLOUR: flour, SALT: salt, WATER: None}
        self.delivered = {FLOUR: flour, SALT: salt}
        self.known: dict[UUID, Reservation] = {}

    @rule(order=st.integers(1, 6), flour=st.integers(0, 6), salt=st.integers(0, 3), water=st.integers(1, 9))
    def place(self, order: int, flour: int, salt: int, water: int) -> None:
        """Lines are an order's own, but only the first of its events that comes makes the reservation."""
        key = UUID(int=order)
        lines = [line(product, count) for product, count in ((FLOUR, flour), (SALT, salt), (WATER, water)) if count]
        if key not in self.known:
            before = dict(self.shelf)
            made = self.known[key] = reserve(key, lines, self.shelf)
            enough = all((there := before[one.product_id]) is None or there >= one.quantity for one in lines)
            assert (made.state == "held") == enough

    @rule(order=st.integers(1, 6))
    def end(self, order: int) -> None:
        key = UUID(int=order)
        self.known[key] = release(key, self.known.get(key), self.shelf)
        assert self.known[key].state != "held"

    @rule(order=st.integers(1, 6))
    def deliver(self, order: int) -> None:
        key = UUID(int=order)
        self.known[key] = consume(key, self.known.get(key))
        assert self.known[key].state != "held"

    @invariant()
    def nothing_is_taken_that_is_not_there_and_nothing_is_lost(self) -> None:
        for product, there in self.delivered.items():
            left = self.shelf[product]
            taken = sum(
                one.quantity
                for known in self.known.values()
                if known.state in ("held", "consumed")
                for one in known.held
                if one.product_id == product
            )
            assert left is not None
            assert left >= 0
            assert left + taken == there
        assert self.shelf[WATER] is None


TestLives = Lives.TestCase
