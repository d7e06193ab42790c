"""A few kills of the relay and of the orders service while people order; `just kills 30` is the long form."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Layout, Stack
from tests import kills
from tests.support import TEST_PORT

KILLS = 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(state_dir=Path(folder) / "state", base_port=TEST_PORT + 200))
        try:
            stack.up({"orders": 2, "relay": 1}, only=kills.PARTS)
            yield stack
        finally:
            stack.reset()


async def test_orders_survive_the_kills_of_who_takes_and_who_publishes_them(stack: Stack) -> None:
    result = await kills.run(stack, KILLS)
    assert result.wrong == []
    assert result.kills.total() == KILLS
    assert result.orders >= kills.CLIENTS
    assert result.versions > result.orders
