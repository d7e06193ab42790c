"""Which driver is on the way with which orders, as the stream tells, and where each was seen last.

Invariants: an order is on the way with the driver of its last event, while that event's status says so. Where it was
seen belongs to that way alone, and is forgotten with it: when the order arrives, fails, or goes on with another driver.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from services.gateway.entry import Entry
from services.gateway.last_locations import LastLocations


class _Way(msgspec.Struct, frozen=True):
    driver: UUID
    restaurant: UUID


class OnTheWay:
    """By order, and from both ends: by driver and by restaurant."""

    def __init__(self) -> None:
        self.last = LastLocations()
        self._ways: dict[UUID, _Way] = {}
        self._carried: dict[UUID, dict[UUID, UUID]] = {}
        self._awaited: dict[UUID, dict[UUID, UUID]] = {}

    def note(self, entry: Entry) -> None:
        """The next event of an order."""
        audience = entry.audience
        way = None
        if entry.head.status == "out_for_delivery" and audience.driver_id is not None:
            way = _Way(audience.driver_id, audience.restaurant_id)
        known = self._ways.get(entry.order_id)
        if known == way:
            return
        if known is not None:
            self._end(entry.order_id, known)
        if way is not None:
            self._begin(entry.order_id, way)

    def orders(self, driver: UUID) -> Mapping[UUID, UUID]:
        """Order to restaurant; empty for who is not on the way."""
        return self._carried.get(driver, {})

    def awaited(self, restaurant: UUID) -> Collection[UUID]:
        """The orders on the way to it."""
        return self._awaited.get(restaurant, {}).keys()

    def restaurant(self, order_id: UUID) -> UUID | None:
        """Where the order is on the way to; None when it is not on the way."""
        way = self._ways.get(order_id)
        return way.restaurant if way is not None else None

    def _begin(self, order_id: UUID, way: _Way) -> None:
        self._ways[order_id] = way
        self._carried.setdefault(way.driver, {})[order_id] = way.restaurant
        self._awaited.setdefault(way.restaurant, {})[order_id] = way.driver

    def _end(self, order_id: UUID, way: _Way) -> None:
        del self._ways[order_id]
        self.last.forget(order_id)
        for index, key in ((self._carried, way.driver), (self._awaited, way.restaurant)):
            del index[key][order_id]
            if not index[key]:
                del index[key]
