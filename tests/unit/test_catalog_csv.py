"""The catalogue as a CSV file: what is read, what is refused and how it is told, and that writing and reading agree."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog import csv_file
from services.catalog.csv_file import FileError, LineError
from services.catalog.domain import NewProduct, Product
from shared.ids import new_id
from shared.spreadsheet import BOM, Separator

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = "sku,name,category,unit,price,stock,active"
GOOD = "17,Flour,BAKING,1 kg,2.50,,true"
FLOUR = NewProduct(sku="17", name="Flour", category="BAKING", unit="1 kg", price_cents=250)


def read(*lines: str, header: str = HEADER) -> csv_file.Table:
    return csv_file.read("\n".join([header, *lines]).encode())


def wrong(*lines: str) -> list[tuple[int, str | None, str]]:
    return [(error.line, error.column, error.reason) for error in read(*lines).errors]


@pytest.mark.parametrize("before", [b"", BOM])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_as_spreadsheets_write_it_is_read(before: bytes, end: str, separator: str) -> None:
    lines = [HEADER, GOOD, "", ",,,,,,", '18,"Rye, ""dark""",BAKING,1 kg,3,7,FALSE', ""]
    text = end.join(lines).replace(",", separator).replace(f"Rye{separator}", "Rye,")
    table = csv_file.read(before + text.encode())
    rye = msgspec.structs.replace(FLOUR, sku="18", name='Rye, "dark"', price_cents=300, stock=7, active=False)
    assert (table.lines, table.products, table.errors) == (2, [(2, FLOUR), (5, rye)], [])


def test_columns_come_in_any_order_and_case() -> None:
    table = read("true;;17;2,50;1 kg;BAKING;Flour", header=" Active;STOCK;Sku;price;unit;category;name")
    assert table.products == [(2, FLOUR)]


@pytest.mark.parametrize(
    ("price", "cents"),
    [("2.50", 250), ("2,5", 250), ("2", 200), (" 2.5 ", 250), ("0.01", 1), ("1000000.00", 10**8), ("007.10", 710)],
)
def test_a_price_is_as_people_write_it(price: str, cents: int) -> None:
    ((_, product),) = read(f'17,Flour,BAKING,1 kg,"{price}",,true').products
    assert product.price_cents == cents


@pytest.mark.parametrize(
    "price",
    [
        "",
        "free",
        "-1",
        "+1",
        "2.505",
        "1,234.50",
        "1.234,50",
        "1,234",
        "$2",
        "2 €",
        "1e3",
        "2.",
        ".5",
        "٢",
        "1000000.01",
    ],
)
def test_what_is_no_price_is_refused_by_its_column(price: str) -> None:
    ((line, column, _),) = wrong(f'17,Flour,BAKING,1 kg,"{price}",,true')
    assert (line, column) == (2, "price")


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (",Flour,BAKING,1 kg,2.50,,true", "sku", "is empty"),
        ("17,   ,BAKING,1 kg,2.50,,true", "name", "is empty"),
        (f"17,{'x' * 201},BAKING,1 kg,2.50,,true", "name", "is too long: it has 201 characters"),
        ("17,Fl\x00our,BAKING,1 kg,2.50,,true", "name", "holds a control character"),
        ("17,Flour,BAK\tING,1 kg,2.50,,true", "category", "holds a control character"),
        ("17,Flour,BAKING,1 kg,2.50,-1,true", "stock", "'-1' is no number"),
        ("17,Flour,BAKING,1 kg,2.50,7.0,true", "stock", "'7.0' is no number"),
        ("17,Flour,BAKING,1 kg,2.50,1000000001,true", "stock", "is too much"),
        ("17,Flour,BAKING,1 kg,2.50,,maybe", "active", "'maybe' is neither true nor false"),
        ("17,Flour,BAKING,1 kg,0,,true", "price", "An active product must have a price."),
        ("17,Flour,BAKING,1 kg,2.50,", None, "has 6 cells and not 7"),
        ("17,Flour, fine,BAKING,1 kg,2.50,,true", None, "has 8 cells and not 7"),
        ('17,"Flour,BAKING,1 kg,2.50,,true', None, "opens a quote and does not close it"),
        ('17,"Flo"ur,BAKING,1 kg,2.50,,true', None, "cannot be read"),
        ("17,Fl\rour,BAKING,1 kg,2.50,,true", None, "holds a carriage return"),
    ],
)
def test_a_wrong_line_is_told_by_number_column_and_reason_and_costs_no_other(
    line: str, column: str | None, reason: str
) -> None:
    table = read("16,Rye,BAKING,1 kg,2.50,,true", line, "18,Oats,BAKING,1 kg,2.50,,true")
    assert [number for number, _ in table.products] == [2, 4]
    (error,) = table.errors
    assert (error.line, error.column) == (3, column)
    assert error.reason.startswith(reason)


