"""What admins alone do with the catalogue: see all of it, know who changed what, and take it in and out as a file."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.catalog import ProductEvent
from services.catalog import admin_store, app, csv_file
from services.catalog.csv_file import COLUMNS
from services.catalog.domain import Product
from services.catalog.importer import QUERIES as IMPORTER
from shared.identity import Identity
from shared.ids import new_id
from tests.integration.test_catalog import Shop, named
from tests.support import bearer, eventually, identity, serving, settings_of

HEADER = ",".join(COLUMNS)
SOME_ID = UUID(int=7)
"""Of no product. Names of tests must be the same in each worker."""


@pytest.fixture(scope="module")
async def listening(stack: Stack) -> AsyncIterator[Shop]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    async with (
        serving(settings_of(stack, "catalog", app.Settings), app.build) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Shop(stack, url, session, database)
    await database.close()


@dataclass
class Desk:
    """An admin at the catalogue, with a category of this test's own."""

    shop: Shop
    admin: Identity

    @property
    def category(self) -> str:
        return self.shop.category

    def line(self, sku: str, price: str = "2.50", stock: str = "", active: str = "true", name: str = "Flour") -> str:
        return f"{sku},{name},{self.category},1 kg,{price},{stock},{active}"

    async def send(
        self,
        lines: Sequence[str] | bytes,
        *,
        header: str = HEADER,
        accept: str = "application/json",
        request_id: str = "the-import",
        **parameters: str,
    ) -> tuple[int, Any]:
        """Status, and what was answered: decoded, or as text where it is a file."""
        body = lines if isinstance(lines, bytes) else "\r\n".join([header, *lines]).encode()
        headers = {
            **bearer(self.shop.stack, self.admin),
            "Content-Type": "text/csv",
            "Accept": accept,
            "X-Request-ID": request_id,
        }
        url = f"{self.shop.url}/api/catalog/imports"
        async with self.shop.session.post(url, data=io.BytesIO(body), params=parameters, headers=headers) as answer:
            given = await answer.read()
            is_json = "json" in answer.headers["Content-Type"]
            return answer.status, json.loads(given) if is_json else given.decode("utf-8-sig")

    async def get(self, path: str, **parameters: str) -> tuple[int, Any]:
        headers = bearer(self.shop.stack, self.admin)
        async with self.shop.session.get(
            f"{self.shop.url}/api/catalog{path}", params=parameters, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def export(self, **parameters: str) -> bytes:
        headers = bearer(self.shop.stack, self.admin)
        url = f"{self.shop.url}/api/catalog/exports/products.csv"
        async with self.shop.session.get(url, params=parameters, headers=headers) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
            assert answer.headers["Cache-Control"] == "private, no-store"
            return await answer.read()

    async def stored(self) -> dict[str, Any]:
        rows = await self.shop.database.fetch(
            "select sku, name, price_cents, stock, active, version from catalog.products where category = $1 "
            "order by sku",
            self.category,
        )
        return {row["sku"]: tuple(row)[1:] for row in rows}

    async def history(self, product_id: str) -> list[Any]:
        status, page = await self.get(f"/products/{product_id}/history")
        assert status == 200, page
        return list(page["items"])

    async def id_of(self, sku: str) -> str:
        return str(await self.shop.database.fetchval("select id from catalog.products where sku = $1", sku))


@pytest.fixture
def desk(listening: Shop) -> Desk:
    shop = Shop(listening.stack, listening.url, listening.session, listening.database)
    return Desk(shop, identity("admin"))


def counts(report: Any) -> tuple[int, ...]:
    return tuple(report[name] for name in ("lines", "created", "updated", "unchanged", "refused"))


async def skus(desk: Desk, **parameters: str) -> list[str]:
    items: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        status, page = await desk.get("/admin/products", limit="2", **parameters, **cursor)
        assert status == 200, page
        items += [one["sku"] for one in page["items"]]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def test_admins_see_the_inactive_too_with_their_stock_newest_first_page_by_page(desk: Desk) -> None:
    made = [
        await desk.shop.make(sku=f"{desk.category} {place}", active=place % 2 == 0, stock=place) for place in range(5)
    ]
    newest = [one["sku"] for one in reversed(made)]
    assert await skus(desk, category=desk.category) == newest
    assert await skus(desk, category=desk.category, active="true") == newest[::2]
    assert await skus(desk, category=desk.category, active="false") == newest[1::2]
    assert (await skus(desk))[:5] == newest
    assert (await skus(desk, active="false"))[:2] == newest[1::2]
    status, whole = await desk.get(f"/admin/products/{made[3]['id']}")
    assert (status, whole) == (200, made[3])
    assert (await desk.get(f"/admin/products/{new_id()}"))[0] == 404


async def test_admins_find_by_how_a_sku_or_a_name_begins_in_any_case(desk: Desk) -> None:
    mark = desk.category[-12:]
    first = await desk.shop.make(sku=f"AB-{mark}", name="Rye")
    second = await desk.shop.make(sku=f"CD-{mark}", name=f"Ab-{mark} bread", active=False)
    await desk.shop.make(sku=f"EF-{mark}", name=f"bread ab-{mark}")
    both = [second["sku"], first["sku"]]
    assert await skus(desk, q=f"ab-{mark}") == both
    assert await skus(desk, q=f"AB-{mark}", category=desk.category) == both
    assert await skus(desk, q=f"ab-{mark}", active="false") == both[:1]
    assert await skus(desk, q=f"ab-{mark}", category="ANOTHER") == []
    for nothing in ("%", "_", f"ab-{mark}%", "\\", "'"):
        assert not set(await skus(desk, q=nothing)) & {first["sku"], second["sku"]}


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/admin/products", {"active": "maybe"}, "active"),
        ("/admin/products", {"q": ""}, "q"),
        ("/admin/products", {"q": "a\x00b"}, "q"),
        ("/admin/products", {"category": "x" * 101}, "category"),
        ("/admin/products", {"limit": "101"}, "limit"),
        ("/admin/products", {"cursor": "forged"}, "cursor"),
        (f"/products/{SOME_ID}/history", {"cursor": "forged"}, "cursor"),
        ("/exports/products.csv", {"separator": "tab"}, "separator"),
    ],
)
async def test_a_query_that_is_wrong_is_refused_naming_the_parameter(
    desk: Desk, path: str, query: dict[str, str], field: str
) -> None:
    status, answer = await desk.get(path, **query)
    assert (status, named(answer)) == (400, {field}), answer


