"""Everybody comes back at once, from longer ago than memory reaches: all are served, each at their time."""

import asyncio

import pytest

from deploy.local import Stack
from proto import realtime
from proto.realtime import CloseCode
from services.gateway import replay
from services.gateway.writer import CLOSED
from shared.bus import Bus
from shared.realtime_feed import RealtimeFeed
from tests.gateway import Life, open_gate, restaurant

CLIENTS, EVENTS, ROOM = 40, 30, 12


async def test_a_storm_of_resumes_is_absorbed_and_nobody_misses_or_hears_twice(
    stack: Stack, relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST_WAITING", ROOM)
    monkeypatch.setattr(replay, "RECONNECT_MS", (300, 2_000))
    async with open_gate(stack, LARDER_RING_BYTES="0", LARDER_SOCKETS_PER_PERSON="1000") as gate:
        somebody = restaurant()
        assert somebody.restaurant_id is not None
        async with await gate.listen(somebody) as before:
            here = before.positions["orders"]
        told_to_wait = CLOSED.labels(CloseCode.RESTART)._value.get()
        wanted = [await Life(bus, somebody.restaurant_id).place() for _ in range(EVENTS)]

        async def ticket() -> str:
            try:
                return await gate.ticket(somebody)
            except AssertionError as busy:  # 503, with Retry-After
                raise ConnectionError from busy

        async def come_back() -> list[int]:
            heard: list[int] = []
            feed = RealtimeFeed(gate.socket_url, ticket, ["orders"], positions={"orders": here})
            async with asyncio.timeout(60), feed:
                while len(heard) < EVENTS:
                    frame = await feed.receive()
                    assert not isinstance(frame, realtime.Resync)
                    if isinstance(frame, realtime.Event):
                        heard.append(frame.seq)
            return heard

        heard = await asyncio.gather(*(come_back() for _ in range(CLIENTS)))
        assert heard == [wanted] * CLIENTS
        assert CLOSED.labels(CloseCode.RESTART)._value.get() > told_to_wait
