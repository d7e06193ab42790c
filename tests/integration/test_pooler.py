"""The services behind PgBouncer: hundreds of clients on a few server connections, nobody as somebody else, and no way
in for what needs a session of its own."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from deploy.local import Stack, StackError, pooler
from deploy.local.layout import REPOSITORY
from deploy.local.programs import Wiring
from services.analytics.performance.pooler import PoolerAwayError, look_at_pooler
from services.orders import store
from shared.database import Query, load_queries
from shared.ids import new_id
from tests.shop import Shop, open_shop
from tests.support import eventually, free_port, identity, own_stack

CLIENTS = 500
SERVER_CONNECTIONS = 100
ROUNDS = 4
ROLES = ("orders_service", "catalog_service", "accounts_service", "relay_service")
QUERIES = [
    query
    for path in sorted((REPOSITORY / "services").glob("*/queries.sql"))
    for query in load_queries(path.parent.name, path).values()
]
IMPORTS = {"catalog.create_staging"}
"""Only an import runs it, and an import goes to Postgres directly."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Servers of its own, with the pooler: Postgres is ended beneath it."""
    try:
        pooler.find()
    except StackError as error:
        pytest.fail(f"{error} {error.hint}")
    with own_stack(only={"postgres", "nats", "valkey", "cache", "pooler"}) as stack:
        yield stack


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack, **Wiring(stack.addresses, stack.pooler).database("orders_service")) as shop:
        yield shop


async def connect(stack: Stack, role: str = "orders_service") -> asyncpg.Connection:
    return await asyncpg.connect(stack.addresses.pooled(role), statement_cache_size=stack.pooler.statement_cache)


@contextmanager
def patience(stack: Stack, seconds: int) -> Iterator[None]:
    """Other than the configured one: on a slow machine 500 clients in one process do not get round in three seconds."""
    configured = (REPOSITORY / "deploy" / "pgbouncer" / "pgbouncer.ini").read_text()
    usual = re.search(r"^query_wait_timeout = (\d+)$", configured, re.MULTILINE)
    assert usual
    stack.pooler.console(f"set query_wait_timeout = {seconds}", "pooler_admin")
    try:
        yield
    finally:
        stack.pooler.console(f"set query_wait_timeout = {usual[1]}", "pooler_admin")


async def through_the_pooler(database: asyncpg.Connection) -> int:
    """Connections of Postgres that services' roles hold."""
    found: int = await database.fetchval("select count(*) from pg_stat_activity where usename like '%\\_service'")
    return found


async def test_five_hundred_clients_share_a_hundred_connections_without_an_error(stack: Stack) -> None:
    direct = await asyncpg.connect(stack.addresses.database("postgres"))
    door = asyncio.Semaphore(20)  # a login is slow in Python; PgBouncer ends one that takes ten seconds

    async def come_in(number: int) -> asyncpg.Connection:
        async with door:
            return await connect(stack, ROLES[number % len(ROLES)])

    async def ask(client: asyncpg.Connection, me: UUID) -> set[int]:
        """Says who it is for a transaction, and hears of nobody else; the server's processes that answered."""
        served = set()
        for _ in range(ROUNDS):
            await client.execute(f"begin; set local app.person_id = '{me}'")
            row = await client.fetchrow("select current_setting('app.person_id') as said, pg_backend_pid() as pid")
            await client.execute("commit")
            assert row["said"] == str(me)
            assert not await client.fetchval("select current_setting('app.person_id', true)")
            served.add(row["pid"])
        return served

    async def count(until: "asyncio.Future[list[set[int]]]") -> int:
        most = 0
        while not until.done():
            most = max(most, await through_the_pooler(direct))
        return most

    async with AsyncExitStack() as closing:
        closing.push_async_callback(direct.close)
        clients = await asyncio.gather(*(come_in(number) for number in range(CLIENTS)))
        for client in clients:
            closing.callback(client.terminate)
        pools = stack.pooler.console("show pools")
        assert sum(int(pool["cl_active"]) for pool in pools if pool["database"] == "larder") == CLIENTS
        with patience(stack, 60):
            everybody = asyncio.ensure_future(asyncio.gather(*(ask(client, new_id()) for client in clients)))
            most = await count(everybody)
            served: set[int] = set().union(*await everybody)
    assert 1 < most <= SERVER_CONNECTIONS
    assert len(served) <= SERVER_CONNECTIONS


