"""The browser client as a kitchen has it: a real Chromium on the whole stack."""

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

KITCHEN = restaurant_email(367)


async def somebody(stack: Stack, session: aiohttp.ClientSession, email: str) -> Person:
    person = Person(session, stack.addresses.edge, email, Ledger())
    await person.sign_in()
    return person


@pytest.fixture
async def kitchen(stack: Stack, world: World, session: aiohttp.ClientSession) -> Person:
    """The kitchen's own hands elsewhere: what it does here was not done in the browser."""
    return await somebody(stack, session, KITCHEN)


@pytest.fixture
async def admin(stack: Stack, world: World, session: aiohttp.ClientSession) -> Person:
    return await somebody(stack, session, ADMIN)


@pytest.fixture
async def order(world: World, kitchen: Person) -> Any:
    """One that its kitchen has just placed, with what its stock said of it."""
    lines = [
        {"product_id": product, "quantity": 2 + place, "price_cents": price, "version": version}
        for place, (product, price, version) in enumerate(list(world.products.values())[:3])
    ]
    placed = await kitchen.place(str(new_id()), lines)

    async def answered() -> Any:
        found = await kitchen.read(placed)
        return found if found["version"] > 1 else None

    return await eventually(answered)


async def test_an_order_is_shown_whole_and_changes_as_it_happens(
    stack: Stack, browser: Browser, order: Any, admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.goto(f"{stack.addresses.edge}/orders/{order['id']}")
        await expect(shown.page.get_by_role("heading", name=f"Order {order['number']}")).to_be_visible()
        await expect(shown.page.get_by_role("row")).to_have_count(len(order["items"]) + 2)
        course = shown.page.get_by_role("listitem")
        await expect(course.filter(has_text="Confirmed, all of it is in stock")).to_be_visible(timeout=PATIENCE_MS)
        await expect(course.filter(has_text="still to come")).to_have_count(4)
        await shown.expect_connection("Live")

        await admin.move(order, "preparing")
        await expect(course.filter(has_text="Being prepared")).to_be_visible(timeout=PATIENCE_MS)
        await expect(course.filter(has_text="still to come")).to_have_count(3)


async def test_a_kitchen_calls_an_order_back_and_says_why(
    stack: Stack, browser: Browser, order: Any, kitchen: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.goto(f"{stack.addresses.edge}/orders/{order['id']}")
        cancel = shown.page.get_by_role("button", name="Cancel the order")
        await cancel.click(timeout=PATIENCE_MS)
        await shown.page.keyboard.press("Escape")
        await expect(cancel).to_be_focused()
        await cancel.click()
        await shown.page.get_by_label("Why").fill("The oven is broken")
        await shown.page.get_by_role("button", name="Cancel it").click()
        await expect(shown.page.get_by_role("status").filter(has_text="Cancelled")).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.get_by_role("listitem").filter(has_text="by the restaurant")).to_be_visible()
        await expect(cancel).to_be_hidden()
    found = await kitchen.read(order)
    assert (found["status"], found["reason"]) == ("cancelled", "The oven is broken")


async def test_an_order_of_another_kitchen_is_not_there(
    stack: Stack, browser: Browser, session: aiohttp.ClientSession, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(restaurant_email(368))
        await shown.page.goto(f"{stack.addresses.edge}/orders/{order['id']}")
        await expect(shown.page.get_by_role("heading", name=re.compile("not for you to see"))).to_be_visible()
        await shown.expect_connection("Live")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 640)], ids=["desktop", "phone", "narrow"])
async def test_every_view_of_a_kitchen_is_accessible_and_fits(
    stack: Stack, browser: Browser, order: Any, theme: Theme, size: tuple[int, int]
) -> None:
    views = {f"/orders/{order['id']}": f"Order {order['number']}"}
    async with screen(browser, stack.addresses.edge, size=size, theme=theme) as shown:
        await shown.sign_in(KITCHEN)
        for path, heading in views.items():
            await shown.page.goto(f"{stack.addresses.edge}{path}")
            await expect(shown.page.get_by_role("heading", name=heading)).to_be_visible(timeout=PATIENCE_MS)
            await expect(shown.page.locator(".skeletons")).to_have_count(0, timeout=PATIENCE_MS)
            await shown.expect_accessible()
            beyond = await shown.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert beyond <= 0, path
