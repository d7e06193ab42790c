"""A driver's place over two gateways: told at once to who comes later, for minutes, never once the order arrived."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local import Stack
from proto import realtime
from proto.streams import location_subject
from services.gateway import app
from services.gateway.last_locations import KEPT
from shared.bus import Bus
from shared.identity import Identity
from shared.realtime import RealtimeClient
from tests.gateway import Gate, Life, driver, events, open_gate, receive, restaurant
from tests.support import identity


class Clock:
    """The gateways'."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(app, "utc_now", clock.now)
    return clock


@pytest.fixture
async def gates(stack: Stack, relay: None, clock: Clock) -> AsyncIterator[tuple[Gate, Gate]]:
    async with open_gate(stack) as one, open_gate(stack) as other:
        yield one, other


async def place_of(client: RealtimeClient) -> realtime.DriverLocation:
    """The next frame, which is a location."""
    frame = await receive(client)
    assert isinstance(frame, realtime.DriverLocation), frame
    return frame


async def carried(bus: Bus, somebody: Identity, carrier: Identity) -> Life:
    """An order of theirs, on the way with the driver."""
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    await life.until_ready()
    await life.move("out_for_delivery", carrier, admin=False)
    return life


async def test_who_comes_later_is_told_at_once_on_any_gateway(gates: tuple[Gate, Gate], bus: Bus, clock: Clock) -> None:
    here, there = gates
    carrier, somebody, admin = driver(), restaurant(), identity("admin")
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(await here.listen(carrier))
        witnesses = [await stack.enter_async_context(await gate.listen(somebody)) for gate in gates]
        begin = witnesses[0].positions["orders"]
        life = await carried(bus, somebody, carrier)
        await events(sender, 1)
        for witness in witnesses:  # each gateway knows that it is on the way
            await events(witness, 5)
        await sender.send_location(1.5, 2.5)
        seen = [await place_of(witness) for witness in witnesses]
        assert seen[0] == seen[1]
        assert (seen[0].order_id, seen[0].lat, seen[0].lon) == (life.order_id, 1.5, 2.5)
        clock.ahead = KEPT - timedelta(seconds=30)
        for topic, person, after in (
            ("orders", somebody, None),
            (f"order:{life.order_id}", somebody, None),
            (f"order:{life.order_id}", admin, None),
        ):
            late = await stack.enter_async_context(await there.listen(person, topic, after))
            assert await place_of(late) == seen[0], topic
        # Who comes back with a position is told as well, beside what was missed.
        back = await stack.enter_async_context(await there.listen(somebody, after=begin))
        frames = [await receive(back) for _ in range(6)]
        assert seen[0] in frames
        assert [frame.event for frame in frames if isinstance(frame, realtime.Event)][-1] == "OrderDispatched"


async def test_what_is_no_report_is_passed_over(gates: tuple[Gate, Gate], bus: Bus) -> None:
    here, _ = gates
    carrier, somebody = driver(), restaurant()
    async with await here.listen(carrier) as sender, await here.listen(somebody) as witness:
        await carried(bus, somebody, carrier)
        await events(sender, 1)
        await events(witness, 5)
        await bus.client.publish(location_subject(carrier.person_id), b"{}")
        await bus.client.flush()
        await sender.send_location(1.5, 2.5)
        assert (await place_of(witness)).lat == 1.5


async def test_nothing_is_told_after_it_arrived_or_after_minutes(
    gates: tuple[Gate, Gate], bus: Bus, clock: Clock
) -> None:
    here, there = gates
    carrier, somebody = driver(), restaurant()
    assert somebody.restaurant_id is not None
    async with await here.listen(carrier) as sender, await there.listen(somebody) as witness:
        arriving, waiting = await carried(bus, somebody, carrier), await carried(bus, somebody, carrier)
        await events(sender, 2)
        await events(witness, 10)
        await sender.send_location(1.5, 2.5)
        assert {(await place_of(witness)).order_id for _ in range(2)} == {arriving.order_id, waiting.order_id}
        await arriving.move("delivered", carrier, admin=False)
        await events(witness, 1)
        async with await there.listen(somebody) as late:
            assert (await place_of(late)).order_id == waiting.order_id
            clock.ahead = KEPT + timedelta(seconds=1)
            async with await there.listen(somebody) as later:
                await Life(bus, somebody.restaurant_id).place()
                await events(late, 1)  # and nothing of the one that arrived before it
                await events(later, 1)  # and nothing of a place of minutes ago
