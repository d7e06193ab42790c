"""Imports a catalogue: COPY into a table of its own, then one statement, all in one transaction.

Invariants: all or nothing; what differs from the catalogue gets its next version and one event, what does not is left
alone, so a second run of the same import changes nothing. A product is known by its sku and keeps its id. Stock is
taken for new products only: what is on hand is counted here, not in a supplier's file. Products that are not in the
import stay as they are. Refuses a sku that comes twice.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from proto.envelope import Actor
from services.catalog.domain import NewProduct
from shared.database import Pool, load_queries, transaction
from shared.ids import new_id
from shared.plumbing import utc_now

QUERIES = load_queries("catalog", Path(__file__).with_name("importer.sql"))

SECONDS = 120
"""For the one statement, instead of the 5 s that a request has."""

TOLD_EVERY = 5_000

_BEGIN = f"begin; set local statement_timeout = '{SECONDS}s'"
_COLUMNS = ("place", "id", "event_id", "sku", "name", "category", "unit", "price_cents", "stock", "active")
_SYSTEM = msgspec.json.encode(Actor(None, "system")).decode()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the import's products."""

    created: int
    updated: int
    unchanged: int


class RepeatedSkuError(ValueError):
    """A sku came twice: which of the two is meant nobody can know."""


async def import_products(
    pool: Pool,
    products: Sequence[NewProduct],
    progress: Callable[[int], None] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Counts:
    """`progress` is told how many have been copied. Nudge the relay afterwards. Raises RepeatedSkuError; asyncpg's
    errors where a product breaks a rule of the table (an active one without a price)."""
    if len({product.sku for product in products}) != len(products):
        raise RepeatedSkuError("a sku comes twice in the import")
    at = now()
    async with transaction(pool, _BEGIN) as connection:
        await QUERIES["create_staging"].execute(connection)
        await connection.copy_records_to_table(
            "staged_products", records=_records(products, progress), columns=_COLUMNS
        )
        row = await QUERIES["apply_staging"].row(connection, at, msgspec.json.encode(at).decode(), _SYSTEM)
    created, updated = (row["created"], row["updated"]) if row is not None else (0, 0)
    return Counts(created=created, updated=updated, unchanged=len(products) - created - updated)


def _records(products: Sequence[NewProduct], progress: Callable[[int], None] | None) -> Iterator[tuple[object, ...]]:
    for place, one in enumerate(products, start=1):
        yield (
            *(place, new_id(), new_id(), one.sku, one.name, one.category, one.unit),
            *(one.price_cents, one.stock, one.active),
        )
        if progress is not None and (place % TOLD_EVERY == 0 or place == len(products)):
            progress(place)
