"""A lost ORDERS stream comes back from the history, byte for byte, and the gateway's people miss nothing."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
from nats.js.api import AckPolicy, ConsumerConfig, Header
from nats.js.errors import NotFoundError

from deploy.local import Stack
from proto import realtime
from proto.orders import OrderEvent, Shortage
from proto.realtime import Position
from proto.streams import CATALOG, EPOCH, ORDERS, events_of_order
from services.orders.republish import REPLACE, StreamExistsError, main, republish
from shared.bus import Bus, ensure_stream
from shared.database import Pool, open_pool
from shared.ids import new_id
from tests.gateway import open_gate, receive
from tests.shop import Shop, open_shop
from tests.streams import stored
from tests.support import eventually, identity


@pytest.fixture(scope="module")
async def shop(stack: Stack, relay: None) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    async with open_pool(stack.addresses.database("orders_service"), size=1, name="republish") as pool:
        yield pool


async def lives(shop: Shop) -> list[UUID]:
    """Orders that ended in every way, with reasons, notes, drivers given and taken."""
    delivered, returned, rejected, cancelled, short = [await shop.offer() for _ in range(2)] + [
        await shop.place() for _ in range(3)
    ]
    await shop.move(delivered, "ready", shop.as_admin(), driver_id=str(shop.drivers[0]))
    await shop.move(delivered, "ready", shop.as_admin(), driver_id=None)
    await shop.move(delivered, "out_for_delivery", shop.as_driver(1))
    await shop.move(delivered, "delivered", shop.as_driver(1), reason="at the back door")
    await shop.move(returned, "out_for_delivery", shop.as_driver(2))
    await shop.move(returned, "failed", shop.as_driver(2), reason="nobody there")
    await shop.move(returned, "ready", shop.as_admin())
    await shop.move(rejected, "rejected", shop.as_admin(), reason="closed — até já")
    await shop.move(cancelled, "cancelled", shop.as_restaurant())
    await shop.answer(short, [Shortage(shop.flour, "Flour", 2, 1)])
    return [UUID(order["id"]) for order in (delivered, returned, rejected, cancelled, short)]


async def in_stream(bus: Bus, order_id: UUID) -> list[bytes]:
    return [envelope.data for envelope in await stored(bus.jetstream, ORDERS.name, events_of_order(order_id))]


async def in_outbox(shop: Shop, order_id: UUID) -> list[bytes]:
    rows = await shop.database.fetch("select payload from orders.outbox where key = $1 order by id", order_id)
    return [row["payload"] for row in rows]


async def epoch(bus: Bus) -> str:
    return ((await bus.jetstream.stream_info(ORDERS.name)).config.metadata or {})[EPOCH]


async def test_a_lost_stream_is_built_again_with_the_same_bytes(shop: Shop, bus: Bus, pool: Pool) -> None:
    orders = await lives(shop)
    await bus.jetstream.delete_stream(ORDERS.name)
    with pytest.raises(NotFoundError):
        await bus.jetstream.stream_info(ORDERS.name)
    told: list[int] = []
    done = await republish(pool, bus, replace=True, progress=told.append)
    assert done.epoch == await epoch(bus)
    assert done.events == told[-1] == await shop.database.fetchval("select count(*) from orders.order_history")
    for order_id in orders:
        first_time = await in_outbox(shop, order_id)
        assert await in_stream(bus, order_id) == first_time
        assert len(first_time) >= 2


async def test_every_order_comes_in_its_versions_and_once(shop: Shop, bus: Bus, pool: Pool) -> None:
    await lives(shop)
    await republish(pool, bus, replace=True)
    versions: dict[UUID, list[int]] = {}
    for envelope in await stored(bus.jetstream, ORDERS.name):
        order = msgspec.json.decode(envelope.data, type=OrderEvent).order
        versions.setdefault(order.id, []).append(order.version)
    assert versions
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))


async def test_what_happens_meanwhile_comes_after_it(shop: Shop, bus: Bus, pool: Pool) -> None:
    order = await shop.place()
    rebuilding = asyncio.create_task(republish(pool, bus, replace=True))
    await shop.answer(order)
    later = await shop.place()
    await rebuilding

    async def all_there() -> bool:
        found = [await in_stream(bus, UUID(one["id"])) for one in (order, later)]
        return {len(found[0]), len(found[1])} == {2, 1}

    await eventually(all_there)


async def test_broken_off_half_way_it_is_run_again(
    shop: Shop, bus: Bus, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = await lives(shop)
    monkeypatch.setattr("services.orders.republish.BATCH", 3)

    def die(events: int) -> None:
        if events >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await republish(pool, bus, replace=True, progress=die)
    half = await epoch(bus)
    meanwhile = await shop.place()  # the relay goes on, into half a stream

    async def published() -> bool:
        return len(await in_stream(bus, UUID(meanwhile["id"]))) == 1

    await eventually(published)
    done = await republish(pool, bus, replace=True)
    assert half != done.epoch == await epoch(bus)
    for order_id in [*orders, UUID(meanwhile["id"])]:
        assert await in_stream(bus, order_id) == await in_outbox(shop, order_id)


async def test_what_nats_has_not_yet_removed_does_not_come_back(shop: Shop, bus: Bus, pool: Pool) -> None:
    """It removes a stream behind its answer, the longer the more consumers there were, and a second one not at all
    meanwhile: as when half a stream, into which the relay wrote, is replaced at once."""
    [order_id, *_] = await lives(shop)
    for _ in range(300):
        await bus.jetstream.add_consumer(ORDERS.name, ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=60))
    last = (await stored(bus.jetstream, ORDERS.name, events_of_order(order_id)))[-1]
    await bus.jetstream.delete_stream(ORDERS.name)
    await ensure_stream(bus.jetstream, ORDERS)
    await bus.jetstream.publish(last.subject, last.data, headers={Header.MSG_ID.value: new_id().hex})
    done = await republish(pool, bus, replace=True)
    assert (await bus.jetstream.stream_info(ORDERS.name)).state.messages == done.events
    assert await in_stream(bus, order_id) == await in_outbox(shop, order_id)


async def test_an_order_that_the_bus_refuses_does_not_keep_the_others_out(
    shop: Shop, bus: Bus, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = await lives(shop)
    status, long, _ = await shop.send(
        "POST", "/api/orders", shop.as_restaurant(), {**shop.basket(), "note": "x" * 300}, str(new_id())
    )
    assert status == 201, long
    await shop.move(long, "cancelled", shop.as_restaurant())
    first, second = await in_outbox(shop, UUID(long["id"]))
    assert len(second) > len(first)
    monkeypatch.setattr("shared.outbox.publisher.HEADER_BYTES", bus.client.max_payload - len(first))
    done = await republish(pool, bus, replace=True)
    assert UUID(long["id"]) in done.left_out
    assert not set(fine) & set(done.left_out)
    assert "too large" in done.left_out[UUID(long["id"])]
    assert await in_stream(bus, UUID(long["id"])) == [first]
    for order_id in fine:
        assert await in_stream(bus, order_id) == await in_outbox(shop, order_id)


async def test_what_others_follow_is_left_alone(shop: Shop, bus: Bus, pool: Pool) -> None:
    before = {info.name: info.created for info in await bus.jetstream.consumers_info(CATALOG.name)}
    catalog = (await bus.jetstream.stream_info(CATALOG.name)).config.metadata
    assert "orders-prices" in before
    await republish(pool, bus, replace=True)
    after = await bus.jetstream.consumers_info(CATALOG.name)
    assert {info.name: info.created for info in after} == before
    assert (await bus.jetstream.stream_info(CATALOG.name)).config.metadata == catalog


async def test_who_listens_is_told_to_fetch_and_goes_on(stack: Stack, shop: Shop, bus: Bus, pool: Pool) -> None:
    async with open_gate(stack) as gate:
        somebody = identity("restaurant", restaurant_id=shop.restaurant)
        client = await gate.listen(somebody)
        before = client.welcome.epoch
        await republish(pool, bus, replace=True)
        frame = await receive(client)
        assert isinstance(frame, realtime.Resync)
        assert (frame.epoch, frame.epoch == before) == (await epoch(bus), False)
        order = await shop.place()
        frame = await receive(client)
        assert isinstance(frame, realtime.Event)
        assert order["id"].encode() in bytes(frame.order)
        await client.close()
        again = await gate.connect(somebody)
        await again.subscribe("orders", Position(before, 1))
        assert isinstance(await receive(again), realtime.Subscribed)
        assert isinstance(await receive(again), realtime.Resync)
        await again.close()


async def test_a_stream_that_is_there_is_not_replaced_unasked(bus: Bus, pool: Pool, shop: Shop) -> None:
    await shop.place()
    before = await epoch(bus)
    with pytest.raises(StreamExistsError, match=REPLACE):
        await republish(pool, bus, replace=False)
    assert await epoch(bus) == before


def test_a_wrong_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--force", str(new_id())]) == 2
    assert REPLACE in capsys.readouterr().err