async def test_a_cursor_belongs_to_its_list_and_filters(desk: Desk) -> None:
    for _ in range(2):
        await desk.shop.make()
    _, page = await desk.get("/admin/products", category=desk.category, limit="1")
    for others in ({}, {"category": desk.category, "active": "true"}, {"category": desk.category, "q": "flour"}):
        status, answer = await desk.get("/admin/products", cursor=page["next_cursor"], **others)
        assert (status, named(answer)) == (400, {"cursor"})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/products"),
        ("GET", f"/admin/products/{SOME_ID}"),
        ("GET", f"/products/{SOME_ID}/history"),
        ("POST", "/imports"),
        ("GET", "/exports/products.csv"),
    ],
)
async def test_it_is_for_admins_alone(desk: Desk, method: str, path: str) -> None:
    assert (await desk.shop.send(method, path))[0] == 401
    for somebody in (identity("restaurant", restaurant_id=new_id()), identity("driver", zone=1)):
        status, answer, headers = await desk.shop.send(method, path, headers=bearer(desk.shop.stack, somebody))
        assert (status, answer["code"], headers["Content-Type"]) == (403, "forbidden", "application/problem+json")


async def test_a_product_remembers_who_changed_what_in_which_request(desk: Desk) -> None:
    made = await desk.shop.make(stock=7)
    headers = {**bearer(desk.shop.stack, desk.admin), "X-Request-ID": "o'clock"}
    await desk.shop.send("PATCH", f"/products/{made['id']}", {"price_cents": 300, "stock": None}, headers)
    named_well = {**bearer(desk.shop.stack, desk.admin), "X-Request-ID": "raise-1"}
    await desk.shop.send("PATCH", f"/products/{made['id']}", {"price_cents": 350}, named_well)
    await desk.shop.send("PATCH", f"/products/{made['id']}", {"price_cents": 350}, named_well)
    third, second, first = await desk.history(made["id"])
    assert (third["version"], third["request_id"]) == (3, "raise-1")
    assert third["actor"] == {"id": str(desk.admin.person_id), "role": "admin"}
    assert third["changes"] == {"price_cents": {"from": 300, "to": 350}}
    assert second["changes"] == {"price_cents": {"from": 250, "to": 300}, "stock": {"from": 7, "to": None}}
    assert second["at"] < third["at"]
    assert first["version"] == 1
    assert {name: change["to"] for name, change in first["changes"].items()} == {
        name: made[name] for name in ("sku", "name", "category", "unit", "price_cents", "stock", "active")
    }
    assert not any("from" in change for change in first["changes"].values())
    events = await desk.shop.events(made)
    assert [event.request_id for event in events[1:]] == [second["request_id"], "raise-1"]


