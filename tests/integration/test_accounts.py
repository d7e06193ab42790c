"""People sign in, renew and leave; admins manage people and restaurants; everybody else hears of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
import pytest
from nats.js.errors import NotFoundError

from deploy.local import Stack
from proto import streams
from proto.accounts import PersonEvent, RestaurantEvent, SessionEvent
from proto.orders import Location
from services.accounts import app, passwords
from services.accounts.domain import BelongingError
from services.accounts.importer import ImportedPerson, ImportedRestaurant, import_accounts
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.limits import TIMEOUT_SECONDS
from shared.outbox import wake_subject
from tests.support import PATIENCE_SECONDS, bearer, eventually, identity, serving, settings_of
from tests.valkey_server import own_valkey

PASSWORD = "correct horse battery"


@dataclass
class House:
    """Two replicas of accounts, and an admin."""

    stack: Stack
    url: str
    other: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection

    @property
    def admin(self) -> dict[str, str]:
        return bearer(self.stack, identity("admin"))

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = None, url: str | None = None
    ) -> tuple[int, Any, Any]:
        async with self.session.request(
            method, (url or self.url) + "/api/accounts" + path, json=body, headers=headers or {}
        ) as answer:
            text = await answer.read()
            return answer.status, msgspec.json.decode(text) if text else None, answer

    async def person(self, role: str = "driver", **more: object) -> dict[str, Any]:
        """Somebody new; `email` is theirs alone."""
        wanted = {"email": f"{new_id()}@Test.example", "name": "Ada", "role": role, "password": PASSWORD}
        belongs = {"driver": {"zone": 1}, "admin": {}, "restaurant": {}}[role]
        status, person, _ = await self.send("POST", "/people", self.admin, {**wanted, **belongs, **more})
        assert status == 201, person
        return dict(person)

    async def restaurant(self) -> dict[str, Any]:
        number = int(new_id()) % 2_000_000_000 + 1
        wanted = {"number": number, "name": f"Kitchen {number}", "address": "Quay 1"}
        place = {"location": {"lat": 1.5, "lon": 2.5}, "zone": 3, "credit_limit_cents": 1000}
        status, restaurant, _ = await self.send("POST", "/restaurants", self.admin, {**wanted, **place})
        assert status == 201, restaurant
        return dict(restaurant)

    async def sign_in(self, person: dict[str, Any], password: str = PASSWORD) -> tuple[int, Any, Any]:
        return await self.send("POST", "/sessions", None, {"email": person["email"], "password": password})

    async def token(self, person: dict[str, Any]) -> dict[str, str]:
        status, session, _ = await self.sign_in(person)
        assert status == 201, session
        return {"Authorization": f"Bearer {session['access_token']}"}

    async def until_refused(self, headers: dict[str, str], url: str | None = None) -> None:
        async def refused() -> bool:
            return (await self.send("GET", "/me", headers, url=url))[0] == 401

        await eventually(refused)


@pytest.fixture(scope="module")
async def house(stack: Stack, relay: None) -> AsyncIterator[House]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    settings = [settings_of(stack, "accounts", app.Settings, LARDER_SIGN_IN_FAILURES_PER_HOUR="3") for _ in range(2)]
    try:
        async with (
            serving(settings[0], app.build) as url,
            serving(settings[1], app.build) as other,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            yield House(stack, url, other, session, database)
    finally:
        await database.close()


async def test_signing_in_gives_a_token_that_says_who_one_is(house: House) -> None:
    person = await house.person()
    status, session, answer = await house.sign_in({"email": person["email"].upper()})
    assert (status, session["expires_in"]) == (201, 900)
    expected = {"id": person["id"], "name": "Ada", "role": "driver", "restaurant_id": None, "zone": 1}
    assert session["person"] == expected
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    for url in (house.url, house.other):
        assert (await house.send("GET", "/me", headers, url=url))[1] == {"person": expected}
    assert (await house.send("GET", "/me"))[1] == {"person": None}
    for cookie in (answer.cookies["larder_token"], answer.cookies["larder_session"]):
        assert (cookie["httponly"], cookie["samesite"].lower()) == (True, "strict")
        assert cookie["secure"] == ""
    assert answer.cookies["larder_session"]["path"] == "/api/accounts/sessions/current"
    assert answer.cookies["larder_session"]["max-age"] == "86400"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_cookies_set_over_https_stay_on_https(house: House) -> None:
    person = await house.person()
    body = {"email": person["email"], "password": PASSWORD}
    _, _, answer = await house.send("POST", "/sessions", {"X-Forwarded-Proto": "https"}, body)
    assert [answer.cookies[name]["secure"] for name in ("larder_token", "larder_session")] == [True, True]


async def test_wrong_unknown_and_inactive_read_the_same_and_cost_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await house.person()
    await house.send("PATCH", f"/people/{gone['id']}", house.admin, {"active": False})
    verified: list[str] = []
    matches = passwords._matches

    def counting(password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "_matches", counting)
    answers = [
        await house.sign_in(await house.person(), "wrong password"),
        await house.sign_in({"email": "nobody@test.example"}),
        await house.sign_in(gone),
    ]
    assert [status for status, _, _ in answers] == [401] * 3
    assert len({problem["detail"] for _, problem, _ in answers}) == 1
    parameters = {password_hash.rsplit("$", 2)[0] for password_hash in verified}
    assert (len(verified), len(parameters)) == (3, 1)


async def test_failures_are_limited_for_the_person_and_leave_others_alone(house: House) -> None:
    person, other = await house.person(), await house.person()
    for _ in range(3):
        assert (await house.sign_in(person, "wrong password"))[0] == 401
    for password in ("wrong password", PASSWORD):
        status, problem, answer = await house.sign_in(person, password)
        assert (status, problem["code"]) == (429, "too_often")
        assert int(answer.headers["Retry-After"]) > 0
    assert (await house.sign_in(other))[0] == 201


async def test_guesses_sent_at_once_are_counted_before_they_are_looked_at(house: House) -> None:
    person = await house.person()
    answers = await asyncio.gather(*(house.sign_in(person, "wrong password") for _ in range(12)))
    assert sorted(status for status, _, _ in answers) == [401] * 3 + [429] * 9


async def test_right_passwords_are_not_counted_however_many_come(house: House) -> None:
    person = await house.person()
    for _ in range(8):
        assert (await house.sign_in(person))[0] == 201


async def test_nobody_signs_in_without_the_counter(stack: Stack, house: House) -> None:
    settings = settings_of(stack, "accounts", app.Settings, LARDER_VALKEY_URL="redis://127.0.0.1:1/0")
    async with serving(settings, app.build) as url:
        body = {"email": "a@b", "password": "x"}
        status, _, answer = await house.send("POST", "/sessions", None, body, url)
        assert (status, answer.headers["Retry-After"]) == (503, "1")


async def test_who_signs_in_waits_for_a_slow_counter_and_not_for_one_that_stands_still(
    stack: Stack, house: House, tmp_path: Path
) -> None:
    """It is slow for three times as long as the limits of other requests would wait for it."""
    person = await house.person()
    wanted = {"email": person["email"], "password": PASSWORD}
    async with own_valkey(tmp_path) as valkey:
        counted = {"LARDER_VALKEY_URL": valkey.url, "LARDER_SIGN_IN_FAILURES_PER_HOUR": "3"}
        async with serving(settings_of(stack, "accounts", app.Settings, **counted), app.build) as url:
            valkey.freeze()
            asyncio.get_running_loop().call_later(3 * TIMEOUT_SECONDS, valkey.thaw)
            assert (await house.send("POST", "/sessions", None, wanted, url))[0] == 201
            valkey.freeze()
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await house.send("POST", "/sessions", None, wanted, url))[0] == 503


async def test_a_token_is_renewed_by_itself_or_by_the_browsers_secret(house: House) -> None:
    person = await house.person()
    _, session, answer = await house.sign_in(person)
    bearing = {"Authorization": f"Bearer {session['access_token']}"}
    secret = {"Cookie": f"larder_session={answer.cookies['larder_session'].value}"}
    for headers in (bearing, secret, {**secret, "Cookie": secret["Cookie"] + "; larder_token=expired"}):
        status, fresh, _ = await house.send("POST", "/sessions/current/token", headers)
        assert (status, fresh["person"]["id"]) == (201, person["id"])
        token = {"Authorization": f"Bearer {fresh['access_token']}"}
        assert (await house.send("GET", "/me", token))[1]["person"]["id"] == person["id"]
    evil = {**secret, "Origin": "https://evil.test"}
    assert (await house.send("POST", "/sessions/current/token", evil))[0] == 403
    assert (await house.send("POST", "/sessions/current/token"))[0] == 401
    assert (await house.send("POST", "/sessions/current/token", {"Cookie": "larder_session=forged"}))[0] == 401


async def test_signing_out_ends_the_session_everywhere(house: House) -> None:
    person = await house.person()
    _, session, answer = await house.sign_in(person)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    secret = {"Cookie": f"larder_session={answer.cookies['larder_session'].value}"}
    untouched = await house.token(person)
    status, _, signed_out = await house.send("DELETE", "/sessions/current", headers)
    assert status == 204
    assert signed_out.cookies["larder_token"]["max-age"] == "0"
    for url in (house.url, house.other):
        await house.until_refused(headers, url)
    assert (await house.send("POST", "/sessions/current/token", secret))[0] == 401
    assert (await house.send("GET", "/me", untouched))[0] == 200


async def test_the_browsers_secret_signs_out_for_its_person(house: House) -> None:
    person = await house.person()
    _, session, answer = await house.sign_in(person)
    secret = {"Cookie": f"larder_session={answer.cookies['larder_session'].value}"}
    assert (await house.send("DELETE", "/sessions/current", {**secret, "Origin": "https://evil.test"}))[0] == 403
    assert (await house.send("DELETE", "/sessions/current", secret))[0] == 204
    await house.until_refused({"Authorization": f"Bearer {session['access_token']}"}, house.other)
    row = await house.database.fetchrow("select payload, ttl_seconds from accounts.outbox order by id desc limit 1")
    event = msgspec.json.decode(row["payload"], type=SessionEvent)
    assert (event.type, row["ttl_seconds"]) == ("SessionRevoked", 86400)
    assert (event.person_id, event.actor.id, event.actor.role) == (UUID(person["id"]),) * 2 + ("driver",)
    for headers in (None, {"Cookie": "larder_session=forged"}):
        status = (await house.send("DELETE", "/sessions/current", headers))[0]
        assert status == (401 if headers is None else 204)


async def test_a_cookie_speaks_for_its_person_from_our_own_pages_alone(house: House) -> None:
    person = await house.person("admin")
    _, session, _ = await house.sign_in(person)
    cookie = {"Cookie": f"larder_token={session['access_token']}"}
    assert (await house.send("GET", "/people?limit=1", cookie))[0] == 200
    body = {"name": "Bo"}
    path = f"/people/{person['id']}"
    for origin in ("https://evil.test", "null", "http://[", ""):
        assert (await house.send("PATCH", path, {**cookie, "Origin": origin}, body))[0] == 403
    assert (await house.send("PATCH", path, {**cookie, "Sec-Fetch-Site": "cross-site"}, body))[0] == 403
    assert (await house.send("PATCH", path, {**cookie, "Origin": house.url}, body))[0] == 200


async def test_a_new_password_ends_the_others_sessions_and_keeps_ones_own(house: House) -> None:
    person = await house.person()
    mine, elsewhere = await house.token(person), await house.token(person)
    path, wanted = "/me/password", {"current_password": PASSWORD, "new_password": "another good one"}
    status, problem, _ = await house.send("POST", path, mine, {**wanted, "current_password": "no"})
    assert (status, problem["errors"][0]["field"]) == (403, "current_password")
    status, problem, _ = await house.send("POST", path, mine, {**wanted, "new_password": "short"})
    assert (status, problem["errors"][0]["field"]) == (400, "new_password")
    status, session, _ = await house.send("POST", path, mine, wanted)
    assert status == 201, session
    await house.until_refused(elsewhere)
    await house.until_refused(mine, house.other)
    fresh = {"Authorization": f"Bearer {session['access_token']}"}
    for url in (house.url, house.other):
        assert (await house.send("GET", "/me", fresh, url=url))[0] == 200
    assert (await house.sign_in(person))[0] == 401
    assert (await house.sign_in(person, "another good one"))[0] == 201


@pytest.mark.parametrize("changes", [{"zone": 7}, {"active": False}, {"role": "admin", "zone": None}])
async def test_what_changes_ones_sight_ends_ones_sessions(house: House, changes: dict[str, object]) -> None:
    person = await house.person()
    headers = await house.token(person)
    status, changed, _ = await house.send("PATCH", f"/people/{person['id']}", house.admin, changes)
    assert (status, changed["version"]) == (200, 2)
    await house.until_refused(headers, house.other)


async def test_a_new_name_leaves_sessions_alone_and_the_same_name_changes_nothing(house: House) -> None:
    person = await house.person()
    headers = await house.token(person)
    path = f"/people/{person['id']}"
    _, changed, _ = await house.send("PATCH", path, house.admin, {"name": "Bea"})
    _, same, _ = await house.send("PATCH", path, house.admin, {"name": "Bea"})
    assert (changed["version"], same["version"]) == (2, 2)
    assert (await house.send("POST", "/sessions/current/token", headers))[0] == 201


async def test_a_stale_version_and_what_is_taken_are_conflicts(house: House) -> None:
    person, restaurant = await house.person(), await house.restaurant()
    stale = {"name": "X", "expected_version": 9}
    for path in (f"/people/{person['id']}", f"/restaurants/{restaurant['id']}"):
        status, problem, _ = await house.send("PATCH", path, house.admin, stale)
        assert (status, problem["code"], problem["present"]) == (409, "version", 1)
    again = {"email": person["email"].upper(), "name": "X", "role": "admin", "password": PASSWORD}
    status, problem, _ = await house.send("POST", "/people", house.admin, again)
    assert (status, problem["code"]) == (409, "email")
    again = {name: restaurant[name] for name in ("number", "name", "address", "location", "zone", "credit_limit_cents")}
    status, problem, _ = await house.send("POST", "/restaurants", house.admin, again)
    assert (status, problem["code"]) == (409, "number")


async def test_concurrent_changes_make_contiguous_versions_and_one_event_each(house: House) -> None:
    restaurant = await house.restaurant()
    path = f"/restaurants/{restaurant['id']}"
    answers = await asyncio.gather(
        *(house.send("PATCH", path, house.admin, {"credit_limit_cents": cents}) for cents in range(2000, 2010))
    )
    assert sorted(body["version"] for _, body, _ in answers) == list(range(2, 12))
    rows = await house.database.fetch(
        "select payload from accounts.outbox where key = $1 order by id", UUID(restaurant["id"])
    )
    events = [msgspec.json.decode(row["payload"], type=RestaurantEvent) for row in rows]
    assert [event.restaurant.version for event in events] == list(range(1, 12))


async def test_a_restaurant_that_closes_is_told_of(house: House, bus: Bus) -> None:
    restaurant = await house.restaurant()
    status, closed, _ = await house.send("PATCH", f"/restaurants/{restaurant['id']}", house.admin, {"active": False})
    assert (status, closed["active"], closed["version"]) == (200, False, 2)

    async def heard() -> bool:
        try:
            subject = streams.restaurant_subject(UUID(restaurant["id"]))
            message = await bus.jetstream.get_last_msg("ACCOUNTS", subject)
        except NotFoundError:
            return False
        event = msgspec.json.decode(message.data or b"", type=RestaurantEvent)
        return (event.restaurant.active, event.restaurant.version) == (False, 2)

    await eventually(heard)


async def test_the_last_admin_stays(house: House) -> None:
    await house.database.execute("update accounts.people set active = false where role = 'admin'")
    one, two = await house.person("admin"), await house.person("admin")
    answers = await asyncio.gather(
        *(house.send("PATCH", f"/people/{who['id']}", house.admin, {"active": False}) for who in (one, two))
    )
    assert sorted(status for status, _, _ in answers) == [200, 409]
    assert next(problem["code"] for status, problem, _ in answers if status == 409) == "last_admin"


async def test_only_admins_manage(house: House) -> None:
    driver = bearer(house.stack, identity("driver", zone=1))
    for method, path in (("GET", "/people"), ("GET", "/restaurants"), ("POST", "/people"), ("POST", "/restaurants")):
        body: dict[str, str] | None = {} if method == "POST" else None
        assert (await house.send(method, path, driver, body))[0] == 403
        assert (await house.send(method, path, None, body))[0] == 401
    assert (await house.send("GET", f"/people/{new_id()}", house.admin))[0] == 404
    assert (await house.send("GET", "/people/nobody", house.admin))[0] == 404


BAD_PEOPLE = [
    ({"role": "driver"}, "zone"),
    ({"role": "driver", "zone": -1}, "zone"),
    ({"role": "admin", "zone": 1}, "zone"),
    ({"role": "restaurant"}, "restaurant_id"),
    ({"role": "restaurant", "restaurant_id": str(UUID(int=7))}, "restaurant_id"),
    ({"role": "system"}, "role"),
    ({"role": "admin", "email": "no at"}, "email"),
    ({"role": "admin", "name": "a\u0000b"}, "name"),
    ({"role": "admin", "name": "  "}, "name"),
    ({"role": "admin", "password": "short"}, "password"),
    ({"role": "admin", "password_hash": "x"}, "password_hash"),
]


@pytest.mark.parametrize(("wanted", "field"), BAD_PEOPLE)
async def test_a_person_that_makes_no_sense_is_refused_by_name(
    house: House, wanted: dict[str, object], field: str
) -> None:
    body = {"email": f"{new_id()}@test.example", "name": "Ada", "password": PASSWORD, **wanted}
    status, problem, _ = await house.send("POST", "/people", house.admin, body)
    assert (status, [error["field"] for error in problem["errors"]]) == (400, [field])


async def test_lists_page_through_everybody_once(house: House) -> None:
    people = {(await house.person())["id"] for _ in range(5)}
    restaurants = {(await house.restaurant())["id"] for _ in range(5)}
    lists = (
        ("/people?role=driver", people),
        ("/people?q=ADA", people),
        ("/people?q=test.EXAMPLE&role=driver", people),
        ("/restaurants?q=kitchen", restaurants),
    )
    for path, wanted in lists:
        found: list[str] = []
        cursor = ""
        while True:
            status, page, _ = await house.send("GET", f"{path}&limit=3{cursor}", house.admin)
            assert status == 200, page
            found += [entry["id"] for entry in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert len(found) == len(set(found))
        assert wanted <= set(found)
    assert (await house.send("GET", "/people?cursor=forged", house.admin))[0] == 400
    for path in ("/people", "/restaurants"):
        for nobodys in ("%25", "_", "%5C"):
            assert (await house.send("GET", f"{path}?q={nobodys}", house.admin))[1]["items"] == []
        first = (await house.send("GET", f"{path}?limit=1", house.admin))[1]["next_cursor"]
        assert (await house.send("GET", f"{path}?limit=1&q=k&cursor={first}", house.admin))[0] == 400


async def test_no_hash_and_no_password_ever_leaves(house: House) -> None:
    person = await house.person()
    for path in (f"/people/{person['id']}", "/people?limit=1"):
        body = str((await house.send("GET", path, house.admin))[1])
        assert "argon2" not in body
    row = await house.database.fetchrow("select payload from accounts.outbox where key = $1", UUID(person["id"]))
    assert b"argon2" not in row["payload"]
    assert person["email"].encode() not in row["payload"]


async def test_an_import_is_told_of_once_and_changes_nothing_again(house: House, bus: Bus) -> None:
    number = int(new_id()) % 2_000_000_000 + 1
    place = ImportedRestaurant(
        number=number, name="K", address="A", location=Location(1.0, 2.0), zone=4, credit_limit_cents=5
    )
    people = [
        ImportedPerson(email=f"R{number}@test.example", name="R", role="restaurant", restaurant_number=number),
        ImportedPerson(email=f"d{number}@test.example", name="D", role="driver", zone=4),
    ]
    password_hash = await passwords.hash_password(PASSWORD)
    async with open_pool(house.stack.addresses.database("accounts_service"), size=1, name="import") as pool:
        first = await import_accounts(pool, [place], people, password_hash)
        second = await import_accounts(pool, [place], people, password_hash)
    assert (first.restaurants, first.people) == (1, 2)
    assert (second.restaurants, second.people) == (0, 0)
    await bus.nudge(wake_subject("accounts"))
    status, session, _ = await house.sign_in({"email": people[0].email})
    assert (status, session["person"]["role"]) == (201, "restaurant")
    person_id = UUID(session["person"]["id"])

    async def heard() -> PersonEvent | None:
        try:
            message = await bus.jetstream.get_last_msg("ACCOUNTS", streams.person_subject(person_id))
        except NotFoundError:
            return None
        return msgspec.json.decode(message.data or b"", type=PersonEvent)

    event = await eventually(heard)
    assert event.person.version == 1
    assert event.person.tokens_valid_from <= datetime.now(UTC)


async def test_an_import_that_makes_no_sense_stores_nothing(house: House) -> None:
    email = f"{new_id()}@test.example"
    people = [
        ImportedPerson(email=email, name="D", role="driver", zone=4),
        ImportedPerson(email=f"r{email}", name="R", role="restaurant", restaurant_number=2_100_000_000),
    ]
    async with open_pool(house.stack.addresses.database("accounts_service"), size=1, name="import") as pool:
        with pytest.raises(BelongingError):
            await import_accounts(pool, [], people, "no hash")
    assert (await house.send("GET", f"/people?q={email}", house.admin))[1]["items"] == []