def test_all_that_is_wrong_with_a_line_is_told_at_once() -> None:
    table = read("17,,BAKING,1 kg,free,x,maybe")
    assert {error.column for error in table.errors} == {"name", "price", "stock", "active"}
    assert {(error.line, error.sku) for error in table.errors} == {(2, "17")}
    assert table.lines == 1


def test_a_sku_that_comes_twice_is_refused_wherever_it_stands_even_beside_a_wrong_line() -> None:
    table = read(GOOD, "18,Oats,BAKING,1 kg,2.50,,true", "17,Flour,BAKING,1 kg,free,,true")
    assert [product.sku for _, product in table.products] == ["18"]
    reason = "stands in lines 2, 4: which is meant nobody can know"
    assert table.errors == [
        LineError(2, "17", "sku", reason),
        LineError(4, "17", "price", table.errors[1].reason),
        LineError(4, "17", "sku", reason),
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (BOM, "is empty"),
        (b"\n\r\n", "is empty"),
        (HEADER.encode("utf-16"), "is UTF-16"),
        (
            f"{HEADER}\n{GOOD}\n".encode() + "18,Jalapeño,BAKING,1 kg,2.50,,true".encode("cp1252"),
            "is not UTF-8 in line 3",
        ),
        (GOOD.encode(), "'sku' is missing"),
        (b"sku,name,category,unit,price_cents,stock,active", "'price_cents' is no column"),
        (b"sku,name,category,unit,price,stock", "'active' is missing"),
        (b"sku,sku,name,category,unit,price,stock,active", "'sku' stands there twice"),
        (HEADER.replace(",", "\t").encode(), "separated by commas or semicolons"),
        (b'"sku,name', "has a header that cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(body: bytes, told: str) -> None:
    with pytest.raises(FileError, match=told):
        csv_file.read(body)


def test_a_header_alone_is_a_catalogue_of_nothing() -> None:
    assert read() == csv_file.Table(0, [], [])


PLAIN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
TEXTS = (
    st.text(PLAIN | st.sampled_from("=+-@'\",; \uff1d\u2028\x85"), min_size=1, max_size=40)
    | st.sampled_from(["=1+1", "'=1", "''", "'", "-", "@sum", "\ufeff", '"', ";", ",", " x "])
).filter(lambda text: not csv_file._CONTROL.search(text) and text.strip(" ") != "")
PRODUCTS = st.builds(
    Product,
    id=st.builds(new_id),
    sku=TEXTS,
    name=TEXTS,
    category=TEXTS,
    unit=TEXTS,
    price_cents=st.integers(1, 10**8),
    stock=st.none() | st.integers(0, 10**9),
    active=st.booleans(),
    version=st.just(1),
    created_at=st.just(NOW),
    updated_at=st.just(NOW),
)


@given(
    products=st.lists(PRODUCTS, max_size=5, unique_by=lambda one: one.sku),
    separator=st.sampled_from(["comma", "semicolon"]),
)
def test_what_is_written_is_read_again_as_it_was(products: list[Product], separator: Separator) -> None:
    table = csv_file.read(csv_file.head(separator) + csv_file.rows(products, separator))
    assert table.errors == []
    known = {field.name for field in msgspec.structs.fields(NewProduct)}
    expected = [{name: getattr(one, name) for name in known} for one in products]
    assert [msgspec.structs.asdict(one) for _, one in table.products] == expected


@given(product=PRODUCTS)
def test_no_cell_that_is_written_is_a_formula(product: Product) -> None:
    text = csv_file.rows([product], "comma").decode()
    ((*cells,),) = csv.reader(io.StringIO(text, newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")) for cell in cells)


@given(
    body=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode(errors="replace"))
)
def test_whatever_is_sent_is_read_or_refused_in_words(body: bytes) -> None:
    with suppress(FileError):
        table = csv_file.read(body)
        refused = {error.line for error in table.errors}
        assert table.lines == len(table.products) + len(refused)
        assert refused.isdisjoint(number for number, _ in table.products)
