"""A lost ORDERS stream comes back from the history, byte for byte, and the gateway's people miss nothing."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import nats.errors
import pytest
from nats.js.errors import NotFoundError

from deploy.local import Stack
from proto import realtime
from proto.orders import OrderEvent
from proto.realtime import Position
from proto.streams import EPOCH, ORDERS
from services.orders.republish import REPLACE, StreamExistsError, main, republish
from shared.bus import Bus
from shared.database import Pool, open_pool
from shared.ids import new_id
from tests.gateway import open_gate, receive
from tests.shop import Shop, open_shop
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
    delivered, returned, rejected, cancelled = [await shop.offer() for _ in range(2)] + [
        await shop.place() for _ in range(2)
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
    return [UUID(order["id"]) for order in (delivered, returned, rejected, cancelled)]


async def in_stream(bus: Bus, order_id: UUID) -> list[bytes]:
    subscription = await bus.jetstream.pull_subscribe(f"orders.v1.*.{order_id}.*", stream=ORDERS.name)
    found: list[bytes] = []
    try:
        while True:
            found += [envelope.data for envelope in await subscription.fetch(100, timeout=0.3)]
    except nats.errors.TimeoutError:
        return found
    finally:
        await subscription.unsubscribe()


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
    subscription = await bus.jetstream.pull_subscribe("orders.v1.>", stream=ORDERS.name)
    versions: dict[UUID, list[int]] = {}
    try:
        while True:
            for envelope in await subscription.fetch(500, timeout=0.5):
                order = msgspec.json.decode(envelope.data, type=OrderEvent).order
                versions.setdefault(order.id, []).append(order.version)
    except nats.errors.TimeoutError:
        pass
    finally:
        await subscription.unsubscribe()
    assert versions
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))


async def test_what_happens_meanwhile_comes_after_it(shop: Shop, bus: Bus, pool: Pool) -> None:
    order = await shop.place()
    rebuilding = asyncio.create_task(republish(pool, bus, replace=True))
    await shop.move(order, "confirmed", shop.as_admin())
    later = await shop.place()
    await rebuilding

    async def all_there() -> bool:
        found = [await in_stream(bus, UUID(one["id"])) for one in (order, later)]
        return {len(found[0]), len(found[1])} == {2, 1}

    await eventually(all_there)


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
