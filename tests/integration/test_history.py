"""Real baskets, dated as they were, through outbox and stream: what analytics says is a group-by over the files.

A sample of them, some days long; `just oracle` does it with all.
"""

from collections.abc import Iterator

import asyncpg
import pytest
from rich.console import Console
from rich.progress import Progress

from deploy.demo import source
from deploy.history.__main__ import PARTS, Loaded, compare, load_baskets, main, report
from deploy.history.loader import list_fresh
from deploy.history.oracle import Answers
from deploy.local import Stack
from tests.support import own_stack

BASKETS = 400


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1}, only=PARTS) as stack:
        yield stack


@pytest.fixture(scope="module")
async def loaded(stack: Stack) -> Loaded:
    return await load_baskets(stack, BASKETS, Progress(disable=True))


async def test_analytics_says_of_real_baskets_what_a_group_by_says(stack: Stack, loaded: Loaded) -> None:
    must, told = await compare(stack, BASKETS)
    assert loaded.orders == must.orders == BASKETS
    assert len(must.days) > 1
    assert len(must.top) == 100
    assert told.differing(must) == {}
    assert report(loaded, must, told, Console(quiet=True))


async def test_an_order_is_what_its_basket_was(stack: Stack, loaded: Loaded) -> None:
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        rows = await connection.fetch(
            """
            select
                key.key, placed.created_at, placed.total_cents, placed.lines, restaurant.number as store,
                entry.kind, entry.amount_cents
            from orders.orders as placed
            inner join orders.idempotency_keys as key on key.order_id = placed.id
            inner join accounts.restaurants as restaurant on restaurant.id = placed.restaurant_id
            left join orders.ledger_entries as entry on entry.order_id = placed.id
            """
        )
    finally:
        await connection.close()
    baskets = {str(basket.basket_id): basket for basket in source.read_baskets(BASKETS)}
    assert {row["key"] for row in rows} == baskets.keys()
    for row in rows:
        basket = baskets[row["key"]]
        assert (row["created_at"], row["store"]) == (basket.at, basket.store_id)
        assert row["lines"] == len(basket.lines)
        assert (row["kind"], row["amount_cents"]) == ("hold", row["total_cents"])


async def test_loaded_again_none_is_ordered_twice(stack: Stack, loaded: Loaded) -> None:
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        fresh = await list_fresh(connection, source.read_baskets(BASKETS + 2))
    finally:
        await connection.close()
    assert fresh == list(source.read_baskets(BASKETS + 2))[BASKETS:]


def test_a_difference_is_counted_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    must = Answers({1: [2, 300]}, {1: [2, 300]}, {"A": [2, 300]}, {"7": [1, 200], "8": [1, 100]}, {0: [2]}, {8: [2]}, 2)
    told = must._replace(days={1: [2, 301]}, top={"8": [1, 100], "7": [1, 200]})
    assert told.differing(must) == {"day: orders, cents": 1, "top 100 products: place, pieces, cents": 2}
    assert not report(Loaded(2, 1.0, 1.0), must, told, Console(quiet=True))
    assert must.differing(must) == {}
    assert main(["guess"]) == 2
    assert "load or oracle" in capsys.readouterr().out
