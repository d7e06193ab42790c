"""Orders from before there were accounts get theirs: what is held, released and charged, as if it had been posted."""

import secrets
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from deploy.local.migrate import MIGRATIONS, migrate
from shared.ids import new_id

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def before(stack: Stack, tmp_path: Path) -> AsyncIterator[str]:
    """A database of its own in which the accounts' migration has not run."""
    shutil.copytree(MIGRATIONS / "orders", tmp_path / "orders")
    for path in (tmp_path / "orders").glob("[0-9]*.sql"):
        if path.name >= "20261125000200":
            path.unlink()
    name = f"before_{secrets.token_hex(4)}"
    owner = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        await owner.execute(f"create database {name} owner larder_owner template template0")
        migrate(stack.addresses, name, tmp_path)
        yield name
    finally:
        await owner.execute(f"drop database {name} with (force)")
        await owner.close()


async def test_what_was_ordered_before_is_posted_as_if_there_had_been_accounts(stack: Stack, before: str) -> None:
    database = await asyncpg.connect(stack.addresses.database("postgres", before))
    try:
        busy, quiet = new_id(), new_id()
        for restaurant in (busy, quiet):
            await database.execute(
                "insert into orders.restaurants values ($1, 'K', 'Quay 1', 1, 2, 3, 1000, true, 1)", restaurant
            )
        orders = {status: await insert(database, busy, status) for status in ("delivered", "cancelled", "pending")}
        unseen = new_id()
        await insert(database, unseen, "rejected")
        migrate(stack.addresses, before)
        entries = await database.fetch(
            "select number, kind, held_cents, owed_cents, order_id, order_number, actor_role, request_id, at "
            "from orders.ledger_entries where restaurant_id = $1 order by number",
            busy,
        )
        hour = timedelta(hours=1)
        assert [tuple(entry)[:5] for entry in entries] == [
            (1, "hold", 500, 0, orders["delivered"]),
            (2, "hold", 1000, 0, orders["cancelled"]),
            (3, "hold", 1500, 0, orders["pending"]),
            (4, "release", 1000, 0, orders["delivered"]),
            (5, "charge", 1000, 500, orders["delivered"]),
            (6, "release", 500, 500, orders["cancelled"]),
        ]
        assert [(entry["actor_role"], entry["request_id"]) for entry in entries[2:5]] == [
            ("restaurant", "placed"),
            ("driver", "ended"),
            ("driver", "ended"),
        ]
        assert [entry["at"] - THEN for entry in entries[:5]] == [0 * hour, hour, 2 * hour, 10 * hour, 10 * hour]
        accounts = {row[0]: tuple(row)[1:] for row in await database.fetch("select * from orders.credit_accounts")}
        assert accounts == {busy: (500, 500, 6), quiet: (0, 0, 0), unseen: (0, 0, 2)}
    finally:
        await database.close()


async def insert(database: asyncpg.Connection, restaurant: UUID, status: str) -> UUID:
    """An order with its first version and, where it has ended, its last."""
    order_id = new_id()
    place = await database.fetchval("select count(*) from orders.orders")
    placed, ended = THEN + timedelta(hours=place), THEN + timedelta(hours=10 + place)
    await database.execute(
        "insert into orders.orders (id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, "
        "version, total_cents, lines, items, address, lat, lon, created_at, updated_at) values "
        "($1, $2, $3, 'K', 3, gen_random_uuid(), 'D', $4, $5, 500, 1, '[]', 'Quay 1', 1, 2, $6, $7)",
        *(order_id, 1001 + place, restaurant, status, 1 if status == "pending" else 2, placed),
        placed if status == "pending" else ended,
    )
    for version, role, request in ((1, "restaurant", "placed"), (2, "driver", "ended")):
        if version == 1 or status != "pending":
            await database.execute(
                "insert into orders.order_history (order_id, version, event_id, event, status, actor_role, request_id, "
                "at) values ($1, $2, gen_random_uuid(), 'x', $3, $4, $5, $6)",
                *(order_id, version, status, role, request, placed if version == 1 else ended),
            )
    return order_id