async def test_two_who_share_one_server_connection_are_never_each_other(stack: Stack, shop: Shop) -> None:
    mine, theirs = await shop.place(), await shop.place(other=True)
    one, other = await connect(stack), await connect(stack)

    async def seen_by(client: asyncpg.Connection, restaurant: UUID) -> tuple[set[UUID], int]:
        await client.execute(store.begin_as(identity("restaurant", restaurant_id=restaurant)))
        rows = await client.fetch("select id, pg_backend_pid() as pid from orders.orders")
        await client.execute("commit")
        return {row["id"] for row in rows}, rows[0]["pid"]

    try:
        for _ in range(5):
            first, process = await seen_by(one, shop.restaurant)
            second, same = await seen_by(other, shop.other_restaurant)
            assert process == same  # or this test would show nothing
            assert UUID(mine["id"]) in first
            assert UUID(theirs["id"]) in second
            assert not first & second
            # Between transactions a client is nobody, whoever was on the connection before.
            assert await one.fetchval("select current_user") == "orders_service"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await one.fetch("select id from orders.orders")
    finally:
        await one.close()
        await other.close()


async def test_an_order_is_placed_listed_and_delivered_through_it(stack: Stack, shop: Shop) -> None:
    order = await shop.offer()
    status, order = await shop.move(order, "out_for_delivery", shop.as_driver())
    assert status == 200, order
    status, order = await shop.move(order, "delivered", shop.as_driver())
    assert (status, order["status"], order["version"]) == (200, "delivered", 6)
    status, listed, _ = await shop.send("GET", "/api/orders?status=delivered", shop.as_restaurant())
    assert status == 200
    assert order["id"] in [entry["id"] for entry in listed["items"]]
    assert [event.order.version for event in await shop.events(order)] == [1, 2, 3, 4, 5, 6]
    named = await shop.database.fetchval(
        "select count(*) from pg_stat_activity where application_name = 'orders' and client_addr is not null"
    )
    assert named  # the service's own name arrives through the pooler


async def test_fifty_who_place_with_one_key_at_once_get_one_order(shop: Shop) -> None:
    before, key = await shop.stored(), str(new_id())
    answers = await asyncio.gather(
        *(shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key) for _ in range(50))
    )
    assert {status for status, _, _ in answers} == {201}
    assert await shop.stored() == before + 1


async def test_who_waits_too_long_for_a_connection_is_told_to_come_back(stack: Stack, shop: Shop) -> None:
    async with AsyncExitStack() as closing:
        for _ in range(20):  # all that a role has
            client = await connect(stack)
            closing.callback(client.terminate)
            await client.execute("begin")
        with patience(stack, 1):
            status, problem, headers = await shop.send("GET", "/api/orders", shop.as_restaurant())
    assert (status, problem["status"]) == (503, 503)
    assert headers["Retry-After"]

    async def served() -> bool:
        status, _, _ = await shop.send("GET", "/api/orders", shop.as_restaurant())
        return status == 200

    assert await eventually(served)


async def test_a_pause_holds_transactions_and_a_resume_lets_them_go_on(stack: Stack, shop: Shop) -> None:
    with patience(stack, 60):
        # It waits for what is at work, and that goes on in this very process.
        await asyncio.to_thread(stack.pooler.console, "pause larder", "pooler_admin")
        placing = asyncio.ensure_future(shop.place())

        async def held() -> bool:
            pools = stack.pooler.console("show pools")
            return any(pool["user"] == "orders_service" and int(pool["cl_waiting"]) > 0 for pool in pools)

        try:
            assert await eventually(held)
            assert not placing.done()
        finally:
            stack.pooler.console("resume larder", "pooler_admin")
        assert (await placing)["status"] == "pending"


async def test_a_wrong_password_is_refused_and_harms_nobody_else(stack: Stack) -> None:
    address = stack.addresses.pooled("orders_service")
    for _ in range(3):
        with pytest.raises(asyncpg.PostgresError, match="authentication failed"):
            await asyncpg.connect(re.sub(r":[^:@]+@", ":wrong@", address), statement_cache_size=0)
    client = await connect(stack)
    assert await client.fetchval("select 1") == 1
    await client.close()


async def test_roles_applied_again_lock_nobody_out(stack: Stack) -> None:
    """PgBouncer opens connections with the keys that it learned from its clients: another salt would void them."""
    client = await connect(stack)
    process = await client.fetchval("select pg_backend_pid()")
    stack.postgres.apply_roles()
    stack.postgres.psql(sql=f"select pg_terminate_backend({process}, 5000)")
    assert await client.fetchval("select pg_backend_pid()") != process
    await client.close()


