"""Seeded orders are orders: their histories are lives that the domain allows, and every event can be told again."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from deploy.seed.__main__ import main
from deploy.seed.generator import UNDER_WAY, seed
from deploy.seed.shape import Contents, read_shape
from proto.orders import Item, OrderEvent
from services.orders.credit import postings
from services.orders.domain import ENDED, STEPS
from services.orders.republish import rebuilt
from services.orders.store import QUERIES
from shared.database import Connection
from tests.plans import Seedbed

ORDERS = 2_500


@pytest.fixture(scope="module")
async def database(seedbed: Seedbed) -> AsyncIterator[Connection]:
    async with seedbed.seeded("seed_test", ORDERS) as connection:
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
    assert sum(count for status, count in statuses.items() if status not in ENDED) == min(UNDER_WAY, ORDERS // 20)


async def test_a_seeded_order_is_what_the_trigger_would_have_made_of_it(database: Connection) -> None:
    wrong = "texts is distinct from orders.texts_of(restaurant_name, driver_name, address, reason, shortages)"
    assert await database.fetchval(f"select count(*) from orders.orders where {wrong}") == 0  # noqa: S608  our own words
    assert await database.fetchval("select count(*) from orders.outbox") == 0
    row = await database.fetchrow("select items, total_cents, lines from orders.orders limit 1")
    items = msgspec.json.decode(row["items"], type=list[Item])
    assert row["total_cents"] == sum(item.quantity * item.price_cents for item in items)
    assert row["lines"] == len(items)


# The account after each entry as the entries before it make it, beside what the entry says.
ADDED_UP = """
select
    entry.restaurant_id, entry.number, entry.at, entry.held_cents, entry.owed_cents, row_number() over account as place,
    sum(case kind when 'hold' then amount_cents when 'release' then -amount_cents else 0 end) over account as held,
    sum(case kind when 'charge' then amount_cents when 'payment' then -amount_cents else 0 end) over account as owed,
    lag(entry.at) over account as before
from orders.ledger_entries as entry
window account as (partition by entry.restaurant_id order by entry.number)
"""
# What the entries of an order are, beside what its state asks for.
SETTLED = """
select placed.id, placed.status, placed.total_cents, placed.created_at, placed.updated_at,
    array(
        select entry.kind from orders.ledger_entries as entry where entry.order_id = placed.id order by entry.number
    ) as kinds,
    (
        select bool_and(
            entry.amount_cents = placed.total_cents and entry.restaurant_id = placed.restaurant_id
            and entry.order_number = placed.number
            and entry.at = case entry.kind when 'hold' then placed.created_at else placed.updated_at end
        )
        from orders.ledger_entries as entry where entry.order_id = placed.id
    ) as right
from orders.orders as placed
"""
# What the accounts say, beside what the orders come to and what was paid.
BALANCED = """
select account.restaurant_id, account.held_cents, account.owed_cents, account.entries, known.credit_limit_cents,
    (select count(*) from orders.ledger_entries as entry where entry.restaurant_id = known.id) as counted,
    coalesce((
        select sum(total_cents) from orders.orders as placed
        where placed.restaurant_id = known.id and placed.status not in ('rejected', 'cancelled', 'delivered')
    ), 0) as open,
    coalesce((
        select sum(total_cents) from orders.orders as placed
        where placed.restaurant_id = known.id and placed.status = 'delivered'
    ), 0) as sold,
    coalesce((
        select sum(amount_cents) from orders.ledger_entries as entry
        where entry.restaurant_id = known.id and entry.kind = 'payment'
    ), 0) as paid
from orders.restaurants as known
left join orders.credit_accounts as account on account.restaurant_id = known.id
"""


async def check_the_books(database: Connection, orders: int) -> None:
    settled = await database.fetch(SETTLED)
    assert len(settled) == orders
    for row in settled:
        posted = [*postings(None, "pending"), *(postings("pending", row["status"]) if row["status"] in ENDED else ())]
        assert (row["kinds"], row["right"]) == (posted, True), row
    for row in await database.fetch(ADDED_UP):
        assert (row["place"], row["held"], row["owed"]) == (row["number"], row["held_cents"], row["owed_cents"])
    for row in await database.fetch(BALANCED):
        if row["held_cents"] is None:
            assert (row["counted"], row["open"], row["sold"]) == (0, 0, 0)
            continue
        assert row["entries"] == row["counted"]
        assert row["held_cents"] == row["open"]
        assert row["owed_cents"] == row["sold"] - row["paid"]
        assert 0 <= row["owed_cents"] <= row["credit_limit_cents"] - row["held_cents"]


async def test_the_accounts_are_what_entries_and_orders_come_to(database: Connection) -> None:
    await check_the_books(database, ORDERS)
    assert not [row for row in await database.fetch(ADDED_UP) if row["before"] and row["before"] > row["at"]]
    months = "count(distinct date_trunc('month', at)) = count(*) and min(amount_cents) > 0"
    paid = await database.fetch(
        f"select {months} as monthly from orders.ledger_entries where kind = 'payment' group by restaurant_id"  # noqa: S608
    )
    assert len(paid) > 100
    assert all(row["monthly"] for row in paid)


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
    await check_the_books(database, ORDERS + 1000)


def test_the_command_line_refuses_what_is_no_number(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LARDER_STATE", str(tmp_path / "state"))
    for words in ([], ["many"], ["0"], ["1", "2"], ["30_000_000"]):
        assert main(words) == 2
    assert main(["1_000"]) == 1
    assert "just up" in capsys.readouterr().out
