"""Where drivers are: from their sockets over core NATS to all gateways, and to whoever waits for them.

Invariants: nothing is stored, so a location that is lost is lost, and the next one comes within a second. Only the
restaurant whose order is on the way with the driver, and admins, are told; who begins to listen is told at once where
each order was seen last, within minutes. A report that was overtaken by a newer one is not passed on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
import nats.errors
import structlog

from proto import realtime
from proto.streams import LOCATIONS, location_subject
from services.gateway import sight
from services.gateway.hub import Hub, Listener
from services.gateway.wire import framed
from shared.bus import Bus

FORGET_SECONDS = 60.0

_log = structlog.get_logger("locations")
_decoder = msgspec.json.Decoder(realtime.LocationReport)
_encoder = msgspec.json.Encoder()


class Locations:
    """Passes them on. `now` is the clock, in UTC."""

    def __init__(self, bus: Bus, hub: Hub, now: Callable[[], datetime]) -> None:
        self._bus = bus
        self._hub = hub
        self._now = now

    async def report(self, driver_id: UUID, lat: float, lon: float) -> None:
        """To all gateways, when the driver is on the way with something."""
        if not self._hub.on_the_way.orders(driver_id) or not self._bus.connected:
            return
        report = realtime.LocationReport(driver_id, lat, lon, self._now())
        with suppress(nats.errors.Error):
            await self._bus.client.publish(location_subject(driver_id), _encoder.encode(report))

    async def hear(self) -> None:
        """Until cancelled."""
        client = await self._bus.connection()
        subscription = await client.subscribe(LOCATIONS)
        async for envelope in subscription.messages:
            try:
                self.show(_decoder.decode(envelope.data))
            except msgspec.DecodeError as error:
                await _log.aerror("location refused", error=str(error))

    async def forget(self) -> None:
        """What is too old, also when nobody reports any more. Until cancelled."""
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            self._hub.on_the_way.last.forget_old(self._now())

    def show(self, report: realtime.LocationReport) -> None:
        """To everybody who waits for one of the driver's orders."""
        way = self._hub.on_the_way
        for order_id, restaurant_id in way.orders(report.driver_id).items():
            location = way.last.take(order_id, report, self._now())
            if location is None:
                continue
            frame = framed(_encoder.encode(location))
            for listener in self._hub.waiting(order_id, restaurant_id):
                listener.push_location(order_id, frame)

    def show_last(self, listener: Listener) -> None:
        """To somebody who begins to listen, the newest first."""
        for location in self._last_for(listener):
            listener.push_location(location.order_id, framed(_encoder.encode(location)))

    def _last_for(self, listener: Listener) -> list[realtime.DriverLocation]:
        """What `Hub.waiting` would have told the listener."""
        way, viewer, now = self._hub.on_the_way, listener.viewer, self._now()
        if listener.order_id is not None:
            restaurant = way.restaurant(listener.order_id)
            sees = restaurant is not None and sight.on_location(restaurant, viewer)
            return way.last.of([listener.order_id] if sees else [], now)
        if listener.name != "orders":
            return []
        if viewer.role == "admin":
            return way.last.all(now)
        return way.last.of(way.awaited(viewer.restaurant_id) if viewer.restaurant_id is not None else [], now)
