"""What a socket hears: of which orders, in which order, and nothing twice or left out over a break."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from deploy.local import Stack
from proto import realtime
from proto.realtime import CloseCode, Position
from shared.bus import Bus
from shared.identity import Identity
from shared.ids import new_id
from tests.gateway import SECONDS, ZONE, Gate, Life, code_of, driver, events, open_gate, receive, restaurant, told
from tests.support import identity


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack) as gate:
        yield gate


async def test_a_welcome_names_the_stream_and_its_head(gate: Gate, bus: Bus) -> None:
    seq = await Life(bus, new_id()).place()
    async with await gate.listen(identity("admin"), "alerts") as client:
        assert client.welcome.epoch
        assert client.welcome.heartbeat_s == 30
        assert client.welcome.seq >= seq - 1


async def test_a_restaurant_hears_its_own_orders_whole_and_in_order(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with await gate.listen(somebody) as client:
        life, foreign = Life(bus, somebody.restaurant_id), Life(bus, new_id())
        seqs = [await life.place(), await life.move("confirmed")]
        await foreign.place()
        seqs.append(await life.move("preparing"))
        frames = await events(client, 3)
    assert told(frames) == [
        ("orders", "OrderPlaced", 1),
        ("orders", "OrderConfirmed", 2),
        ("orders", "OrderPreparationStarted", 3),
    ]
    assert [frame.seq for frame in frames] == seqs
    order = json.loads(bytes(frames[-1].order))
    assert order["items"] == [
        {"product_id": "00000000-0000-0000-0000-000000000009", "name": "Flour", "unit": "1 kg", "quantity": 1}
        | {"price_cents": 100}
    ]


async def test_an_offer_comes_and_goes_for_the_zone_and_stays_with_who_claimed_it(gate: Gate, bus: Bus) -> None:
    winner, loser, far = driver(), driver(), driver(ZONE + 1)
    clients = {
        "winner": await gate.listen(winner, "offers"),
        "loser": await gate.listen(loser, "offers"),
        "far": await gate.listen(far, "offers"),
        "winner's own": await gate.listen(winner),
        "loser's own": await gate.listen(loser),
    }
    life = Life(bus, new_id())
    await life.until_ready()
    await life.move("out_for_delivery", winner, admin=False)
    await life.move("delivered", winner, admin=False)
    for name in ("winner", "loser"):
        frames = await events(clients[name], 2)
        assert told(frames) == [("offers", "OrderReady", 4), ("offers", "OrderLeft", 5)]
        assert json.loads(bytes(frames[1].order)) == {"id": str(life.order_id), "version": 5, "status": None}
    assert told(await events(clients["winner's own"], 2)) == [
        ("orders", "OrderDispatched", 5),
        ("orders", "OrderDelivered", 6),
    ]
    # Nothing else came: each is asked for one more thing, and that is the next it gets.
    marker = Life(bus, new_id(), zone=ZONE + 1)
    await marker.until_ready()
    assert told(await events(clients["far"], 1)) == [("offers", "OrderReady", 4)]
    await marker.move("ready", loser)
    assert told(await events(clients["loser's own"], 1)) == [("orders", "OrderAssigned", 5)]
    for client in clients.values():
        await client.close()


async def test_a_driver_who_loses_an_order_learns_that_and_no_more_of_it(gate: Gate, bus: Bus) -> None:
    first, second = driver(), driver()
    async with await gate.listen(first) as losing, await gate.listen(second) as getting:
        life = Life(bus, new_id())
        await life.until_ready()
        await life.move("ready", first)
        await life.move("ready", second)
        await life.unassign()
        assert told(await events(losing, 2)) == [("orders", "OrderAssigned", 5), ("orders", "OrderLeft", 6)]
        assert told(await events(getting, 2)) == [("orders", "OrderAssigned", 6), ("orders", "OrderLeft", 7)]


async def test_one_order_is_heard_by_who_may_see_it_and_refused_to_others(gate: Gate, bus: Bus) -> None:
    somebody, carrier = restaurant(), driver()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    await life.until_ready()
    topic = f"order:{life.order_id}"
    async with await gate.listen(somebody, topic) as owner, await gate.listen(carrier, topic) as offered:
        other = driver()
        await life.move("out_for_delivery", other, admin=False)
        assert told(await events(owner, 1)) == [(topic, "OrderDispatched", 5)]
        assert told(await events(offered, 1)) == [(topic, "OrderLeft", 5)]
    for stranger in (restaurant(), carrier, driver(ZONE + 1)):
        client = await gate.connect(stranger)
        await client.subscribe(topic)
        assert await code_of(client) == CloseCode.FORBIDDEN_TOPIC


@pytest.mark.parametrize(
    ("who", "topic"),
    [
        (restaurant(), "offers"),
        (identity("admin"), "offers"),
        (driver(), "alerts"),
        (restaurant(), "alerts"),
        (restaurant(), f"order:{new_id()}"),
    ],
    ids=["a restaurant's offers", "an admin's offers", "a driver's alerts", "a restaurant's alerts", "another's order"],
)
async def test_a_topic_that_is_not_yours_ends_the_socket(gate: Gate, who: Identity, topic: str) -> None:
    client = await gate.connect(who)
    await client.subscribe(topic)
    assert await code_of(client) == CloseCode.FORBIDDEN_TOPIC


async def test_a_resume_replays_what_was_missed_and_goes_on_live(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    client = await gate.listen(somebody)
    await life.place()
    await events(client, 1)
    position = client.positions["orders"]
    await client.close()
    await life.move("confirmed")
    await life.move("preparing")
    client = await gate.connect(somebody, resume=position)
    await client.subscribe("orders")
    assert await receive(client) == realtime.Subscribed("orders", position.seq)
    await life.move("ready")
    assert [version for _, _, version in told(await events(client, 3))] == [2, 3, 4]
    await client.close()


@pytest.mark.parametrize(
    "position", [Position("another epoch", 1), Position("", 10**15)], ids=["another epoch", "from the future"]
)
async def test_a_position_that_means_nothing_is_told_so(gate: Gate, bus: Bus, position: Position) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    client = await gate.connect(somebody)
    wanted = position if position.epoch else Position(client.welcome.epoch, position.seq)
    await client.subscribe("orders", wanted)
    subscribed, resync = await receive(client), await receive(client)
    assert isinstance(subscribed, realtime.Subscribed)
    assert isinstance(resync, realtime.Resync)
    assert (resync.topic, resync.seq, resync.epoch) == ("orders", subscribed.seq, client.welcome.epoch)
    await Life(bus, somebody.restaurant_id).place()
    assert told(await events(client, 1)) == [("orders", "OrderPlaced", 1)]
    await client.close()


async def test_what_the_ring_has_forgotten_comes_from_the_stream(stack: Stack, relay: None, bus: Bus) -> None:
    somebody, other = restaurant(), new_id()
    assert somebody.restaurant_id is not None
    async with open_gate(stack, LARDER_RING_BYTES="20000") as gate:
        client = await gate.listen(somebody)
        position = client.positions["orders"]
        await client.close()
        mine = Life(bus, somebody.restaurant_id)
        await mine.place()
        for _ in range(40):
            await Life(bus, other).place()
        await mine.move("confirmed")
        for _ in range(40):
            await Life(bus, other).place()
        seq = await mine.move("preparing")
        watcher = await gate.listen(identity("admin"), "orders", Position(position.epoch, seq - 1))
        await events(watcher, 1)
        client = await gate.listen(somebody, "orders", position)
        await mine.move("ready")
        assert [version for _, _, version in told(await events(client, 4))] == [1, 2, 3, 4]
        await client.close()
        await watcher.close()


async def test_a_gateway_that_was_restarted_resumes_from_where_the_other_ended(
    stack: Stack, relay: None, bus: Bus
) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    async with open_gate(stack) as gate:
        client = await gate.listen(somebody)
        await life.place()
        await events(client, 1)
        position = client.positions["orders"]
        await client.close()
    await life.move("confirmed")
    async with open_gate(stack) as gate:
        client = await gate.listen(somebody, "orders", position)
        assert told(await events(client, 1)) == [("orders", "OrderConfirmed", 2)]
        await client.close()


async def test_a_republished_event_reaches_nobody_twice(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    async with await gate.listen(somebody) as client:
        start = client.positions["orders"]
        await life.place()
        await life.publish()
        await life.move("confirmed")
        await life.publish()
        await life.move("preparing")
        assert [version for _, _, version in told(await events(client, 3))] == [1, 2, 3]
    async with await gate.listen(somebody, "orders", start) as client:
        assert [version for _, _, version in told(await events(client, 3))] == [1, 2, 3]


async def test_a_lost_consumer_is_replaced_without_a_gap(stack: Stack, relay: None, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with open_gate(stack) as gate:
        life = Life(bus, somebody.restaurant_id)
        async with await gate.listen(somebody) as client:
            await life.place()
            await events(client, 1)
            for consumer in await bus.jetstream.consumers_info("ORDERS"):
                if consumer.config.deliver_subject:
                    await bus.jetstream.delete_consumer("ORDERS", consumer.name)
            await life.move("confirmed")
            await life.move("preparing")
            assert [version for _, _, version in told(await events(client, 2))] == [2, 3]


async def test_heartbeats_tell_how_far_everything_has_come(stack: Stack, relay: None, bus: Bus) -> None:
    async with open_gate(stack, LARDER_HEARTBEAT_S="0.1") as gate, await gate.listen(driver()) as client:
        seq = await Life(bus, new_id()).place()
        async with asyncio.timeout(SECONDS):
            while True:
                frame = await client.receive()
                if isinstance(frame, realtime.At) and frame.seq >= seq:
                    break
        assert client.positions["orders"].seq >= seq


async def test_a_location_reaches_the_restaurant_that_waits_and_admins(gate: Gate, bus: Bus) -> None:
    carrier, waiting, stranger = driver(), restaurant(), restaurant()
    assert waiting.restaurant_id is not None
    life = Life(bus, waiting.restaurant_id)
    sender = await gate.listen(carrier)
    owner, other = await gate.listen(waiting), await gate.listen(stranger)
    admin = await gate.listen(identity("admin"))
    await life.until_ready()
    await sender.send_location(1.0, 2.0)  # on the way with nothing: nobody is told
    await life.move("out_for_delivery", carrier, admin=False)
    await events(owner, 5)
    await events(sender, 1)
    await asyncio.sleep(1.0)  # at most one location a second is taken
    await sender.send_location(3.5, 4.5)
    frame = await receive(owner)
    assert isinstance(frame, realtime.DriverLocation)
    assert (frame.order_id, frame.lat, frame.lon) == (life.order_id, 3.5, 4.5)
    await events(admin, 5)
    assert isinstance(await receive(admin), realtime.DriverLocation)
    for client in (sender, owner, other, admin):
        await client.close()


async def test_only_drivers_say_where_they_are(gate: Gate) -> None:
    client = await gate.connect(restaurant())
    await client.send_location(1.0, 2.0)
    assert await code_of(client) == CloseCode.BAD_FRAME


async def test_all_sockets_of_a_restaurant_hear_the_same(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    clients = [await gate.listen(somebody) for _ in range(20)]
    life = Life(bus, somebody.restaurant_id)
    await life.place()
    frames = [(await events(client, 1))[0] for client in clients]
    assert len({(frame.seq, bytes(frame.order)) for frame in frames}) == 1
    for client in clients:
        await client.close()
