"""Folds events into tables, in transactions that move the position with them.

Invariants: the position says what the tables hold, so whatever is lost with a process or an answer of the database is
read again from there, and nothing counts twice. Who finds the position moved by somebody else writes nothing. No event
jams those behind it: one that cannot be decoded or counted is logged, counted as refused and passed over; its order
counts again with its next version.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog
from nats.aio.msg import Msg
from prometheus_client import Counter

from proto.streams import ORDERS
from services.analytics.projection.catalogue import Catalogue
from services.analytics.projection.domain import Order, OrderEvent, fold
from services.analytics.projection.store import Position, Tables
from shared.bus import FOLLOWED, REFUSED, Bus
from shared.database import Pool, transaction

BEGIN = "begin; set local synchronous_commit = off"
"""Should Postgres lose the last of it in a crash it loses the position with it, and the same events are read again: so
no commit here waits for the disk, nor makes an order's wait behind it."""

LATE = Counter("larder_analytics_late_total", "Events that changed nothing, since their order was further already")
GAPS = Counter("larder_analytics_gaps_total", "Events before which a version of their order is missing")

UNCOUNTABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    OverflowError,
    UnicodeEncodeError,
)
"""What an event alone is to blame for, and not a database that is away."""

_log = structlog.get_logger("folding")
_events = msgspec.json.Decoder(OrderEvent)


class MovedError(Exception):
    """Somebody else has moved the position, or replaced the tables."""


class Folding:
    """Into some tables, the live ones or those of a rebuild. `begin` begins its transactions."""

    def __init__(self, pool: Pool, bus: Bus, tables: Tables, begin: str = BEGIN) -> None:
        self._pool, self._tables, self._begin = pool, tables, begin
        self._catalogue = Catalogue(pool, bus, tables)

    async def apply(self, before: Position, events: Sequence[Msg], after: Position, as_of: datetime | None) -> Position:
        """From where the tables are to where they are after the events, which may be none. All that the stream held at
        `as_of` is folded in then. Raises MovedError."""
        orders = [order for event in events if (order := _decoded(event)) is not None]
        try:
            await self._commit(before, orders, after, as_of)
        except UNCOUNTABLE:
            await self._apply_singly(before, events, after, as_of)
        FOLLOWED.labels(ORDERS.name).inc(len(orders))
        return after

    async def _apply_singly(
        self, position: Position, events: Sequence[Msg], after: Position, as_of: datetime | None
    ) -> None:
        for event in events:
            order = _decoded(event, told=True)
            behind = msgspec.structs.replace(after, seq=event.metadata.sequence.stream)
            try:
                await self._commit(position, [order] if order else [], behind, None)
            except UNCOUNTABLE as error:
                _refuse(event, error)
                await self._commit(position, [], behind, None)
            position = behind
        await self._commit(position, [], after, as_of)

    async def _commit(self, before: Position, orders: Sequence[Order], after: Position, as_of: datetime | None) -> None:
        categories = await self._catalogue.of(line for order in orders for line in order.items)
        async with transaction(self._pool, self._begin) as connection:
            if not await self._tables.move(connection, before, after, as_of):
                raise MovedError
            if not orders:
                return
            known = await self._tables.list_counted(connection, {order.id for order in orders})
            tally = fold(known, orders, categories, ZoneInfo(after.zone))
            await self._tables.add(connection, tally)
        LATE.inc(tally.late)
        GAPS.inc(tally.gaps)


def _decoded(event: Msg, *, told: bool = False) -> Order | None:
    """None, and `told` of unless it was before, when it is no event of an order."""
    try:
        return _events.decode(event.data).order
    except msgspec.DecodeError as error:
        if not told:
            _refuse(event, error)
        return None


def _refuse(event: Msg, error: Exception) -> None:
    REFUSED.labels(ORDERS.name).inc()
    seq = event.metadata.sequence.stream
    _log.error("event refused", stream=ORDERS.name, seq=seq, subject=event.subject, error=repr(error))
