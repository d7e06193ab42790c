"""Cells that no spreadsheet runs, and lines that every reader of CSV reads."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheet import meant, money, shown, written

texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''"])  # noqa: RUF001
def test_what_would_be_a_formula_is_a_text(text: str) -> None:
    assert shown(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Flour", "1 = 1", "a@b", " 2"])
def test_other_texts_are_as_they_are(text: str) -> None:
    assert shown(text) == text


@given(texts)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert meant(shown(text)) == text


@given(st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1), st.sampled_from(["comma", "semicolon"]))
def test_lines_are_what_rfc_4180_says(lines: list[list[str]], separator: str) -> None:
    file = written([[shown(text) for text in line] for line in lines], separator).decode()  # type: ignore[arg-type]
    mark = "," if separator == "comma" else ";"
    read = list(csv.reader(io.StringIO(file, newline=""), delimiter=mark, strict=True))
    assert [[meant(cell) for cell in line] for line in read] == lines
    assert file.endswith("\r\n")


def test_amounts_are_written_as_the_language_of_the_spreadsheet_has_them() -> None:
    assert [money(cents) for cents in (0, 5, 250, 123_456_789)] == ["0.00", "0.05", "2.50", "1234567.89"]
    assert money(250, "semicolon") == "2,50"
