"""Lists and searches of the catalogue have the plans that are written here, on all real products.

Prepared statements are planned for their values or for any (`generic`: so the catalogue's role has them); both must
hold. A page of a list takes as many buffers in the middle as at the head; a page of a search those of the kinds and
shelves that it looks through, and four for each product on it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from services.catalog.store import BEST, NEWEST, QUERIES
from tests.plans import plan_of
from tests.whole_catalogue import Whole

PAGE = 21
"""Twenty entries, and one to see whether there are more."""

FIRST = (BEST.rank, BEST.id)

READING = """
  Limit
    Nested Loop
      Function Scan
      Bitmap Heap Scan kinds
        Bitmap Index Scan kinds_search
  Nested Loop
    CTE Scan
    Bitmap Heap Scan kinds
      Bitmap Index Scan kinds_search
"""

OF_KINDS = f"""
Limit{READING.rstrip()}
  Nested Loop
    Sort
      Nested Loop
        CTE Scan
        Index Only Scan shelf_pkey
    Index Scan products_pkey
"""


class Expected(NamedTuple):
    """`buffers`: at most."""

    query: str
    parameters: tuple[object, ...]
    plan: str
    buffers: int


EXPECTED = [
    Expected(
        "list_products",
        (NEWEST.created_at, NEWEST.id, PAGE, None),
        "Limit\n  Index Scan products_newest",
        8 + PAGE,
    ),
    Expected(
        "list_products_of_category",
        (NEWEST.created_at, NEWEST.id, PAGE, None, "YOGURT"),
        "Limit\n  Index Scan products_newest_of_category",
        8 + PAGE,
    ),
    Expected(
        "list_products_of_category",
        (NEWEST.created_at, NEWEST.id, PAGE, True, "YOGURT"),
        "Limit\n  Index Scan products_newest_of_category",
        8 + PAGE,
    ),
    Expected("search_kinds", (["'yogurt'"], *FIRST, ["yogurt"], None, None, None, PAGE), OF_KINDS, 400),
    Expected("search_kinds", (["'candy'"], *FIRST, ["candy"], None, None, None, PAGE), OF_KINDS, 600),
    Expected(
        "search_kinds", (["'a' & 'b'", "'cheese'"], *FIRST, ["cheese"], None, "CHEESE", True, PAGE), OF_KINDS, 400
    ),
    Expected(
        "search_products",
        ("'1043166'", *FIRST, ["1043166"], None, None, PAGE),
        """
Limit
  Sort
    Nested Loop
      Bitmap Heap Scan products
        Bitmap Index Scan products_search
      Index Scan shelf_product_id_key
""",
        20,
    ),
    Expected("list_categories", ("", PAGE), "Limit\n  Index Scan categories_pkey", 10),
]


def cases() -> Iterator[Any]:
    for place, expected in enumerate(EXPECTED):
        for generic in (False, True):
            yield pytest.param(expected, generic, id=f"{expected.query}-{place}-{'generic' if generic else 'custom'}")


@pytest.mark.parametrize(("expected", "generic"), list(cases()))
async def test_a_query_has_its_plan(whole: Whole, expected: Expected, generic: bool) -> None:
    found = await plan_of(
        whole.database,
        QUERIES[expected.query],
        expected.parameters,
        "begin; set local role catalog_service",
        generic=generic,
    )
    told = "\n".join([f"{found.buffers} buffers, {found.rows} rows", *found.lines])
    assert found.lines == expected.plan.strip("\n").splitlines(), told
    assert found.buffers <= expected.buffers, told
