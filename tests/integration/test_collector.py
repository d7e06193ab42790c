"""What keeps the garbage collector from stopping a process, and what the gateway owes it: sockets without cycles."""

import gc
import weakref
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local import Stack
from services.gateway.socket import Socket
from shared import collector
from shared.bus import Bus
from tests.gateway import Gate, Life, events, open_gate, restaurant
from tests.support import eventually


class Itself:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack) as opened:
        yield opened


@pytest.fixture
def collected() -> Iterator[None]:
    """As in a process, and as it was afterwards."""
    collector.begin()
    yield
    gc.callbacks.clear()
    gc.unfreeze()


def test_what_lives_through_a_full_collection_is_not_looked_at_again(collected: None) -> None:
    kept = [[number] for number in range(1000)]
    gc.collect()
    assert len(gc.get_objects()) < len(kept)
    assert gc.get_freeze_count() > len(kept)


def test_what_refers_to_itself_and_is_left_is_still_freed(collected: None) -> None:
    left = weakref.ref(Itself())
    gc.collect()
    assert left() is None


async def test_sockets_that_came_and_went_are_gone_without_the_collector(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    gc.collect()
    gc.disable()
    try:
        before = _sockets()
        clients = [await gate.listen(somebody) for _ in range(5)]
        assert _sockets() == before + len(clients)
        life = Life(bus, somebody.restaurant_id)
        await life.until_ready()
        for client in clients:
            await events(client, 4)
            await client.close()

        async def gone() -> bool:
            return _sockets() == before

        await eventually(gone)
    finally:
        gc.enable()


def _sockets() -> int:
    return sum(isinstance(one, Socket) for one in gc.get_objects())
