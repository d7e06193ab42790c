"""Two things at once: what was decided on an older state of a person never outlives the newer one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from argon2 import PasswordHasher

from deploy.local import Stack
from services.accounts import app, passwords
from shared.ids import new_id
from tests.support import bearer, eventually, identity, serving, settings_of

PASSWORD = "correct horse battery"
NEW = {"current_password": PASSWORD, "new_password": "another good one"}
SECOND = "/sessions/current/token"


@dataclass
class House:
    """One accounts service, its database, and an admin."""

    url: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection
    admin: dict[str, str]

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
    ) -> tuple[int, Any]:
        async with self.session.request(
            method, f"{self.url}/api/accounts{path}", json=body, headers=headers or {}
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def person(self) -> dict[str, Any]:
        wanted = {"email": f"{new_id()}@test.example", "name": "Ada", "role": "driver", "zone": 1, "password": PASSWORD}
        status, person = await self.send("POST", "/people", self.admin, wanted)
        assert status == 201, person
        return dict(person)

    async def sign_in(self, person: dict[str, Any], password: str = PASSWORD) -> tuple[int, Any]:
        return await self.send("POST", "/sessions", None, {"email": person["email"], "password": password})

    async def token(self, person: dict[str, Any]) -> dict[str, str]:
        status, session = await self.sign_in(person)
        assert status == 201, session
        return {"Authorization": f"Bearer {session['access_token']}"}

    async def change(self, person: dict[str, Any], **changes: object) -> None:
        status, changed = await self.send("PATCH", f"/people/{person['id']}", self.admin, changes)
        assert status == 200, changed

    async def set_hash(self, person: dict[str, Any], password_hash: str) -> None:
        sql = "update accounts.people set password_hash = $2 where id = $1"
        await self.database.execute(sql, UUID(person["id"]), password_hash)


@pytest.fixture(scope="module")
async def house(stack: Stack, relay: None) -> AsyncIterator[House]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    settings = settings_of(stack, "accounts", app.Settings, LARDER_SIGN_IN_FAILURES_PER_HOUR="0")
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        serving(settings, app.build) as url,
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as one,
    ):
        yield House(url, one, database, bearer(stack, identity("admin")))
    await database.close()


@asynccontextmanager
async def between_verifying_and_the_session(
    monkeypatch: pytest.MonkeyPatch, request: Callable[[], Awaitable[tuple[int, Any]]]
) -> AsyncIterator["asyncio.Task[tuple[int, Any]]"]:
    """Holds `request` where its password has just been found right; it goes on at the block's end."""
    verify, arrived, go = passwords.verify_password, asyncio.Event(), asyncio.Event()

    async def held(password_hash: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "verify_password", verify)
        matches = await verify(password_hash, password)
        arrived.set()
        await go.wait()
        return matches

    monkeypatch.setattr(passwords, "verify_password", held)
    task = asyncio.ensure_future(request())
    await arrived.wait()
    yield task
    go.set()
    await asyncio.wait([task])


@pytest.mark.parametrize("changes", [{"active": False}, {"zone": 9}, {"role": "admin", "zone": None}])
async def test_nobody_comes_in_as_who_they_were(
    house: House, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    person = await house.person()
    async with between_verifying_and_the_session(monkeypatch, lambda: house.sign_in(person)) as signing_in:
        await house.change(person, **changes)
    status, problem = signing_in.result()
    assert (status, problem.get("code")) == (503, "busy")


async def test_an_old_password_opens_nothing_once_there_is_a_new_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    mine = await house.token(person)
    async with between_verifying_and_the_session(monkeypatch, lambda: house.sign_in(person)) as signing_in:
        assert (await house.send("POST", "/me/password", mine, NEW))[0] == 201
    assert signing_in.result()[0] == 503
    assert (await house.sign_in(person))[0] == 401


async def test_a_sign_in_does_not_bring_an_old_password_back_by_rehashing_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    mine = await house.token(person)
    await house.set_hash(person, PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD))
    async with between_verifying_and_the_session(monkeypatch, lambda: house.sign_in(person)):
        assert (await house.send("POST", "/me/password", mine, NEW))[0] == 201
    assert [(await house.sign_in(person, word))[0] for word in (PASSWORD, NEW["new_password"])] == [401, 201]


