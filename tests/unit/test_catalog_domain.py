"""What a product may become, and what makes a version."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from services.catalog.domain import (
    Changes,
    NewProduct,
    NoPriceError,
    Product,
    StaleVersionError,
    change,
    create,
)
from shared.ids import new_id

AT = datetime(2026, 1, 1, tzinfo=UTC)


def product(**facts: object) -> Product:
    known = {"sku": "17", "name": "Flour", "category": "BAKING", "unit": "1 kg", "price_cents": 250} | facts
    return create(msgspec.convert(known, NewProduct), new_id(), AT)


def changes() -> st.SearchStrategy[Changes]:
    return st.builds(
        Changes,
        name=st.sampled_from([UNSET, "Flour", "Rye"]),
        category=st.sampled_from([UNSET, "BAKING"]),
        unit=st.sampled_from([UNSET, "1 kg", "each"]),
        price_cents=st.sampled_from([UNSET, 0, 250, 300]),
        stock=st.sampled_from([UNSET, None, 0, 5]),
        active=st.sampled_from([UNSET, True, False]),
        expected_version=st.sampled_from([UNSET, UNSET, 1, 2]),
    )


@given(st.lists(changes(), max_size=12))
def test_versions_are_contiguous_and_an_active_product_always_has_a_price(asked: list[Changes]) -> None:
    now, at = product(), AT
    for one in asked:
        at += timedelta(seconds=1)
        try:
            changed = change(now, one, at)
        except (StaleVersionError, NoPriceError):
            continue
        if changed is None:
            continue
        assert changed.version == now.version + 1
        assert changed.updated_at == at
        assert (changed.id, changed.sku, changed.created_at) == (now.id, now.sku, now.created_at)
        assert changed.price_cents > 0 or not changed.active
        now = changed


def test_a_change_to_what_it_is_already_makes_no_version() -> None:
    now = product(stock=4)
    asked = Changes(name="Flour", category="BAKING", unit="1 kg", price_cents=250, stock=4, active=True)
    assert change(now, asked, AT) is None
    assert change(now, Changes(), AT) is None


def test_another_version_than_the_expected_is_refused_even_if_nothing_would_change() -> None:
    with pytest.raises(StaleVersionError):
        change(product(), Changes(expected_version=2), AT)


def test_an_active_product_without_a_price_is_refused() -> None:
    with pytest.raises(NoPriceError):
        product(price_cents=0)
    with pytest.raises(NoPriceError):
        change(product(), Changes(price_cents=0), AT)
    with pytest.raises(NoPriceError):
        change(product(price_cents=0, active=False), Changes(active=True), AT)


@pytest.mark.parametrize(
    ("facts", "available"),
    [({}, True), ({"stock": 1}, True), ({"stock": 0}, False), ({"active": False}, False)],
)
def test_available_is_active_and_not_out_of_stock(facts: dict[str, object], available: bool) -> None:
    assert product(**facts).available is available


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "a\nb", "a\n", "\x7f", "x" * 201])
def test_a_name_that_no_label_could_carry_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="name"):
        product(name=name)


@pytest.mark.parametrize("name", ["a", "Crème fraîche, 200 g", "豆腐", "½ pig", "a b"])
def test_names_of_any_language_are_taken(name: str) -> None:
    assert product(name=name).name == name