async def test_a_changed_password_is_the_one_that_counts(stack: Stack) -> None:
    """PgBouncer asks Postgres at each login, so nothing is told to it."""
    try:
        stack.postgres.psql(sql="alter role catalog_service password 'another'")
        with pytest.raises(asyncpg.PostgresError, match="authentication failed"):
            await connect(stack, "catalog_service")
        address = re.sub(r":[^:@]+@", ":another@", stack.addresses.pooled("catalog_service"))
        client = await asyncpg.connect(address, statement_cache_size=0)
        assert await client.fetchval("select 1") == 1
        await client.close()
    finally:
        stack.postgres.apply_roles()  # finds another secret than it made, and sets ours again
    client = await connect(stack, "catalog_service")
    assert await client.fetchval("select 1") == 1
    await client.close()


@pytest.mark.parametrize("role", ["larder_owner", "postgres", "restaurant", "nobody"])
async def test_who_is_no_service_has_no_way_through(stack: Stack, role: str) -> None:
    """Migrations, dumps and an administrator's psql need a session of their own: they are turned away at the door."""
    passwords = stack.addresses.credentials.passwords
    port = stack.layout.port("pooler")
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(
            host="127.0.0.1", port=port, user=role, password=passwords.get(role, "larder"), database="larder"
        )


async def test_another_database_is_refused(stack: Stack) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(stack.addresses.pooled("orders_service").replace("/larder", "/postgres"))


async def test_the_lookup_gives_out_no_secret_but_those_of_services(stack: Stack) -> None:
    lookup = await asyncpg.connect(stack.addresses.database("pooler_service"))
    for role in ("postgres", "larder_owner", "pooler_service", "restaurant"):
        assert await lookup.fetch("select name, secret from pooler.secret_of($1)", role) == []
    row = await lookup.fetchrow("select name, secret from pooler.secret_of($1)", "orders_service")
    assert row["secret"].startswith("SCRAM-SHA-256$")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await lookup.fetch("select role from pooler.seals")
    await lookup.close()
    service = await asyncpg.connect(stack.addresses.database("orders_service"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.fetch("select name, secret from pooler.secret_of('relay_service')")
    await service.close()


@pytest.mark.parametrize(
    "query", [query for query in QUERIES if query.name not in IMPORTS], ids=lambda query: query.name
)
def test_a_query_leaves_nothing_on_its_connection(query: Query) -> None:
    words = re.sub(r"--.*", "", query.sql.lower())
    assert not re.search(r"\b(listen|notify|prepare|deallocate|discard|declare|temporary|temp)\b", words)
    assert not re.search(r"\bpg_(try_)?advisory_(lock|unlock)", words)
    assert not re.search(r"(^|;)\s*set\s+(?!local\b)", words)


async def test_analytics_reads_its_console(stack: Stack, shop: Shop) -> None:
    """Who is connected through it, and who waits."""
    held = [await connect(stack) for _ in range(3)]
    try:
        for connection in held:
            await connection.execute("begin")
        told = await look_at_pooler(stack.addresses.pooler_console, "larder")
    finally:
        for connection in held:
            await connection.close()
    (pool,) = [pool for pool in told.pools if pool.role == "orders_service"]
    assert pool.clients >= 3
    assert pool.servers_busy >= 3
    assert (pool.waiting, pool.longest_wait_seconds, pool.mode) == (0, 0.0, "transaction")
    assert 3 <= told.connections <= told.connections_limit == 80
    with pytest.raises(PoolerAwayError, match="no database bakery, but "):
        await look_at_pooler(stack.addresses.pooler_console, "bakery")
    with pytest.raises(PoolerAwayError):
        await look_at_pooler(f"postgresql://pooler_stats:wrong@127.0.0.1:{free_port()}/pgbouncer", "larder")


async def test_postgres_ends_beneath_it_and_orders_are_taken_again(stack: Stack, shop: Shop) -> None:
    before, key = await shop.place(), str(new_id())
    process = next(part.pid for part in stack.status() if part.name == "postgres")
    os.kill(process, signal.SIGINT)

    async def placed() -> dict[str, Any] | None:
        try:
            status, order, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key)
        except aiohttp.ClientError:
            return None
        assert status in (201, 503), order
        return dict(order) if status == 201 else None

    order = await eventually(placed)
    again = await placed()
    assert again == order
    status, kept, _ = await shop.send("GET", f"/api/orders/{before['id']}", shop.as_restaurant())
    assert (status, kept["id"]) == (200, before["id"])