async def test_an_outdated_hash_is_made_anew_also_by_many_at_once(house: House) -> None:
    person = await house.person()
    outdated = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await house.set_hash(person, outdated)
    answers = await asyncio.gather(*(house.sign_in(person) for _ in range(8)))
    assert [status for status, _ in answers] == [201] * 8
    sql = "select password_hash from accounts.people where id = $1"
    fresh = await house.database.fetchval(sql, UUID(person["id"]))
    assert passwords.is_outdated(outdated)
    assert not passwords.is_outdated(fresh)


async def test_a_storm_is_told_to_come_back_and_leaves_room_for_others(house: House) -> None:
    person = await house.person()
    mine = await house.token(person)
    storm = [asyncio.ensure_future(house.sign_in(person)) for _ in range(passwords.AT_ONCE * 2)]
    await asyncio.wait(storm, return_when=asyncio.FIRST_COMPLETED)
    assert (await house.send("GET", "/me", mine))[0] == 200
    assert not all(task.done() for task in storm), "the storm was over before anybody else was answered"
    statuses = [status for status, _ in await asyncio.gather(*storm)]
    assert set(statuses) == {201, 503}
    assert statuses.count(201) >= passwords.AT_ONCE
    assert (await house.sign_in(person))[0] == 201


async def test_a_token_made_in_the_middle_of_a_change_ends_with_its_session(house: House) -> None:
    person = await house.person()
    old = await house.token(person)
    async with house.database.transaction():
        # The change waits for this lock, its clock already read; the renewal does not.
        await house.database.execute("select from accounts.people where id = $1 for update", UUID(person["id"]))
        changing = asyncio.ensure_future(house.change(person, zone=5))
        await eventually(lambda: _somebody_waits(house))
        status, renewed = await house.send("POST", SECOND, old)
        assert status == 201
    await changing

    async def refused() -> bool:
        return (await house.send("GET", "/me", {"Authorization": f"Bearer {renewed['access_token']}"}))[0] == 401

    await eventually(refused, 3)


async def test_a_password_changed_beside_an_admins_change_never_takes_the_limit_on_tokens_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    mine = await house.token(person)

    async def change() -> tuple[int, Any]:
        return await house.send("POST", "/me/password", mine, NEW)

    async with between_verifying_and_the_session(monkeypatch, change) as changing:
        await house.change(person, zone=6)
        sql = "select tokens_valid_from from accounts.people where id = $1"
        before = await house.database.fetchval(sql, UUID(person["id"]))
    assert changing.result()[0] == 409
    assert await house.database.fetchval(sql, UUID(person["id"])) == before


@pytest.mark.parametrize("email", ["\ua7da@test.example", "\u0130@test.example", "a\u0430@test.example"])
async def test_an_address_has_one_spelling(house: House, email: str) -> None:
    wanted = {"email": email, "name": "Ada", "role": "admin", "password": PASSWORD}
    status, problem = await house.send("POST", "/people", house.admin, wanted)
    assert (status, [error["field"] for error in problem["errors"]]) == (400, ["email"])


@pytest.mark.parametrize("cookie", ["a(b=1", "larder_session=a(; x", '"', "larder_session=\xff", "=;=;"])
async def test_a_cookie_that_is_none_is_nobodys(house: House, cookie: str) -> None:
    for method, path in (("POST", SECOND), ("DELETE", "/sessions/current")):
        assert (await house.send(method, path, {"Cookie": cookie}))[0] in {401, 204}


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=%FF", "q=%25", "q=_", "role=%00", "limit=0", "limit=1e3"])
async def test_no_query_is_too_much(house: House, query: str) -> None:
    for path in ("/restaurants", "/people"):
        assert (await house.send("GET", f"{path}?{query}", house.admin))[0] in {200, 400}


async def _somebody_waits(house: House) -> bool:
    sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'accounts'"
    return int(await house.database.fetchval(sql)) > 0
