"""The credit account over HTTP: what is held, released, charged and paid, what is refused, and who is shown what."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.kitchen import TOTAL, open_kitchen
from tests.shop import Shop, open_shop
from tests.support import bearer, eventually, identity


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


async def test_placing_holds_and_delivery_charges(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    assert await customer.credit() == (0, 0, 10 * TOTAL)
    order = await customer.on_the_way()
    assert await customer.credit() == (TOTAL, 0, 9 * TOTAL)
    assert (await shop.move(order, "delivered", shop.as_driver()))[0] == 200
    assert await customer.credit() == (0, TOTAL, 9 * TOTAL)
    assert await customer.kinds() == ["hold", "release", "charge"]


async def test_a_rejection_a_cancellation_and_a_final_failure_release(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    for ends in (
        [("rejected", shop.as_admin())],
        [("cancelled", customer.headers)],
        [("preparing", shop.as_admin()), ("cancelled", shop.as_admin())],
    ):
        order = await customer.place()
        if ends[0][0] == "preparing":
            await shop.answer(order)
        assert await customer.credit() == (TOTAL, 0, 9 * TOTAL)
        for to, headers in ends:
            assert (await shop.move(order, to, headers))[0] == 200
        assert await customer.credit() == (0, 0, 10 * TOTAL)
    order = await customer.on_the_way()
    for to, headers, held in (
        ("failed", shop.as_driver(), TOTAL),
        ("ready", shop.as_admin(), TOTAL),
        ("out_for_delivery", shop.as_driver(), TOTAL),
        ("failed", shop.as_driver(), TOTAL),
        ("cancelled", shop.as_admin(), 0),
    ):
        assert (await shop.move(order, to, headers))[0] == 200
        assert await customer.credit() == (held, 0, 10 * TOTAL - held)
    assert await customer.kinds() == ["hold", "release"] * 4


async def test_an_order_over_the_limit_is_refused_with_the_numbers_and_leaves_nothing(shop: Shop) -> None:
    customer = await open_kitchen(shop, 2 * TOTAL + 100)
    await customer.delivered()
    await customer.place()
    key = str(new_id())
    status, problem = await customer.order(key)
    assert (status, problem["code"]) == (409, "credit")
    assert problem["present"] == {
        "limit_cents": 2 * TOTAL + 100,
        "held_cents": TOTAL,
        "owed_cents": TOTAL,
        "available_cents": 100,
        "total_cents": TOTAL,
    }
    for count, found in (
        (2, "select count(*) from orders.orders where restaurant_id = $1"),
        (4, "select count(*) from orders.ledger_entries where restaurant_id = $1"),
        (2, "select count(*) from orders.idempotency_keys where scope = $1"),
    ):
        assert await shop.database.fetchval(found, customer.id) == count, found
    waiting = await shop.database.fetchval(
        "select count(*) from orders.outbox where event_id in (select event_id from orders.order_history where "
        "order_id in (select id from orders.orders where restaurant_id = $1))",
        customer.id,
    )
    assert waiting == 6 + 1
    assert (await customer.pay(TOTAL))[0] == 201
    status, order = await customer.order(key)
    assert (status, order["status"]) == (201, "pending")
    assert await customer.order(key) == (201, order)


async def test_an_order_may_use_the_limit_up_to_the_last_cent(shop: Shop) -> None:
    customer = await open_kitchen(shop, TOTAL)
    await customer.place()
    assert (await customer.credit())[2] == 0
    nobody = await open_kitchen(shop, TOTAL - 1)
    assert (await nobody.order())[0] == 409
    assert await nobody.kinds() == []


async def test_of_many_orders_at_once_as_many_are_taken_as_the_limit_allows(shop: Shop) -> None:
    customer = await open_kitchen(shop, 3 * TOTAL + 1)
    answers = await asyncio.gather(*(customer.order() for _ in range(12)))
    assert sorted(status for status, _ in answers) == [201] * 3 + [409] * 9
    assert await customer.credit() == (3 * TOTAL, 0, 1)


async def test_what_a_retry_of_a_placed_order_gets_does_not_depend_on_credit(shop: Shop) -> None:
    customer = await open_kitchen(shop, TOTAL)
    key = str(new_id())
    first = await customer.order(key)
    assert await customer.order(key) == first
    assert (await customer.credit())[0] == TOTAL


async def test_a_lowered_limit_refuses_new_orders_and_settles_old_ones(shop: Shop) -> None:
    customer = await open_kitchen(shop, 2 * TOTAL)
    order = await customer.on_the_way()
    await shop.database.execute("update orders.restaurants set credit_limit_cents = 0 where id = $1", customer.id)
    status, problem = await customer.order()
    assert (status, problem["present"]["available_cents"]) == (409, -TOTAL)
    assert (await shop.move(order, "delivered", shop.as_driver()))[0] == 200
    assert await customer.credit() == (0, TOTAL, -TOTAL)


async def test_a_payment_lowers_what_is_owed_and_more_is_paid_ahead(shop: Shop) -> None:
    customer = await open_kitchen(shop, TOTAL)
    await customer.delivered()
    status, answer = await customer.pay(2 * TOTAL, reference="bank 17")
    assert status == 201
    assert answer["credit"] == {
        "limit_cents": TOTAL, "held_cents": 0, "owed_cents": -TOTAL, "available_cents": 2 * TOTAL
    }  # fmt: skip
    payment = answer["payment"]
    assert (payment["kind"], payment["amount_cents"], payment["reference"]) == ("payment", 2 * TOTAL, "bank 17")
    assert (payment["debit"], payment["credit"], payment["number"]) == ("bank", "receivable", 4)
    assert (payment["order_id"], payment["actor_id"], payment["actor_role"]) == (None, str(shop.admin), "admin")
    assert (await customer.statement())["items"][0] == payment
    await customer.place()
    await customer.place()
    assert (await customer.order())[0] == 409


async def test_a_payment_is_made_once_however_often_it_is_sent(shop: Shop) -> None:
    customer, other = await open_kitchen(shop), await open_kitchen(shop)
    key = str(new_id())
    answers = await asyncio.gather(*(customer.pay(70, key) for _ in range(20)))
    assert {status for status, _ in answers} == {201}
    assert len({json.dumps(answer) for _, answer in answers}) == 1
    await customer.pay(5)
    assert await customer.pay(70, key) == answers[0]
    assert (await customer.credit())[1] == -75
    for status, problem in (await customer.pay(71, key), await other.pay(70, key)):
        assert (status, problem["code"]) == (422, "key_reused")
    assert await other.kinds() == []


async def test_one_key_for_two_restaurants_at_once_is_one_payment(shop: Shop) -> None:
    for _ in range(5):
        one, two, key = await open_kitchen(shop), await open_kitchen(shop), str(new_id())
        answers = await asyncio.gather(one.pay(70, key), two.pay(70, key))
        assert sorted(status for status, _ in answers) == [201, 422]
        assert sorted([(await one.credit())[1], (await two.credit())[1]]) == [-70, 0]


async def test_a_payments_key_that_another_request_takes_meanwhile_is_refused_and_pays_nothing(shop: Shop) -> None:
    customer, key = await open_kitchen(shop), str(new_id())
    holder = await asyncpg.connect(shop.stack.addresses.database("postgres"))
    try:
        await holder.execute("begin")
        await holder.execute(
            "insert into orders.idempotency_keys values ($1, $2, '', null, 201, '{}', now())", shop.admin, key
        )
        paying = asyncio.create_task(customer.pay(70, key))

        async def waiting() -> bool:
            return bool(
                await shop.database.fetchval(
                    "select exists (select from pg_stat_activity "
                    "where query like '%insert_payment_key%' and wait_event_type = 'Lock')"
                )
            )

        await eventually(waiting)
        await holder.execute("commit")
        assert (await paying)[0] == 422
        assert await customer.kinds() == []
    finally:
        await holder.close()


BAD_PAYMENTS: list[tuple[str, dict[str, object], str]] = [
    ("nothing", {"amount_cents": 0}, "amount_cents"),
    ("less", {"amount_cents": -1}, "amount_cents"),
    ("half", {"amount_cents": 1.5}, "amount_cents"),
    ("text", {"amount_cents": "5"}, "amount_cents"),
    ("too much", {"amount_cents": 10**12 + 1}, "amount_cents"),
    ("unknown", {"restaurant_id": str(UUID(int=7))}, "restaurant_id"),
    ("no uuid", {"restaurant_id": "us"}, "restaurant_id"),
    ("long reference", {"reference": "x" * 201}, "reference"),
    ("empty reference", {"reference": ""}, "reference"),
    ("NUL", {"reference": "a\0b"}, "reference"),
    ("field", {"kind": "hold"}, "kind"),
]


@pytest.mark.parametrize(("more", "at"), [case[1:] for case in BAD_PAYMENTS], ids=[case[0] for case in BAD_PAYMENTS])
async def test_a_bad_payment_is_refused_by_name(shop: Shop, more: dict[str, object], at: str) -> None:
    body = {"restaurant_id": str(shop.restaurant), "amount_cents": 5, **more}
    status, problem, _ = await shop.send("POST", "/api/orders/payments", shop.as_admin(), body, str(new_id()))
    assert (status, [error["field"] for error in problem["errors"]]) == (400, [at])


async def test_a_payment_needs_a_key_and_an_admin(shop: Shop) -> None:
    body = {"restaurant_id": str(shop.restaurant), "amount_cents": 5}
    status, problem, _ = await shop.send("POST", "/api/orders/payments", shop.as_admin(), body)
    assert (status, problem["errors"][0]["field"]) == (400, "Idempotency-Key")
    for headers, expected in (({}, 401), (shop.as_restaurant(), 403), (shop.as_driver(), 403)):
        assert (await shop.send("POST", "/api/orders/payments", headers, body, "k"))[0] == expected


async def test_a_statement_pages_newest_first_with_running_balances(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    order = await customer.delivered()
    await customer.pay(200)
    await customer.place()
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await customer.statement(f"limit=2{cursor}")
        entries += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [(entry["number"], entry["kind"], entry["held_cents"], entry["owed_cents"]) for entry in entries] == [
        (5, "hold", TOTAL, TOTAL - 200),
        (4, "payment", 0, TOTAL - 200),
        (3, "charge", 0, TOTAL),
        (2, "release", 0, 0),
        (1, "hold", TOTAL, 0),
    ]
    assert {entry["order_id"] for entry in entries[2:]} == {order["id"]}
    assert {entry["order_number"] for entry in entries[2:]} == {order["number"]}
    assert [entry["actor_role"] for entry in entries] == ["restaurant", "admin", "driver", "driver", "restaurant"]
    of_admin = await customer.statement(f"limit=100&restaurant_id={customer.id}", shop.as_admin())
    assert of_admin["items"] == entries


async def test_a_statements_cursor_belongs_to_its_account(shop: Shop) -> None:
    one, two = await open_kitchen(shop), await open_kitchen(shop)
    for customer in (one, two):
        for _ in range(2):
            await customer.place()
    cursor = (await one.statement("limit=1"))["next_cursor"]
    status, problem, _ = await shop.send("GET", f"/api/orders/credit/statement?cursor={cursor}", two.headers)
    assert (status, problem["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("path", ["/api/orders/credit", "/api/orders/credit/statement"])
async def test_whose_account_is_asked_for_must_be_clear(shop: Shop, path: str) -> None:
    customer = await open_kitchen(shop)
    assert (await shop.send("GET", path, customer.headers))[0] == 200
    assert (await shop.send("GET", f"{path}?restaurant_id={customer.id}", customer.headers))[0] == 200
    assert (await shop.send("GET", f"{path}?restaurant_id={customer.id}", shop.as_admin()))[0] == 200
    for query, headers in (
        ("", shop.as_admin()),
        (f"?restaurant_id={new_id()}", shop.as_admin()),
        ("?restaurant_id=x", shop.as_admin()),
        (f"?restaurant_id={shop.restaurant}", customer.headers),
    ):
        status, problem, _ = await shop.send("GET", path + query, headers)
        assert (status, [error["field"] for error in problem["errors"]]) == (400, ["restaurant_id"])
    for somebody, expected in (
        ({}, 401),
        (shop.as_driver(), 403),
        (bearer(shop.stack, identity("restaurant")), 403),
        (bearer(shop.stack, identity("restaurant", restaurant_id=new_id())), 503),
    ):
        assert (await shop.send("GET", path, somebody))[0] == expected


async def test_an_invoice_is_there_once_the_order_is_charged_and_for_who_may_see_it(shop: Shop) -> None:
    customer, other = await open_kitchen(shop), await open_kitchen(shop)
    order = await customer.on_the_way()
    path = f"/api/orders/{order['id']}/invoice"
    assert (await shop.send("GET", path, customer.headers))[0] == 404
    await shop.move(order, "delivered", shop.as_driver())
    for headers in (customer.headers, shop.as_admin()):
        status, invoice, _ = await shop.send("GET", path, headers)
        assert status == 200
        assert (invoice["number"], invoice["total_cents"]) == (f"INV-{order['number']}", TOTAL)
        assert [(line["quantity"], line["price_cents"], line["total_cents"]) for line in invoice["lines"]] == [
            (2, 250, TOTAL)
        ]
    for headers, expected in ((other.headers, 404), (shop.as_driver(), 403), ({}, 401)):
        assert (await shop.send("GET", path, headers))[0] == expected
        assert (await shop.send("GET", f"{path}.html", headers))[0] == expected


async def test_the_invoices_page_prints_and_runs_nothing(shop: Shop) -> None:
    customer = await open_kitchen(shop)
    await shop.database.execute("update orders.restaurants set name = '<b>Us</b>' where id = $1", customer.id)
    order = await customer.delivered()
    async with shop.session.get(
        f"{shop.url}/api/orders/{order['id']}/invoice.html", headers=customer.headers
    ) as answer:
        page = await answer.text()
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert "&lt;b&gt;Us&lt;/b&gt;" in page
    assert "<b>" not in page
    assert f"INV-{order['number']}" in page


async def test_an_order_from_before_there_were_accounts_is_held_when_it_is_settled(shop: Shop) -> None:
    customer = await open_kitchen(shop, TOTAL)
    order = await customer.on_the_way()
    # As a replica without accounts would have placed it.
    owner = await asyncpg.connect(shop.stack.addresses.database("postgres"))
    try:
        await owner.execute("set session_replication_role = replica")
        await owner.execute("delete from orders.ledger_entries where restaurant_id = $1", customer.id)
        await owner.execute("delete from orders.credit_accounts where restaurant_id = $1", customer.id)
    finally:
        await owner.close()
    assert (await shop.move(order, "delivered", shop.as_driver()))[0] == 200
    assert await customer.kinds() == ["hold", "release", "charge"]
    assert await customer.credit() == (0, TOTAL, 0)
