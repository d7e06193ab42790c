"""Imports a catalogue: COPY into a table of its own, then one statement, all in one transaction.

Invariants: all or nothing; what differs from the catalogue gets its next version and one event, what does not is left
alone, so a second run of the same import changes nothing. A product is known by its sku and keeps its id. Stock is
taken for new products only: what is on hand is counted here, not in a supplier's file. Products that are not in the
import stay as they are. One import runs at a time, and locks what it changes in the order of the ids, as everybody does
who locks more than one product. Refuses a sku that comes twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from proto.envelope import Actor
from services.catalog.domain import NewProduct
from services.catalog.store import SYSTEM, Origin, begin_as
from shared.database import Pool, load_queries, transaction
from shared.ids import new_id
from shared.plumbing import utc_now

QUERIES = load_queries("catalog", Path(__file__).with_name("importer.sql"))

SECONDS = 120
"""For each statement, instead of the 5 s that a request has."""

TOLD_EVERY = 5_000
_AT_A_TIME = 200
"""Records made before others of this process have their turn: some 2 ms."""

_COLUMNS = ("place", "id", "event_id", "sku", "name", "category", "unit", "price_cents", "stock", "active")


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the import's products."""

    created: int
    updated: int
    unchanged: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The places of what was made and changed, and of what is on hand in another number than the import says. The rest
    was there as it is."""

    created: frozenset[int]
    updated: frozenset[int]
    stock_differs: frozenset[int]


class RepeatedSkuError(ValueError):
    """A sku came twice: which of the two is meant nobody can know."""


class ImportRunningError(Exception):
    """Another import is running."""


async def import_products(
    pool: Pool,
    products: Sequence[NewProduct],
    progress: Callable[[int], None] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Counts:
    """As the system. `progress` is told how many have been copied. Nudge the relay afterwards. Raises as
    import_placed."""
    outcome = await import_placed(pool, list(enumerate(products, start=1)), now(), progress=progress)
    created, updated = len(outcome.created), len(outcome.updated)
    return Counts(created=created, updated=updated, unchanged=len(products) - created - updated)


async def import_placed(
    pool: Pool,
    products: Sequence[tuple[int, NewProduct]],
    at: datetime,
    origin: Origin = SYSTEM,
    *,
    dry: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Each product with its place, a number of its own. `dry` tells what would become of them and changes nothing.
    Raises RepeatedSkuError, ImportRunningError; asyncpg's errors where a product breaks a rule of the table (an active
    one without a price)."""
    if len({product.sku for _, product in products}) != len(products):
        raise RepeatedSkuError("a sku comes twice in the import")
    begin = f"{begin_as(origin)}; set local statement_timeout = '{SECONDS}s'"
    async with transaction(pool, begin, origin.span) as connection:
        running = await QUERIES["hold_imports"].row(connection)
        if running is None or not running["held"]:
            raise ImportRunningError
        await QUERIES["create_staging"].execute(connection)
        await connection.copy_records_to_table(
            "staged_products", records=_records(products, progress), columns=_COLUMNS
        )
        if dry:
            changes = await QUERIES["compare_staging"].rows(connection)
        else:
            await QUERIES["lock_changing"].execute(connection)
            actor = msgspec.json.encode(Actor(origin.actor_id, origin.actor_role)).decode()
            changes = await QUERIES["apply_staging"].rows(
                connection, at, msgspec.json.encode(at).decode(), actor, origin.request_id, origin.traceparent
            )
        differing = await QUERIES["list_stock_differing"].rows(connection)
    return Outcome(
        created=frozenset(row["place"] for row in changes if row["created"]),
        updated=frozenset(row["place"] for row in changes if not row["created"]),
        stock_differs=frozenset(row["place"] for row in differing),
    )


async def _records(
    products: Sequence[tuple[int, NewProduct]], progress: Callable[[int], None] | None
) -> AsyncIterator[tuple[object, ...]]:
    for count, (place, one) in enumerate(products, start=1):
        yield (
            *(place, new_id(), new_id(), one.sku, one.name, one.category, one.unit),
            *(one.price_cents, one.stock, one.active),
        )
        if count % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        if progress is not None and (count % TOLD_EVERY == 0 or count == len(products)):
            progress(count)
