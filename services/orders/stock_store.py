"""The database of the stock's answers: one typed function a query, beside `store` and by its rules.

Invariant: the transaction is the system's (`store.SYSTEM`), whose policy locks and changes pending orders alone.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from proto.stock import StockEvent
from services.orders.domain import Changed, Order
from services.orders.store import QUERIES, Origin, columns, order_of
from shared.database import Connection
from shared.outbox import Event


async def list_pending_for_change(connection: Connection, orders: Sequence[UUID]) -> dict[UUID, Order]:
    """By id, locked; without those that moved on."""
    rows = await QUERIES["list_pending_for_change"].rows(connection, orders)
    return {row["id"]: order_of(row) for row in rows}


async def update_answered_orders(connection: Connection, changes: Sequence[tuple[Changed, Event, Origin]]) -> None:
    """The orders are locked at the versions before, so there is a row of each; anything else raises. What rejected ones
    held of their restaurants' credit is given back."""
    rows = [
        (
            *(changed.order.id, changed.order.status, changed.order.reason, changed.order.version),
            *(bytes(changed.order.shortages).decode(), changed.order.updated_at, event.id, changed.event),
            *(origin.request_id, origin.traceparent, event.subject, event.payload),
        )
        for changed, event, origin in changes
    ]
    row = await QUERIES["update_answered_orders"].row(connection, *columns(rows))
    if row is None or row["changed"] != len(changes):
        raise RuntimeError(f"{row and row['changed']} of {len(changes)} locked orders were changed")
    rejected = sorted(
        ((changed.order, origin) for changed, _, origin in changes if changed.order.status == "rejected"),
        key=lambda one: (one[0].restaurant_id, one[0].id),
    )
    if rejected:
        ended = [(order.id, origin.request_id, order.updated_at) for order, origin in rejected]
        await QUERIES["release_credit"].execute(connection, *columns(ended))


async def insert_late_answers(connection: Connection, answers: Sequence[StockEvent], at: datetime) -> None:
    rows = [(answer.id, answer.order_id, answer.type, answer.occurred_at) for answer in answers]
    await QUERIES["insert_late_answers"].execute(connection, *columns(rows), at)


async def get_pending(connection: Connection, now: datetime) -> float:
    """Seconds that the oldest pending order has waited."""
    (row,) = await QUERIES["get_pending"].rows(connection, now)
    return float(row["oldest"])
