"""What is older than the ring, as the stream holds it."""

from dataclasses import replace
from typing import Any

import pytest
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from proto.realtime import Position
from proto.streams import EPOCH, ORDERS, orders_of_restaurant
from services.gateway import replay
from services.gateway import stream as stream_module
from services.gateway.hub import Hub
from services.gateway.places import Due
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


async def test_who_missed_nothing_is_told_so_without_a_read(relay: None, bus: Bus) -> None:
    here = Position(await epoch_of(bus), 0)
    past = await Replays(bus).read(here, 10**6, Due(orders_of_restaurant(new_id()), []))
    assert (past.entries, past.seq) == ([], 10**6)


async def test_a_position_of_another_stream_cannot_be_served(relay: None, bus: Bus) -> None:
    with pytest.raises(TooOldError):
        await Replays(bus).read(Position("another", 0), 10, Due(None, range(1, 11)))


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


async def three(bus: Bus) -> tuple[Position, list[int], tuple[Due, Due]]:
    """Three events of one kitchen, each after one of another's: the position before them, their places, and what is due
    of the kitchen's own topic and of all."""
    kitchen, other = new_id(), new_id()
    seqs = []
    for _ in range(3):
        await Life(bus, other).place()
        seqs.append(await Life(bus, kitchen).place())
    start = seqs[0] - 2
    return (
        Position(await epoch_of(bus), start),
        seqs,
        (Due(orders_of_restaurant(kitchen), seqs), Due(None, range(start + 1, seqs[-1] + 1))),
    )


async def test_a_read_brings_what_is_due_of_one_and_of_all(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, seqs, (own, whole) = await three(bus)
    for due in (own, whole):
        past = await Replays(bus).read(here, seqs[-1], due)
        assert ([one.seq for one in past.entries], past.seq) == (list(due.seqs), seqs[-1])
    monkeypatch.setattr(replay, "BATCH", 2)
    past = await Replays(bus).read(here, seqs[-1], own)
    assert ([one.seq for one in past.entries], past.seq) == (seqs[:2], seqs[1])


@pytest.mark.parametrize("counted", [0, 1])
async def test_a_server_that_says_too_early_that_there_is_no_more_is_not_believed(
    counted: int, relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, seqs, both = await three(bus)
    add = bus.jetstream.add_consumer

    async def miscounted(*args: object, **named: object) -> object:
        return replace(await add(*args, **named), num_pending=counted)  # type: ignore[arg-type]

    monkeypatch.setattr(type(bus.jetstream), "add_consumer", lambda _self, *args, **named: miscounted(*args, **named))
    for due in both:
        if counted:
            past = await Replays(bus).read(here, seqs[-1], due)
            assert ([one.seq for one in past.entries], past.seq) == ([due.seqs[0]], due.seqs[0])
        else:
            with pytest.raises(TooOldError):
                await Replays(bus).read(here, seqs[-1], due)


@pytest.mark.parametrize("left_out", [slice(0, 1), slice(0, 2), slice(1, 2), slice(0, 3)])
async def test_a_server_that_leaves_out_some_is_not_believed(
    left_out: slice, relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it counts on as if there had been none."""
    here, seqs, both = await three(bus)
    fetch = JetStreamContext.PullSubscription.fetch

    async def with_a_hole(self: JetStreamContext.PullSubscription, *args: int, **named: Any) -> list[Msg]:
        found = await fetch(self, *args, **named)
        del found[left_out]
        return found

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", with_a_hole)
    holes = replay.HOLES._value.get()
    for due in both:
        with pytest.raises(TooOldError):
            await Replays(bus).read(here, seqs[-1], due)
    assert replay.HOLES._value.get() == holes + 2


async def test_an_end_that_is_left_out_is_asked_for_again_and_is_not_taken_for_read(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, seqs, (own, _) = await three(bus)
    fetch = JetStreamContext.PullSubscription.fetch

    async def cut_short(self: JetStreamContext.PullSubscription, *args: int, **named: Any) -> list[Msg]:
        return (await fetch(self, *args, **named))[:-1]

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", cut_short)
    past = await Replays(bus).read(here, seqs[-1], own)
    assert ([one.seq for one in past.entries], past.seq) == (seqs[:2], seqs[1])
    with pytest.raises(TooOldError):
        await Replays(bus).read(Position(here.epoch, seqs[1]), seqs[-1], Due(own.subject, seqs[2:]))


async def test_a_place_that_the_server_leaves_out_live_tells_everybody_to_fetch(
    relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await Life(bus, new_id()).place()
    hub = Hub(Ring(10**9))
    hub.begin(await epoch_of(bus), first - 1)
    stream = Stream(bus, hub)
    holes = replay.HOLES._value.get()
    async with supervised(stream.run(), "stream"):
        await stream.caught_up.wait()
        assert (hub.seq, hub.ring.floor, replay.HOLES._value.get()) == (first, first - 1, holes)
        hub.skip(first - 1)  # as if the next place had been another
        told: list[int] = []
        monkeypatch.setattr(hub, "begin", lambda _epoch, seq: told.append(seq))
        seq = await Life(bus, new_id()).place()

        async def heard() -> bool:
            return hub.seq == seq

        await eventually(heard)
        assert told == [seq - 1]
        assert replay.HOLES._value.get() == holes + 1
