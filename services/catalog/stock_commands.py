"""What orders do to the stock, one transaction for as many of their events as came together.

Invariants: pieces, reservations, the answers to orders and the versions of products that sold out or came back commit
together or not at all. Locks are taken in one order: reservations, then products, each by id. Nothing is answered for
an order that has ended; an OrderPlaced that comes again is answered again, so a lost answer comes back when the orders'
stream is read anew. After the commit the relay is nudged.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from services.catalog import stock_store
from services.catalog.commands import Catalog
from services.catalog.domain import Product
from services.catalog.events import WAKE, answer_of, stock_event_of
from services.catalog.stock import Deed, Line, Reservation, consume, release, reserve
from services.catalog.stock_store import Known, Told
from shared.database import transaction

TRIES = 5
"""Of a batch of which another replica took an order at the same moment."""

ANSWERS = Counter("larder_stock_answers_total", "Answers to orders", ["answer"])
ENDED = Counter("larder_stock_ended_total", "Reservations that ended, by what became of the pieces", ["state"])
FLIPS = Counter("larder_stock_flips_total", "Products that sold out or came back", ["now"])
ORDERS_A_BATCH = Histogram(
    "larder_stock_batch_orders",
    "Orders that one transaction reserved, released or consumed for",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
for _answer in ("reserved", "short"):
    ANSWERS.labels(_answer)
for _state in ("released", "consumed"):
    ENDED.labels(_state)
for _now in ("available", "sold out"):
    FLIPS.labels(_now)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an order's event means for the stock. `lines` are those of an order that was placed, at `placed_at`."""

    deed: Deed
    order_id: UUID
    lines: tuple[Line, ...] = ()
    placed_at: datetime
    request_id: str | None = None


class TakenMeanwhileError(Exception):
    """Another replica made a reservation for one of the orders: all has to be read again."""


async def apply(catalog: Catalog, wanted: Sequence[Asked]) -> None:
    """In the order in which they come. Raises TakenMeanwhileError when that happens TRIES times in a row."""
    for tries in range(1, TRIES + 1):
        try:
            await _apply(catalog, wanted)
        except TakenMeanwhileError:
            if tries == TRIES:
                raise
        else:
            break
    await catalog.bus.nudge(WAKE)


async def _apply(catalog: Catalog, wanted: Sequence[Asked]) -> None:
    at = catalog.now()
    orders = sorted({asked.order_id for asked in wanted})
    async with transaction(catalog.pool) as connection:
        before = await stock_store.list_reservations_for_change(connection, orders)
        concerned = _concerned(wanted, before)
        known = await stock_store.list_shelf(connection, sorted(concerned))
        shelved = await stock_store.list_pieces_for_change(connection, sorted(known.counted)) if known.counted else {}
        after, answers = _decide(wanted, before, known, pieces := _pieces(known, shelved))
        changed = _changed(shelved, pieces, at)
        flipped = [one for one in changed.values() if one.version > shelved[one.id].version]
        events = [
            *(Told(one.id, stock_event_of(one)) for one in flipped),
            *(Told(asked.order_id, answer_of(after[asked.order_id], asked.request_id, at)) for asked in answers),
        ]
        made = [one for order, one in sorted(after.items()) if order not in before]
        ended = [one for order, one in sorted(after.items()) if order in before and one != before[order]]
        if (made or ended or events) and not await stock_store.store_stock(
            connection, made, ended, changed, events, at
        ):
            raise TakenMeanwhileError
    _count([after[asked.order_id] for asked in answers], [*made, *ended], flipped)
    ORDERS_A_BATCH.observe(len(orders))


def _concerned(wanted: Sequence[Asked], before: Mapping[UUID, Reservation]) -> set[UUID]:
    """The products that may be taken, or put back."""
    taken = {line.product_id for asked in wanted if asked.order_id not in before for line in asked.lines}
    put_back = {one.product_id for each in before.values() if each.state == "held" for one in each.held}
    return taken | put_back


def _pieces(known: Known, shelved: Mapping[UUID, Product]) -> dict[UUID, int | None]:
    return {product: shelved[product].stock if product in shelved else None for product in known.products}


def _decide(
    wanted: Sequence[Asked],
    before: Mapping[UUID, Reservation],
    known: Known,
    pieces: dict[UUID, int | None],
) -> tuple[dict[UUID, Reservation], list[Asked]]:
    """What is known of each order afterwards, and the placings to answer. `pieces` become what is left."""
    after = dict(before)
    placings: dict[UUID, Asked] = {}
    for asked in wanted:
        order, present = asked.order_id, after.get(asked.order_id)
        match asked.deed:
            case "reserve":
                placings[order] = asked
                if present is None:
                    takes = asked.placed_at >= known.since
                    after[order] = reserve(order, asked.lines if takes else (), pieces)
            case "release":
                after[order] = release(order, present, pieces)
            case "consume":
                after[order] = consume(order, present)
    return after, [asked for order, asked in placings.items() if after[order].state in ("held", "short")]


def _changed(shelved: Mapping[UUID, Product], pieces: Mapping[UUID, int | None], at: datetime) -> dict[UUID, Product]:
    """The products whose pieces have changed; at their next version when people are shown something else now."""
    changed = {}
    for product in shelved.values():
        after = msgspec.structs.replace(product, stock=pieces[product.id])
        if after.available != product.available:
            after = msgspec.structs.replace(after, version=product.version + 1, updated_at=at)
        if after != product:
            changed[product.id] = after
    return changed


def _count(answered: Sequence[Reservation], changed: Sequence[Reservation], flipped: Sequence[Product]) -> None:
    for one in answered:
        ANSWERS.labels("short" if one.state == "short" else "reserved").inc()
    for one in changed:
        if one.state in ("released", "consumed"):
            ENDED.labels(one.state).inc()
    for product in flipped:
        FLIPS.labels("available" if product.available else "sold out").inc()