async def test_a_history_is_read_page_by_page_and_is_not_there_for_no_product(desk: Desk) -> None:
    made = await desk.shop.make()
    for cents in (300, 400):
        await desk.shop.change(made, price_cents=cents)
    _, page = await desk.get(f"/products/{made['id']}/history", limit="2")
    assert [entry["version"] for entry in page["items"]] == [3, 2]
    _, rest = await desk.get(f"/products/{made['id']}/history", limit="2", cursor=page["next_cursor"])
    assert ([entry["version"] for entry in rest["items"]], rest["next_cursor"]) == ([1], None)
    assert (await desk.get(f"/products/{new_id()}/history"))[0] == 404


async def test_stock_that_moves_without_a_version_leaves_no_entry_and_nobody_is_the_system(desk: Desk) -> None:
    made = await desk.shop.make(stock=7)
    one_less = "update catalog.products set stock = stock - 1, version = version + $2 where id = $1::uuid"
    await desk.shop.database.execute(one_less, made["id"], 0)
    assert len(await desk.history(made["id"])) == 1
    await desk.shop.database.execute(one_less, made["id"], 1)
    newest = (await desk.history(made["id"]))[0]
    assert (newest["actor"], newest["request_id"]) == ({"id": None, "role": "system"}, None)
    assert newest["changes"] == {"stock": {"from": 6, "to": 5}}


async def test_who_sends_a_sku_again_is_told_the_product_that_has_it(desk: Desk) -> None:
    made = await desk.shop.make()
    body = {name: made[name] for name in ("sku", "name", "category", "unit", "price_cents")}
    status, answer = await desk.shop.as_admin("POST", "/products", body)
    assert (status, answer["code"], answer["present"]) == (409, "sku", made)


async def test_an_import_makes_and_changes_and_the_same_again_changes_nothing(desk: Desk) -> None:
    mark = str(new_id())
    old = await desk.shop.make(sku=f"{mark}-1", stock=7)
    other = await desk.shop.make(sku=f"{mark}-9")
    lines = [
        desk.line(f"{mark}-1", price="3.00", stock="99"),
        desk.line(f"{mark}-2", stock="5"),
        desk.line(f"{mark}-3", price="0", active="no"),
    ]
    status, report = await desk.send(lines)
    assert (status, counts(report)) == (200, (3, 2, 1, 0, 0))
    assert (report["mode"], report["dry_run"], report["applied"], report["stock_kept"]) == ("all", False, True, 1)
    expected = {
        f"{mark}-1": ("Flour", 300, 7, True, 2),
        f"{mark}-2": ("Flour", 250, 5, True, 1),
        f"{mark}-3": ("Flour", 0, None, False, 1),
        other["sku"]: ("Flour", 250, None, True, 1),
    }
    assert await desk.stored() == expected
    status, again = await desk.send(lines)
    assert (status, counts(again), again["stock_kept"]) == (200, (3, 0, 0, 3, 0), 1)
    assert await desk.stored() == expected
    _, event = await desk.shop.events(old)
    assert (event.product.version, event.product.price_cents) == (2, 300)
    assert (event.actor.id, event.actor.role, event.request_id) == (desk.admin.person_id, "admin", "the-import")
    newest = (await desk.history(old["id"]))[0]
    assert (newest["actor"]["id"], newest["request_id"]) == (str(desk.admin.person_id), "the-import")
    assert newest["changes"] == {"price_cents": {"from": 250, "to": 300}}


async def test_an_imported_event_is_byte_for_byte_what_a_change_by_hand_would_have_written(desk: Desk) -> None:
    sku = str(new_id())
    await desk.send([desk.line(sku, name='"Ünï ""x"" 豆腐"')])
    payload = await desk.shop.database.fetchval(
        "select payload from catalog.outbox where key = $1::uuid", await desk.id_of(sku)
    )
    event = msgspec.json.decode(payload, type=ProductEvent)
    assert (event.product.name, event.request_id) == ('Ünï "x" 豆腐', "the-import")
    assert msgspec.json.encode(event) == payload


async def test_all_or_nothing_imports_nothing_of_a_file_with_a_wrong_line_and_names_it(desk: Desk) -> None:
    mark = str(new_id())
    lines = [desk.line(f"{mark}-1"), desk.line(f"{mark}-2", price="free", stock="x"), f"{mark}-3,short"]
    status, answer = await desk.send(lines)
    assert (status, answer["code"]) == (400, "lines")
    assert named(answer) == {"lines[3].price", "lines[3].stock", "lines[4]"}
    assert counts(answer["report"]) == (3, 0, 0, 1, 2)
    assert answer["report"]["applied"] is False
    assert await desk.stored() == {}


