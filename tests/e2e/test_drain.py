"""A deploy, gateway after gateway, while people listen and orders move: nobody misses anything or hears it twice."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import msgspec
import pytest
from rich.progress import Progress

from deploy.demo import __main__ as demo
from deploy.demo.load import load, place_of
from deploy.demo.replay import Replay, Result
from deploy.local import Stack, processes
from proto.orders import OrderHead, RoutedOrderEvent
from proto.streams import ORDERS
from services.gateway.gateway import DRAIN_SECONDS, RECONNECT_MS
from shared.bus import Bus
from tests.streams import stored
from tests.support import eventually, own_stack

GATEWAYS = ("gateway-0", "gateway-1")
ORDERS_PLAYED, RATE = 240, 5
"""So slowly, that a slow machine is through with its gateways before; then the rest comes at once."""

BEGIN_AFTER = 0.1
"""Of the orders: then the first gateway is stopped, and the second as soon as the first is back."""

STOP_SECONDS = 15.0
"""What a gateway may take from SIGTERM to its end; supervisord kills it after 20."""

PATIENCE_SECONDS = 60.0


@dataclass
class Deployed:
    """What a replay came to while both gateways were stopped and started, and how long each took to end, in seconds."""

    result: Result
    replay: Replay
    stopped: dict[str, float]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1, "gateway": len(GATEWAYS)}) as stack:
        yield stack


@pytest.fixture(scope="module")
async def deployed(stack: Stack) -> AsyncIterator[Deployed]:
    with Progress(disable=True) as progress:
        world = await load(place_of(stack.addresses), progress, ORDERS_PLAYED)
        baskets = demo.next_baskets(world, ORDERS_PLAYED)
        replay = Replay(stack.addresses.edge, world, baskets, RATE, progress, returning=True)
        playing = asyncio.create_task(replay.run())
        try:

            async def flowing() -> bool:
                return playing.done() or len(replay.totals) >= BEGIN_AFTER * ORDERS_PLAYED

            await eventually(flowing, PATIENCE_SECONDS)
            stopped = {name: await stop_and_await(stack, name) for name in GATEWAYS}
            assert not playing.done(), "the orders were through before the gateways were"
            replay.hurry.set()
            yield Deployed(await playing, replay, stopped)
        finally:
            playing.cancel()


async def stop_and_await(stack: Stack, name: str) -> float:
    """How long it took to end. Returns when another one stands in its place, ready."""
    before = await asyncio.to_thread(stack.status)
    pid = next(part.pid for part in before if part.name == name)
    gateway = processes.Process(pid)
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    assert await asyncio.to_thread(processes.is_gone, gateway, PATIENCE_SECONDS)
    lasted = time.monotonic() - began

    async def back() -> bool:
        parts = await asyncio.to_thread(stack.status)
        return any(part.name == name and part.pid not in (0, pid) and part.problem is None for part in parts)

    await eventually(back, PATIENCE_SECONDS)
    return lasted


async def test_nobody_misses_anything_and_nothing_comes_twice(deployed: Deployed) -> None:
    result = deployed.result
    for kind, verdict in result.verdicts.items():
        assert verdict.expected > 0, kind
        assert (verdict.missing, verdict.repeated, verdict.foreign, verdict.out_of_order) == (0, 0, 0, 0), kind
        assert verdict.received == verdict.expected, kind
    assert result.orders == ORDERS_PLAYED
    assert result.flawless, result


async def test_what_they_were_told_is_what_the_stream_holds(deployed: Deployed, stack: Stack) -> None:
    async with Bus(stack.addresses.nats, "drain") as bus:
        await bus.connection()
        found = await stored(bus.jetstream, ORDERS.name)
    events = [msgspec.json.decode(message.data, type=RoutedOrderEvent) for message in found]
    heads = [msgspec.json.decode(event.order, type=OrderHead) for event in events]
    told = {(order, step.version) for order, steps in deployed.replay.ledger.versions.items() for step in steps}
    assert {(head.id, head.version) for head in heads} == told
    assert deployed.result.verdicts["admin"].received == 2 * len(told)  # two admins listen, and hear all


async def test_every_socket_is_told_when_to_come_back_and_comes_back_to_the_other_gateway(deployed: Deployed) -> None:
    restarts = deployed.result.restarts
    listeners = sum(verdict.listeners for verdict in deployed.result.verdicts.values())
    assert listeners >= 50
    assert len(restarts) >= listeners  # both gateways were stopped, and whoever was on one of them was told
    moments = [restart.told_ms for restart in restarts]
    assert all(moment is not None and 0 <= moment < RECONNECT_MS for moment in moments)
    assert len(set(moments)) > len(moments) / 4  # not all at once
    assert deployed.result.closed == []


async def test_sockets_are_closed_in_batches_and_the_gateway_ends_in_time(deployed: Deployed) -> None:
    moments = [restart.closed_at for restart in deployed.result.restarts]
    first_drain = [moment for moment in moments if moment - min(moments) < DRAIN_SECONDS]
    assert max(first_drain) - min(first_drain) > DRAIN_SECONDS / 2
    for name, seconds in deployed.stopped.items():
        assert seconds < STOP_SECONDS, name
