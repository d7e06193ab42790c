"""How much space tables and indexes take, and how much they should. Pure.

An estimate from the planner's statistics: rows × (header + columns as wide as they are on average), packed as full as
the fillfactor says, in pages of 8 KiB. It leaves out TOAST, and a B-tree whose keys repeat takes less, so a small
difference says nothing; `bloat` below LEAST_BYTES is not told. For an exact answer, which reads the whole relation:
`create extension pgstattuple; select * from pgstattuple_approx('orders.orders')`.
"""

from collections.abc import Iterable
from math import ceil, floor

from services.analytics.performance.store import Index, Table, Width, Widths

PAGE = 8192
PAGE_HEADER = 24
ROW_HEADER, POINTER, ALIGNED = 23, 4, 8
BTREE_SPECIAL, BTREE_ENTRY, BTREE_FULL = 16, 8, 0.9

LEAST_BYTES = 1024 * 1024


def table_bytes_needed(table: Table, widths: Widths) -> int | None:
    """Of the heap, without indexes and TOAST. None where the planner knows nothing."""
    columns = widths.get(table.relation)
    if table.rows is None or not columns:
        return None
    bitmap = (len(columns) + 7) // 8 if any(column.nulls for column in columns.values()) else 0
    row = POINTER + _aligned(ROW_HEADER + bitmap) + _aligned(_bytes(columns.values()))
    rows_a_page = max(1, floor((PAGE - PAGE_HEADER) * table.fillfactor / 100 / row))
    return PAGE * ceil(table.rows / rows_a_page)


def index_bytes_needed(index: Index, widths: Widths) -> int | None:
    """Of a B-tree. None for others, and where the planner knows nothing."""
    if index.rows is None or index.method != "btree":
        return None
    own, of_table = widths.get(index.relation, {}), widths.get(index.table_relation, {})
    found = [own.get(place) if column == 0 else of_table.get(column) for place, column in enumerate(index.keys, 1)]
    columns = [column for column in found if column is not None]
    if len(columns) < len(found):
        return None
    entry = POINTER + BTREE_ENTRY + _aligned(_bytes(columns))
    entries_a_page = max(1, floor((PAGE - PAGE_HEADER - BTREE_SPECIAL) * BTREE_FULL / entry))
    return PAGE * (1 + ceil(index.rows / entries_a_page))


def bloat(bytes_taken: int, bytes_needed: int | None) -> int | None:
    """What could be had back; 0 when that is too little to be told from the estimate's error."""
    if bytes_needed is None:
        return None
    return bytes_taken - bytes_needed if bytes_taken - bytes_needed >= LEAST_BYTES else 0


def _bytes(columns: Iterable[Width]) -> float:
    return sum(column.bytes * (1 - column.nulls) for column in columns)


def _aligned(size: float) -> int:
    return ceil(size / ALIGNED) * ALIGNED
