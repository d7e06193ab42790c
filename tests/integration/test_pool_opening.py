"""A pool opens all of its connections at once, and asks nothing about types afterwards."""

import re

from deploy.local import Stack
from shared.database import ARRAYS, REPOSITORY, connection, open_pool


async def test_every_connection_is_open_from_the_start(stack: Stack) -> None:
    async with open_pool(stack.addresses.database("orders_service"), size=4, name="tests") as pool:
        assert (pool.get_size(), pool.get_idle_size()) == (4, 4)


async def test_a_statement_with_arrays_asks_nothing_about_them(stack: Stack) -> None:
    async with open_pool(stack.addresses.database("orders_service"), size=1, name="tests") as pool:
        async with connection(pool) as reading:
            said: list[str] = []
            inner = reading._con  # what the pool's proxy stands for
            with inner.query_logger(lambda told: said.append(told.query)):
                await reading.fetch("select $1::uuid[], $2::text[]", [], [])
        assert said == ["select $1::uuid[], $2::text[]"]


def test_each_array_that_a_statement_uses_is_known() -> None:
    used = {
        kind
        for folder in ("services", "shared")
        for file in (REPOSITORY / folder).rglob("*.sql")
        for kind in re.findall(r"::\s*([a-z0-9]+)\s*\[\]", file.read_text())
    }
    assert used
    assert used <= set(re.findall(r"([a-z0-9]+)\[\]", ARRAYS))
