"""Finding real products: the whole catalogue of the demo, in a database of its own."""

import asyncio
import io
import statistics
import time

import pytest

from services.catalog import admin_store
from services.catalog.store import LATEST
from tests.plans import plan_of
from tests.support import bearer, identity
from tests.whole_catalogue import PRODUCTS, SECONDS, Whole


async def test_a_second_import_of_everything_changes_nothing(whole: Whole) -> None:
    first, again = whole.imported
    assert (first.created, again.created, again.updated, again.unchanged) == (PRODUCTS, 0, 0, PRODUCTS)


@pytest.mark.parametrize(
    ("q", "held"),
    [
        ("frozen pizza", "PIZZA"),
        ("pizza frozen", "PIZZA"),
        ("FRZN CHCK", "CHICK"),
        ("frozen chicken", "CHICK"),
        ("chiken", "CHICKEN"),
        ("chesse", "CHEESE"),
        ("mlik", "MILK"),
        ("choclate", "CHOC"),
        ("potatoe chips", "POTATO CHIPS"),
        ("tomatos", "TOMATO"),
        ("strawberry", "STRAWBERR"),
        ("banana", "BANANAS"),
        ("peanut butter", "PEANUT BUTTER"),
        ("yogrt", "YOGURT"),
        ("yog", "YOGURT"),
        ("spagh", "SPAGHETTI"),
        ("ground beef", "BEEF"),
        ("ice cream 56 ounces", "56 OZ"),
        ("coffee 12oz", "12 OZ"),
        ("beer", "BEER"),
        ("salsa", "SALSA"),
        ("dog food", "DOG"),
        ("soft drinks 2 liter", "SFT DRNK 2 LITER"),
    ],
)
async def test_what_people_type_is_found_in_the_first_ten(whole: Whole, q: str, held: str) -> None:
    names = await whole.names(q)
    assert len(names) == 10
    assert all(held in name for name in names), names


async def test_a_sku_is_found_first(whole: Whole) -> None:
    page = await whole.page(q="1043166")
    assert [item["sku"] for item in page["items"]] == ["1043166"]


async def test_words_and_a_category_narrow_together(whole: Whole) -> None:
    every = await whole.every(q="cheese", category="FROZEN PIZZA")
    assert {item["category"] for item in every} <= {"FROZEN PIZZA"}
    crackers = await whole.every(q="cheese", category="CRACKERS/MISC BKD FD")
    assert 0 < len(crackers) < len(await whole.every(q="cheese"))


async def test_a_search_gives_each_product_once_best_first(whole: Whole) -> None:
    every = await whole.every(q="frozen")
    ids = [item["id"] for item in every]
    assert len(ids) == len(set(ids)) > 1000
    by_twenty = await whole.page(q="frozen", limit="20")
    assert [item["id"] for item in by_twenty["items"]] == ids[:20]


async def test_a_category_gives_each_of_its_products_once(whole: Whole) -> None:
    every = await whole.every(category="FROZEN PIZZA")
    active = await whole.database.fetchval(
        "select count(*) from catalog.products where active and category = 'FROZEN PIZZA'"
    )
    assert len({item["id"] for item in every}) == len(every) == active


async def test_every_event_stands_in_the_outbox_once(whole: Whole) -> None:
    counted = await whole.database.fetchrow(
        # The stock may have answered an order of another test beside them.
        "select count(*), count(distinct key), count(distinct event_id) from catalog.outbox "
        "where subject like 'catalog.v1.%'"
    )
    assert tuple(counted) == (PRODUCTS, PRODUCTS, PRODUCTS)


@pytest.mark.parametrize(
    ("name", "parameters", "indexes"),
    [
        ("list_all_products", (None,), ("products_pkey", "products_inactive")),
        ("list_all_products", (False,), ("products_inactive",)),
        (
            "list_all_products_of_category",
            (None, "YOGURT"),
            ("products_of_category", "products_inactive_of_category"),
        ),
        ("list_all_products_of_category", (True, "YOGURT"), ("products_of_category",)),
        ("find_all_products", (None, None, "10431"), ("products_by_sku", "products_by_name")),
        ("find_all_products", (True, None, "yog"), ("products_by_sku", "products_by_name")),
    ],
)
@pytest.mark.parametrize("generic", [False, True])
async def test_admins_lists_read_a_page_of_their_indexes(
    whole: Whole, name: str, parameters: tuple[object, ...], indexes: tuple[str, ...], generic: bool
) -> None:
    query = admin_store.QUERIES[name]
    plan = await plan_of(whole.database, query, (LATEST, 21, *parameters), "begin", generic=generic)
    lines = "\n".join(plan.lines)
    assert all(index in lines for index in indexes), lines
    assert "Seq Scan" not in lines, lines
    # Two pages from their indexes, or every product whose name begins so.
    assert plan.buffers < (150 if name.startswith("list") else 1500), lines


