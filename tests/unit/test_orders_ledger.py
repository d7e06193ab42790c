"""What each step of an order posts, and the invoice of one that was delivered."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import get_args
from uuid import UUID

import msgspec
import pytest

from proto.orders import Item, Location, Status
from services.orders import credit, domain, invoice
from services.orders.credit import Kind, OverLimitError, credit_of, postings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# From the sentence: placing holds, delivery charges what was held, rejection, cancellation and final failure
# release it. Whatever is not in the table posts nothing.
POSTED: dict[tuple[str | None, str], tuple[Kind, ...]] = {
    (None, "pending"): ("hold",),
    ("pending", "rejected"): ("release",),
    ("pending", "cancelled"): ("release",),
    ("confirmed", "cancelled"): ("release",),
    ("preparing", "cancelled"): ("release",),
    ("ready", "cancelled"): ("release",),
    ("failed", "cancelled"): ("release",),
    ("out_for_delivery", "delivered"): ("release", "charge"),
}


@pytest.mark.parametrize(("before", "after"), [(None, "pending"), *domain.STEPS])
def test_every_legal_step_posts_what_the_table_says(before: Status | None, after: Status) -> None:
    assert postings(before, after) == POSTED.get((before, after), ())


def test_the_table_names_legal_steps_alone() -> None:
    assert POSTED.keys() - {(None, "pending")} <= domain.STEPS.keys()


def test_every_life_of_an_order_ends_with_nothing_held_and_is_charged_if_and_only_if_it_is_delivered() -> None:
    """Every path through the steps, each step once a path."""

    def walk(path: tuple[tuple[Status, Status], ...], held: int, charged: int) -> None:
        status = path[-1][1] if path else "pending"
        following = [step for step in domain.STEPS if step[0] == status and step not in path]
        if not following and not any(step[0] == status for step in domain.STEPS):
            assert (held, charged) == (0, 1 if status == "delivered" else 0), path
        for step in following:
            kinds = postings(*step)
            walk((*path, step), held - kinds.count("release"), charged + kinds.count("charge"))

    walk((), postings(None, "pending").count("hold"), 0)


def test_each_kind_has_two_sides_that_differ() -> None:
    assert credit.SIDES.keys() == set(get_args(Kind))
    for sides in credit.SIDES.values():
        assert sides.debit != sides.credit


def test_what_is_available_is_the_limit_without_what_is_held_and_owed() -> None:
    assert credit_of(1000, 300, 250).available_cents == 450
    assert credit_of(1000, 0, -200).available_cents == 1200
    assert credit_of(100, 300, 0).available_cents == -200


def test_a_refusal_names_both_numbers() -> None:
    error = OverLimitError(credit_of(1000, 300, 250), 451)
    assert "451 cents" in str(error)
    assert "450 of your credit" in str(error)


def bill(name: str = "Flour", unit: str = "1 kg", note: str | None = "back door") -> invoice.Invoice:
    customer = domain.Customer(
        id=UUID(int=1), name="Blue <Door>", address="1 Quay & Co", location=Location(1.0, 2.0), zone=4, active=True
    )
    items = (Item(UUID(int=9), name, unit, 3, 250), Item(UUID(int=8), "Salt", "1 kg", 999, 12_345))
    placed = domain.place(UUID(int=7), 1001, customer, items, note, NOW)
    return invoice.invoice_of(placed.order, NOW)


def test_an_invoice_has_the_orders_lines_and_they_add_up() -> None:
    made = bill()
    assert (made.number, made.order_number, made.order_id) == ("INV-1001", 1001, UUID(int=7))
    assert [line.total_cents for line in made.lines] == [750, 999 * 12_345]
    assert sum(line.total_cents for line in made.lines) == made.total_cents
    assert msgspec.json.decode(msgspec.json.encode(made), type=invoice.Invoice) == made


def test_a_page_shows_every_number_and_escapes_what_people_typed() -> None:
    page = invoice.page(bill(name="<script>alert('x')</script>", unit='"1" <kg>', note="</style><img src=x onerror=1>"))
    assert "123,334.05" in page
    assert "7.50" in page
    assert "INV-1001" in page
    assert "Blue &lt;Door&gt;" in page
    assert "1 Quay &amp; Co" in page
    assert "<img" not in page
    assert re.findall(r"<(script|img|link|iframe|svg|a)\b", page) == []
    assert page.count("</style>") == 1


def test_an_empty_note_is_left_out() -> None:
    assert "Note" in invoice.page(bill())
    assert "Note" not in invoice.page(bill(note=None))


def test_the_policy_lets_the_pages_own_style_through_and_nothing_else() -> None:
    page = invoice.page(bill())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    policy = dict(part.strip().split(" ", 1) for part in invoice.HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    assert "style=" not in page
