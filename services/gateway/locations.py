"""Where drivers are: from their sockets over core NATS to all gateways, and to whoever waits for them.

Invariants: nothing is stored, so a location that is lost is lost, and the next one comes within a second. Only the
restaurant whose order is on the way with the driver, and admins, are told.
"""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import nats.errors
import structlog

from proto import realtime
from proto.streams import LOCATIONS, location_subject
from services.gateway.hub import Hub
from shared.bus import Bus

_log = structlog.get_logger("locations")
_decoder = msgspec.json.Decoder(realtime.LocationReport)
_encoder = msgspec.json.Encoder()


class Locations:
    """Passes them on."""

    def __init__(self, bus: Bus, hub: Hub) -> None:
        self._bus = bus
        self._hub = hub

    async def report(self, driver_id: UUID, lat: float, lon: float) -> None:
        """To all gateways, when the driver is on the way with something."""
        if not self._hub.on_the_way.orders(driver_id) or not self._bus.connected:
            return
        report = realtime.LocationReport(driver_id, lat, lon, datetime.now(UTC))
        with suppress(nats.errors.Error):
            await self._bus.client.publish(location_subject(driver_id), _encoder.encode(report))

    async def hear(self) -> None:
        """Until cancelled."""
        client = await self._bus.connection()
        subscription = await client.subscribe(LOCATIONS)
        async for envelope in subscription.messages:
            try:
                self._show(_decoder.decode(envelope.data))
            except msgspec.DecodeError as error:
                await _log.aerror("location refused", error=str(error))

    def _show(self, report: realtime.LocationReport) -> None:
        for order_id, restaurant_id in self._hub.on_the_way.orders(report.driver_id).items():
            location = realtime.DriverLocation(order_id, report.lat, report.lon, report.at)
            frame = _encoder.encode(location)
            for listener in self._hub.concerned(restaurant_id):
                listener.push_location(order_id, frame)
