"""A durable follower: what its handler could not do comes again soon, and what is behind is told."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from prometheus_client import REGISTRY

from proto.envelope import Actor
from proto.stock import StockEvent
from proto.streams import STOCK, stock_subject
from shared.bus import Bus, Received, ensure_stream, follow
from shared.ids import new_id
from shared.tasks import supervised
from tests.support import eventually

SOON_SECONDS = 10.0
"""A follower that did not give its batch back would wait for 30 s."""


@pytest.fixture
async def durable(bus: Bus) -> str:
    await ensure_stream(bus.jetstream, STOCK)
    return f"follower-{new_id()}"


async def test_what_a_handler_could_not_do_comes_again_a_second_later(bus: Bus, durable: str) -> None:
    order, tries = new_id(), list[float]()
    event = StockEvent(
        id=new_id(), type="StockReserved", occurred_at=datetime.now(UTC), actor=Actor(None, "system"), order_id=order
    )
    subject = stock_subject(order, event.type)
    now = asyncio.get_running_loop().time

    async def apply(batch: Sequence[Received[StockEvent]]) -> None:
        assert [received.event for received in batch] == [event]
        tries.append(now())
        if len(tries) == 1:
            raise ConnectionError("the database is away")

    await bus.jetstream.publish(subject, msgspec.json.encode(event))
    async with supervised(follow(bus, STOCK, StockEvent, apply, durable=durable, subjects=[subject]), "follower"):

        async def done() -> bool:
            if len(tries) < 2:
                return False
            return not (await bus.jetstream.consumer_info(STOCK.name, durable)).num_ack_pending

        await eventually(done, SOON_SECONDS)
    assert REGISTRY.get_sample_value("larder_follower_behind_events", {"durable": durable}) == 0
    await bus.jetstream.delete_consumer(STOCK.name, durable)
