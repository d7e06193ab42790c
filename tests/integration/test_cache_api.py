"""What admins see of the cache and do to its keys, over HTTP; and products and sessions through it."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from deploy.local import Stack
from proto.cache import order_key, product_key, session_key
from services.accounts import app as accounts
from services.catalog import app as catalog
from services.orders import app as orders
from shared.bus import Bus
from shared.cache import CacheAwayError, ask_owner, gather_reports
from shared.ids import new_id
from shared.limits import open_valkey
from tests.cached import patient
from tests.nats_server import own_nats
from tests.support import bearer, eventually, free_port, identity, serving, settings_of

CACHE = "/api/performance/cache"
PASSWORD = "long enough"


@dataclass
class House:
    """Three services with copies, and somebody who asks."""

    stack: Stack
    urls: dict[str, str]
    session: aiohttp.ClientSession
    database: asyncpg.Connection

    async def send(
        self, service: str, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
    ) -> tuple[int, Any, Any]:
        async with self.session.request(method, self.urls[service] + path, headers=headers, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers

    def admin(self) -> dict[str, str]:
        return bearer(self.stack, identity("admin"))

    async def product(self, **facts: object) -> dict[str, Any]:
        known = {"sku": str(new_id()), "name": "Flour", "category": "TEST", "unit": "1 kg", "price_cents": 250}
        status, made, _ = await self.send("catalog", "POST", "/api/catalog/products", self.admin(), known | facts)
        assert status == 201, made
        return dict(made)

    async def until_hit(self, service: str, path: str, headers: dict[str, str] | None = None) -> Any:
        async def hit() -> Any:
            _, found, answer = await self.send(service, "GET", path, headers)
            return found if answer.get("Cache-Status") == "larder; hit" else None

        return await eventually(hit)

    async def signed_in(self) -> tuple[dict[str, Any], dict[str, str]]:
        """A driver, and the header of a session of theirs."""
        new = {"email": f"{new_id()}@test.test", "name": "Jo", "role": "driver", "zone": 3, "password": PASSWORD}
        status, person, _ = await self.send("accounts", "POST", "/api/accounts/people", self.admin(), new)
        assert status == 201, person
        body = {"email": new["email"], "password": PASSWORD}
        status, session, _ = await self.send("accounts", "POST", "/api/accounts/sessions", None, body)
        assert status == 201, session
        return dict(person), {"Authorization": f"Bearer {session['access_token']}"}


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    with patient():
        yield


@pytest.fixture(scope="module")
async def house(stack: Stack, relay: None, patience: None) -> AsyncIterator[House]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        async with (
            serving(settings_of(stack, "accounts", accounts.Settings), accounts.build) as one,
            serving(settings_of(stack, "catalog", catalog.Settings), catalog.build) as two,
            serving(settings_of(stack, "orders", orders.Settings), orders.build) as three,
            aiohttp.ClientSession() as session,
        ):
            yield House(stack, {"accounts": one, "catalog": two, "orders": three}, session, database)
    finally:
        await database.close()


async def test_a_product_is_read_through_the_cache_and_changes_by_its_event(house: House) -> None:
    product = await house.product()
    path = f"/api/catalog/products/{product['id']}"
    found = await house.until_hit("catalog", path)
    assert (found["price_cents"], found["version"]) == (250, 1)
    await house.send("catalog", "PATCH", path, house.admin(), {"price_cents": 300})
    assert (await house.send("catalog", "GET", path))[1]["price_cents"] == 300  # the writer's own hint
    # Somebody else's change: told by the event alone.
    status, changed, _ = await house.send("catalog", "PATCH", path, house.admin(), {"stock": 0})
    assert status == 200
    found = await house.until_hit("catalog", path)
    assert (found["available"], found["version"]) == (False, changed["version"])
    assert (await house.send("catalog", "GET", f"/api/catalog/products/{new_id()}"))[0] == 404


async def test_without_its_valkey_everything_is_answered(stack: Stack, house: House) -> None:
    product = await house.product()
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    settings = settings_of(stack, "catalog", catalog.Settings, LARDER_CACHE_URL=nowhere)
    async with serving(settings, catalog.build) as url, aiohttp.ClientSession() as session:
        for _ in range(3):
            async with session.get(f"{url}/api/catalog/products/{product['id']}") as answer:
                assert (answer.status, answer.headers["Cache-Status"]) == (200, "larder; fwd=bypass")
        async with session.get(url + CACHE, headers=house.admin()) as answer:
            assert (answer.status, (await answer.json(content_type=None))["valkey"]) == (200, None)


async def test_me_is_who_the_person_is_now_and_nobody_after_the_session(house: House) -> None:
    person, headers = await house.signed_in()
    found = await house.until_hit("accounts", "/api/accounts/me", headers)
    assert (found["person"]["name"], found["person"]["zone"]) == ("Jo", 3)
    status, _, _ = await house.send(
        "accounts", "PATCH", f"/api/accounts/people/{person['id']}", house.admin(), {"name": "Jo Two"}
    )
    assert status == 200

    async def renamed() -> bool:
        _, found, _ = await house.send("accounts", "GET", "/api/accounts/me", headers)
        return bool(found["person"]["name"] == "Jo Two")  # the token still says Jo

    await eventually(renamed)
    session = await house.database.fetchval("select id from accounts.sessions where person_id = $1", UUID(person["id"]))
    async with open_valkey(house.stack.addresses.cache) as valkey:
        key = session_key(UUID(person["id"]), session)
        await house.until_hit("accounts", "/api/accounts/me", headers)
        assert 86_400 * 0.85 < await valkey.ttl(key) <= 86_400
        assert (await house.send("accounts", "DELETE", "/api/accounts/sessions/current", headers))[0] == 204

        async def refused() -> bool:
            return (await house.send("accounts", "GET", "/api/accounts/me", headers))[0] == 401

        async def forgotten() -> bool:
            return not await valkey.hexists(key, "body")

        await eventually(refused)
        await eventually(forgotten)


async def test_a_session_that_nobody_opened_is_nobodys(house: House) -> None:
    assert (await house.send("accounts", "GET", "/api/accounts/me", house.admin()))[1] == {"person": None}


async def test_an_admin_sees_ratios_ages_processes_and_valkey(house: House) -> None:
    product = await house.product()
    path = f"/api/catalog/products/{product['id']}"
    await house.until_hit("catalog", path)
    status, report, _ = await house.send("catalog", "GET", CACHE, house.admin())
    assert status == 200
    kinds = {kind["kind"]: kind for kind in report["kinds"]}
    assert set(kinds) == {"product", "order", "session"}
    # Processes of other tests may be alive beside ours.
    assert all(kind["processes"] >= kind["in_step"] >= 1 for kind in kinds.values())
    products = kinds["product"]
    assert products["reads"] == products["hits"] + products["misses"] + products["away"] > 0
    assert products["hit_ratio"] == pytest.approx(products["hits"] / products["reads"], abs=0.0001)
    assert products["promised_ratio"] == 0.8
    assert {process["service"] for process in report["processes"]} >= {"accounts", "catalog", "orders"}
    assert report["valkey"]["policy"] == "allkeys-lru"
    assert 0 < report["valkey"]["used_bytes"] < report["valkey"]["limit_bytes"]


async def test_an_admin_reads_refreshes_and_invalidates_a_key_and_each_is_noted(house: House) -> None:
    product = await house.product()
    key, admin = product_key(UUID(product["id"])), house.admin()
    await house.until_hit("catalog", f"/api/catalog/products/{product['id']}")
    status, state, _ = await house.send("catalog", "GET", f"{CACHE}/keys/{key}", admin | {"X-Request-ID": "look"})
    assert (status, state["held"], state["version"], state["body"]["sku"]) == (200, True, 1, product["sku"])
    assert 3000 < state["expires_in_seconds"] <= 3600
    # Somebody mended the row by hand, which no event tells.
    await house.database.execute("update catalog.products set name = 'Salt' where id = $1", UUID(product["id"]))
    status, state, _ = await house.send("catalog", "POST", f"{CACHE}/keys/{key}/refresh", admin)
    assert (status, state["found"], state["body"]["name"]) == (200, True, "Salt")
    status, state, _ = await house.send("catalog", "DELETE", f"{CACHE}/keys/{key}", admin)
    assert (status, state["held"], state["version"], state["body"]) == (200, False, 1, None)
    status, page, _ = await house.send("catalog", "GET", f"{CACHE}/audit?limit=2", admin)
    assert [(entry["deed"], entry["key"]) for entry in page["items"]] == [("invalidate", key), ("refresh", key)]
    cursor = page["next_cursor"]
    status, page, _ = await house.send("catalog", "GET", f"{CACHE}/audit?limit=2&cursor={cursor}", admin)
    assert (page["items"][0]["deed"], page["items"][0]["request_id"]) == ("read", "look")
    assert page["items"][0]["at"].endswith("Z")
    with pytest.raises(asyncpg.RestrictViolationError):
        await house.database.execute("delete from catalog.cache_audit")


async def test_the_owner_of_a_key_answers_for_it(house: House) -> None:
    person, headers = await house.signed_in()
    await house.until_hit("accounts", "/api/accounts/me", headers)
    session = await house.database.fetchval("select id from accounts.sessions where person_id = $1", UUID(person["id"]))
    key = session_key(UUID(person["id"]), session)
    status, state, _ = await house.send("catalog", "POST", f"{CACHE}/keys/{key}/refresh", house.admin())
    assert (status, state["kind"], state["body"]["person"]["id"]) == (200, "session", person["id"])
    status, state, _ = await house.send("catalog", "POST", f"{CACHE}/keys/{order_key(new_id())}/refresh", house.admin())
    assert (status, state["kind"], state["found"], state["held"]) == (200, "order", False, False)


async def test_what_is_no_key_and_who_is_no_admin_are_refused(house: House) -> None:
    status, problem, _ = await house.send("catalog", "GET", f"{CACHE}/keys/place:product", house.admin())
    assert (status, problem["errors"][0]["field"]) == (400, "key")
    driver = bearer(house.stack, identity("driver", zone=1))
    key = product_key(new_id())
    for method, path in (
        ("GET", CACHE),
        ("GET", f"{CACHE}/audit"),
        ("GET", f"{CACHE}/keys/{key}"),
        ("POST", f"{CACHE}/keys/{key}/refresh"),
        ("DELETE", f"{CACHE}/keys/{key}"),
    ):
        assert (await house.send("catalog", method, path, driver))[0] == 403
        assert (await house.send("catalog", method, path))[0] == 401


async def test_while_nats_is_away_an_admin_is_told_so(stack: Stack, house: House) -> None:
    settings = settings_of(stack, "catalog", catalog.Settings, LARDER_NATS_URL=f"nats://127.0.0.1:{free_port()}")
    async with serving(settings, catalog.build) as url, aiohttp.ClientSession() as session:
        for path in (CACHE, f"{CACHE}/keys/{product_key(new_id())}"):
            async with session.get(url + path, headers=house.admin()) as answer:
                problem = await answer.json(content_type="application/problem+json")
                assert (answer.status, problem["detail"]) == (503, "NATS does not answer.")


async def test_where_nobody_has_copies_nobody_reports_and_no_key_is_answered_for(tmp_path: Path) -> None:
    async with own_nats(tmp_path) as nats, Bus(nats.url, "test") as bus:
        await bus.connection()
        assert await gather_reports(bus) == []
        with pytest.raises(CacheAwayError, match="session"):
            await ask_owner(bus, "session", "read", session_key(new_id(), new_id()))


async def test_what_the_edge_is_to_keep_for_an_hour_is_never_made_of_a_copy(house: House) -> None:
    product = await house.product()
    path = f"/api/catalog/products/{product['id']}"
    await house.until_hit("catalog", path)
    _, _, answer = await house.send("catalog", "GET", path, {"X-Edge-Keep": "60"})
    assert answer["Cache-Status"] == "larder; fwd=request"
