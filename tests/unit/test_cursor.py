"""A cursor comes back as it went out, and any other text is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursor import CursorError, Cursors

CURSORS = Cursors(b"k" * 32)


@given(st.text(max_size=20), st.tuples(st.integers(0, 2**63 - 1), st.text(max_size=36)))
def test_a_position_survives_the_round_trip(scope: str, position: tuple[int, str]) -> None:
    assert CURSORS.decode(scope, CURSORS.encode(scope, position), tuple[int, str]) == position


@given(st.text(max_size=600))
def test_invented_text_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        CURSORS.decode("orders", text, tuple[int, str])


@given(st.data())
def test_a_changed_character_is_refused(data: st.DataObject) -> None:
    cursor = CURSORS.encode("orders", (1, "abc"))
    place = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from([c for c in "ABCxyz019-_" if c != cursor[place]]))
    with pytest.raises(CursorError):
        CURSORS.decode("orders", cursor[:place] + other + cursor[place + 1 :], tuple[int, str])


def test_a_cursor_of_another_list_or_key_or_form_is_refused() -> None:
    cursor = CURSORS.encode("orders?status=ready", (1, "abc"))
    for attempt in (
        lambda: CURSORS.decode("orders", cursor, tuple[int, str]),
        lambda: Cursors(b"q" * 32).decode("orders?status=ready", cursor, tuple[int, str]),
        lambda: CURSORS.decode("orders?status=ready", cursor, dict[str, str]),
    ):
        with pytest.raises(CursorError):
            attempt()


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cursors(b"short")
