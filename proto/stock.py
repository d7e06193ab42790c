"""What the stock says to an order. Owned by the catalog context.

One answer an order: it holds all that the order wants, or nothing and then says what was short. The same answer may
come again, also under another id, and may come to an order that has moved on meanwhile. What was held is let go of or
used up by the order's own events: of that nothing is told here. The STOCK stream keeps the last answer to each order.
"""

from typing import Literal
from uuid import UUID

from proto.envelope import Envelope
from proto.orders import Shortage

StockEventType = Literal["StockReserved", "StockShort"]


class StockEvent(Envelope, frozen=True, kw_only=True):
    """The answer to the OrderPlaced of `order_id`. `shortages`: the lines that StockShort is about, in the order of the
    order's lines; `available` is what there was at that moment, after what earlier orders hold."""

    order_id: UUID
    shortages: tuple[Shortage, ...] = ()
