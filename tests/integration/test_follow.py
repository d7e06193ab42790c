"""A durable follower: what its handler could not do comes again soon, jams nothing, and what is behind is told."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proto.envelope import Actor
from proto.stock import StockEvent
from proto.streams import STOCK, stock_subject
from shared.bus import FAILING, Bus, Received, ensure_stream, follow
from shared.ids import new_id
from shared.tasks import supervised
from tests.support import eventually, sample

SOON_SECONDS = 10.0
"""A follower that did not give its batch back would wait for 30 s."""

AT_ONCE_SECONDS = 4.0
"""A request for messages stands for 5 s: who kept what came until then would be seen."""


@pytest.fixture
async def durable(bus: Bus) -> str:
    await ensure_stream(bus.jetstream, STOCK)
    return f"follower-{new_id()}"


def reserved(order: UUID) -> StockEvent:
    return StockEvent(
        id=new_id(), type="StockReserved", occurred_at=datetime.now(UTC), actor=Actor(None, "system"), order_id=order
    )


async def test_what_a_handler_could_not_do_comes_again_a_second_later(bus: Bus, durable: str) -> None:
    order, tries = new_id(), list[float]()
    event = reserved(order)
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
    assert sample("larder_follower_behind_events", durable=durable) == 0
    await bus.jetstream.delete_consumer(STOCK.name, durable)


async def test_what_was_handed_over_while_a_batch_failed_is_applied_soon_too(bus: Bus, durable: str) -> None:
    orders = [new_id(), new_id()]
    subjects = [stock_subject(order, "StockReserved") for order in orders]
    first, second = map(reserved, orders)
    tries, applied = list[UUID](), set[UUID]()

    async def apply(batch: Sequence[Received[StockEvent]]) -> None:
        tries.extend(received.event.id for received in batch)
        if tries == [first.id]:
            await bus.jetstream.publish(subjects[1], msgspec.json.encode(second))
            await eventually(both_are_handed_over)
            raise ConnectionError("the database is away")
        applied.update(received.event.id for received in batch)

    async def both_are_handed_over() -> bool:
        return bool((await bus.jetstream.consumer_info(STOCK.name, durable)).num_ack_pending == 2)

    await bus.jetstream.publish(subjects[0], msgspec.json.encode(first))
    async with supervised(follow(bus, STOCK, StockEvent, apply, durable=durable, subjects=subjects), "follower"):

        async def both_are_applied() -> bool:
            return applied == {first.id, second.id}

        await eventually(both_are_applied, SOON_SECONDS)
    await bus.jetstream.delete_consumer(STOCK.name, durable)


async def test_an_event_that_fails_again_and_again_does_not_keep_the_others_from_being_applied(
    bus: Bus, durable: str
) -> None:
    orders = [new_id() for _ in range(8)]
    subjects = [stock_subject(order, "StockReserved") for order in orders]
    bad, applied = orders[3], list[UUID]()

    async def apply(batch: Sequence[Received[StockEvent]]) -> None:
        if any(received.event.order_id == bad for received in batch):
            raise ValueError("a rule of the table")
        applied.extend(received.event.order_id for received in batch)

    for order, subject in zip(orders, subjects, strict=True):
        event = reserved(order)
        await bus.jetstream.publish(subject, msgspec.json.encode(event))
    failing = FAILING.labels(STOCK.name)._value
    before = failing.get()
    async with supervised(follow(bus, STOCK, StockEvent, apply, durable=durable, subjects=subjects), "follower"):

        async def others_are_done() -> bool:
            if failing.get() == before or len(applied) < len(orders) - 1:
                return False
            return bool((await bus.jetstream.consumer_info(STOCK.name, durable)).num_ack_pending == 1)

        await eventually(others_are_done)  # the one that fails is kept, and tried again
    assert sorted(applied) == sorted(order for order in orders if order != bad)
    await bus.jetstream.delete_consumer(STOCK.name, durable)


async def test_no_event_waits_in_one_replica_while_others_ask_too(bus: Bus, durable: str) -> None:
    applied = asyncio.Queue[UUID]()
    # Each has a subject of its own, which keeps its last event alone: a second one would take the place of the first.
    subjects = {order: stock_subject(order, "StockReserved") for order in (new_id() for _ in range(8))}

    async def apply(batch: Sequence[Received[StockEvent]]) -> None:
        await asyncio.sleep(0)  # as one that waits for a database: the others' requests come in between
        for received in batch:
            applied.put_nowait(received.event.id)

    async with AsyncExitStack() as replicas:
        for number in range(3):
            work = follow(bus, STOCK, StockEvent, apply, durable=durable, subjects=list(subjects.values()))
            await replicas.enter_async_context(supervised(work, f"follower {number}"))
        for size in (1, 2, 3, 5, 8) * 10:
            events = [reserved(order) for order in list(subjects)[:size]]
            for event in events:
                await bus.jetstream.publish(subjects[event.order_id], msgspec.json.encode(event))
            async with asyncio.timeout(AT_ONCE_SECONDS):
                assert {await applied.get() for _ in events} == {event.id for event in events}
    await bus.jetstream.delete_consumer(STOCK.name, durable)
