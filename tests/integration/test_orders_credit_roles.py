"""The ledger under the database's roles: who sees it, that nobody writes but through its functions, and that nobody can
misuse those."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.kitchen import TOTAL, open_kitchen
from tests.shop import Shop, open_shop


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


PLACE = """
    insert into orders.orders (id, number, restaurant_id, restaurant_name, zone, status, version, total_cents, lines,
        items, address, lat, lon, created_at, updated_at)
    values ($1, nextval('orders.order_number'), $2, 'Kitchen', 3, 'pending', 1, 500, 1, '[]', 'Quay 1', 1, 2, $3, $3)
"""


class as_role:  # noqa: N801  reads as what it is
    """A connection in a transaction of one of the application's roles, rolled back and closed at the end."""

    def __init__(self, shop: Shop, role: str, somebody: UUID) -> None:
        self._shop, self._role, self._somebody = shop, role, somebody

    async def __aenter__(self) -> Any:
        self._connection = await asyncpg.connect(self._shop.stack.addresses.database("orders_service"))
        await self._connection.execute(
            f"begin; set local role {self._role}; set local app.person_id = '{self._somebody}'; "
            f"set local app.restaurant_id = '{self._somebody}'"
        )
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        if not self._connection.is_closed():
            await self._connection.close()


async def refused(connection: Any, statement: str, *parameters: object) -> type[Exception]:
    """What the database refuses the statement with, and the transaction goes on."""
    await connection.execute("savepoint before")
    try:
        await connection.execute(statement, *parameters)
    except asyncpg.PostgresError as error:
        await connection.execute("rollback to before")
        return type(error)
    raise AssertionError(f"{statement} was let through")


DENIED = asyncpg.InsufficientPrivilegeError
READS = ("select restaurant_id from orders.credit_accounts", "select restaurant_id from orders.ledger_entries")
WRITES = (
    "insert into orders.credit_accounts (restaurant_id) values (gen_random_uuid())",
    "update orders.credit_accounts set held_cents = 0",
    "delete from orders.credit_accounts",
    "truncate orders.credit_accounts",
    "insert into orders.ledger_entries (restaurant_id) values (gen_random_uuid())",
    "update orders.ledger_entries set held_cents = 0",
    "delete from orders.ledger_entries",
    "truncate orders.ledger_entries",
)
ROLES = ("restaurant", "driver", "admin", "system")


async def test_a_transaction_that_is_killed_leaves_nothing(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    async with as_role(shop, "restaurant", customer.id) as connection:
        await connection.execute(PLACE, new_id(), customer.id, datetime.now(UTC))
        placed = await connection.fetchval("select id from orders.orders")
        assert await connection.fetchval("select orders.hold_credit($1, null, now())", placed) is None
        assert await connection.fetchval("select held_cents from orders.credit_accounts") == TOTAL
        await shop.database.execute("select pg_terminate_backend($1, 5000)", connection.get_server_pid())
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InterfaceError)):
            await connection.execute("commit")
    assert await customer.kinds() == []
    assert await customer.credit() == (0, 0, 10 * TOTAL)


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_writes_to_the_ledger_but_through_its_functions(shop: Shop, role: str) -> None:
    customer = await open_kitchen(shop)
    order = await customer.place()
    async with as_role(shop, role, customer.id) as connection:
        for statement in WRITES:
            assert await refused(connection, statement) is DENIED, statement
        calls = {
            "hold_credit($1, null, now())": ("restaurant",),
            "settle_credit($1, array['release'], null, now())": ROLES,
            "open_credit($1)": ("admin",),
            "record_payment($1, 1, null, null, now())": ("admin",),
            "post_entry($1, 'payment', 1, null, null, null, null, now())": (),
        }
        for call, allowed in calls.items():
            if role not in allowed:
                assert await refused(connection, f"select orders.{call}", UUID(order["id"])) is DENIED, call


