"""Where each order that is on the way was seen last: in memory, for minutes.

Invariants: one location an order, the newest by its own time whenever it arrives; none is told or kept longer than KEPT
after it was heard, and not more than KEPT_ORDERS of them. Pure: the time comes with each call.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from proto.realtime import DriverLocation, LocationReport

KEPT = timedelta(minutes=5)
KEPT_ORDERS = 10_000
"""About 5 MB. Past them the one that was heard of longest ago goes: its driver has stopped to report."""


class _Heard(msgspec.Struct, frozen=True):
    location: DriverLocation
    at: datetime
    """By our clock, which the report's own need not agree with."""


class LastLocations:
    """By order, in the order in which they were heard."""

    def __init__(self) -> None:
        self._heard: OrderedDict[UUID, _Heard] = OrderedDict()

    def __len__(self) -> int:
        return len(self._heard)

    def take(self, order_id: UUID, report: LocationReport, now: datetime) -> DriverLocation | None:
        """The order's location, or None when one as new is known."""
        self.forget_old(now)
        known = self._heard.get(order_id)
        if known is not None and report.at <= known.location.at:
            return None
        location = DriverLocation(order_id, report.lat, report.lon, report.at)
        self._heard[order_id] = _Heard(location, now)
        self._heard.move_to_end(order_id)
        if len(self._heard) > KEPT_ORDERS:
            self._heard.popitem(last=False)
        return location

    def of(self, order_ids: Iterable[UUID], now: datetime) -> list[DriverLocation]:
        """Those that are known, the newest first."""
        self.forget_old(now)
        known = [self._heard[order_id].location for order_id in order_ids if order_id in self._heard]
        return sorted(known, key=lambda location: location.at, reverse=True)

    def all(self, now: datetime) -> list[DriverLocation]:
        """The newest first."""
        return self.of(list(self._heard), now)

    def forget(self, order_id: UUID) -> None:
        self._heard.pop(order_id, None)

    def forget_old(self, now: datetime) -> None:
        while self._heard and now - next(iter(self._heard.values())).at >= KEPT:
            self._heard.popitem(last=False)
