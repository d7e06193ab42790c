"""The benchmark's ceiling on the real Postgres: pgbench does what the service does for one request."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from loadtests.bench import pgbench
from loadtests.bench.pgbench import Ranges
from loadtests.bench.place import relay_held
from loadtests.bench.recorder import RefusedError, Request, record
from loadtests.bench.world import PERSON, id_of
from services.orders.store import QUERIES, begin_as
from tests.support import identity

RESTAURANT = 900_001
PRODUCTS = 12


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A restaurant and products whose ids are numbers, learned as from the streams."""
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    await connection.execute(
        "insert into orders.restaurants values ($1, 'Bench', 'Street 1', 1, 2, 3, 1000000000000, true, 1) "
        "on conflict do nothing",
        id_of(RESTAURANT),
    )
    await connection.executemany(
        "insert into orders.price_book values ($1, $2, 'each', 100, true, 1) on conflict do nothing",
        [(id_of(number), f"Product {number}") for number in range(1, PRODUCTS + 1)],
    )
    yield connection
    # What pgbench stored has no event: it is no order for anybody else.
    made = "select id from orders.orders where restaurant_id = $1 and id not in (select key from orders.outbox)"
    for table, column in (("idempotency_keys", "order_id"), ("order_history", "order_id"), ("orders", "id")):
        await connection.execute(
            f"delete from orders.{table} where {column} in ({made})",  # noqa: S608  our own names
            id_of(RESTAURANT),
        )
    await connection.close()


SOMEBODY = identity("restaurant", person_id=id_of(PERSON + RESTAURANT), restaurant_id=id_of(RESTAURANT))


def order(key: str, lines: int) -> Request:
    items = [{"product_id": id_of(number), "quantity": 1} for number in range(1, lines + 1)]
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return Request("POST", "/api/orders", "", headers, msgspec.json.encode({"items": items}))


async def count(database: asyncpg.Connection) -> int:
    return int(
        await database.fetchval("select count(*) from orders.orders where restaurant_id = $1", id_of(RESTAURANT))
    )


async def test_what_the_service_says_is_its_queries_and_an_identity_and_nothing_else(
    stack: Stack, database: asyncpg.Connection
) -> None:
    placed = await record(stack, SOMEBODY, order("recorded-1", 3))
    listed = await record(stack, SOMEBODY, Request("GET", "/api/orders", "limit=20", {}, b""))
    known = {query.sql for query in QUERIES.values()}
    for said in (placed, listed):
        assert (said[0].sql, said[-1].sql) == (begin_as(SOMEBODY), "commit")
        assert {one.sql for one in said[1:-1]} <= known
        assert len(said) > 2


async def test_pgbench_stores_an_order_with_each_transaction(stack: Stack, database: asyncpg.Connection) -> None:
    said = await record(stack, SOMEBODY, order("recorded-2", 3))
    # Drawn from one restaurant and from products that are all there.
    script = pgbench.script_of(said, Ranges(1, PRODUCTS), RESTAURANT, "recorded-2")
    script = script._replace(text=script.text.replace("random(1, 1)", f"random({RESTAURANT}, {RESTAURANT})"))
    before = await count(database)
    async with relay_held(stack):
        rate = await pgbench.run(stack, script, clients=2, seconds=1)
    assert rate > 0
    assert await count(database) - before >= 1


async def test_a_request_that_is_refused_gives_nothing_to_measure(stack: Stack, database: asyncpg.Connection) -> None:
    with pytest.raises(RefusedError, match="400"):
        await record(stack, SOMEBODY, order("recorded-3", 0))
