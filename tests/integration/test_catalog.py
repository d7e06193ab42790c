"""The catalogue over HTTP, on the real database: lists, one product, what admins change, and what is told to others."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from proto.catalog import ProductEvent
from proto.streams import product_subject
from services.catalog import app
from services.catalog.domain import NewProduct
from services.catalog.importer import import_products
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from tests.support import bearer, eventually, identity, serving, settings_of

LISTED = {"id", "sku", "name", "category", "unit", "price_cents", "version", "available"}


@dataclass
class Shop:
    """The catalogue listening, and a category of this test's own."""

    stack: Stack
    url: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection
    category: str = field(default_factory=lambda: f"TEST {new_id()}")

    async def send(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        """Status, decoded body, headers."""
        url = f"{self.url}/api/catalog{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers

    async def get(self, path: str, **parameters: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}/api/catalog{path}", params=parameters) as answer:
            return answer.status, await answer.json(content_type=None)

    async def as_admin(self, method: str, path: str, body: object) -> tuple[int, Any]:
        status, answer, _ = await self.send(method, path, body, bearer(self.stack, identity("admin")))
        return status, answer

    async def make(self, **facts: object) -> Any:
        known = {"sku": str(new_id()), "name": "Flour", "category": self.category, "unit": "1 kg", "price_cents": 250}
        status, made = await self.as_admin("POST", "/products", known | facts)
        assert status == 201, made
        return made

    async def change(self, product: Any, **facts: object) -> tuple[int, Any]:
        return await self.as_admin("PATCH", f"/products/{product['id']}", facts)

    async def events(self, product: Any) -> list[ProductEvent]:
        rows = await self.database.fetch(
            "select subject, payload from catalog.outbox where key = $1::uuid order by id", product["id"]
        )
        assert {row["subject"] for row in rows} <= {product_subject(product["id"])}
        return [msgspec.json.decode(row["payload"], type=ProductEvent) for row in rows]

    async def pages(self, path: str, **parameters: str) -> list[Any]:
        """Every item, page by page."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            status, page = await self.get(path, **parameters, **cursor)
            assert status == 200, page
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
async def listening(stack: Stack) -> AsyncIterator[Shop]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    async with (
        serving(settings_of(stack, "catalog", app.Settings), app.build) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Shop(stack, url, session, database)
    await database.close()


@pytest.fixture
def shop(listening: Shop) -> Shop:
    return Shop(listening.stack, listening.url, listening.session, listening.database)


def named(answer: Any) -> set[str]:
    return {error["field"] for error in answer.get("errors", [])}


async def test_a_product_is_made_at_version_one_with_one_event(shop: Shop) -> None:
    made = await shop.make(stock=3)
    assert (made["version"], made["stock"], made["active"]) == (1, 3, True)
    (event,) = await shop.events(made)
    assert (event.type, event.version, event.actor.role) == ("ProductChanged", 1, "admin")
    product = msgspec.to_builtins(event.product)
    assert product.pop("available") is True
    assert product == {name: made[name] for name in product}


async def test_everybody_may_look_at_a_product_and_the_edge_may_keep_it(shop: Shop) -> None:
    made = await shop.make()
    status, product, headers = await shop.send("GET", f"/products/{made['id']}")
    assert status == 200
    assert product == {name: made[name] for name in LISTED - {"available"}} | {"available": True}
    assert headers["Cache-Control"] == "public, max-age=0, s-maxage=1"
    for known in (headers["ETag"], f'W/{headers["ETag"]}, "other"', "*"):
        status, answer, again = await shop.send("GET", f"/products/{made['id']}", headers={"If-None-Match": known})
        assert (status, answer, again["ETag"]) == (304, None, headers["ETag"])
    await shop.change(made, stock=0)
    status, product, changed = await shop.send(
        "GET", f"/products/{made['id']}", headers={"If-None-Match": headers["ETag"]}
    )
    assert (status, product["available"]) == (200, False)
    assert changed["ETag"] != headers["ETag"]


async def test_an_inactive_product_is_shown_but_neither_listed_nor_found(shop: Shop) -> None:
    word = word_of_ones_own()
    made = await shop.make(name=f"Flour {word}")
    assert [one["id"] for one in await shop.pages("/products", q=word)] == [made["id"]]
    assert (await shop.change(made, active=False))[0] == 200
    status, product = await shop.get(f"/products/{made['id']}")
    assert (status, product["available"]) == (200, False)
    assert await shop.pages("/products", category=shop.category) == []
    assert await shop.pages("/products", q=word) == []


async def test_a_category_is_listed_newest_first_page_by_page(shop: Shop) -> None:
    made = [await shop.make(name=f"Flour {number}") for number in range(5)]
    items = await shop.pages("/products", category=shop.category, limit="2")
    assert [one["id"] for one in items] == [one["id"] for one in reversed(made)]
    assert set(items[0]) == LISTED


async def test_categories_count_their_active_products_through_every_change(shop: Shop) -> None:
    async def counted() -> dict[str, int]:
        every = await shop.pages("/categories", limit="100")
        return {one["name"]: one["products"] for one in every if one["name"].startswith(shop.category)}

    other = f"{shop.category} 2"
    first, second = await shop.make(), await shop.make()
    await shop.make(active=False)
    assert await counted() == {shop.category: 2}
    await shop.change(first, category=other)
    assert await counted() == {shop.category: 1, other: 1}
    await shop.change(second, active=False)
    assert await counted() == {other: 1}
    await shop.change(second, active=True, category=other)
    assert await counted() == {other: 2}
    differs = await shop.database.fetch(
        "select name from catalog.categories full join "
        "(select category as name, count(*) as counted from catalog.products where active group by 1) as truth "
        "using (name) where coalesce(products, 0) <> coalesce(counted, 0)"
    )
    assert differs == []


async def test_a_word_just_learnt_is_found_misspelt(shop: Shop) -> None:
    made = await shop.make(name="Bergamottenkonfitüre")
    for typed in ("bergamottenkonfiture", "bergamotten", "bergamotenkonfitüre", "BERGAMOTTENKONFTIÜRE"):
        assert made["id"] in [one["id"] for one in await shop.pages("/products", q=typed, category=shop.category)], (
            typed
        )


def word_of_ones_own() -> str:
    """That no other product has, and that begins no other."""
    return "q" + new_id().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


async def test_a_list_and_a_search_narrow_to_what_is_available(shop: Shop) -> None:
    word = word_of_ones_own()
    there = await shop.make(name=word, stock=1)
    gone = await shop.make(name=word, stock=0, sku=str(new_id().int))
    unknown = await shop.make(name=word)
    both, neither = {there["id"], unknown["id"]}, {gone["id"]}
    for filters, available, others in (
        ({"category": shop.category}, both, neither),
        ({"q": word}, both, neither),
        ({"q": word, "category": shop.category}, both, neither),
        ({"q": gone["sku"]}, set(), neither),
    ):
        for wanted, ids in (("true", available), ("false", others)):
            found = await shop.pages("/products", available=wanted, **filters)
            assert {one["id"] for one in found} == ids, (filters, wanted)
            assert {one["available"] for one in found} <= {wanted == "true"}


async def test_the_pages_of_a_search_stay_what_they_are_while_products_come(shop: Shop) -> None:
    word = word_of_ones_own()
    made = [await shop.make(name=f"{word}, Maker {number % 2}, {number} kg") for number in range(5)]
    _, page = await shop.get("/products", q=word, limit="2")
    found = [one["id"] for one in page["items"]]
    made += [await shop.make(name=f"{word}, Maker 9, 9 kg") for _ in range(3)]
    while page["next_cursor"] is not None:
        _, page = await shop.get("/products", q=word, limit="2", cursor=page["next_cursor"])
        found += [one["id"] for one in page["items"]]
    assert len(found) == len(set(found))
    assert {one["id"] for one in made[:5]} <= set(found)


async def test_one_of_each_maker_comes_before_their_seconds(shop: Shop) -> None:
    word = word_of_ones_own()
    sku = str(new_id())
    products = [
        (f"{word}, Maker {maker}, {size} kg", f"{sku}-{maker}-{size}") for maker in (1, 2, 3) for size in (1, 2)
    ]
    async with open_pool(shop.stack.addresses.database("catalog_service"), size=1, name="import") as pool:
        await import_products(
            pool,
            [
                NewProduct(sku=sku, name=name, category=shop.category, unit="1 kg", price_cents=1)
                for name, sku in products
            ],
        )
    names = [one["name"] for one in await shop.pages("/products", q=word)]
    assert [name.split(", ")[1] for name in names] == [f"Maker {maker}" for maker in (1, 2, 3, 1, 2, 3)]


async def test_a_product_that_is_renamed_is_found_by_its_new_name_alone(shop: Shop) -> None:
    before, after = word_of_ones_own(), word_of_ones_own()
    made = await shop.make(name=f"{before}, Maker 1")
    await shop.make(name=f"{before}, Maker 2")
    assert (await shop.change(made, name=f"{after}, Maker 1"))[0] == 200
    assert [one["id"] for one in await shop.pages("/products", q=after)] == [made["id"]]
    assert made["id"] not in [one["id"] for one in await shop.pages("/products", q=before)]
    assert (await shop.change(made, category=f"{shop.category} {after}"))[0] == 200
    assert [one["id"] for one in await shop.pages("/products", q=after)] == [made["id"]]


async def test_products_of_one_kind_that_come_at_once_each_get_a_place(shop: Shop) -> None:
    word = word_of_ones_own()
    made = await asyncio.gather(*(shop.make(name=f"{word}, Maker {number}") for number in range(12)))
    assert {one["id"] for one in await shop.pages("/products", q=word, limit="5")} == {one["id"] for one in made}
    places = await shop.database.fetch(
        "select place from catalog.shelf inner join catalog.kinds on kinds.id = kind_id where name = $1 order by place",
        word,
    )
    assert [row["place"] for row in places] == list(range(1, 13))


async def test_only_what_has_an_active_product_is_suggested_and_anybody_may_keep_it(shop: Shop) -> None:
    word = word_of_ones_own()
    made = await shop.make(name=f"{word}, Maker 1")
    status, answer, headers = await shop.send("GET", f"/suggestions?q={word[:-1]}")
    assert (status, answer) == (200, {"items": [{"text": word, "category": shop.category}]})
    assert headers["Cache-Control"] == "public, max-age=60, s-maxage=60"
    assert (await shop.change(made, active=False))[0] == 200
    assert await shop.get("/suggestions", q=word) == (200, {"items": []})
    assert await shop.get("/suggestions", q="12345") == (200, {"items": []})


async def test_changes_make_contiguous_versions_with_one_event_each_however_many_come_at_once(shop: Shop) -> None:
    made = await shop.make()
    answers = await asyncio.gather(*(shop.change(made, price_cents=300 + number) for number in range(20)))
    assert [status for status, _ in answers] == [200] * 20
    assert sorted(answer["version"] for _, answer in answers) == list(range(2, 22))
    events = await shop.events(made)
    assert [event.product.version for event in events] == list(range(1, 22))
    prices = {answer["version"]: answer["price_cents"] for _, answer in answers}
    assert all(event.product.price_cents == prices[event.product.version] for event in events[1:])


async def test_of_two_changes_for_one_version_one_wins_and_the_other_is_told_the_present(shop: Shop) -> None:
    made = await shop.make()
    answers = await asyncio.gather(*(shop.change(made, price_cents=cents, expected_version=1) for cents in (300, 400)))
    assert sorted(status for status, _ in answers) == [200, 409]
    (lost,) = [answer for status, answer in answers if status == 409]
    (won,) = [answer for status, answer in answers if status == 200]
    assert lost["code"] == "version"
    assert lost["present"] == won


async def test_a_change_that_changes_nothing_makes_no_version_and_no_event(shop: Shop) -> None:
    made = await shop.make()
    assert await shop.change(made, price_cents=250, name="Flour") == (200, made)
    assert len(await shop.events(made)) == 1


async def test_a_sku_is_given_once(shop: Shop) -> None:
    made = await shop.make()
    known = {name: made[name] for name in ("sku", "name", "category", "unit", "price_cents")}
    status, answer = await shop.as_admin("POST", "/products", known)
    assert (status, answer["code"]) == (409, "sku")
    assert len(await shop.events(made)) == 1


async def test_a_product_cannot_be_sold_without_a_price(shop: Shop) -> None:
    made = await shop.make(price_cents=0, active=False)
    status, answer = await shop.change(made, active=True)
    assert (status, answer["code"], answer["present"]["price_cents"]) == (409, "price", 0)
    known = {"sku": "free", "name": "Flour", "category": shop.category, "unit": "1 kg", "price_cents": 0}
    status, answer = await shop.as_admin("POST", "/products", known)
    assert (status, named(answer)) == (400, {"price_cents"})


async def test_only_admins_change_anything(shop: Shop) -> None:
    made = await shop.make()
    for method, path in (("POST", "/products"), ("PATCH", f"/products/{made['id']}")):
        assert (await shop.send(method, path, {}))[0] == 401
        for somebody in (identity("restaurant", restaurant_id=new_id()), identity("driver", zone=1)):
            assert (await shop.send(method, path, {}, bearer(shop.stack, somebody)))[0] == 403
    assert len(await shop.events(made)) == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 65}, "sku"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "   "}, "name"),
        ({"name": 5}, "name"),
        ({"category": None}, "category"),
        ({"unit": "x" * 41}, "unit"),
        ({"price_cents": -1}, "price_cents"),
        ({"price_cents": 2.5}, "price_cents"),
        ({"price_cents": "250"}, "price_cents"),
        ({"price_cents": 10**30}, "price_cents"),
        ({"stock": -1}, "stock"),
        ({"active": 1}, "active"),
        ({"colour": "red"}, "colour"),
        ({"version": 3}, "version"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_naming_the_field(
    shop: Shop, facts: dict[str, object], field: str
) -> None:
    known = {"sku": str(new_id()), "name": "Flour", "category": shop.category, "unit": "1 kg", "price_cents": 250}
    status, answer = await shop.as_admin("POST", "/products", known | facts)
    assert (status, named(answer)) == (400, {field})
    assert await shop.pages("/products", category=shop.category) == []
    made = await shop.make()
    status, answer = await shop.change(made, **facts)
    assert (status, named(answer)) == (400, {field})
    assert len(await shop.events(made)) == 1


async def test_a_lone_surrogate_is_no_text(shop: Shop) -> None:
    made = await shop.make()
    async with shop.session.patch(
        f"{shop.url}/api/catalog/products/{made['id']}",
        data=b'{"name": "a\\ud800b"}',
        headers={**bearer(shop.stack, identity("admin")), "Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/products", "limit=0", "limit"),
        ("/products", "limit=101", "limit"),
        ("/products", "limit=x", "limit"),
        ("/products", "limit=-1", "limit"),
        ("/categories", "limit=101", "limit"),
        ("/products", "cursor=forged", "cursor"),
        ("/products", "q=flour&cursor=forged", "cursor"),
        ("/categories", "cursor=" + "x" * 600, "cursor"),
        ("/products", "q=", "q"),
        ("/products", "q=" + "x" * 101, "q"),
        ("/products", "q=a%00b", "q"),
        ("/products", "q=" + "+".join("abcdefghijklm"), "q"),
        ("/products", "available=perhaps", "available"),
        ("/suggestions", "", "q"),
        ("/suggestions", "q=", "q"),
        ("/suggestions", "q=flour&limit=0", "limit"),
        ("/suggestions", "q=flour&limit=21", "limit"),
        ("/suggestions", "q=" + "+".join("abcdefghijklm"), "q"),
        ("/products", "category=", "category"),
        ("/products", "category=a%00b", "category"),
        ("/products", "category=" + "x" * 101, "category"),
    ],
)
async def test_a_query_that_is_wrong_is_refused_naming_the_parameter(
    shop: Shop, path: str, query: str, field: str
) -> None:
    status, answer, headers = await shop.send("GET", f"{path}?{query}")
    assert (status, named(answer)) == (400, {field}), answer
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "q", ["!!!", "'", "\\", "a' | 'b", "<->", ":*", "\ud7ff", "%", "half½", "ﬁ", "İ", "a_b", "1.2.3"]
)
async def test_any_text_is_a_query(shop: Shop, q: str) -> None:
    status, page = await shop.get("/products", q=q)
    assert (status, set(page)) == (200, {"items", "next_cursor"})
    assert (await shop.get("/suggestions", q=q))[0] == 200


async def test_bytes_that_are_no_text_are_no_error_of_ours(shop: Shop) -> None:
    assert (await shop.send("GET", "/products?q=%ff%fe"))[0] in (200, 400)
    assert (await shop.send("GET", "/products?q=%ed%a0%80"))[0] in (200, 400)


async def test_a_cursor_belongs_to_its_list_and_filters(shop: Shop) -> None:
    for _ in range(2):
        await shop.make()
    _, page = await shop.get("/products", category=shop.category, limit="1")
    cursor = page["next_cursor"]
    for others in (
        {},
        {"category": "OTHER"},
        {"category": shop.category, "q": "flour"},
        {"category": shop.category, "available": "true"},
    ):
        status, answer = await shop.get("/products", cursor=cursor, **others)
        assert (status, named(answer)) == (400, {"cursor"})
    assert (await shop.get("/categories", cursor=cursor))[0] == 400


@pytest.mark.parametrize("product", ["x", "17", str(new_id())], ids=["x", "17", "unknown"])
async def test_what_is_not_there_is_not_found(shop: Shop, product: str) -> None:
    assert (await shop.get(f"/products/{product}"))[0] == 404
    assert (await shop.as_admin("PATCH", f"/products/{product}", {"name": "Rye"}))[0] == 404


async def test_a_change_reaches_the_stream_as_the_products_last_state(shop: Shop, relay: None, bus: Bus) -> None:
    made = await shop.make()
    await shop.change(made, price_cents=400)

    async def last() -> ProductEvent | None:
        known = await bus.jetstream.get_last_msg("CATALOG", product_subject(made["id"]))
        event = msgspec.json.decode(known.data or b"", type=ProductEvent)
        return event if event.product.version == 2 else None

    async def told() -> ProductEvent | None:
        try:
            return await last()
        except Exception:  # noqa: BLE001  not there yet
            return None

    assert (await eventually(told)).product.price_cents == 400
    assert (await bus.jetstream.stream_info("CATALOG", subjects_filter=product_subject(made["id"]))).state.messages >= 1


async def test_the_openapi_document_names_every_route(shop: Shop) -> None:
    status, document = await shop.get("/openapi.json")
    assert status == 200
    assert set(document["paths"]) == {
        "/api/catalog/products",
        "/api/catalog/products/{product_id}",
        "/api/catalog/categories",
        "/api/catalog/admin/products",
        "/api/catalog/admin/products/{product_id}",
        "/api/catalog/products/{product_id}/history",
        "/api/catalog/imports",
        "/api/catalog/exports/products.csv",
        "/api/catalog/suggestions",
        "/api/performance/cache",
        "/api/performance/cache/audit",
        "/api/performance/cache/keys/{key}",
        "/api/performance/cache/keys/{key}/refresh",
    }
