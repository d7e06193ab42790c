"""Ids are in the order of the moments they were made for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import new_id

START = datetime(2017, 1, 1, tzinfo=UTC)


@given(st.lists(st.integers(0, 10**11), min_size=2, max_size=20, unique=True))
def test_ids_carry_the_order_of_their_moments(milliseconds: list[int]) -> None:
    ids = [new_id(START + timedelta(milliseconds=offset)) for offset in sorted(milliseconds)]
    assert ids == sorted(ids)


def test_ids_of_now_are_version_7_and_ascending() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {identifier.version for identifier in ids} == {7}
