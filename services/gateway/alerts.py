"""Alerts: from who judges them, over core NATS, to the admins that listen to `alerts`.

Invariants: what is told is the whole present state, at once to who begins to listen and to all on each change, so
nothing is missed whichever gateway a socket is at and whenever that started. Who judges repeats itself every few
seconds; when nothing is heard for longer, admins are told that nobody judges: no news is not good news.
"""

import asyncio

import msgspec
import structlog

from proto import realtime
from proto.alerts import Alerts as Told
from proto.streams import ALERTS
from services.gateway.hub import Hub, Listener
from services.gateway.topic import ALERTS as TOPIC
from services.gateway.wire import framed
from shared.bus import Bus

SILENCE_SECONDS = 30.0
"""Several of the rounds in which alerts are judged."""

_log = structlog.get_logger("alerts")
_decoder = msgspec.json.Decoder(Told)
_encoder = msgspec.json.Encoder()


class Alerts:
    """The last state that was heard. `silence` is in seconds."""

    def __init__(self, bus: Bus, hub: Hub, silence: float = SILENCE_SECONDS) -> None:
        self._bus = bus
        self._hub = hub
        self._silence = silence
        self._judged = False
        self._last: Told | None = None

    async def hear(self) -> None:
        """Until cancelled."""
        client = await self._bus.connection()
        subscription = await client.subscribe(ALERTS)
        silent: asyncio.TimerHandle | None = None
        async for envelope in subscription.messages:
            try:
                told = _decoder.decode(envelope.data)
            except msgspec.DecodeError as error:
                await _log.aerror("alerts refused", error=str(error))
                continue
            if silent is not None:
                silent.cancel()
            silent = asyncio.get_running_loop().call_later(self._silence, self.fall_silent)
            self.take(told)

    def take(self, told: Told) -> None:
        """What is so now. Told on when it is not what was known."""
        known = self._judged and self._last is not None and told.firing == self._last.firing
        self._judged, self._last = True, told
        if not known:
            self._tell()

    def fall_silent(self) -> None:
        """Nobody judges."""
        self._judged = False
        self._tell()

    def show(self, listener: Listener) -> None:
        """To somebody who begins to listen."""
        if listener.name == TOPIC:
            listener.push(self._frame())

    def _tell(self) -> None:
        listeners = self._hub.listening_to_alerts()
        if listeners:
            frame = self._frame()
            for listener in listeners:
                listener.push(frame)

    def _frame(self) -> bytes:
        at, firing = (None, ()) if self._last is None else (self._last.at, self._last.firing)
        return framed(_encoder.encode(realtime.AlertState(TOPIC, self._judged, at, firing)))
