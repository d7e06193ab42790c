"""A small rush for the last pieces with a few kills; `just stock-rush` is the long form."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Layout, Stack
from tests import kills, stock_rush
from tests.support import TEST_PORT

BUYERS, PIECES, KILLS = 120, 12, 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(state_dir=Path(folder) / "state", base_port=TEST_PORT + 600))
        try:
            stack.up(stock_rush.REPLICAS, only=kills.PARTS)
            yield stack
        finally:
            stack.reset()


async def test_each_piece_is_sold_once_whoever_dies_meanwhile(stack: Stack) -> None:
    result = await stock_rush.run(stack, BUYERS, PIECES, KILLS)
    assert result.wrong == []
    assert (result.sold, result.short, result.kills.total()) == (PIECES, BUYERS - PIECES, KILLS)
