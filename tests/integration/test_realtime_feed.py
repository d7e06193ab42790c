"""A client that comes back misses nothing and hears nothing twice: over breaks, and over the drain of a gateway."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deploy.local import Stack
from proto import realtime
from proto.documents import socket_document
from proto.orders import Status
from services.gateway import app, gateway
from shared.bus import Bus
from shared.ids import new_id
from shared.realtime_feed import RealtimeFeed
from shared.tasks import supervised
from tests.gateway import SECONDS, Life, driver, open_gate, receive, restaurant, told

STEPS: tuple[Status, ...] = ("confirmed", "preparing", "ready")


@pytest.fixture
def applications(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Of the gateways that are opened, in order."""
    opened: list[Any] = []
    build = app.build

    @asynccontextmanager
    async def noting(settings: app.Settings) -> AsyncIterator[Any]:
        async with build(settings) as application:
            opened.append(application)
            yield application

    monkeypatch.setattr(app, "build", noting)
    return opened


class Shop:
    """Publishes orders of one restaurant, one event after the other, until it is closed."""

    def __init__(self, bus: Bus) -> None:
        self.somebody = restaurant()
        assert self.somebody.restaurant_id is not None
        self._bus, self._restaurant = bus, self.somebody.restaurant_id
        self.published: list[int] = []

    async def work(self) -> None:
        while True:
            life = Life(self._bus, self._restaurant)
            self.published.append(await life.place())
            for to in STEPS:
                self.published.append(await life.move(to))
                await asyncio.sleep(0.005)  # a busy shop's pace


async def caught_up(feed: RealtimeFeed, shop: Shop, seen: list[realtime.Event]) -> None:
    """Once every event that is published by now was received."""
    wanted = shop.published[-1]
    while not seen or seen[-1].seq < wanted:
        await note(feed, seen)


async def note(feed: RealtimeFeed, seen: list[realtime.Event]) -> realtime.ServerFrame:
    frame = await asyncio.wait_for(feed.receive(), 2 * SECONDS)
    assert not isinstance(frame, realtime.Resync)
    if isinstance(frame, realtime.Event):
        seen.append(frame)
    return frame


def seqs(frames: Sequence[realtime.Event]) -> list[int]:
    return [frame.seq for frame in frames]


async def test_a_drained_gateway_is_left_for_another_without_a_gap(
    stack: Stack, relay: None, bus: Bus, applications: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "DRAIN_SECONDS", 0.3)
    monkeypatch.setattr(gateway, "RECONNECT_MS", 1_000)
    shop, loop = Shop(bus), asyncio.get_running_loop()
    async with open_gate(stack) as here, open_gate(stack) as there:
        gates = [here, there]

        async def ask() -> str:
            """The next gateway's, as Nginx would pick one that is ready."""
            feed.url = gates[0].socket_url
            return await gates.pop(0).ticket(shop.somebody)

        async with RealtimeFeed(here.socket_url, ask, ["orders"]) as feed:
            assert isinstance(await receive_of(feed), realtime.Subscribed)
            async with supervised(shop.work(), "a busy shop"):
                seen: list[realtime.Event] = []
                while len(seen) < 10:
                    await note(feed, seen)
                draining = asyncio.create_task(applications[0].drain())
                while not isinstance(frame := await note(feed, seen), realtime.Drain):
                    pass
                told_at = loop.time()
                while not isinstance(await note(feed, seen), realtime.Subscribed):
                    pass
                assert loop.time() >= told_at + frame.reconnect_after_ms / 1000 - 0.01
                await draining
                await caught_up(feed, shop, seen)
            assert gates == []
            assert seqs(seen) == shop.published[: len(seen)]


async def test_a_network_that_breaks_again_and_again_loses_and_repeats_nothing(
    stack: Stack, relay: None, bus: Bus
) -> None:
    shop = Shop(bus)
    async with (
        open_gate(stack) as gate,
        RealtimeFeed(gate.socket_url, lambda: gate.ticket(shop.somebody), ["orders"]) as feed,
    ):
        assert isinstance(await receive_of(feed), realtime.Subscribed)
        async with supervised(shop.work(), "a busy shop"):
            seen: list[realtime.Event] = []
            for broken in range(5):
                while len(seen) < 5 * (broken + 1):
                    await note(feed, seen)
                assert feed.client is not None
                feed.client.abort()
            await caught_up(feed, shop, seen)
        assert seqs(seen) == shop.published[: len(seen)]


async def test_a_driver_who_lost_an_order_while_away_goes_on_without_its_topic(
    stack: Stack, relay: None, bus: Bus
) -> None:
    carrier, other = driver(), driver()
    life = Life(bus, new_id())
    async with open_gate(stack) as gate:
        await life.until_ready()
        await life.move("ready", carrier)
        topic = f"order:{life.order_id}"
        async with (
            await gate.listen(other) as witness,
            RealtimeFeed(gate.socket_url, lambda: gate.ticket(carrier), ["orders", topic]) as feed,
        ):
            assert [await receive_of(feed) for _ in range(2)] == [
                realtime.Subscribed("orders", life.published[-1]),
                realtime.Subscribed(topic, life.published[-1]),
            ]
            assert feed.client is not None
            feed.client.abort()
            await life.move("ready", other)
            assert isinstance(await receive(witness), realtime.Event)  # the gateway knows
            frames = [await receive_of(feed) for _ in range(3)]
            assert realtime.Unsubscribed(topic) in frames
            events = [frame for frame in frames if isinstance(frame, realtime.Event)]
            while not events:
                if isinstance(frame := await receive_of(feed), realtime.Event):
                    events.append(frame)
            assert told(events) == [("orders", "OrderLeft", 6)]


async def test_the_gateway_describes_its_socket(stack: Stack, relay: None) -> None:
    async with open_gate(stack) as gate, gate.session.get(f"{gate.url}/api/realtime/asyncapi.json") as answer:
        assert answer.status == 200
        assert await answer.json() == socket_document()


async def receive_of(feed: RealtimeFeed) -> realtime.ServerFrame:
    return await asyncio.wait_for(feed.receive(), SECONDS)
