"""Which driver is on the way with which orders, as the stream tells.

Invariant: an order is on the way with the driver of its last event, while that event's status says so.
"""

from collections.abc import Mapping
from uuid import UUID

from services.gateway.entry import Entry


class OnTheWay:
    """By driver: the restaurant of each order."""

    def __init__(self) -> None:
        self._orders: dict[UUID, dict[UUID, UUID]] = {}

    def note(self, entry: Entry) -> None:
        """The next event of an order."""
        audience = entry.audience
        carrier = audience.driver_id if entry.head.status == "out_for_delivery" else None
        for driver in {audience.driver_id, audience.left_driver_id} - {None, carrier}:
            self._forget(driver, entry.order_id)
        if carrier is not None:
            self._orders.setdefault(carrier, {})[entry.order_id] = audience.restaurant_id

    def orders(self, driver: UUID) -> Mapping[UUID, UUID]:
        """Order to restaurant; empty for who is not on the way."""
        return self._orders.get(driver, {})

    def _forget(self, driver: UUID | None, order_id: UUID) -> None:
        orders = self._orders.get(driver) if driver is not None else None
        if driver is not None and orders is not None:
            orders.pop(order_id, None)
            if not orders:
                del self._orders[driver]
