"""The browser client as people have it: a real Chromium on the whole stack, with a network that comes and goes."""

import base64
import hashlib
import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from deploy.demo.client import Person
from deploy.demo.ledger import Ledger
from deploy.demo.load import World
from deploy.demo.people import ADMIN, restaurant_email
from deploy.local import Stack
from shared.ids import new_id
from tests.browser import DESKTOP, PATIENCE_MS, PHONE, Theme, screen
from tests.support import eventually


@pytest.fixture
async def order(stack: Stack, world: World, session: aiohttp.ClientSession) -> Any:
    """One that its kitchen has just placed."""
    kitchen = Person(session, stack.addresses.edge, restaurant_email(367), Ledger())
    await kitchen.sign_in()
    product, price, version = next(iter(world.products.values()))
    line = {"product_id": product, "quantity": 2, "price_cents": price, "version": version}
    return await kitchen.place(str(new_id()), [line])


async def status_of(stack: Stack, session: aiohttp.ClientSession, order: Any) -> str:
    admin = Person(session, stack.addresses.edge, ADMIN, Ledger())
    await admin.sign_in()
    headers = {"Authorization": f"Bearer {admin.token}", "Cache-Control": "no-cache"}
    async with session.get(f"{stack.addresses.edge}/api/orders/{order['id']}", headers=headers) as answer:
        status: str = (await answer.json())["status"]
        return status


async def test_an_order_is_moved_by_who_sees_it_and_what_is_done_offline_is_kept(
    stack: Stack, browser: Browser, session: aiohttp.ClientSession, world: World, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(ADMIN)
        card = shown.page.get_by_role("listitem").filter(has_text=f"No. {order['number']}")
        await card.get_by_role("button", name="Prepare").click(timeout=PATIENCE_MS)
        ready = card.get_by_role("button", name="Ready")
        await expect(ready).to_be_enabled(timeout=PATIENCE_MS)

        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")
        await ready.click()
        kept = shown.page.get_by_text("1 action is kept")
        await expect(kept).to_be_visible()
        assert await status_of(stack, session, order) == "preparing"

        await shown.context.set_offline(False)
        await shown.expect_connection("Live")
        await expect(kept).to_be_hidden(timeout=PATIENCE_MS)
        await expect(card.get_by_text("Ready", exact=True)).to_be_visible(timeout=PATIENCE_MS)
        assert await status_of(stack, session, order) == "ready"


async def test_an_action_that_the_server_refuses_is_told_in_words(
    stack: Stack, browser: Browser, session: aiohttp.ClientSession, order: Any
) -> None:
    """Two admins: one is offline while the other goes further."""
    async with screen(browser, stack.addresses.edge) as slow, screen(browser, stack.addresses.edge) as quick:
        buttons = []
        for shown in (slow, quick):
            await shown.sign_in(ADMIN)
            card = shown.page.get_by_role("listitem").filter(has_text=f"No. {order['number']}")
            buttons.append(card.get_by_role("button", name="Prepare"))
            await expect(buttons[-1]).to_be_enabled(timeout=PATIENCE_MS)
        await slow.context.set_offline(True)
        await slow.expect_connection("Offline")
        await buttons[0].click()
        await buttons[1].click()

        async def prepared() -> bool:
            return await status_of(stack, session, order) == "preparing"

        await eventually(prepared)
        await slow.context.set_offline(False)
        told = slow.page.get_by_text(f"Not done: Prepare order {order['number']}")
        await expect(told).to_be_visible(timeout=PATIENCE_MS)
        await slow.page.get_by_role("button", name="Understood").click()
        await expect(told).to_be_hidden()


async def test_the_app_opens_without_a_network_and_says_so(stack: Stack, browser: Browser, world: World) -> None:
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(ADMIN)
        await shown.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        await shown.context.set_offline(True)
        await shown.page.reload()
        await shown.expect_connection("Offline")
        await expect(shown.page.get_by_role("heading", name="Orders")).to_be_visible()


async def test_a_wrong_password_is_refused_and_who_signs_out_is_out(
    stack: Stack, browser: Browser, world: World
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.page.goto(stack.addresses.edge)
        await shown.page.get_by_label("Email").fill(ADMIN)
        await shown.page.get_by_label("Password").fill("wrong")
        await shown.page.get_by_role("button", name="Sign in").click()
        await expect(shown.page.get_by_role("alert")).not_to_be_empty(timeout=PATIENCE_MS)
        await shown.sign_in(ADMIN)
        assert await shown.page.evaluate("document.cookie") == ""
        await shown.page.get_by_role("button", name="Sign out").click()
        await expect(shown.page.get_by_label("Email")).to_be_visible()
        await shown.page.reload()
        await expect(shown.page.get_by_label("Email")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 640)], ids=["desktop", "phone", "narrow"])
async def test_every_view_is_accessible_and_fits(
    stack: Stack, browser: Browser, order: Any, theme: Theme, size: tuple[int, int]
) -> None:
    async with screen(browser, stack.addresses.edge, size=size, theme=theme) as shown:
        await shown.page.goto(stack.addresses.edge)
        await expect(shown.page.get_by_label("Email")).to_be_visible()
        await shown.expect_accessible()
        await shown.sign_in(ADMIN)
        await expect(shown.page.get_by_role("listitem").first).to_be_visible(timeout=PATIENCE_MS)
        await shown.expect_accessible()
        beyond = await shown.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond <= 0


@pytest.mark.parametrize("path", ["/", "/orders/of/mine", "/worker.js"])
async def test_pages_come_with_a_policy_of_hashes(stack: Stack, session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(f"{stack.addresses.edge}{path}") as answer:
        assert answer.status == 200
        headers, text = answer.headers, await answer.text()
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    for script in re.findall(r"<script>(.*?)</script>", text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy["script-src"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-cache"
    assert "Strict-Transport-Security" not in headers  # this is not TLS


async def test_a_part_of_the_app_is_kept_for_a_year_and_one_that_is_gone_is_no_page(
    stack: Stack, session: aiohttp.ClientSession
) -> None:
    async with session.get(stack.addresses.edge) as answer:
        entry = re.search(r"/assets/[\w-]+\.js", await answer.text())
    assert entry is not None
    async with session.get(f"{stack.addresses.edge}{entry[0]}") as answer:
        assert answer.content_type == "text/javascript"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for gone in ("/assets/gone-1234.js", "/gone.css", "/.env"):
        async with session.get(f"{stack.addresses.edge}{gone}") as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json"), gone
            assert "immutable" not in answer.headers["Cache-Control"]