async def test_good_lines_are_kept_when_the_admin_says_so_and_wrong_ones_told(desk: Desk) -> None:
    mark = str(new_id())
    lines = [desk.line(f"{mark}-1"), desk.line(f"{mark}-2", price="free"), desk.line(f"{mark}-3")]
    lines += [desk.line(f"{mark}-4"), desk.line(f"{mark}-4", price="9.99")]
    status, report = await desk.send(lines, mode="good")
    assert (status, counts(report)) == (200, (5, 2, 0, 0, 3))
    assert [(error["line"], error["sku"], error["column"]) for error in report["errors"]] == [
        (3, f"{mark}-2", "price"),
        (5, f"{mark}-4", "sku"),
        (6, f"{mark}-4", "sku"),
    ]
    assert report["errors_left_out"] == 0
    assert set(await desk.stored()) == {f"{mark}-1", f"{mark}-3"}


async def test_a_report_tells_a_hundred_errors_and_the_file_all_of_them(desk: Desk) -> None:
    mark = str(new_id())
    old = await desk.shop.make(sku=f"{mark}-1", stock=7)
    await desk.shop.make(sku=f"{mark}-2")
    lines = [desk.line(old["sku"], price="3.00", stock="8"), desk.line(f"{mark}-2"), desk.line(f"{mark}-3")]
    lines += [desk.line(f"=wrong {place}", price="free") for place in range(150)]
    _, report = await desk.send(lines, mode="good", dry_run="true")
    assert (len(report["errors"]), report["errors_left_out"], counts(report)) == (100, 50, (153, 1, 1, 1, 150))
    status, told = await desk.send(lines, mode="good", accept="text/csv")
    assert status == 200
    rows = list(csv.DictReader(io.StringIO(told, newline="")))
    assert [(row["line"], row["result"], row["column"]) for row in rows[:4]] == [
        ("2", "updated", "stock"),
        ("3", "unchanged", ""),
        ("4", "created", ""),
        ("5", "refused", "price"),
    ]
    assert (len(rows), rows[-1]["line"], rows[-1]["sku"]) == (153, "154", "'=wrong 149")


