"""What processes say of themselves when they are asked over the bus."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from deploy.local.layout import REPOSITORY
from proto.vitals import PlanAnswer, QueryVitals, Vitals
from services.orders import app as orders
from services.orders import store
from shared.bus import Bus
from shared.database import SLOW, Pool, Query, connection, load_queries, open_pool, transaction
from shared.plans import plan_of
from shared.vitals import BusAwayError, answering_vitals, ask_plan, gather_query_vitals, gather_vitals
from tests.support import eventually, serving, settings_of


@pytest.fixture(scope="module")
async def instance(stack: Stack, relay: None) -> AsyncIterator[str]:
    """Orders, running in this process."""
    settings = settings_of(stack, "orders", orders.Settings, LARDER_POOL_SIZE="3")
    async with serving(settings, orders.build):
        yield settings.instance


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    async with open_pool(stack.addresses.database("orders_service"), size=2, name="tests") as pool:
        yield pool


async def vitals_of(bus: Bus, instance: str) -> Vitals:
    async def answered() -> Vitals | None:
        return next((told for told in await gather_vitals(bus) if told.instance == instance), None)

    return await eventually(answered)


async def queries_of(bus: Bus, instance: str) -> QueryVitals:
    async def answered() -> QueryVitals | None:
        return next((told for told in await gather_query_vitals(bus) if told.instance == instance), None)

    return await eventually(answered)


async def test_a_service_tells_of_its_pool_and_of_the_streams_it_reads(bus: Bus, instance: str) -> None:
    told = await vitals_of(bus, instance)
    assert told.process == "orders"
    (pool,) = told.pools
    assert (pool.name, pool.size, pool.waiting) == ("orders", 3, 0)
    assert 0 <= pool.busy <= pool.open <= pool.size

    async def reads_streams() -> bool:
        return {"orders-stock", "orders-prices"} <= {
            follower.name for follower in (await vitals_of(bus, instance)).followers
        }

    await eventually(reads_streams)


async def test_the_relay_tells_of_every_outbox(stack: Stack, bus: Bus, relay: None) -> None:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    # Other tests may have left events of theirs in this outbox.
    parked = await database.fetchval("select count(*) from orders.outbox where parked_at is not null")
    await database.close()

    async def looked() -> bool:
        relays = [told for told in await gather_vitals(bus) if told.process == "relay"]
        outboxes = {outbox.context: outbox for told in relays for outbox in told.outboxes}
        return {"accounts", "catalog", "orders"} <= outboxes.keys() and outboxes["orders"].parked == parked

    await eventually(looked)


async def test_a_query_is_told_by_its_name_its_file_and_its_line(bus: Bus, instance: str, pool: Pool) -> None:
    async with transaction(pool, store.SYSTEM) as reading:
        await store.QUERIES["get_order"].row(reading, None)
    told = {query.name: query for query in (await queries_of(bus, instance)).queries}
    query = told["orders.get_order"]
    file, line = query.place.split(":")
    assert file == "services/orders/queries.sql"
    assert (REPOSITORY / file).read_text().splitlines()[int(line) - 1] == "-- name: get_order"
    assert query.times.count >= 1


async def test_a_slow_query_is_noted_by_its_name_and_without_its_parameters(
    bus: Bus, instance: str, pool: Pool, tmp_path: Path
) -> None:
    path = tmp_path / "slow.sql"
    path.write_text("-- name: sleep\nselect pg_sleep($1::float8), $2::text as secret;\n")
    sleep = load_queries("tests", path)["sleep"]
    async with connection(pool) as reading:
        await sleep.rows(reading, 0.11, "nobody's business")
        await sleep.rows(reading, 0.0, "nobody's business")
    told = await queries_of(bus, instance)
    noted = [slow for slow in told.slow if slow.name == "tests.sleep"]
    assert [0.1 < slow.seconds < 5 for slow in noted] == [True]
    assert b"business" not in msgspec.json.encode(told)


async def test_a_query_that_ran_into_its_limit_is_noted_too(pool: Pool) -> None:
    sleep = Query("tests.too_long", "select pg_sleep(10)", "here")
    with pytest.raises(asyncpg.QueryCanceledError):
        async with transaction(pool, "begin; set local statement_timeout = '150ms'") as reading:
            await sleep.rows(reading)
    assert SLOW[-1].name == "tests.too_long"


async def test_who_waits_for_a_connection_is_counted_while_he_waits_and_his_wait_after(stack: Stack, bus: Bus) -> None:
    url = stack.addresses.database("orders_service")
    async with open_pool(url, size=1, name="narrow") as narrow, answering_vitals(bus, "tests", "narrow", [narrow]):
        before = (await vitals_of(bus, "narrow")).pools[0]
        async with connection(narrow):

            async def second() -> None:
                async with connection(narrow):
                    pass

            waiting = asyncio.create_task(second())
            await asyncio.sleep(0)
            held = (await vitals_of(bus, "narrow")).pools[0]
        await waiting
        after = (await vitals_of(bus, "narrow")).pools[0]
    assert (before.busy, held.busy, held.waiting, after.busy, after.waiting) == (0, 1, 1, 0, 0)
    waits = after.waits.since(before.waits)
    assert waits.count == 2
    assert waits.seconds > 0.3  # as long as the question in between took


@pytest.mark.parametrize(("role", "mine"), [("restaurant", True), ("admin", False)])
async def test_a_plan_is_the_one_of_the_role_that_asks(bus: Bus, instance: str, role: str, mine: bool) -> None:
    """Each has a policy of its own: a restaurant reads its orders alone, an admin all."""
    answer = await ask_plan(bus, "orders", "orders.list_orders", role)
    assert answer.plan is not None, answer
    assert ("restaurant_id = " in str(answer.plan)) is mine


async def test_every_query_of_orders_has_a_plan(pool: Pool) -> None:
    """Whatever is slow at night can be looked at, under a role that may do it: also what writes, which is not done."""
    roles = ("orders_service", "system", "admin", "restaurant", "driver")
    without = [
        name
        for name in store.QUERIES
        if not [role for role in roles if (await plan_of(pool, f"orders.{name}", role)).plan]
    ]
    assert store.QUERIES
    assert without == []


@pytest.mark.parametrize(
    ("name", "role", "why"),
    [
        ("orders.nothing", "system", "No query has the name orders.nothing."),
        ("orders.get_order", "larder_owner", "permission denied"),
        ("orders.get_order", "system; drop table x", "This is no role of ours."),
    ],
    ids=["an unknown query", "a role of somebody else", "a role that is none"],
)
async def test_a_plan_that_is_not_ours_to_make_is_refused(
    bus: Bus, instance: str, name: str, role: str, why: str
) -> None:
    answer = await ask_plan(bus, "orders", name, role)
    assert answer.plan is None
    assert why in (answer.refused or "")


async def test_without_the_bus_nobody_can_be_asked() -> None:
    with pytest.raises(BusAwayError):
        await gather_vitals(Bus("nats://nowhere", "never connected"))


async def test_without_the_bus_a_plan_is_refused() -> None:
    answer = await ask_plan(Bus("nats://nowhere", "never connected"), "orders", "orders.list_orders", "admin")
    assert answer == PlanAnswer(refused="orders does not answer.")
