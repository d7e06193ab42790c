"""Any interleaving of people who place, cancel, deliver, reject, fail and pay: the account never passes its limit when
something is placed, and the entries always add up, to the account and to the orders."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.orders import Shortage
from shared.ids import new_id
from tests.kitchen import TOTAL, Kitchen, open_kitchen
from tests.shop import Shop, open_shop

Deed = Literal["place", "again", "cancel", "reject", "short", "deliver", "fail", "give up", "try again", "pay"]

# The steps each deed tries; what the order is past, or not at yet, is refused and the next is tried.
ON_THE_WAY = ("confirmed", "preparing", "ready", "out_for_delivery")
STEPS: dict[str, tuple[str, ...]] = {
    "cancel": ("cancelled",),
    "reject": ("rejected",),
    "deliver": (*ON_THE_WAY, "delivered"),
    "fail": (*ON_THE_WAY, "failed"),
    "give up": (*ON_THE_WAY, "failed", "cancelled"),
    "try again": (*ON_THE_WAY, "failed", "ready", "out_for_delivery"),
}
DEEDS = st.tuples(
    st.sampled_from(
        ["place", "place", "again", "cancel", "reject", "short", "deliver", "fail", "give up", "try again", "pay"]
    ),
    st.integers(0, 20),
)
PEOPLE = st.lists(st.lists(DEEDS, min_size=2, max_size=6), min_size=3, max_size=5)


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


@dataclass
class Play:
    """One restaurant, and what its people and everybody else did to its orders at once."""

    shop: Shop
    kitchen: Kitchen
    keys: list[str] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: list[int] = field(default_factory=list)
    refused: int = 0

    async def place(self, key: str) -> None:
        status, answer = await self.kitchen.order(key)
        if status == 201:
            self.orders[key] = answer
            return
        # Its numbers are of one moment, and say why.
        assert (status, answer["code"]) == (409, "credit"), answer
        present = answer["present"]
        assert present["held_cents"] + present["owed_cents"] + TOTAL > present["limit_cents"]
        self.refused += 1

    async def pay(self, cents: int) -> None:
        status, answer = await self.kitchen.pay(cents)
        assert status == 201, answer
        self.paid.append(cents)

    async def do(self, deed: Deed, which: int) -> None:
        if deed == "place":
            self.keys.append(str(new_id()))
            await self.place(self.keys[-1])
        elif deed == "again" and self.keys:
            await self.place(self.keys[which % len(self.keys)])
        elif deed == "pay":
            await self.pay(which * 100 + 1)
        elif deed == "short" and self.orders:
            order = list(self.orders.values())[which % len(self.orders)]
            await self.shop.answer(order, [Shortage(self.shop.flour, "Flour", 2, 1)])
        elif deed in STEPS and self.orders:
            order = list(self.orders.values())[which % len(self.orders)]
            for to in STEPS[deed]:
                if to == "confirmed":
                    await self.shop.answer(order)
                    continue
                by_driver = to in ("out_for_delivery", "delivered", "failed")
                status, answer = await self.shop.move(
                    order, to, self.shop.as_driver(which % 3) if by_driver else self.shop.as_admin()
                )
                assert status in (200, 404, 409), answer


class Entry(NamedTuple):
    kind: str
    amount: int
    held: int
    owed: int
    order_id: UUID | None


async def check(play: Play, limit_cents: int) -> None:
    """What must hold whatever was done."""
    database, restaurant = play.shop.database, play.kitchen.id
    rows = await database.fetch(
        "select number, kind, debit, credit, amount_cents, held_cents, owed_cents, order_id "
        "from orders.ledger_entries where restaurant_id = $1 order by number",
        restaurant,
    )
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    ledger: Counter[str] = Counter()
    for row in rows:
        ledger[row["debit"]] += row["amount_cents"]
        ledger[row["credit"]] -= row["amount_cents"]
        # Each entry's balances are what all up to it add up to.
        assert (row["held_cents"], row["owed_cents"]) == (ledger["held"], ledger["receivable"])
        if row["kind"] == "hold":
            assert row["held_cents"] + row["owed_cents"] <= limit_cents
    assert sum(ledger.values()) == 0
    account = await database.fetchrow(
        "select held_cents, owed_cents, entries from orders.credit_accounts where restaurant_id = $1", restaurant
    )
    if account is not None:
        assert tuple(account) == (ledger["held"], ledger["receivable"], len(rows))
    await check_orders(play, rows, ledger)


async def check_orders(play: Play, rows: list[Any], ledger: Counter[str]) -> None:
    """The entries are those of the orders as they are, and of the payments."""
    orders = await play.shop.database.fetch(
        "select id, status, total_cents from orders.orders where restaurant_id = $1", play.kitchen.id
    )
    posted = Counter((row["order_id"], row["kind"], row["amount_cents"]) for row in rows if row["order_id"])
    expected: Counter[tuple[UUID, str, int]] = Counter()
    for order_id, status, total in orders:
        expected[order_id, "hold", total] += 1
        expected[order_id, "release", total] += status in ("rejected", "cancelled", "delivered")
        expected[order_id, "charge", total] += status == "delivered"
    assert posted == +expected
    assert sorted(row["amount_cents"] for row in rows if row["kind"] == "payment") == sorted(play.paid)
    assert {order["id"] for order in play.orders.values()} == {str(order["id"]) for order in orders}
    open_total = sum(total for _, status, total in orders if status not in ("rejected", "cancelled", "delivered"))
    sold = sum(total for _, status, total in orders if status == "delivered")
    assert (ledger["held"], ledger["receivable"], -ledger["revenue"]) == (open_total, sold - sum(play.paid), sold)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, room=st.integers(1, 4), spare=st.integers(0, TOTAL - 1))
async def test_the_account_never_passes_its_limit_and_always_adds_up(
    shop: Shop, people: list[list[tuple[Deed, int]]], room: int, spare: int
) -> None:
    limit_cents = room * TOTAL + spare
    play = Play(shop, await open_kitchen(shop, limit_cents))

    async def act(deeds: list[tuple[Deed, int]]) -> None:
        for deed, which in deeds:
            await play.do(deed, which)

    await asyncio.gather(*(act(deeds) for deeds in people))
    await check(play, limit_cents)


async def test_the_property_sees_an_account_that_does_not_add_up(shop: Shop) -> None:
    play = Play(shop, await open_kitchen(shop, 5 * TOTAL))
    for deed in ("place", "place", "deliver", "pay"):
        await play.do(deed, 0)
    await check(play, 5 * TOTAL)
    with pytest.raises(AssertionError):
        await check(play, TOTAL)
    await shop.database.execute(
        "update orders.credit_accounts set held_cents = held_cents + 1 where restaurant_id = $1", play.kitchen.id
    )
    with pytest.raises(AssertionError):
        await check(play, 5 * TOTAL)
