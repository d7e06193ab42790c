"""What is older than the ring, as the stream holds it."""

import pytest

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
