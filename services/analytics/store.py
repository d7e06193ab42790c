"""What analytics asks of its tables: one typed function a query of queries.sql."""

from datetime import datetime
from pathlib import Path

import msgspec

from shared.database import Connection, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("queries.sql"))


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """How far the stream ORDERS is folded into the tables: up to `seq` of `epoch`. All that it held at `as_of` is
    counted; null before the first time. `zone`: whose days and weeks the tables count by."""

    epoch: str
    seq: int
    as_of: datetime | None
    zone: str


async def get_projection(connection: Connection) -> Projection:
    row = await QUERIES["get_projection"].row(connection)
    assert row is not None  # noqa: S101  the migration made the row
    return Projection(**row)
