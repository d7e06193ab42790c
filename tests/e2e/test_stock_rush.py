"""A small rush for the last pieces with a few kills; `just stock-rush` is the long form."""

from collections.abc import Iterator

import pytest

from deploy.local import Stack
from tests import kills, stock_rush
from tests.support import own_stack

BUYERS, PIECES, KILLS = 120, 12, 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(stock_rush.REPLICAS, only=kills.PARTS) as stack:
        yield stack


async def test_each_piece_is_sold_once_whoever_dies_meanwhile(stack: Stack) -> None:
    result = await stock_rush.run(stack, BUYERS, PIECES, KILLS)
    assert result.wrong == []
    assert (result.sold, result.short, result.kills.total()) == (PIECES, BUYERS - PIECES, KILLS)
