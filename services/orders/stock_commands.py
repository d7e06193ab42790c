"""What the stock's answers do to orders, one transaction for as many as came together.

Invariants: a pending order is confirmed when its pieces are held, and rejected with its shortages when they were not
there; version, history, event and credit commit together. An answer to an order that moved on, that comes again or that
names no order is recorded and changes nothing. Orders are locked by id, then accounts by id. After the commit the relay
is nudged.
"""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Counter

from proto.stock import StockEvent
from services.orders import domain, stock_store, store
from services.orders.commands import Orders
from services.orders.domain import Asked, Changed, Order
from services.orders.events import WAKE, event_of
from services.orders.store import Origin
from shared.database import transaction

OUT_OF_STOCK = "Out of stock."
"""Why the system rejects."""

ANSWERED = Counter("larder_orders_stock_answers_total", "Answers of the stock, by what they did", ["outcome"])
for _outcome in ("confirmed", "rejected", "late"):
    ANSWERED.labels(_outcome)


async def answer_orders(orders: Orders, answers: Sequence[StockEvent]) -> None:
    """The first answer to an order counts."""
    at = orders.now()
    async with transaction(orders.pool, store.SYSTEM) as connection:
        pending = await stock_store.list_pending_for_change(connection, sorted({answer.order_id for answer in answers}))
        changes, late = [], []
        for answer in answers:
            order = pending.pop(answer.order_id, None)
            if order is None:
                late.append(answer)
                continue
            changed = _answered(order, answer, at)
            origin = Origin(None, "system", answer.request_id, answer.traceparent)
            changes.append((changed, event_of(changed, origin), origin))
        if changes:
            await stock_store.update_answered_orders(connection, changes)
        if late:
            await stock_store.insert_late_answers(connection, late, at)
    for changed, _, _ in changes:
        ANSWERED.labels(changed.order.status).inc()
    ANSWERED.labels("late").inc(len(late))
    if changes:
        await orders.bus.nudge(WAKE)


def _answered(order: Order, answer: StockEvent, at: datetime) -> Changed:
    short = answer.type == "StockShort"
    asked = Asked(
        to="rejected" if short else "confirmed",
        role="system",
        person_id=None,
        person_name="system",
        reason=OUT_OF_STOCK if short else None,
        shortages=answer.shortages,
    )
    return domain.change(order, asked, at)
