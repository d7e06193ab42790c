"""Seeded orders are orders: their histories are lives that the domain allows, and every event can be told again."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from deploy.local import Stack
from deploy.seed.__main__ import main
from deploy.seed.generator import UNDER_WAY, seed
from deploy.seed.shape import Contents, read_shape
from proto.orders import Item, OrderEvent
from services.orders.domain import ENDED, STEPS
from services.orders.republish import rebuilt
from services.orders.store import QUERIES
from shared.database import Connection
from tests.plans import seeded

ORDERS = 8_000


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[Connection]:
    async with seeded(stack, "seed_test", ORDERS) as connection:
        yield connection


async def lives(database: Connection) -> dict[Any, list[OrderEvent]]:
    """The events of each order, as a republished stream would have them."""
    found: dict[Any, list[OrderEvent]] = {}
    for row in await database.fetch(QUERIES["list_all_history"].sql):
        event = rebuilt(row)
        found.setdefault(row["id"], []).append(msgspec.json.decode(event.payload, type=OrderEvent))
    return found


async def test_every_seeded_order_has_a_life_that_the_domain_allows(database: Connection) -> None:
    orders = {
        row["id"]: row for row in await database.fetch("select id, status, version, driver_id from orders.orders")
    }
    found = await lives(database)
    assert set(found) == set(orders)
    assert len(orders) == ORDERS
    ids = {event.id for events in found.values() for event in events}
    assert len(ids) == sum(map(len, found.values()))
    for order, events in found.items():
        assert [event.order.version for event in events] == list(range(1, orders[order]["version"] + 1))
        assert (events[0].type, events[0].actor.role) == ("OrderPlaced", "restaurant")
        assert (events[-1].order.status, events[-1].order.driver_id) == (
            orders[order]["status"],
            orders[order]["driver_id"],
        )
        for before, after in pairwise(events):
            step = STEPS[before.order.status, after.order.status]
            assert after.type == step.event
            assert after.actor.role in step.roles
            assert before.occurred_at <= after.occurred_at


async def test_most_are_delivered_and_some_under_way(database: Connection) -> None:
    statuses = dict(await database.fetch("select status, count(*) from orders.orders group by status"))
    assert statuses["delivered"] > 0.9 * ORDERS
    assert {"cancelled", "rejected", "pending", "ready", "out_for_delivery"} <= set(statuses)
    assert sum(count for status, count in statuses.items() if status not in ENDED) == UNDER_WAY


async def test_a_seeded_order_is_what_the_trigger_would_have_made_of_it(database: Connection) -> None:
    wrong = "texts is distinct from orders.texts_of(restaurant_name, driver_name, address, reason, shortages)"
    assert await database.fetchval(f"select count(*) from orders.orders where {wrong}") == 0  # noqa: S608  our own words
    assert await database.fetchval("select count(*) from orders.outbox") == 0
    row = await database.fetchrow("select items, total_cents, lines from orders.orders limit 1")
    items = msgspec.json.decode(row["items"], type=list[Item])
    assert row["total_cents"] == sum(item.quantity * item.price_cents for item in items)
    assert row["lines"] == len(items)


async def test_it_goes_twice_and_leaves_every_index(database: Connection) -> None:
    valid = "select count(*) from pg_index where indrelid = 'orders.orders'::regclass and indisvalid"
    before = await database.fetchval(valid)
    rows = await database.fetch("select product_id, name, unit, price_cents from orders.price_book limit 1")
    book = {str(number): Item(row[0], row[1], row[2], 1, row[3]) for number, row in enumerate(rows)}
    told: list[tuple[str, int]] = []
    shape = read_shape(book)
    basket = shape._replace(
        baskets=[Contents(msgspec.json.encode([*book.values()]).decode(), 1, rows[0]["price_cents"])]
    )
    await seed(database, basket, 1000, progress=lambda what, done: told.append((what, done)))
    assert await database.fetchval("select count(*) from orders.orders") == ORDERS + 1000
    assert await database.fetchval(valid) == before
    assert ("orders", 1000) in told


def test_the_command_line_refuses_what_is_no_number(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LARDER_STATE", str(tmp_path / "state"))
    for words in ([], ["many"], ["0"], ["1", "2"], ["30_000_000"]):
        assert main(words) == 2
    assert main(["1_000"]) == 1
    assert "just up" in capsys.readouterr().out