async def test_a_dry_run_tells_what_would_be_and_changes_nothing(desk: Desk) -> None:
    mark = str(new_id())
    old = await desk.shop.make(sku=f"{mark}-1")
    lines = [desk.line(old["sku"], price="3"), desk.line(f"{mark}-2"), desk.line(f"{mark}-3", price="free")]
    before = await desk.stored()
    status, report = await desk.send(lines, dry_run="true")
    assert (status, counts(report), report["applied"]) == (200, (3, 1, 1, 0, 1), False)
    assert await desk.stored() == before
    assert len(await desk.shop.events(old)) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (b"\xff\xfes\x00k\x00u\x00", "UTF-16"),
        (f"{HEADER}\n1,Jalape".encode() + b"\xf1o,X,1 kg,2,,true", "not UTF-8 in line 2"),
        (b"sku;name\n", "'price' is missing"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_in_words(desk: Desk, body: bytes, told: str) -> None:
    for mode in ("all", "good"):
        status, answer = await desk.send(body, mode=mode)
        assert (status, named(answer)) == (400, {"body"})
        assert told in answer["errors"][0]["detail"]


async def test_a_header_alone_imports_nothing(desk: Desk) -> None:
    status, report = await desk.send([])
    assert (status, counts(report), report["applied"]) == (200, (0, 0, 0, 0, 0), True)


async def test_a_file_of_another_type_or_too_large_is_refused(desk: Desk) -> None:
    headers = bearer(desk.shop.stack, desk.admin)
    assert (await desk.shop.send("POST", "/imports", {}, headers))[0] == 415
    # Refused by its head alone: whoever sent the body as well might find the connection closed.
    address = urlsplit(desk.shop.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = {**headers, "Host": address.netloc, "Content-Type": "text/csv", "Content-Length": str(16 * 1024 * 1024 + 1)}
    lines = ["POST /api/catalog/imports HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    refused = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert refused.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in refused
    status, answer = await desk.send([desk.line(str(new_id()))], mode="some")
    assert (status, named(answer)) == (400, {"mode"})


async def test_one_import_runs_at_a_time(desk: Desk) -> None:
    async with desk.shop.database.transaction():
        await desk.shop.database.execute(IMPORTER["hold_imports"].sql)
        status, answer = await desk.send([desk.line(str(new_id()))])
        assert (status, answer["retry_after_s"]) == (503, 1)
    assert (await desk.send([desk.line(str(new_id()))]))[0] == 200


async def test_an_import_and_who_locks_products_in_the_order_of_their_ids_never_wait_crosswise(desk: Desk) -> None:
    made = sorted([await desk.shop.make() for _ in range(20)], key=lambda one: str(one["id"]))
    backwards = [one["sku"] for one in reversed(made)]

    async def lock_some() -> None:
        other = await asyncpg.connect(desk.shop.stack.addresses.database("catalog_service"))
        try:
            for _ in range(20):
                await other.execute(
                    "select from catalog.products where category = $1 order by id for update", desk.category
                )
        finally:
            await other.close()

    async def import_some() -> list[int]:
        return [
            (await desk.send([desk.line(sku, price=f"{price}.00") for sku in backwards]))[0] for price in range(1, 9)
        ]

    _, statuses = await asyncio.gather(lock_some(), import_some())
    assert statuses == [200] * 8


async def test_an_export_holds_every_product_and_imported_again_changes_nothing(desk: Desk) -> None:
    await desk.shop.make(name="=1+1", active=False, stock=0)
    await desk.shop.make(name="-x, \"y\"; 'z'", unit="'=", price_cents=123_456)
    for separator in ("comma", "semicolon"):
        file = await desk.export(separator=separator)
        held = await desk.shop.database.fetchval("select count(*) from catalog.products")
        status, report = await desk.send(file)
        assert (status, counts(report), report["stock_kept"]) == (200, (held, 0, 0, held, 0), 0)
    assert b"'=1+1" in file
    assert b"1234,56" in file


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40).filter(
    lambda text: text.strip(" ") != ""
) | st.sampled_from(["=cmd|' /C calc'!A0", "@x", "'-1", "''", '"', ";,", "a\u2028b", " lead"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.tuples(NAMES, NAMES.map(lambda text: text[:40])), min_size=1, max_size=4),
    cents=st.integers(1, 10**8),
    stock=st.none() | st.integers(0, 10**9),
)
async def test_whatever_products_are_called_what_is_exported_is_what_was_made(
    desk: Desk, texts: list[tuple[str, str]], cents: int, stock: int | None
) -> None:
    wanted = {
        str(new_id()): {"name": name, "unit": unit, "price_cents": cents, "stock": stock}
        for name, unit in texts
        if unit.strip(" ")
    }
    for sku, facts in wanted.items():
        await desk.shop.make(sku=sku, **facts)
    table = csv_file.read(await desk.export())
    found = {one.sku: one for _, one in table.products if one.sku in wanted}
    assert {sku: {name: getattr(one, name) for name in wanted[sku]} for sku, one in found.items()} == wanted
    status, report = await desk.send(await desk.export())
    assert (status, report["created"], report["updated"], report["refused"]) == (200, 0, 0, 0)


async def test_an_export_is_one_moment_however_long_it_takes(desk: Desk) -> None:
    first, last = await desk.shop.make(), await desk.shop.make()
    seen: dict[str, Product] = {}
    async with desk.shop.database.transaction():
        async for (product,) in admin_store.every_product(desk.shop.database, 1):
            if not seen:
                await desk.shop.change(first, price_cents=999)
                await desk.shop.change(last, price_cents=999)
            seen[str(product.id)] = product
    assert {seen[one["id"]].price_cents for one in (first, last)} == {250}


async def test_a_reader_who_leaves_in_the_middle_leaves_no_connection_behind(desk: Desk) -> None:
    headers = bearer(desk.shop.stack, desk.admin)
    for _ in range(12):
        async with desk.shop.session.get(
            f"{desk.shop.url}/api/catalog/exports/products.csv", headers=headers
        ) as answer:
            await answer.content.read(1)
            answer.close()

    async def free() -> bool:
        busy = await desk.shop.database.fetchval(
            "select count(*) from pg_stat_activity where usename = 'catalog_service' and state like 'idle in trans%'"
        )
        return bool(busy == 0)

    assert await eventually(free)
    assert (await desk.get("/admin/products"))[0] == 200


async def test_who_may_not_send_a_file_is_told_so_and_not_cut_off(desk: Desk) -> None:
    for _ in range(20):
        async with desk.shop.session.post(
            f"{desk.shop.url}/api/catalog/imports?dry_run=true",
            data=io.BytesIO(b"x" * 3_000_000),
            headers={"Content-Type": "text/csv"},
        ) as answer:
            assert answer.status == 401