async def test_the_whole_catalogue_goes_out_as_a_file_and_in_again_unchanged(whole: Whole) -> None:
    headers = bearer(whole.stack, identity("admin"))
    async with whole.session.get(f"{whole.url}/api/catalog/exports/products.csv", headers=headers) as answer:
        file = await answer.read()
    began = time.monotonic()
    async with whole.session.post(
        f"{whole.url}/api/catalog/imports", data=io.BytesIO(file), headers={**headers, "Content-Type": "text/csv"}
    ) as answer:
        report = await answer.json()
    assert time.monotonic() - began < SECONDS
    assert (report["lines"], report["unchanged"], report["stock_kept"]) == (PRODUCTS, PRODUCTS, 0)


async def test_searches_are_answered_at_once(whole: Whole) -> None:
    queries = ("milk", "frozen chicken", "chesse", "peanut butter", "yog", "16 oz coffee", "wine", "bread", "choclate")
    times = []
    for q in queries * 3:
        began = time.perf_counter()
        await whole.page(q=q)
        times.append(time.perf_counter() - began)
    # Measured: 5 ms in the middle, 12 at the 95th percentile. The bound is loose: the machine may be busy.
    assert statistics.median(times) < 0.1


async def test_the_widest_searches_are_answered_beside_each_other(whole: Whole) -> None:
    pages = await asyncio.gather(*(whole.page(q=q) for q in ("oz", "national", "ca", "c", "private", "frozen")))
    assert all(len(page["items"]) == 20 for page in pages)


async def test_the_first_page_has_several_kinds_and_makers_where_there_are(whole: Whole) -> None:
    for q in ("milk", "pizza", "candy", "frozen", "ice cream"):
        names = await whole.names(q)
        kinds = {name.split(",")[0] for name in names}
        makers = {name.split(",")[1] for name in names}
        assert len(kinds) >= 3, names
        assert len(makers) >= 5, names


async def test_what_a_word_names_in_full_comes_before_what_only_begins_so(whole: Whole) -> None:
    assert (await whole.names("ham"))[0].startswith("HAM")
    every = [item["name"] for item in await whole.every(q="ham")]
    assert any(name.startswith("HAMBURGER") for name in every)


async def test_a_size_is_the_products_own(whole: Whole) -> None:
    page = await whole.page(q="yogurt 6oz", limit="100")
    assert {item["unit"] for item in page["items"]} == {"6 OZ"}
    assert (await whole.page(q="yogurt 6123 oz"))["items"] == []


async def test_what_nothing_holds_in_full_is_found_by_its_last_words(whole: Whole) -> None:
    assert all("BREAD" in name for name in await whole.names("our own sliced bread"))
    assert (await whole.page(q="xqzxqzxq"))["items"] == []


async def test_a_search_narrows_to_what_is_available(whole: Whole) -> None:
    available = await whole.page(q="yogurt", available="true", limit="100")
    assert available == await whole.page(q="yogurt", limit="100") | {"next_cursor": available["next_cursor"]}
    assert (await whole.page(q="yogurt", available="false"))["items"] == []
    assert (await whole.page(category="YOGURT", available="false"))["items"] == []


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("froz piz", "FROZEN PIZZA"),
        ("shampo", "SHAMPOO"),
        ("choc mi", "CHOCOLATE MILK"),
        ("toilet pap", "TOILET TISSUE"),
        ("peanut but", "PEANUT BUTTER"),
        ("yog", "YOGURT MULTI-PACKS"),
    ],
)
async def test_what_is_being_typed_is_suggested(whole: Whole, typed: str, suggested: str) -> None:
    texts = [item["text"] for item in await whole.suggestions(q=typed)]
    assert suggested in texts[:5], texts
    assert len(texts) == len(set(texts))


async def test_what_is_suggested_finds_itself(whole: Whole) -> None:
    for item in await whole.suggestions(q="fro", limit="20"):
        page = await whole.page(q=item["text"], category=item["category"], limit="10")
        assert item["text"] in {one["name"].split(",")[0] for one in page["items"]}, item
