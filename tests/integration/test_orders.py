"""Orders over HTTP, on the real database: what is taken, what is refused, who sees what, and what is told to others."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from shared.ids import new_id
from tests.shop import ZONE, Shop, open_shop


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


async def test_an_order_is_placed_at_the_books_prices(shop: Shop) -> None:
    body = {
        "items": [
            {"product_id": str(shop.flour), "quantity": 2, "price_cents": 250, "version": 4},
            {"product_id": str(shop.salt), "quantity": 1},
        ],
        "note": "back door",
    }
    status, order, headers = await shop.send("POST", "/api/orders", shop.as_restaurant(), body, str(new_id()))
    assert status == 201
    assert headers["X-Request-ID"]
    assert order["total_cents"] == 2 * 250 + 90
    assert [(line["name"], line["quantity"], line["price_cents"]) for line in order["items"]] == [
        ("Flour", 2, 250),
        ("Salt", 1, 90),
    ]
    expected = {"status": "pending", "version": 1, "zone": ZONE, "note": "back door", "driver_id": None, "stop": None}
    assert {name: order[name] for name in expected} == expected
    (event,) = await shop.events(order)
    assert (event.type, event.order.version, event.request_id) == ("OrderPlaced", 1, headers["X-Request-ID"])
    assert msgspec.json.decode(msgspec.json.encode(event.order)) == order


async def test_fifty_requests_with_one_key_make_one_order_and_fifty_equal_answers(shop: Shop) -> None:
    before, key = await shop.stored(), str(new_id())
    answers = await asyncio.gather(
        *(shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key) for _ in range(50))
    )
    assert {status for status, _, _ in answers} == {201}
    assert len({json.dumps(order) for _, order, _ in answers}) == 1
    assert await shop.stored() == before + 1
    assert len(await shop.events(answers[0][1])) == 1


async def test_a_key_with_another_body_is_refused_and_the_same_body_spaced_otherwise_is_not(shop: Shop) -> None:
    key = str(new_id())
    order = await shop.place(key)
    status, problem, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(price_cents=250), key)
    assert (status, problem["code"]) == (422, "key_reused")
    spaced = json.dumps(shop.basket(), indent=3).encode()
    headers = {**shop.as_restaurant(), "Idempotency-Key": key, "Content-Type": "application/json"}
    async with shop.session.post(shop.url + "/api/orders", data=spaced, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (201, order)


async def test_a_retry_gets_its_order_even_after_the_price_changed(shop: Shop) -> None:
    product, key = new_id(), str(new_id())
    await shop.database.execute("insert into orders.price_book values ($1, 'Milk', '1 l', 100, true, 1)", product)
    body = {"items": [{"product_id": str(product), "quantity": 1, "price_cents": 100}]}
    _, order, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), body, key)
    await shop.database.execute(
        "update orders.price_book set price_cents = 120, version = 2 where product_id = $1", product
    )
    assert (await shop.send("POST", "/api/orders", shop.as_restaurant(), body, key))[:2] == (201, order)
    status, problem, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), body, str(new_id()))
    assert (status, problem["code"]) == (409, "price")
    assert problem["present"] == [{"product_id": str(product), "price_cents": 120, "version": 2}]


async def test_a_second_request_with_the_key_of_one_in_flight_is_told_to_come_back(shop: Shop) -> None:
    key = str(new_id())
    holder = await asyncpg.connect(shop.stack.addresses.database("postgres"))
    try:
        order = await shop.place()
        await holder.execute("begin")
        await holder.execute(
            "insert into orders.idempotency_keys values ($1, $2, '', $3, 201, '{}', now())",
            shop.restaurant,
            key,
            UUID(order["id"]),
        )
        status, problem, headers = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key)
        assert (status, problem["code"], headers["Retry-After"]) == (503, "busy", "1")
        await holder.execute("rollback")
        assert (await shop.place(key))["version"] == 1
    finally:
        await holder.close()


BAD_BODIES: list[tuple[str, object, int, str]] = [
    ("empty order", {"items": []}, 400, "items"),
    ("no items", {}, 400, "items"),
    ("zero", {"items": [{"product_id": "FLOUR", "quantity": 0}]}, 400, "items[0].quantity"),
    ("negative", {"items": [{"product_id": "FLOUR", "quantity": -1}]}, 400, "items[0].quantity"),
    ("fraction", {"items": [{"product_id": "FLOUR", "quantity": 1.5}]}, 400, "items[0].quantity"),
    ("huge", {"items": [{"product_id": "FLOUR", "quantity": 10**30}]}, 400, "items[0].quantity"),
    ("a thousand", {"items": [{"product_id": "FLOUR", "quantity": 1000}]}, 400, "items[0].quantity"),
    ("text", {"items": [{"product_id": "FLOUR", "quantity": "2"}]}, 400, "items[0].quantity"),
    ("true", {"items": [{"product_id": "FLOUR", "quantity": True}]}, 400, "items[0].quantity"),
    ("no product", {"items": [{"quantity": 1}]}, 400, "items[0].product_id"),
    ("no uuid", {"items": [{"product_id": "flour", "quantity": 1}]}, 400, "items[0].product_id"),
    ("unknown", {"items": [{"product_id": str(new_id()), "quantity": 1}]}, 400, "items[0].product_id"),
    ("twice", {"items": [{"product_id": "FLOUR", "quantity": 1}] * 2}, 400, "items[1].product_id"),
    ("inactive", {"items": [{"product_id": "GONE", "quantity": 1}]}, 409, "items[0].product_id"),
    ("price", {"items": [{"product_id": "FLOUR", "quantity": 1, "price_cents": 1}]}, 409, "items[0].price_cents"),
    ("field", {"items": [{"product_id": "FLOUR", "quantity": 1}], "restaurant_id": "x"}, 400, "restaurant_id"),
    ("line field", {"items": [{"product_id": "FLOUR", "quantity": 1, "name": "x"}]}, 400, "items[0].name"),
    ("note", {"items": [{"product_id": "FLOUR", "quantity": 1}], "note": 7}, 400, "note"),
    ("long note", {"items": [{"product_id": "FLOUR", "quantity": 1}], "note": "x" * 501}, 400, "note"),
    ("NUL", {"items": [{"product_id": "FLOUR", "quantity": 1}], "note": "a\0b"}, 400, "note"),
    ("201 lines", {"items": [{"product_id": str(UUID(int=n)), "quantity": 1} for n in range(201)]}, 400, "items"),
    ("a list", [], 400, "body"),
    ("null", None, 400, "body"),
]


@pytest.mark.parametrize(("body", "status", "at"), [case[1:] for case in BAD_BODIES], ids=[c[0] for c in BAD_BODIES])
async def test_a_bad_order_is_refused_by_name_and_nothing_is_stored(
    shop: Shop, body: object, status: int, at: str
) -> None:
    before = await shop.stored()
    text = json.dumps(body).replace('"FLOUR"', f'"{shop.flour}"').replace('"GONE"', f'"{shop.gone}"')
    headers = {**shop.as_restaurant(), "Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    async with shop.session.post(shop.url + "/api/orders", data=text, headers=headers) as answer:
        problem = json.loads(await answer.read())
        assert (answer.status, answer.content_type) == (status, "application/problem+json"), problem
    assert at in [error["field"] for error in problem["errors"]], problem
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert await shop.stored() == before


async def test_all_that_is_wrong_is_told_at_once(shop: Shop) -> None:
    body = {"items": [{"product_id": "x", "quantity": 0}, {"quantity": 5}], "note": 1}
    status, problem, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), body, "k")
    assert status == 400
    assert {error["field"] for error in problem["errors"]} == {
        *("items[0].product_id", "items[0].quantity", "items[1].product_id", "note")
    }


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"items": []}', "text/plain", 415),
        (b'{"note": "' + b"x" * 300_000 + b'"}', "application/json", 413),
        (b"[" * 100_000, "application/json", 400),
        (b'{"items": [], "note": "\\ud800"}', "application/json", 400),
    ],
    ids=["cut", "nothing", "no text", "not JSON", "too large", "too deep", "lone surrogate"],
)
async def test_a_body_that_cannot_be_read_is_refused(shop: Shop, data: bytes, content_type: str, status: int) -> None:
    headers = {**shop.as_restaurant(), "Idempotency-Key": "k", "Content-Type": content_type}
    async with shop.session.post(shop.url + "/api/orders", data=data, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize("key", [None, "", "k" * 129], ids=["missing", "empty", "too long"])
async def test_a_key_that_is_missing_or_too_long_is_named(shop: Shop, key: str | None) -> None:
    status, problem, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), key)
    assert status == 400
    assert [error["field"].lower() for error in problem["errors"]] == ["idempotency-key"]


async def test_a_book_behind_the_customer_is_asked_again(shop: Shop) -> None:
    status, _, headers = await shop.send(
        "POST", "/api/orders", shop.as_restaurant(), shop.basket(version=5), str(new_id())
    )
    assert (status, headers["Retry-After"]) == (503, "1")


async def test_who_is_not_signed_in_or_not_a_restaurant_places_nothing(shop: Shop) -> None:
    for headers, expected in (
        ({}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        (shop.as_driver(), 403),
        (shop.as_admin(), 403),
    ):
        status, _, _ = await shop.send("POST", "/api/orders", headers, shop.basket(), str(new_id()))
        assert status == expected


async def test_a_whole_life_makes_contiguous_versions_and_a_history(shop: Shop) -> None:
    order = await shop.offer()
    status, order = await shop.move(order, "out_for_delivery", shop.as_driver(), key="claim " + order["id"])
    assert (status, order["driver_id"], order["stop"]) == (200, str(shop.drivers[0]), 1)
    status, order = await shop.move(order, "delivered", shop.as_driver())
    assert (status, order["status"], order["version"]) == (200, "delivered", 6)
    events = await shop.events(order)
    assert [(event.type, event.order.version) for event in events] == [
        ("OrderPlaced", 1),
        ("OrderConfirmed", 2),
        ("OrderPreparationStarted", 3),
        ("OrderReady", 4),
        ("OrderDispatched", 5),
        ("OrderDelivered", 6),
    ]
    status, history, _ = await shop.send("GET", f"/api/orders/{order['id']}/history", shop.as_restaurant())
    assert status == 200
    assert [(entry["version"], entry["event"]) for entry in history["items"]] == [
        (event.order.version, event.type) for event in events
    ]
    assert history["items"][4]["actor_role"] == "driver"


async def test_of_many_drivers_one_wins_and_the_others_of_the_zone_are_told_no_more_than_that(shop: Shop) -> None:
    order = await shop.offer()
    claims = await asyncio.gather(
        *(shop.move(order, "out_for_delivery", shop.as_driver(number)) for number in range(3))
    )
    assert sorted(status for status, _ in claims) == [200, 409, 409]
    won = next(body for status, body in claims if status == 200)
    for status, problem in claims:
        if status == 409:
            assert problem["code"] == "taken"
            assert won["driver_id"] not in json.dumps(problem)
    assert (await shop.move(order, "out_for_delivery", shop.as_far_driver()))[0] == 404
    assert [event.order.version for event in await shop.events(order)] == [1, 2, 3, 4, 5]


async def test_a_driver_who_lost_the_answer_is_not_told_of_a_conflict_with_themself(shop: Shop) -> None:
    order = await shop.offer()
    first = await shop.move(order, "out_for_delivery", shop.as_driver(), key="same", expected_version=4)
    again = await shop.move(order, "out_for_delivery", shop.as_driver(), key="same", expected_version=4)
    assert first == again
    assert first[0] == 200
    other = await shop.offer()
    assert (await shop.move(other, "out_for_delivery", shop.as_driver(), key="same"))[0] == 422


async def test_many_requests_for_one_step_with_one_key_take_it_once(shop: Shop) -> None:
    order = await shop.answer(await shop.place())
    answers = await asyncio.gather(*(shop.move(order, "preparing", shop.as_admin(), key="c") for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len(await shop.events(order)) == 3


async def test_an_illegal_step_and_a_stale_version_are_refused_with_what_is_now(shop: Shop) -> None:
    order = await shop.place()
    status, problem = await shop.move(order, "delivered", shop.as_admin())
    assert status == 403
    status, problem = await shop.move(order, "ready", shop.as_admin())
    assert (status, problem["code"], problem["present"]) == (409, "state", {"status": "pending", "version": 1})
    status, problem = await shop.move(order, "confirmed", shop.as_admin(), expected_version=7)
    assert (status, problem["code"], problem["present"]) == (409, "version", {"status": "pending", "version": 1})
    assert len(await shop.events(order)) == 1


async def test_an_admin_assigns_reassigns_and_takes_back(shop: Shop) -> None:
    order = await shop.offer()
    first, second = (str(driver) for driver in shop.drivers[:2])
    _, order = await shop.move(order, "ready", shop.as_admin(), driver_id=first)
    assert (await shop.move(order, "out_for_delivery", shop.as_driver(1)))[1]["code"] == "taken"
    _, order = await shop.move(order, "ready", shop.as_admin(), driver_id=second)
    _, order = await shop.move(order, "ready", shop.as_admin(), driver_id=None)
    assert order["driver_id"] is None
    assert [(event.type, event.audience.left_driver_id) for event in (await shop.events(order))[4:]] == [
        ("OrderAssigned", None),
        ("OrderAssigned", shop.drivers[0]),
        ("OrderUnassigned", shop.drivers[1]),
    ]
    status, problem = await shop.move(order, "ready", shop.as_admin(), driver_id=str(new_id()))
    assert (status, problem["errors"][0]["field"]) == (400, "driver_id")


async def test_each_sees_their_own_and_nothing_else(shop: Shop) -> None:
    order = await shop.offer()
    path = f"/api/orders/{order['id']}"
    expected = [
        (shop.as_restaurant(), 200),
        (shop.as_restaurant(other=True), 404),
        (shop.as_driver(2), 200),
        (shop.as_far_driver(), 404),
        (shop.as_admin(), 200),
        ({}, 401),
    ]
    for headers, status in expected:
        assert (await shop.send("GET", path, headers))[0] == status
        assert (await shop.send("GET", f"{path}/history", headers))[0] == status
    assert (await shop.move(order, "cancelled", shop.as_restaurant(other=True)))[0] == 404
    await shop.move(order, "out_for_delivery", shop.as_driver(1))
    assert (await shop.send("GET", path, shop.as_driver(2)))[0] == 404
    assert (await shop.send("GET", path, shop.as_driver(1)))[0] == 200


async def pages(shop: Shop, headers: dict[str, str], query: str, limit: int) -> list[dict[str, Any]]:
    """Every entry of a list, page by page."""
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        status, page, _ = await shop.send("GET", f"/api/orders?limit={limit}{query}{cursor}", headers)
        assert status == 200, page
        assert len(page["items"]) <= limit
        entries += page["items"]
        if page["next_cursor"] is None:
            return entries
        cursor = f"&cursor={page['next_cursor']}"


async def test_lists_page_newest_first_and_hold_each_order_once(shop: Shop) -> None:
    placed = [await shop.place(other=True) for _ in range(7)]
    await shop.move(placed[2], "cancelled", shop.as_restaurant(other=True))
    listed = await pages(shop, shop.as_restaurant(other=True), "", 2)
    assert [entry["id"] for entry in listed[:7]] == [order["id"] for order in reversed(placed)]
    assert len({entry["id"] for entry in listed}) == len(listed)
    assert {entry["restaurant_id"] for entry in listed} == {str(shop.other_restaurant)}
    assert listed[0]["lines"] == 1
    assert not {"items", "note"} & listed[0].keys()
    cancelled = await pages(shop, shop.as_restaurant(other=True), "&status=cancelled", 1)
    assert [entry["id"] for entry in cancelled] == [placed[2]["id"]]
    everything = await pages(shop, shop.as_admin(), "", 50)
    assert {order["id"] for order in placed} <= {entry["id"] for entry in everything}
    by_number = await pages(shop, shop.as_admin(), f"&q={placed[0]['number']}", 5)
    assert [entry["id"] for entry in by_number] == [placed[0]["id"]]
    by_name = await pages(shop, shop.as_admin(), f"&q={shop.other_restaurant}", 3)
    assert {entry["restaurant_id"] for entry in by_name} == {str(shop.other_restaurant)}
    assert len(by_name) == len(listed)


async def test_what_is_under_way_is_listed_for_every_role(shop: Shop) -> None:
    under_way = await shop.offer()
    await shop.move(under_way, "out_for_delivery", shop.as_driver(0))
    ended = await shop.offer()
    await shop.move(ended, "out_for_delivery", shop.as_driver(0))
    await shop.move(ended, "delivered", shop.as_driver(0))
    rejected = await shop.place()
    await shop.move(rejected, "rejected", shop.as_admin(), reason="no")
    pending = await shop.place()
    by_name = f"&q={shop.restaurant}"
    for headers, query, theirs in (
        (shop.as_restaurant(), "", {under_way["id"], pending["id"]}),
        (shop.as_admin(), "", {under_way["id"], pending["id"]}),
        (shop.as_admin(), by_name, {under_way["id"], pending["id"]}),
        (shop.as_driver(0), "", {under_way["id"]}),
    ):
        entries = await pages(shop, headers, f"&active=true{query}", 2)
        assert theirs <= {entry["id"] for entry in entries}
        assert not {entry["status"] for entry in entries} & {"delivered", "cancelled", "rejected"}
    for order, found in ((under_way, 1), (ended, 0)):
        assert len(await pages(shop, shop.as_admin(), f"&active=true&q={order['number']}", 2)) == found
    rejections = await pages(shop, shop.as_admin(), f"&status=rejected{by_name}", 1)
    assert rejected["id"] in {entry["id"] for entry in rejections}
    assert {(entry["status"], entry["reason"]) for entry in rejections if entry["id"] == rejected["id"]} == {
        ("rejected", "no")
    }


async def test_a_list_shows_texts_of_any_length(shop: Shop) -> None:
    reason = "ж" * 250 + "龍" * 249 + "😀"
    order = await shop.place()
    await shop.database.execute("update orders.orders set address = $2 where id = $1", UUID(order["id"]), "龍" * 500)
    status, order = await shop.move(order, "rejected", shop.as_admin(), reason=reason)
    assert (status, order["reason"]) == (200, reason)
    entries = await pages(shop, shop.as_restaurant(), "&status=rejected", 5)
    assert [(entry["reason"], entry["address"]) for entry in entries if entry["id"] == order["id"]] == [
        (reason, "龍" * 500)
    ]


async def test_drivers_list_their_own_and_the_offers_of_their_zone(shop: Shop) -> None:
    offered, taken = await shop.offer(), await shop.offer()
    await shop.move(taken, "out_for_delivery", shop.as_driver(0))
    own = {entry["id"] for entry in await pages(shop, shop.as_driver(0), "", 10)}
    assert taken["id"] in own
    assert offered["id"] not in own
    offers = {entry["id"] for entry in await pages(shop, shop.as_driver(1), "&offers=true", 10)}
    assert offered["id"] in offers
    assert taken["id"] not in offers
    assert await pages(shop, shop.as_far_driver(), "&offers=true", 10) == []
    assert (await shop.send("GET", "/api/orders?offers=true", shop.as_admin()))[0] == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("status=eaten", "status"),
        ("cursor=nonsense", "cursor"),
        ("cursor=" + "x" * 600, "cursor"),
        ("q=abc", "q"),
        ("active=perhaps", "active"),
        ("active=true&status=ready", "active"),
    ],
)
async def test_a_bad_query_is_named(shop: Shop, query: str, field: str) -> None:
    status, problem, _ = await shop.send("GET", f"/api/orders?{query}", shop.as_restaurant())
    assert (status, [error["field"] for error in problem["errors"]]) == (400, [field])


async def test_a_cursor_of_another_list_or_person_is_refused(shop: Shop) -> None:
    for _ in range(3):
        await shop.place()
    _, page, _ = await shop.send("GET", "/api/orders?limit=1", shop.as_restaurant())
    cursor = page["next_cursor"]
    assert (await shop.send("GET", f"/api/orders?limit=1&cursor={cursor}&status=ready", shop.as_restaurant()))[0] == 400
    assert (await shop.send("GET", f"/api/orders?limit=1&cursor={cursor}", shop.as_admin()))[0] == 400
    forged = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    assert (await shop.send("GET", f"/api/orders?limit=1&cursor={forged}", shop.as_restaurant()))[0] == 400
