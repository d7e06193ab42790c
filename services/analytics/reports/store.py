"""What analytics asks of its roll-ups: one typed function a query of queries.sql.

Invariants: what is asked inside one SNAPSHOT is of one moment, the projection's own `as_of`. Where nothing happened
there is no row: that is zero here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from services.analytics.projection.domain import Measure
from services.analytics.reports.periods import Span
from shared.database import Connection, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("queries.sql"))


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """How far the stream ORDERS is folded into the tables: up to `seq` of `epoch`. All that it held at `as_of` is
    counted; null before the first time. `zone`: whose days and weeks the tables count by."""

    epoch: str
    seq: int
    as_of: datetime | None
    zone: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Orders by what they are now, and what those come to that are neither rejected nor cancelled."""

    orders: int = 0
    rejected: int = 0
    cancelled: int = 0
    out_for_delivery: int = 0
    delivered: int = 0
    on_time: int = 0
    failed: int = 0
    revenue_cents: int = 0


async def get_projection(connection: Connection) -> Projection:
    row = await QUERIES["get_projection"].row(connection)
    assert row is not None  # noqa: S101  the migration made the row
    return Projection(**row)


async def is_restaurant(connection: Connection, restaurant_id: UUID) -> bool:
    return await QUERIES["get_restaurant"].row(connection, restaurant_id) is not None


async def sum_totals(connection: Connection, subject: UUID, periods: Sequence[Sequence[Span]]) -> list[Totals]:
    """One for each period."""
    numbers = Totals.__struct_fields__
    found = [dict.fromkeys(numbers, 0) for _ in periods]
    for row in await QUERIES["sum_totals"].rows(connection, subject, *columns_of(periods)):
        for name in numbers:
            found[row["nth"]][name] += row[name]
    return [Totals(**one) for one in found]


async def sum_histograms(
    connection: Connection, subject: UUID, measures: Sequence[Measure], periods: Sequence[Sequence[Span]]
) -> list[dict[Measure, Mapping[int, int]]]:
    """For each period, what was measured: how many fell into which bucket."""
    rows = await QUERIES["sum_histograms"].rows(connection, subject, *columns_of(periods), measures)
    found: list[dict[Measure, Counter[int]]] = [{measure: Counter() for measure in measures} for _ in periods]
    for row in rows:
        found[row["nth"]][row["measure"]][row["bucket"]] += row["amount"]
    return [dict(one) for one in found]


def columns_of(periods: Sequence[Sequence[Span]]) -> tuple[list[int], list[str], list[datetime], list[datetime]]:
    """The spans of all periods as the queries take them: whose they are, grain, since, until."""
    spans = [(nth, span) for nth, period in enumerate(periods) for span in period]
    return (
        [nth for nth, _ in spans],
        [span.grain for _, span in spans],
        [span.start for _, span in spans],
        [span.end for _, span in spans],
    )
