"""How often somebody may ask: an address without a token, a person with one, and what happens without Valkey."""

import aiohttp
import pytest

from deploy.local import Stack
from services.accounts import app
from shared.ids import new_id
from shared.limits import MINUTE, Limiter, open_valkey
from tests.support import bearer, free_port, identity, serving, settings_of


async def statuses(session: aiohttp.ClientSession, url: str, count: int, headers: dict[str, str]) -> list[int]:
    found = []
    for _ in range(count):
        async with session.get(f"{url}/api/accounts/me", headers=headers) as answer:
            found.append(answer.status)
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) >= 1
                assert (await answer.json(content_type="application/problem+json"))["code"] == "too_often"
    return found


async def test_an_address_and_a_person_have_limits_of_their_own(stack: Stack) -> None:
    settings = settings_of(
        stack, "accounts", app.Settings, LARDER_RATE_ANONYMOUS_PER_MINUTE="3", LARDER_RATE_PERSON_PER_HOUR="5"
    )
    one, other = (bearer(stack, identity("admin")) for _ in range(2))
    here, there = {"X-Forwarded-For": str(new_id())}, {"X-Forwarded-For": str(new_id())}
    async with serving(settings, app.build) as url, aiohttp.ClientSession() as session:
        assert await statuses(session, url, 5, here) == [200, 200, 200, 429, 429]
        assert await statuses(session, url, 3, there) == [200, 200, 200]
        assert await statuses(session, url, 7, {**one, **here}) == [200] * 5 + [429] * 2
        assert await statuses(session, url, 5, {**other, **here}) == [200] * 5


async def test_without_valkey_everybody_is_let_in(stack: Stack) -> None:
    settings = settings_of(
        stack,
        "accounts",
        app.Settings,
        LARDER_RATE_ANONYMOUS_PER_MINUTE="1",
        LARDER_VALKEY_URL=f"redis://127.0.0.1:{free_port()}/0",
    )
    async with serving(settings, app.build) as url, aiohttp.ClientSession() as session:
        assert await statuses(session, url, 4, {}) == [200] * 4


@pytest.mark.parametrize("returned", [1, 2, 3])
async def test_what_is_given_back_fits_again_and_no_more(stack: Stack, returned: int) -> None:
    key = str(new_id())
    async with open_valkey(stack.addresses.valkey) as valkey:
        limiter = Limiter(valkey)
        taken = [await limiter.wait(key, count=3, seconds=MINUTE) for _ in range(4)]
        assert [wait > 0 for wait in taken] == [False, False, False, True]
        for _ in range(returned):
            await limiter.give_back(key, count=3, seconds=MINUTE)
        again = [await limiter.wait(key, count=3, seconds=MINUTE) for _ in range(returned + 1)]
        assert [wait > 0 for wait in again] == [False] * returned + [True]
