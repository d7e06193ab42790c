"""A few kills of the relay, of orders and of catalog while people order; `just kills 30` is the long form."""

from collections.abc import Iterator

import pytest

from deploy.local import Stack
from tests import kills
from tests.support import own_stack

KILLS = 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 2, "relay": 1}, only=kills.PARTS) as stack:
        yield stack


async def test_orders_survive_the_kills_of_who_takes_and_who_publishes_them(stack: Stack) -> None:
    result = await kills.run(stack, KILLS)
    assert result.wrong == []
    assert result.kills.total() == KILLS
    assert result.orders >= kills.CLIENTS
    assert result.versions > result.orders