async def test_each_role_sees_the_accounts_it_may(shop: Shop) -> None:
    mine, other = await open_kitchen(shop), await open_kitchen(shop)
    await mine.place()
    await other.place()
    for role, expected in (("restaurant", {mine.id}), ("admin", {mine.id, other.id})):
        async with as_role(shop, role, mine.id) as connection:
            for read in READS:
                seen = {row["restaurant_id"] for row in await connection.fetch(read)}
                assert seen & {mine.id, other.id} == expected, (role, read)
                assert role != "restaurant" or seen == expected
    for role in ("driver", "system"):
        async with as_role(shop, role, mine.id) as connection:
            for read in READS:
                assert await refused(connection, read) is DENIED
    nobody = await asyncpg.connect(shop.stack.addresses.database("orders_service"))
    try:
        for read in READS:
            with pytest.raises(DENIED):
                await nobody.fetch(read)
    finally:
        await nobody.close()


async def test_who_may_settle_cannot_misuse_it(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    waiting, done = await customer.place(), await customer.delivered()
    settle = "select orders.settle_credit($1, $2, null, now())"
    driver = UUID(done["driver_id"])
    await shop.database.execute(
        "update orders.orders set driver_id = $1, driver_name = 'Driver' where id = $2", driver, UUID(waiting["id"])
    )
    for role in ROLES:
        async with as_role(shop, role, driver if role == "driver" else customer.id) as connection:
            for postings in (["release"], ["release", "charge"], [], ["payment"], None):
                # An order that has not ended is not settled; one that has, once and as its state says.
                assert await refused(connection, settle, UUID(waiting["id"]), postings) is asyncpg.CheckViolationError
            assert await refused(connection, settle, UUID(done["id"]), ["release"]) is asyncpg.CheckViolationError
            assert await refused(connection, settle, UUID(done["id"]), ["charge"]) is asyncpg.CheckViolationError
            again = await refused(connection, settle, UUID(done["id"]), ["release", "charge"])
            assert again is asyncpg.UniqueViolationError
            assert await refused(connection, settle, new_id(), ["release"]) is asyncpg.NoDataFoundError
    assert await customer.credit() == (TOTAL, TOTAL, 8 * TOTAL)


@pytest.mark.parametrize("role", ["restaurant", "driver"])
async def test_who_does_not_see_an_order_settles_it_no_more_than_one_that_is_not(shop: Shop, role: str) -> None:
    """Nor learns its state from the refusal."""
    customer = await open_kitchen(shop)
    orders = [UUID((await customer.place())["id"]), UUID((await customer.delivered())["id"]), new_id()]
    async with as_role(shop, role, new_id()) as connection:
        for order in orders:
            settle = "select orders.settle_credit($1, array['release', 'charge'], null, now())"
            assert await refused(connection, settle, order) is asyncpg.NoDataFoundError


async def test_a_restaurant_holds_for_its_own_new_orders_and_once(shop: Shop) -> None:
    customer, other = await open_kitchen(shop), await open_kitchen(shop)
    order, foreign = await customer.place(), await other.place()
    hold = "select orders.hold_credit($1, null, now())"
    async with as_role(shop, "restaurant", customer.id) as connection:
        assert await refused(connection, hold, UUID(order["id"])) is asyncpg.UniqueViolationError
        assert await refused(connection, hold, UUID(foreign["id"])) is asyncpg.NoDataFoundError
        assert await refused(connection, hold, new_id()) is asyncpg.NoDataFoundError


@pytest.mark.parametrize("role", ["larder_owner", "postgres"])
async def test_not_even_the_owner_changes_what_was_posted(shop: Shop, role: str) -> None:
    await (await open_kitchen(shop)).place()
    owner = await asyncpg.connect(shop.stack.addresses.database(role))
    try:
        for statement in ("update orders.ledger_entries set amount_cents = 1", "delete from orders.ledger_entries"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(statement)
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute("truncate orders.ledger_entries")
    finally:
        await owner.close()
