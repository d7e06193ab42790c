"""What is older than the ring, as the stream holds it."""

from dataclasses import replace
from typing import Any

import pytest
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from proto.realtime import Position
from proto.streams import EPOCH, ORDERS, orders_of_restaurant
from services.gateway import stream as stream_module
from services.gateway.hub import Hub
from services.gateway.replay import Replays, TooOldError
from services.gateway.ring import Ring
from services.gateway.stream import Stream
from shared.bus import Bus, remake_stream
from shared.ids import new_id
from shared.tasks import supervised
from tests.gateway import Life
from tests.support import eventually


async def epoch_of(bus: Bus) -> str:
    return ((await bus.jetstream.stream_info(ORDERS.name)).config.metadata or {})[EPOCH]


async def test_who_missed_nothing_is_told_so(relay: None, bus: Bus) -> None:
    here = Position(await epoch_of(bus), 0)
    past = await Replays(bus).read(here, 10**6, orders_of_restaurant(new_id()))
    assert (past.entries, past.seq) == ([], 10**6)


async def test_a_position_of_another_stream_cannot_be_served(relay: None, bus: Bus) -> None:
    with pytest.raises(TooOldError):
        await Replays(bus).read(Position("another", 0), 10, ORDERS.subjects[0])


async def test_a_stream_made_anew_before_it_is_listened_to_is_noticed(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its consumer would hear nothing for ever: it belongs to the stream that was."""
    monkeypatch.setattr(stream_module, "RETRY_SECONDS", 0.01)
    add = bus.jetstream.add_consumer
    times = 0

    async def add_and_lose(*args: object, **named: object) -> object:
        nonlocal times
        made = await add(*args, **named)  # type: ignore[arg-type]
        times += 1
        if times == 1:
            await remake_stream(bus.jetstream, ORDERS)
        return made

    monkeypatch.setattr(type(bus.jetstream), "add_consumer", lambda _self, *args, **named: add_and_lose(*args, **named))
    hub = Hub(Ring(10**9))
    stream = Stream(bus, hub)
    async with supervised(stream.run(), "stream"):
        await stream.caught_up.wait()
        assert times == 2
        assert hub.epoch == await epoch_of(bus)
        life = Life(bus, new_id())
        seq = await life.place()

        async def heard() -> bool:
            return hub.seq == seq

        await eventually(heard)


async def test_a_server_that_says_too_early_that_there_is_no_more_is_not_believed(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = new_id()
    seqs = [await Life(bus, kitchen).place() for _ in range(3)]
    subject, here = orders_of_restaurant(kitchen), Position(await epoch_of(bus), seqs[0])
    assert [one.seq for one in (await Replays(bus).read(here, seqs[-1], subject)).entries] == seqs[1:]
    add = bus.jetstream.add_consumer

    async def miscounted(*args: object, **named: object) -> object:
        return replace(await add(*args, **named), num_pending=0)  # type: ignore[arg-type]

    monkeypatch.setattr(type(bus.jetstream), "add_consumer", lambda _self, *args, **named: miscounted(*args, **named))
    with pytest.raises(TooOldError):
        await Replays(bus).read(here, seqs[-1], subject)


async def test_a_message_that_was_lost_on_its_way_is_noticed(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = new_id()
    seqs = [await Life(bus, kitchen).place() for _ in range(3)]
    fetch = JetStreamContext.PullSubscription.fetch

    async def with_a_hole(self: JetStreamContext.PullSubscription, *args: int, **named: Any) -> list[Msg]:
        return [one for place, one in enumerate(await fetch(self, *args, **named)) if place != 1]

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", with_a_hole)
    with pytest.raises(TooOldError):
        await Replays(bus).read(Position(await epoch_of(bus), seqs[0] - 1), seqs[-1], orders_of_restaurant(kitchen))
