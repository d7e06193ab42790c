"""CSV that spreadsheets open: lines as RFC 4180 has them, and no cell that is a formula to them.

Invariant: `meant(shown(text))` is the text, whatever it holds.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

CSV = "text/csv"

Separator = Literal["comma", "semicolon"]
SEPARATORS: dict[Separator, str] = {"comma": ",", "semicolon": ";"}
"""A spreadsheet set to a language that writes 2,50 reads and writes semicolons."""

BOM = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for the code page of its country."""

# A spreadsheet takes a cell that begins so for a formula: OWASP, "CSV Injection", with the full-width forms.
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def shown(text: str) -> str:
    """The text as a cell that no spreadsheet runs. What would be a formula gets an apostrophe before it; so does what
    begins with one, or reading would take that for ours."""
    return f"'{text}" if _mended(f"'{text}") else text


def meant(cell: str) -> str:
    """The text of a cell: the other way round."""
    return cell[1:] if _mended(cell) else cell


def written(lines: Iterable[Sequence[object]], separator: Separator = "comma") -> bytes:
    """Lines of cells that are shown already, or numbers."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=SEPARATORS[separator], lineterminator="\r\n").writerows(lines)
    return file.getvalue().encode()


def money(cents: int, separator: Separator = "comma") -> str:
    """As the spreadsheet's language writes it: 2.50, or 2,50 between semicolons. Never below zero."""
    mark = "," if separator == "semicolon" else "."
    return f"{cents // 100}{mark}{cents % 100:02}"


def _mended(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == "'" and cell[1] in _FORMULA + "'"
