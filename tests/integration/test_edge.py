"""The catalogue at the edge: what Nginx keeps, for whom, for how long, and how it learns that something changed.

On the real Nginx, in front of two replicas of catalog, with the real relay between them and what they hear.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.cookies import SimpleCookie

import aiohttp
import asyncpg
import pytest

from deploy.local import Stack
from deploy.local.processes import children
from loadtests.freshness import P99_MS, measure, percentile
from services.catalog.domain import NewProduct
from services.catalog.importer import import_products
from shared.database import open_pool
from shared.http.front import TOKEN_COOKIE
from shared.ids import new_id
from tests.edge import PARTS, Answer, Edge
from tests.support import bearer, eventually, identity, own_stack

SECOND = "public, max-age=0, s-maxage=1"


@pytest.fixture(scope="module")
def whole() -> Iterator[Stack]:
    with own_stack({"catalog": 2}, only=PARTS) as stack:
        yield stack


@pytest.fixture
async def edge(whole: Stack) -> AsyncIterator[Edge]:
    database = await asyncpg.connect(whole.addresses.database("postgres"))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Edge(whole, session, database)
    await database.close()


def page_of(category: str) -> str:
    return f"/api/catalog/products?category={category}"


def a_category() -> str:
    return f"EDGE-{new_id()}"


def a_word() -> str:
    return "q" + "".join(letter for letter in str(new_id()) if letter.isalpha())


def address_of(product: dict[str, str]) -> str:
    return f"/api/catalog/products/{product['id']}"


def shown(page: Answer) -> list[str]:
    return [one["id"] for one in page.body["items"]]


async def test_a_product_and_a_first_page_are_kept_for_an_hour_once_somebody_came_for_them(edge: Edge) -> None:
    category = a_category()
    product = await edge.make(category)
    for target in (address_of(product), page_of(category)):
        first = await edge.get(target)
        assert (first.cache, first.headers["Cache-Control"]) == ("MISS", SECOND)
        kept = await edge.kept(target)
        assert kept.body == first.body
        assert kept.headers["ETag"] == first.headers["ETag"]
        assert kept.headers["Cache-Control"] == "public, max-age=0, s-maxage=3600"  # no browser may show its own, stale
        assert kept.headers["X-Request-ID"] != (await edge.get(target)).headers["X-Request-ID"]


async def test_a_changed_price_is_at_the_edge_within_the_second_and_stays(edge: Edge) -> None:
    category = a_category()
    product = await edge.make(category)
    targets = (address_of(product), page_of(category))
    for target in targets:
        await edge.kept(target)
    for price in range(300, 305):
        await edge.change(product, price_cents=price)
        began = time.monotonic()
        for target in targets:
            assert (await eventually(partial(priced, edge, target, price))).for_an_hour
        assert time.monotonic() - began < 1


async def priced(edge: Edge, target: str, price: int) -> Answer | None:
    """The answer when it tells this price of its only product."""
    answer = await edge.get(target)
    (one,) = answer.body.get("items", [answer.body])
    return answer if one["price_cents"] == price else None


async def test_a_product_that_moves_leaves_one_first_page_and_comes_to_the_other(edge: Edge) -> None:
    before, after = a_category(), a_category()
    product = await edge.make(before)
    stays = await edge.make(before)
    assert shown(await edge.kept(page_of(before))) == [stays["id"], product["id"]]
    assert shown(await edge.kept(page_of(after))) == []
    await edge.change(product, category=after)

    async def moved() -> bool:
        pages = [await edge.get(page_of(category)) for category in (before, after)]
        return [shown(page) for page in pages] == [[stays["id"]], [product["id"]]] and all(
            page.for_an_hour for page in pages
        )

    assert await eventually(moved, seconds=3)


async def test_the_product_after_the_page_counts_too(edge: Edge) -> None:
    category = a_category()
    oldest = await edge.make(category)
    for _ in range(20):
        await edge.make(category)
    page = await edge.kept(page_of(category))
    assert len(shown(page)) == 20
    assert page.body["next_cursor"] is not None
    await edge.change(oldest, active=False)

    async def last() -> bool:
        return (await edge.get(page_of(category))).body["next_cursor"] is None

    assert await eventually(last, seconds=3)


async def test_every_other_list_and_search_is_kept_until_its_second_is_over(edge: Edge) -> None:
    category = a_category()
    word = a_word()
    product = await edge.make(category, name=word)
    for target in (
        f"/api/catalog/products?q={word}",
        f"{page_of(category)}&limit=5",
        f"{page_of(category)}&q={word}",
        "/api/catalog/categories",
        "/api/catalog/products",
        f"{address_of(product)}?whatever=1",
    ):
        answers = [await edge.get(target) for _ in range(20)]
        assert {answer.headers["Cache-Control"] for answer in answers} == {SECOND}, target
        assert "HIT" in {answer.cache for answer in answers}, target
    target = f"/api/catalog/products?q={word}"
    assert shown(await edge.get(target)) == [product["id"]]
    await edge.change(product, active=False)
    changed = time.monotonic()

    async def gone() -> bool:
        return shown(await edge.get(target)) == []

    assert await eventually(gone)
    assert time.monotonic() - changed < 1.1


async def test_a_search_nobody_made_for_a_while_is_never_answered_stale(edge: Edge) -> None:
    word = a_word()
    product = await edge.make(a_category(), name=word)
    target = f"/api/catalog/products?q={word}"
    await edge.get(target)
    await edge.change(product, price_cents=999)
    await asyncio.sleep(1.01)  # what is tested is that time passes and nobody asks
    (found,) = (await edge.get(target)).body["items"]
    assert found["price_cents"] == 999


async def test_the_first_page_has_one_name_whether_or_not_its_length_is_said(edge: Edge) -> None:
    category = a_category()
    await edge.make(category)
    await edge.kept(page_of(category))
    for target in (f"{page_of(category)}&limit=20", f"/api/catalog/products?limit=20&category={category}"):
        assert (await edge.get(target)).for_an_hour


@pytest.mark.parametrize(
    "spelled", ["A+B%2FC%26D", "A%20B%2FC%26D", "A+B/C%26D", "A%20B/C%26D"], ids=["form", "uri", "form /", "uri /"]
)
async def test_a_page_is_kept_as_each_client_spells_its_category(edge: Edge, spelled: str) -> None:
    name = str(new_id())
    await edge.make(f"A B/C&D{name}")
    assert len(shown(await edge.kept(page_of(f"{spelled}{name}")))) == 1


async def test_no_spelling_of_a_clients_own_is_kept_for_longer_than_a_second(edge: Edge) -> None:
    category = a_category()
    product = await edge.make(category)
    odd = category.replace("E", "%45", 1)
    await edge.kept(page_of(category))
    for target in (page_of(odd), address_of(product).replace("products", "product%73"), f"{page_of(category)}&x=1"):
        answer = await edge.get(target)
        assert answer.headers["Cache-Control"] == SECOND, target
    addresses = await edge.database.fetch("select address from catalog.edge_entries where category = $1", category)
    assert [row["address"] for row in addresses] == [page_of(category)]


async def test_an_answer_that_comes_in_place_of_one_for_an_hour_does_not_stay(edge: Edge) -> None:
    """As a reader's own does, when it was on its way while the edge fetched the other."""
    target = address_of(await edge.make(a_category()))
    await edge.kept(target)
    await edge.get(target, url=edge.stack.addresses.edge_inside)  # the inner door, without a word of how long
    assert not (await edge.get(target)).for_an_hour
    began = time.monotonic()
    await edge.kept(target)
    assert time.monotonic() - began < 5


