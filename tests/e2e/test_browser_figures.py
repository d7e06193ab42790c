"""The browser client as who runs the business and the machines has it: a real Chromium on the whole stack, with the
alerts' times sixty times as short."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from deploy.demo.load import World
from deploy.demo.people import ADMIN
from deploy.local import Stack
from shared.ids import new_id
from tests import faults
from tests.browser import PATIENCE_MS, every_size, screen
from tests.elsewhere import KITCHEN, ask, somebody
from tests.support import eventually, own_stack

ORDERS, CANCELLED = 3, 1
PAGES = ("", "/queries", "/slow", "/tables", "/indexes", "/pools", "/cache", "/streams", "/alerts")
VIEWS = ("/figures", "/figures/orders", *(f"/database{page}" for page in PAGES))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1}, settings=faults.settings(faults.HURRY)) as stack:
        yield stack


@pytest.fixture(scope="module")
async def counted(stack: Stack, world: World) -> list[Any]:
    """Orders of one kitchen, the last of them called back, all of them in the figures."""
    async with aiohttp.ClientSession() as session:
        kitchen, admin = [await somebody(stack, session, email) for email in (KITCHEN, ADMIN)]
        product, price, version = next(iter(world.products.values()))
        line = {"product_id": product, "quantity": 2, "price_cents": price, "version": version}
        orders = [await kitchen.place(str(new_id()), [line]) for _ in range(ORDERS)]
        await kitchen.move(await kitchen.read(orders[-1]), "cancelled", reason="Ordered twice.")

        async def all_are_counted() -> bool:
            kpis = await ask(admin, "GET", "/api/analytics/kpis")
            return (kpis["orders"], kpis["cancelled"]) == (ORDERS, CANCELLED)

        await eventually(all_are_counted)
        return orders


async def test_a_number_leads_to_its_orders_and_an_order_to_itself(
    stack: Stack, browser: Browser, counted: list[Any]
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        await page.get_by_role("link", name="Figures").click()
        tile = page.locator(".kpi").filter(has=page.get_by_text("Cancelled and rejected", exact=True))
        await expect(tile.locator(".value")).to_have_text(str(CANCELLED), timeout=PATIENCE_MS)
        orders = page.locator(".kpi").filter(has=page.get_by_text("Orders", exact=True))
        await expect(orders.locator(".value")).to_have_text(str(ORDERS))

        await tile.get_by_role("link").click()
        await expect(page.get_by_role("rowheader")).to_have_count(CANCELLED, timeout=PATIENCE_MS)
        await expect(page.get_by_role("row").filter(has_text="Ordered twice.")).to_be_visible()
        await page.get_by_label("State").select_option("All")
        await expect(page.get_by_role("rowheader")).to_have_count(ORDERS, timeout=PATIENCE_MS)
        number = counted[0]["number"]
        await page.get_by_role("link", name=f"No. {number}").click()
        await expect(page.get_by_role("heading", name=f"Order {number}")).to_be_visible(timeout=PATIENCE_MS)


async def test_a_chart_is_read_by_keys_and_by_its_table_and_its_file_has_the_same(
    stack: Stack, browser: Browser, counted: list[Any]
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        await page.goto(f"{stack.addresses.edge}/figures?days=7")
        chart = page.get_by_role("slider", name="Orders by day")
        today = f"{datetime.now(UTC):%a, %b} {datetime.now(UTC).day}, {datetime.now(UTC).year}"
        await expect(chart).to_have_attribute("aria-valuetext", f"{today}: {ORDERS}, before: 0", timeout=PATIENCE_MS)
        await chart.press("ArrowLeft")
        yesterday = datetime.now(UTC) - timedelta(days=1)
        text = f"{yesterday:%a, %b} {yesterday.day}, {yesterday.year}: 0, before: 0"
        await expect(chart).to_have_attribute("aria-valuetext", text)

        await page.get_by_text("As a table: Orders by day").click()
        row = page.get_by_role("region", name="Orders by day").get_by_role("row").last
        await expect(row.get_by_role("cell").first).to_have_text(str(ORDERS))
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Revenue as a CSV file").click()
        file = (await (await started.value).path()).read_text("utf-8-sig")
        assert len(file.splitlines()) == 7 + 1
        assert file.splitlines()[-1].split(",")[1] == str(ORDERS)

        await chart.press("End")
        await chart.press("Enter")
        await expect(page.get_by_role("rowheader")).to_have_count(ORDERS, timeout=PATIENCE_MS)


async def test_the_address_says_which_time_and_what_has_no_answer_says_how_to_get_one(
    stack: Stack, browser: Browser, counted: list[Any]
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        await page.goto(f"{stack.addresses.edge}/figures?days=7")
        await page.get_by_label("Time zone").select_option("Europe/Berlin")
        await page.wait_for_url("**/figures?days=7&zone=Europe%2FBerlin")
        stages = page.locator(".panel").filter(has=page.get_by_role("heading", name="Where the time goes"))
        await stages.get_by_role("link", name="Show it in that zone").click(timeout=PATIENCE_MS)
        await page.wait_for_url("**/figures?days=7")
        await expect(stages.get_by_role("table")).to_be_visible(timeout=PATIENCE_MS)

        await page.goto(f"{stack.addresses.edge}/figures?days=tomorrow")
        await expect(page.get_by_role("alert")).to_contain_text("days: tomorrow")
        await page.get_by_role("link", name="Show the last 30 days").click()
        await expect(page.get_by_role("slider", name="Orders by day")).to_be_visible(timeout=PATIENCE_MS)


async def test_a_moment_goes_along_from_page_to_page_of_the_database(
    stack: Stack, browser: Browser, session: aiohttp.ClientSession, counted: list[Any]
) -> None:
    admin = await somebody(stack, session, ADMIN)

    async def a_snapshot() -> str | None:
        points = (await ask(admin, "GET", "/api/performance/history"))["items"]
        return points[-1]["at"] if points else None

    at = await eventually(a_snapshot, seconds=90)
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        await page.get_by_role("link", name="Database").click()
        await expect(page.get_by_text("Connections").first).to_be_visible(timeout=PATIENCE_MS)
        await page.goto(f"{stack.addresses.edge}/database?at={at.replace('+', '%2B')}")
        await expect(page.get_by_text("As it was at")).to_be_visible(timeout=PATIENCE_MS)
        pages = page.get_by_role("navigation", name="Pages about the database")
        await pages.get_by_role("link", name="Pools").click()
        # Who was asked and did not answer in time then is told as missing; analytics, which asked, is there.
        await expect(page.get_by_role("rowheader", name="analytics")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_text("As it was at")).to_be_visible()
        await page.get_by_role("link", name="Back to now").click()
        await expect(page.get_by_role("button", name="Look again")).to_be_visible(timeout=PATIENCE_MS)

        await page.goto(f"{stack.addresses.edge}/database/tables?at=2001-01-01T00:00:00Z")
        await expect(page.get_by_role("alert").first).not_to_be_empty(timeout=PATIENCE_MS)
        await page.goto(f"{stack.addresses.edge}/database/queries?hours=24")
        await expect(page.locator(".room")).to_have_count(0, timeout=PATIENCE_MS)
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_an_alert_is_on_every_screen_as_it_begins_and_as_it_ends(
    stack: Stack, browser: Browser, counted: list[Any]
) -> None:
    relay = next(program.pid for program in stack.status() if program.name == "relay-0")
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        badge = page.get_by_role("link", name="alert")
        os.kill(relay, signal.SIGSTOP)
        try:
            await expect(badge).to_have_text("11 alert", timeout=PATIENCE_MS)
            await badge.click()
            alert = page.get_by_role("listitem").filter(has_text="RelayDown")
            await expect(alert.get_by_text("What to do")).to_be_visible(timeout=PATIENCE_MS)
        finally:
            os.kill(relay, signal.SIGCONT)
        await expect(page.get_by_text("Nothing fires.")).to_be_visible(timeout=2 * PATIENCE_MS)
        await expect(page.get_by_role("rowheader", name="RelayDown")).to_be_visible(timeout=PATIENCE_MS)


@every_size
async def test_every_view_is_accessible_and_fits(
    stack: Stack, browser: Browser, counted: list[Any], size: tuple[int, int]
) -> None:
    async with screen(browser, stack.addresses.edge, size=size) as shown:
        await shown.sign_in(ADMIN)
        for view in VIEWS:
            await shown.page.goto(f"{stack.addresses.edge}{view}")
            await shown.expect_connection("Live")
            await expect(shown.page.locator(".skeletons, .room")).to_have_count(0, timeout=PATIENCE_MS)
            await expect(shown.page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE_MS)
            await shown.expect_accessible()
