"""What every screen of the browser client stands on: a network that comes and goes, several tabs, new versions.

A real Chromium on the whole stack. What each role does with it stands in a file of its own.
"""

import asyncio
import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect
from prometheus_client.parser import text_string_to_metric_families

from deploy.demo.client import Person
from deploy.demo.load import World
from deploy.demo.people import restaurant_email
from deploy.local import Layout, Stack, edge
from tests.browser import COVERED, PATIENCE_MS, PHONE, Screen, every_size, screen
from tests.elsewhere import KITCHEN
from tests.support import eventually, stack_port

NEIGHBOUR = restaurant_email(368)
KEPT = "1 action is kept"
OLD = re.compile("(shows the state of|as of) ", re.IGNORECASE)
PORTAL = "<h1>Welcome to the hotel</h1>"


async def open_order(shown: Screen, order: Any, page: Page | None = None) -> None:
    await (page or shown.page).goto(f"{shown.edge}/orders/{order['id']}")
    await expect((page or shown.page).get_by_role("button", name="Cancel the order")).to_be_enabled(timeout=PATIENCE_MS)


async def cancel(page: Page) -> None:
    """The order that is open."""
    await page.get_by_role("button", name="Cancel the order").click()
    await page.get_by_role("button", name="Cancel it").click()


async def go_offline(shown: Screen) -> None:
    await shown.context.set_offline(True)
    await shown.expect_connection("Offline")


async def go_online(shown: Screen) -> None:
    await shown.context.set_offline(False)
    await shown.expect_connection("Live")


async def is_installed(page: Page) -> None:
    """The service worker has every part of the app, and answers for it."""
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")


async def test_keys_begin_at_the_way_past_the_bars_and_neither_of_them_covers_what_has_the_focus(
    stack: Stack, browser: Browser, world: World
) -> None:
    async with screen(browser, stack.addresses.edge, size=(390, 600)) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.goto(f"{shown.edge}/?q=milk")
        await expect(shown.page.get_by_role("button", name="Add ").nth(4)).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.keyboard.press("Tab")
        await expect(shown.page.get_by_role("link", name="To the content")).to_be_focused()
        for key, times in (("Tab", 30), ("Shift+Tab", 15)):
            for _ in range(times):
                await shown.page.keyboard.press(key)
                assert await shown.page.evaluate(COVERED) is None