async def test_who_has_it_hears_304_from_the_edge_and_from_catalog(edge: Edge) -> None:
    category = a_category()
    product = await edge.make(category)
    for target in (address_of(product), page_of(category)):
        etag = (await edge.kept(target)).headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}'):
            for url in (edge.stack.addresses.edge, edge.stack.addresses.service("catalog")):
                answer = await edge.get(target, {"If-None-Match": known}, url=url)
                assert (answer.status, answer.body, answer.headers["ETag"].removeprefix("W/")) == (304, None, etag)
        assert (await edge.get(target, {"If-None-Match": '"other"'})).status == 200
    await edge.change(product, price_cents=251)

    async def changed() -> bool:
        return (await edge.get(address_of(product), {"If-None-Match": '"1"'})).status == 200

    assert await eventually(changed)


async def test_one_file_serves_who_takes_gzip_and_who_does_not(edge: Edge) -> None:
    category = a_category()
    for _ in range(8):
        await edge.make(category)
    plain = await edge.kept(page_of(category))
    packed = await edge.get(page_of(category), {"Accept-Encoding": "gzip"})
    bare = await edge.get(page_of(category), {"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in bare.headers
    assert packed.body == bare.body == plain.body
    assert packed.headers["Vary"] == bare.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == f"W/{bare.headers['ETag']}"


async def test_two_people_get_the_same_and_nothing_of_either(edge: Edge) -> None:
    """By cookie, as browsers do; each answer is asked for by one first and then by the other and by nobody."""
    category = a_category()
    people = [identity("restaurant", restaurant_id=new_id()), identity("admin")]
    cookies = []
    for person in people:
        cookie = SimpleCookie({TOKEN_COOKIE: bearer(edge.stack, person)["Authorization"].removeprefix("Bearer ")})
        cookies.append({"Cookie": cookie.output(header="").strip()})
    for asking in ([cookies[0], cookies[1], {}], [cookies[1], cookies[0], {}], [{}, cookies[0], cookies[1]]):
        target = address_of(await edge.make(category))
        answers = [await edge.get(target, headers) for headers in asking]
        assert len({str(answer.body) for answer in answers}) == 1
        assert not any("Set-Cookie" in answer.headers for answer in answers)
        ids = [answer.headers["X-Request-ID"] for answer in answers]
        assert len(set(ids)) == len(ids)


async def test_who_brings_a_token_is_answered_by_catalog_and_leaves_nothing_behind(edge: Edge) -> None:
    target = address_of(await edge.make(a_category()))
    good = bearer(edge.stack, identity("restaurant", restaurant_id=new_id()))
    bad = {"Authorization": "Bearer nonsense"}
    for _ in range(2):
        refused = await edge.get(target, bad)
        assert (refused.status, refused.cache, refused.headers["Cache-Control"]) == (401, "BYPASS", "no-store")
        answered = await edge.get(target, good)
        assert (answered.status, answered.cache) == (200, "BYPASS")
        await edge.kept(target)  # and then once more, with an answer there that could be taken
    missed = address_of(await edge.make(a_category()))
    await edge.get(missed, good)
    assert (await edge.get(missed)).cache == "MISS"
    assert (await edge.get(missed, {"Authorization": ""})).status == 200


async def test_what_is_not_well_is_not_kept(edge: Edge) -> None:
    for target in (f"/api/catalog/products/{new_id()}", "/api/catalog/products?limit=0", "/api/catalog/nothing"):
        answers = [await edge.get(target) for _ in range(2)]
        assert [answer.cache for answer in answers] == ["MISS", "MISS"], target
        assert all(answer.headers["Cache-Control"] == "no-store" for answer in answers)


async def test_nobody_outside_can_have_an_answer_replaced_or_kept_longer(edge: Edge) -> None:
    product = await edge.make(a_category())
    for name, value in (("X-Edge-Keep", "3600"), ("X-Accel-Expires", "3600"), ("Cache-Control", "no-cache")):
        target = address_of(await edge.make(a_category()))
        answer = await edge.get(target, {name: value})
        assert answer.headers["Cache-Control"] == SECOND
        await edge.kept(target)
        assert (await edge.get(target, {name: value})).cache == "HIT"
    assert edge.stack.addresses.edge_inside.startswith("http://127.0.0.1:")
    # The inner door leads to the catalogue alone, and is no other name of the public one.
    inside = edge.stack.addresses.edge_inside
    for target in ("/", "/api/orders", "/api/catalog/categories", "/metrics", "/api/catalog/products/../../livez"):
        assert (await edge.get(target, url=inside)).status == 404, target
    host = {"Host": inside.removeprefix("http://"), "X-Edge-Keep": "3600"}
    assert (await edge.get(f"{address_of(product)}?x", host)).headers["Cache-Control"] == SECOND


async def test_an_import_of_everything_fetches_only_what_readers_came_for(edge: Edge) -> None:
    category, others = a_category(), a_category()
    products = [
        NewProduct(sku=str(new_id()), name="Flour", category=others, unit="kg", price_cents=1) for _ in range(3000)
    ]
    read = await edge.make(category)
    await edge.kept(address_of(read))
    await edge.kept(page_of(others))
    async with open_pool(edge.stack.addresses.database("catalog_service"), size=2, name="test") as pool:
        for price in (2, 3):
            await import_products(
                pool,
                [
                    NewProduct(sku=one.sku, name=one.name, category=others, unit="kg", price_cents=price)
                    for one in products
                ],
            )

        async def shown_price() -> bool:
            page = await edge.get(page_of(others))
            return bool(page.body["items"]) and page.body["items"][0]["price_cents"] == 3 and page.for_an_hour

        assert await eventually(shown_price, seconds=30)
    rows = await edge.database.fetch(
        "select address, done from catalog.edge_entries where address = $1 or category = $2", address_of(read), others
    )
    assert {row["address"] for row in rows} == {address_of(read), page_of(others)}
    assert await refreshes(edge) < 500


async def refreshes(edge: Edge) -> float:
    """What all replicas had fetched anew so far."""
    total = 0.0
    for replica in range(2):
        async with edge.session.get(f"{edge.stack.addresses.service('catalog', replica)}/metrics") as answer:
            for line in (await answer.text()).splitlines():
                if line.startswith("larder_edge_refreshed_total"):
                    total += float(line.rpartition(" ")[2])
    return total


async def test_what_changed_while_nginx_was_away_is_fetched_when_it_is_back(edge: Edge) -> None:
    """Its cache is on disk: it comes back with what it had."""
    product = await edge.make(a_category())
    target = address_of(product)
    await edge.kept(target)
    admin = bearer(edge.stack, identity("admin"))
    pid = next(part.pid for part in edge.stack.status() if part.name == "nginx")
    os.kill(pid, signal.SIGSTOP)
    try:
        for child in children(pid):
            os.kill(child, signal.SIGKILL)
        async with edge.session.patch(
            f"{edge.stack.addresses.service('catalog')}{target}", json={"price_cents": 777}, headers=admin
        ) as answer:
            assert answer.status == 200
        assert await eventually(lambda: stale(edge))
    finally:
        os.kill(pid, signal.SIGCONT)

    async def told() -> bool:
        try:
            answer = await edge.get(target)
        except aiohttp.ClientError:
            return False
        return answer.body["price_cents"] == 777 and answer.for_an_hour

    assert await eventually(told)


async def test_a_killed_catalog_leaves_nothing_stale(edge: Edge) -> None:
    products = [await edge.make(a_category()) for _ in range(5)]
    for product in products:
        await edge.kept(address_of(product))
    for product in products:
        await edge.change(product, price_cents=555)
    pid = next(part.pid for part in edge.stack.status() if part.name == "catalog-0")
    os.kill(pid, signal.SIGKILL)

    async def told() -> bool:
        answers = [await edge.get(address_of(product)) for product in products]
        return all(answer.status == 200 and answer.body["price_cents"] == 555 for answer in answers)

    # What it claimed is free after ten seconds; what NATS had given it, and it had not written down, comes again after
    # thirty.
    assert await eventually(told, seconds=60)


async def test_while_catalog_is_away_the_edge_answers_with_what_it_has(edge: Edge) -> None:
    category = a_category()
    product = await edge.make(category)
    await edge.kept(address_of(product))
    await edge.kept(page_of(category))
    edge.stack.up({"catalog": 0}, only=PARTS)
    try:
        for target in (address_of(product), page_of(category)):
            assert (await edge.get(target)).status == 200
        assert (await edge.get(address_of({"id": str(new_id())}))).status == 503
    finally:
        edge.stack.up({"catalog": 2}, only=PARTS)


async def stale(edge: Edge) -> bool:
    return bool(await edge.database.fetchval("select count(*) from catalog.edge_entries where done < wanted"))


async def test_no_answer_is_stale_for_longer_than_a_second_after_prices_changed(edge: Edge) -> None:
    """A short form of `just loadtest freshness`."""
    categories = [a_category() for _ in range(4)]
    for category in categories:
        for _ in range(4):
            await edge.make(category)
    admin = bearer(edge.stack, identity("admin"))
    changes, ages = await measure(edge.stack.addresses.edge, admin, categories, changes=15, reads=120, seconds=4)
    assert changes > 30
    assert set(ages) == {"product", "first page", "other list"}
    for name, one in ages.items():
        assert one.answers > 80, name
        assert percentile(sorted(one.stale_ms), 99) <= P99_MS, (name, one.summary())
