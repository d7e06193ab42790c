"""The catalogue as a CSV file: what people send from a spreadsheet, and what they are given. Pure.

Invariants: what is written and read again is the same products, whatever their texts hold. A line is a record: no cell
holds a line break, so a quote that is never closed costs its own line and swallows no other. Nothing that is written is
a formula to a spreadsheet. Refuses a file that is not UTF-8 or whose header is not the columns; of a line that is wrong
it tells number, sku, column and reason. Lines are numbered as an editor does: the header is the first.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from services.catalog.domain import Category, Name, NewProduct, NoPriceError, PriceCents, Product, Sku, Stock, Unit
from shared.spreadsheet import BOM, Separator, meant, money, shown, written

COLUMNS = ("sku", "name", "category", "unit", "price", "stock", "active")
REPORT_COLUMNS = ("line", "sku", "result", "column", "reason")

_PRICE = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,2}))?")
_STOCK = re.compile(r"[0-9]{1,12}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ACTIVE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TEXTS: dict[str, Any] = {"sku": Sku, "name": Name, "category": Category, "unit": Unit}


class FileError(ValueError):
    """Nothing of the file can be read; the text says why, and what to do."""


class LineError(msgspec.Struct, frozen=True):
    """`sku` is null where it cannot be told, `column` where the whole line is wrong."""

    line: int
    sku: str | None
    column: str | None
    reason: str


class Table(msgspec.Struct, frozen=True):
    """What a file holds: good lines with their numbers, and all that is wrong with the others. `lines` counts both;
    empty ones are none."""

    lines: int
    products: list[tuple[int, NewProduct]]
    errors: list[LineError]


class _CellsError(Exception):
    """What is wrong with a line: a reason a column, or one for None, the whole line."""

    def __init__(self, reasons: dict[str | None, str], sku: str | None = None) -> None:
        super().__init__(reasons)
        self.reasons, self.sku = reasons, sku


def read(body: bytes) -> Table:
    """Raises FileError."""
    lines = enumerate(_text_of(body).split("\n"), start=1)
    separator, order = _header(next(lines)[1].removesuffix("\r"))
    empty = separator + ' "\t\r'
    found: list[tuple[int, NewProduct]] = []
    errors: list[LineError] = []
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    count = 0
    for number, line in lines:
        if not line.strip(empty):
            continue
        count += 1
        try:
            product = _product(dict(zip(order, _cells(line.removesuffix("\r"), separator), strict=True)))
        except _CellsError as wrong:
            errors += [LineError(number, wrong.sku, column, reason) for column, reason in wrong.reasons.items()]
            if wrong.sku is not None:
                numbers[wrong.sku].append(number)
        else:
            found.append((number, product))
            numbers[product.sku].append(number)
    for sku, places in numbers.items():
        if len(places) > 1:
            told = ", ".join(map(str, places[:5])) + (" and more" if len(places) > 5 else "")
            reason = f"stands in lines {told}: which is meant nobody can know"
            errors += [LineError(place, sku, "sku", reason) for place in places]
    errors.sort(key=lambda error: error.line)
    return Table(count, [(number, one) for number, one in found if len(numbers[one.sku]) == 1], errors)


def head(separator: Separator) -> bytes:
    """How an export begins."""
    return BOM + written([COLUMNS], separator)


def rows(products: Iterable[Product], separator: Separator) -> bytes:
    """Lines of an export."""
    return written(
        (
            (
                *(shown(text) for text in (one.sku, one.name, one.category, one.unit)),
                money(one.price_cents, separator),
                "" if one.stock is None else one.stock,
                "true" if one.active else "false",
            )
            for one in products
        ),
        separator,
    )


def report(lines: Iterable[tuple[int, str | None, str, str | None, str | None]]) -> bytes:
    """A report as a file: `lines` are as REPORT_COLUMNS."""
    told = (
        (line, shown(sku or ""), result, column, shown(reason or "")) for line, sku, result, column, reason in lines
    )
    return BOM + written([REPORT_COLUMNS], "comma") + written(told, "comma")


def _text_of(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError("is UTF-16: save it as “CSV UTF-8”")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise FileError(f"is not UTF-8 in line {line}: save it as “CSV UTF-8”") from error
    if not text.strip():
        raise FileError(f"is empty: the first line names the columns {', '.join(COLUMNS)}")
    return text


def _header(line: str) -> tuple[str, list[str]]:
    """What separates the cells, and the columns in their order."""
    separator = ";" if ";" in line else ","
    try:
        names = [name.strip().casefold() for name in _cells(line, separator, None)]
    except _CellsError as wrong:
        raise FileError(f"has a header that cannot be read: it {wrong.reasons[None]}") from wrong
    told = [f"{name!r} is no column" for name in names if name not in COLUMNS]
    told += [f"{name!r} stands there twice" for name in COLUMNS if names.count(name) > 1]
    told += [f"{name!r} is missing" for name in COLUMNS if name not in names]
    if told:
        raise FileError(
            f"must begin with a header that names {', '.join(COLUMNS)}, separated by commas or semicolons: "
            + "; ".join(told[:10])
        )
    return separator, names


def _cells(line: str, separator: str, columns: int | None = len(COLUMNS)) -> list[str]:
    """Raises _CellsError."""
    if "\r" in line:
        raise _CellsError({None: "holds a carriage return in its middle"})
    if '"' not in line:
        cells = line.split(separator)
    else:
        try:
            (cells,) = csv.reader([line], delimiter=separator, strict=True)
        except csv.Error as error:
            reason = (
                "opens a quote and does not close it; no cell may hold a line break"
                if "unexpected end" in str(error)
                else f"cannot be read ({error}); a quote inside of a quoted cell is written twice"
            )
            raise _CellsError({None: reason}) from error
    if columns is not None and len(cells) != columns:
        raise _CellsError({None: f"has {len(cells)} cells and not {columns}"})
    return cells


def _product(cells: dict[str, str]) -> NewProduct:
    """Raises _CellsError with all that is wrong."""
    wrong: dict[str | None, str] = {}
    values: dict[str, Any] = {name: meant(cells[name]) for name in _TEXTS}
    for name, read_one in (("price", _price), ("stock", _stock), ("active", _active)):
        try:
            values[name] = read_one(cells[name].strip())
        except ValueError as error:
            wrong[name] = str(error)
    if not wrong:
        values["price_cents"] = values.pop("price")
        try:
            product = msgspec.convert(values, NewProduct)
        except msgspec.ValidationError:
            pass
        else:
            if product.active and product.price_cents == 0:
                raise _CellsError({"price": str(NoPriceError())}, product.sku)
            return product
    refused = {name: _why_not(values[name], kind) for name, kind in _TEXTS.items()}
    reasons = {name: reason for name, reason in refused.items() if reason is not None} | wrong
    raise _CellsError(reasons, values["sku"] if refused["sku"] is None else None)


def _why_not(text: str, kind: Any) -> str | None:
    """Why a text may not stand in its column; None when it may."""
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        if _CONTROL.search(text):
            return "holds a control character"
        return f"is too long: it has {len(text)} characters" if text.strip() else "is empty"
    return None


def _price(text: str) -> int:
    """In cents."""
    match = _PRICE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no price: write 1234.50 or 1234,50, without currency or thousands marks")
    return _within(int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")), PriceCents)


def _stock(text: str) -> int | None:
    if not text:
        return None
    if _STOCK.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is no number of pieces; empty is a stock that is not kept")
    return _within(int(text), Stock)


def _within(number: int, kind: Any) -> int:
    try:
        return msgspec.convert(number, kind)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise ValueError("is too much") from error


def _active(text: str) -> bool:
    try:
        return _ACTIVE[text.casefold()]
    except KeyError as error:
        raise ValueError(f"{text[:40]!r} is neither true nor false") from error