async def test_what_is_done_offline_is_kept_through_a_reload_and_sent_once(
    stack: Stack, browser: Browser, order: Any, kitchen: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await is_installed(shown.page)
        await go_offline(shown)
        await cancel(shown.page)
        await expect(shown.page.get_by_text(KEPT)).to_be_visible()
        await shown.page.reload()
        await expect(shown.page.get_by_text(KEPT)).to_be_visible()
        assert (await kitchen.read(order))["status"] == "confirmed"

        await go_online(shown)
        await expect(shown.page.get_by_text(KEPT)).to_be_hidden(timeout=PATIENCE_MS)
        await expect(shown.page.get_by_role("status").filter(has_text="Cancelled")).to_be_visible(timeout=PATIENCE_MS)
    found = await kitchen.read(order)
    assert (found["status"], found["version"]) == ("cancelled", order["version"] + 1)


async def test_what_waits_can_be_taken_back(stack: Stack, browser: Browser, order: Any, kitchen: Person) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await go_offline(shown)
        await cancel(shown.page)
        await shown.page.get_by_text(KEPT).click()
        await shown.page.get_by_role("button", name=f"Take back: Cancel order {order['number']}").click()
        await expect(shown.page.get_by_text(KEPT)).to_be_hidden()
        await go_online(shown)
        await expect(shown.page.get_by_role("button", name="Cancel the order")).to_be_enabled()
    assert (await kitchen.read(order))["status"] == "confirmed"


async def test_an_action_that_came_too_late_is_refused_in_words_and_what_is_true_is_shown(
    stack: Stack, browser: Browser, order: Any, admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await go_offline(shown)
        await cancel(shown.page)
        await expect(shown.page.get_by_text(KEPT)).to_be_visible()
        await admin.move(order, "preparing")
        await shown.context.set_offline(False)
        told = shown.page.get_by_text(f"Not done: Cancel order {order['number']}")
        await expect(told).to_contain_text("the order is “Preparing” now", timeout=PATIENCE_MS)
        await expect(shown.page.get_by_role("status").filter(has_text="Preparing")).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_role("button", name="Understood").click()
        await expect(told).to_be_hidden()


async def test_after_a_lost_network_it_goes_on_where_it_was(
    stack: Stack, browser: Browser, order: Any, admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await shown.expect_connection("Live")
        await go_offline(shown)
        await expect(shown.page.get_by_text(OLD)).to_be_visible()
        await admin.move(order, "preparing")
        asked: list[str] = []
        shown.page.on("request", lambda request: asked.append(request.url))
        await go_online(shown)
        await expect(shown.page.get_by_role("status").filter(has_text="Preparing")).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.get_by_text(OLD)).to_be_hidden()
        assert not [url for url in asked if url.endswith(order["id"])]  # what was missed came by the socket


async def test_what_was_read_can_be_read_offline_and_is_gone_with_who_read_it(
    stack: Stack, browser: Browser, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await is_installed(shown.page)
        total = await shown.page.get_by_role("row").last.text_content()
        await _kept_copies(shown.page, order)
        await go_offline(shown)
        await shown.page.reload()
        await shown.expect_connection("Offline")
        await expect(shown.page.get_by_role("row").last).to_have_text(total or "", timeout=PATIENCE_MS)
        await expect(shown.page.get_by_text(OLD)).to_be_visible()

        await shown.page.get_by_role("button", name="Sign out").click()
        await expect(shown.page.get_by_label("Email")).to_be_visible()
        assert await shown.page.evaluate(COPIES) == []
        # The server hears of it as soon as it can, before anybody asks.
        async with shown.page.expect_response(lambda answer: answer.request.method == "DELETE") as told:
            await shown.context.set_offline(False)
        assert (await told.value).status == 204
        assert [cookie["name"] for cookie in await shown.context.cookies()] == []
        await shown.sign_in(NEIGHBOUR)
        await shown.page.goto(f"{shown.edge}/orders/{order['id']}")
        await expect(shown.page.get_by_role("heading", name=re.compile("not for you to see"))).to_be_visible()


COPIES = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("larder-copies");
    opening.onerror = reject;
    opening.onsuccess = () => {
        const names = opening.result.transaction("copies").objectStore("copies").getAllKeys();
        names.onsuccess = () => { opening.result.close(); resolve(names.result); };
    };
})"""
"""What is kept to be read offline, by name."""


async def _kept_copies(page: Page, order: Any) -> None:
    async def kept() -> bool:
        return f"order {order['id']}" in await page.evaluate(COPIES)

    await eventually(kept)


async def test_two_tabs_show_the_same_send_an_action_once_and_have_one_person(
    stack: Stack, browser: Browser, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        other = await shown.context.new_page()
        await open_order(shown, order, other)
        sent: list[str] = []
        shown.context.on("requestfinished", lambda request: sent.append(request.url))
        await go_offline(shown)
        await cancel(shown.page)
        await expect(other.get_by_text(KEPT)).to_be_visible()
        await shown.context.set_offline(False)
        for page in (shown.page, other):
            await expect(page.get_by_text(KEPT)).to_be_hidden(timeout=PATIENCE_MS)
            await expect(page.get_by_role("status").filter(has_text="Cancelled")).to_be_visible(timeout=PATIENCE_MS)
        assert len([url for url in sent if url.endswith("/transitions")]) == 1

        await other.get_by_role("button", name="Sign out").click()
        await expect(shown.page.get_by_label("Email")).to_be_visible()


async def test_a_new_version_takes_over_while_actions_wait_behind_a_strangers_page_and_loses_none(
    stack: Stack, browser: Browser, order: Any, kitchen: Person
) -> None:
    async def welcome(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body=PORTAL)

    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await is_installed(shown.page)
        await shown.context.route("**/transitions", welcome)
        await cancel(shown.page)
        await expect(shown.page.get_by_text(KEPT)).to_be_visible()

        _bring_out_a_new_version(stack)
        use = shown.page.get_by_role("button", name="Use it now")

        async def noticed() -> bool:
            """Nginx keeps a file open for some seconds, so it may take more than one look."""
            await shown.page.evaluate("async () => (await navigator.serviceWorker.ready).update().then(() => {})")
            return await use.is_visible()

        await eventually(noticed)
        async with shown.page.expect_navigation():
            await use.click()
        await expect(shown.page.get_by_text(KEPT)).to_be_visible(timeout=PATIENCE_MS)
        await expect(use).to_be_hidden()
        assert (await kitchen.read(order))["status"] == "confirmed"

        await shown.context.unroute("**/transitions")
        await shown.page.evaluate("() => { dispatchEvent(new Event('online')) }")
        await expect(shown.page.get_by_text(KEPT)).to_be_hidden(timeout=PATIENCE_MS)
    assert (await kitchen.read(order))["status"] == "cancelled"


def _bring_out_a_new_version(stack: Stack) -> None:
    """Another service worker, as another build has it."""
    [worker] = (edge.home(stack.layout) / "client" / "builds").glob("*/site/worker.js")
    fresh = worker.with_suffix(".new")
    fresh.write_text(f"{worker.read_text()}\n// another build\n")
    fresh.replace(worker)


async def test_the_browser_sends_what_waits_when_every_page_is_closed_and_the_token_has_run_out(
    stack: Stack, browser: Browser, order: Any, kitchen: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await is_installed(shown.page)
        await go_offline(shown)
        await cancel(shown.page)
        await expect(shown.page.get_by_text(KEPT)).to_be_visible()
        await shown.context.clear_cookies(name="larder_token")
        elsewhere = await shown.context.new_page()
        await shown.page.close()
        await shown.context.set_offline(False)
        await _synchronise(shown.context, elsewhere, stack.addresses.edge)

        async def cancelled() -> bool:
            return bool((await kitchen.read(order))["status"] == "cancelled")

        await eventually(cancelled)


async def _synchronise(context: BrowserContext, page: Page, origin: str) -> None:
    """As the browser does by itself once there is a network again."""
    devtools = await context.new_cdp_session(page)
    known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear(update: Any) -> None:
        for registration in update["registrations"]:
            if registration["scopeURL"].startswith(origin) and not known.done():
                known.set_result(registration["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", hear)
    await devtools.send("ServiceWorker.enable")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        registration = await known
    await devtools.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": origin, "registrationId": registration, "tag": "outbox", "lastChance": False},
    )


HIDE = """() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A page that is left."""


async def test_what_goes_wrong_on_a_page_is_reported(stack: Stack, browser: Browser, world: World) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        async with shown.page.expect_response("**/api/realtime/reports") as told:
            await shown.page.evaluate(
                "() => { dispatchEvent(new ErrorEvent('error', { error: new TypeError('x is undefined') })); }"
            )
            await shown.page.evaluate(HIDE)
        answer = await told.value
        assert answer.status == 204
        report = json.loads(answer.request.post_data or "")
        assert (report["page"], report["errors"][0]["message"]) == ("/", "x is undefined")
        assert report["build"] != "dev"


async def test_a_sampled_page_reports_how_soon_it_was_there_and_how_soon_an_event_came(
    stack: Stack, browser: Browser, order: Any, session: aiohttp.ClientSession
) -> None:
    before = await _page_figures(stack, session)
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.page.add_init_script("Math.random = () => 0")  # it is the one in ten
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        told: list[Any] = []
        shown.page.on(
            "requestfinished", lambda asked: told.append(asked.post_data_json) if "reports" in asked.url else None
        )
        await cancel(shown.page)

        async def all_is_told() -> bool:
            await shown.page.evaluate(HIDE)
            vitals = {vital["name"] for report in told for vital in report["vitals"]}
            return vitals >= {"LCP", "FCP", "CLS", "TTFB"} and any(report["latencies_ms"] for report in told)

        await eventually(all_is_told)
        latencies = [ms for report in told for ms in report["latencies_ms"]]
        assert {report["page"] for report in told} == {"/orders/:id"}
        assert len(latencies) == 1
        assert 0 < latencies[0] < 10_000

        async def counted() -> bool:
            now = await _page_figures(stack, session)
            return all(now.get(name, 0) > before.get(name, 0) for name in ("LCP", "FCP", "TTFB", "event", "shift"))

        await eventually(counted)


async def _page_figures(stack: Stack, session: aiohttp.ClientSession) -> dict[str, float]:
    """How often the gateway has counted each figure of pages of restaurants."""
    async with session.get(f"{stack.addresses.service('gateway')}/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    names = {"larder_page_event_seconds_count": "event", "larder_page_layout_shift_count": "shift"}
    return {
        sample.labels.get("vital") or names[sample.name]: sample.value
        for family in families
        for sample in family.samples
        if sample.name in {"larder_page_vital_seconds_count", *names} and sample.labels["role"] == "restaurant"
    }


async def test_a_wrong_password_is_refused_and_who_signs_out_is_out(
    stack: Stack, browser: Browser, world: World
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.page.goto(stack.addresses.edge)
        await shown.page.get_by_label("Email").fill(KITCHEN)
        await shown.page.get_by_label("Password").fill("wrong")
        await shown.page.get_by_role("button", name="Sign in").click()
        await expect(shown.page.get_by_role("alert")).to_have_text(
            "The address or the password is wrong.", timeout=PATIENCE_MS
        )
        await shown.sign_in(KITCHEN)
        assert await shown.page.evaluate("document.cookie") == ""
        await shown.page.get_by_role("button", name="Sign out").click()
        await expect(shown.page.get_by_label("Email")).to_be_visible()
        await shown.page.reload()
        await expect(shown.page.get_by_label("Email")).to_be_visible()


@every_size
async def test_the_frame_is_accessible_and_fits_with_all_that_it_may_have_to_say(
    stack: Stack, browser: Browser, order: Any, size: tuple[int, int]
) -> None:
    async with screen(browser, stack.addresses.edge, size=size) as shown:
        await shown.page.goto(stack.addresses.edge)
        await expect(shown.page.get_by_label("Email")).to_be_visible()
        await shown.expect_accessible()
        await shown.sign_in(KITCHEN)
        await open_order(shown, order)
        await go_offline(shown)
        await cancel(shown.page)
        await shown.page.get_by_text(KEPT).click()
        await expect(shown.page.get_by_role("button", name="Take back")).to_be_visible()
        await shown.expect_accessible()


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


async def test_where_tls_ends_before_the_edge_pages_say_to_come_by_https(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    stack = Stack(Layout(tmp_path / "state", stack_port(), tls_in_front=True))
    try:
        stack.up(only={"nginx"})
        for path, status in (("/", 200), ("/api/orders", 503)):
            async with session.get(f"{stack.addresses.edge}{path}") as answer:
                assert answer.status == status
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    finally:
        stack.reset()
