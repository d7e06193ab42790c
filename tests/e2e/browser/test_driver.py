"""The browser client as a driver has it: a real Chromium on the whole stack, in a street with a network and without."""

import asyncio
import base64
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Geolocation, Page, expect

from deploy.demo.client import Person, Refused
from deploy.demo.people import ZONES, driver_email
from deploy.local import Stack
from tests.browser import PATIENCE_MS, PHONE, Screen, every_size, screen
from tests.elsewhere import KITCHEN, Place, somebody
from tests.support import eventually
from tests.tiles import ATTRIBUTION, build_for, tile_server

# A photo, as small as one can be: a single pixel.
PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def ready(place: Place, admin: Person) -> Place:
    """Makes an order of the kitchen that waits for a driver."""

    async def make() -> Any:
        order = await place()
        for to in ("preparing", "ready"):
            order = await admin.move(order, to)
        return order

    return make


@pytest.fixture
async def order(ready: Place) -> Any:
    return await ready()


@pytest.fixture
def courier(order: Any) -> str:
    """A driver of the kitchen's zone."""
    return driver_email(order["zone"])


def near(order: Any) -> Geolocation:
    """A kilometre from the kitchen."""
    return {"latitude": order["location"]["lat"] + 0.009, "longitude": order["location"]["lon"]}


async def sign_by_hand(page: Page) -> None:
    pad = await page.get_by_role("img", name="Sign here").bounding_box()
    assert pad is not None
    x, y = pad["x"] + pad["width"] / 4, pad["y"] + pad["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    for step in range(12):
        await page.mouse.move(x + 12 * step, y + (15 if step % 2 else -15))
    await page.mouse.up()


def card(shown: Screen, order: Any) -> Any:
    """Where the order stands among the deliveries, or the offers."""
    return shown.page.locator(".stop").filter(has_text=f"No. {order['number']} ")


async def stored(person: Person, order: Any, path: str = "") -> tuple[int, Any]:
    """What the server has of the order, to somebody."""
    headers = {"Authorization": f"Bearer {person.token}", "Cache-Control": "no-cache"}
    async with person.session.get(f"{person.edge}/api/orders/{order['id']}{path}", headers=headers) as answer:
        return answer.status, await (answer.json() if "json" in answer.content_type else answer.read())


async def proved(person: Person, order: Any) -> Any:
    """The order's proof, once it has come."""

    async def come() -> Any:
        status, proof = await stored(person, order, "/proof")
        return proof if status == 200 else None

    return await eventually(come)


async def test_an_offer_is_taken_driven_and_handed_over_for_a_signature(
    stack: Stack, browser: Browser, order: Any, courier: str, kitchen: Person
) -> None:
    edge = stack.addresses.edge
    async with (
        screen(browser, edge, size=PHONE, place=near(order)) as shown,
        screen(browser, edge) as waiting,
    ):
        await waiting.sign_in(KITCHEN)
        await waiting.page.goto(f"{edge}/orders/{order['id']}")
        await shown.sign_in(courier)
        await expect(shown.page.get_by_text("Your position is shared")).to_have_count(0)
        await card(shown, order).get_by_role("button", name="Take it").click(timeout=PATIENCE_MS)

        stop = shown.page.get_by_role("article", name="Next stop")
        await expect(stop).to_contain_text(f"No. {order['number']}", timeout=PATIENCE_MS)
        await expect(stop).to_contain_text("1 km away", timeout=PATIENCE_MS)
        await expect(shown.page.get_by_text("Your position is shared")).to_be_visible()
        await expect(waiting.page.get_by_text("1 km away")).to_be_visible(timeout=PATIENCE_MS)

        await stop.get_by_role("button", name="Hand over").click()
        await shown.page.get_by_role("button", name="Hand over", exact=True).last.click()
        await shown.page.get_by_label("Who takes it?").fill("Ana Cook")
        await shown.page.get_by_role("button", name="Hand over", exact=True).last.click()
        await expect(shown.page.get_by_role("alert").filter(has_text="Sign in the field")).to_be_visible()
        await sign_by_hand(shown.page)
        await shown.page.get_by_role("button", name="Hand over", exact=True).last.click()
        await expect(card(shown, order)).to_have_count(0, timeout=PATIENCE_MS)
        await expect(shown.page.get_by_text("Your position is shared")).to_have_count(0)

        proof = await proved(kitchen, order)
        assert (proof["name"], proof["kind"], proof["media_type"]) == ("Ana Cook", "signature", "image/png")
        assert (await kitchen.read(order))["status"] == "delivered"
        signature = waiting.page.get_by_role("img", name="Signature of Ana Cook")
        await expect(signature).to_be_visible(timeout=PATIENCE_MS)
        assert await signature.evaluate("image => image.naturalWidth") == 640


async def test_a_delivery_in_a_basement_is_kept_over_a_closed_browser_and_sent_once(
    stack: Stack, browser: Browser, ready: Place, order: Any, courier: str, session: aiohttp.ClientSession
) -> None:
    """Two stops, both done without a network; the app is opened anew in between."""
    driver = await somebody(stack, session, courier)
    first, second = await driver.move(order, "out_for_delivery"), await driver.move(await ready(), "out_for_delivery")
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(courier)
        page = shown.page
        await expect(card(shown, second)).to_be_visible(timeout=PATIENCE_MS)
        await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        await page.get_by_role(
            "button", name="Problem"
        ).first.click()  # its part is loaded, as it is by anybody's first
        await expect(page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE_MS)
        await page.keyboard.press("Escape")
        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")

        await card(shown, first).get_by_role("button", name="Hand over").click()
        await page.get_by_label("Who takes it?").fill("Ben Cook")
        await page.get_by_label("Photo").check()
        await page.get_by_label("Take a photo").set_input_files(
            {"name": "door.png", "mimeType": "image/png", "buffer": PHOTO}
        )
        await expect(page.get_by_role("img", name="The photo that was taken")).to_be_visible()
        await page.get_by_role("button", name="Hand over", exact=True).last.click()
        await expect(page.get_by_role("article", name="Next stop")).to_contain_text(f"No. {second['number']}")
        await expect(page.get_by_text("2 actions are kept")).to_be_visible()

        await page.reload()
        await shown.expect_connection("Offline")
        await expect(page.get_by_text("2 actions are kept")).to_be_visible()
        await expect(page.get_by_role("article", name="Next stop")).to_contain_text(f"No. {second['number']}")
        await card(shown, second).get_by_role("button", name="Problem").click()
        await page.get_by_label("The kitchen is closed").check()
        await page.get_by_role("button", name="Report").click()
        await expect(page.get_by_text("Problem reported")).to_be_visible()
        assert (await driver.read(first))["status"] == "out_for_delivery"

        await shown.context.set_offline(False)
        await shown.expect_connection("Live")
        await expect(page.get_by_text(re.compile("actions? (are|is) kept"))).to_have_count(0, timeout=PATIENCE_MS)

    proof = await proved(driver, first)
    assert (proof["name"], proof["kind"], proof["media_type"]) == ("Ben Cook", "photo", "image/jpeg")
    first, second = await driver.read(first), await driver.read(second)
    assert [(order["status"], order["reason"]) for order in (first, second)] == [
        ("delivered", None),
        ("failed", "The kitchen is closed"),
    ]


async def test_an_offer_that_wet_hands_tap_twice_is_taken_once_and_the_next_one_is_not(
    stack: Stack, browser: Browser, ready: Place, order: Any, courier: str, kitchen: Person
) -> None:
    """Once it is taken, the one after it may be where it was."""
    other = await ready()
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(courier)
        await expect(card(shown, order)).to_be_visible(timeout=PATIENCE_MS)
        await shown.tap_twice(card(shown, other).get_by_role("button", name="Take it"))
        await expect(shown.page.get_by_role("article", name="Next stop")).to_contain_text(f"No. {other['number']}")
        await expect(shown.page.get_by_text("is kept")).to_have_count(0, timeout=PATIENCE_MS)
        await expect(shown.page.get_by_text("Not done")).to_have_count(0)
        await expect(shown.page.get_by_role("dialog")).to_have_count(0)
    assert [(await kitchen.read(each))["status"] for each in (other, order)] == ["out_for_delivery", "ready"]


async def test_an_offer_that_somebody_else_was_quicker_to_take_is_told_in_words(
    stack: Stack, browser: Browser, order: Any, courier: str, session: aiohttp.ClientSession
) -> None:
    rival = await somebody(stack, session, driver_email(order["zone"] + ZONES))
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(courier)
        take = card(shown, order).get_by_role("button", name="Take it")
        await expect(take).to_be_visible(timeout=PATIENCE_MS)
        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")
        await take.click()
        await rival.move(order, "out_for_delivery")
        await shown.context.set_offline(False)
        told = shown.page.get_by_text("Another driver")
        await expect(told).to_be_visible(timeout=PATIENCE_MS)
        await expect(card(shown, order)).to_have_count(0)
        await shown.page.get_by_role("button", name="Understood").click()
        await expect(told).to_have_count(0)


async def test_who_is_off_duty_is_given_nothing_and_says_so_by_a_switch(
    stack: Stack, browser: Browser, order: Any, courier: str, admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(courier)
        duty = shown.page.get_by_role("switch", name="On duty")
        await expect(duty).to_be_checked(timeout=PATIENCE_MS)
        await duty.click()
        await expect(duty).not_to_be_checked()
        await expect(card(shown, order).get_by_role("button", name="Take it")).to_be_disabled(timeout=PATIENCE_MS)
        driver = await shown.page.evaluate("JSON.parse(localStorage.getItem('larder.person')).id")
        with pytest.raises(Refused):
            await admin.move(order, "ready", driver_id=driver)
        await shown.page.reload()
        await expect(duty).not_to_be_checked(timeout=PATIENCE_MS)
        await duty.click()
        await expect(card(shown, order).get_by_role("button", name="Take it")).to_be_enabled(timeout=PATIENCE_MS)
        assert (await admin.move(order, "ready", driver_id=driver))["driver_id"] == driver
        await expect(card(shown, order).get_by_role("button", name="Set out")).to_be_visible(timeout=PATIENCE_MS)


async def test_a_map_has_its_tiles_in_both_themes_and_is_a_sketch_when_there_are_none(
    stack: Stack, browser: Browser, order: Any, courier: str, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await (await somebody(stack, session, courier)).move(order, "out_for_delivery")
    edge = stack.addresses.edge
    async with tile_server() as tiles, screen(browser, edge, size=PHONE, place=near(order)) as shown:
        built = await asyncio.to_thread(build_for, tiles, tmp_path)
        assert f"; img-src 'self' data: blob: {tiles.origin}; " in built.policy
        await built.serve_to(shown.context, edge)
        page = shown.page
        await shown.sign_in(courier)
        await page.get_by_role("link", name="Map", exact=True).click()
        drawn = page.locator("img.leaflet-tile-loaded")
        await expect(drawn.first).to_be_visible(timeout=PATIENCE_MS)
        assert await drawn.first.evaluate("tile => tile.naturalWidth") == 256
        await expect(page.get_by_text(ATTRIBUTION)).to_be_visible()
        stops = page.locator(".tiles").get_by_role("button", name=order["restaurant_name"])
        await expect(stops.first).to_be_visible()  # there may be more of that kitchen's on the way
        pane = page.locator(".leaflet-tile-pane")
        await expect(pane).to_have_css("filter", "none")
        await shown.expect_accessible()
        await page.emulate_media(color_scheme="dark")
        await expect(pane).to_have_css("filter", re.compile(r"^invert\(1\)"))

        tiles.there = False
        await page.goto(f"{edge}/map")
        await expect(page.get_by_text("The map cannot be loaded")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_role("img", name=re.compile("^A sketch of your route"))).to_be_visible()


@every_size
async def test_every_view_of_a_driver_is_accessible_and_fits(
    stack: Stack, browser: Browser, order: Any, courier: str, size: tuple[int, int]
) -> None:
    async with screen(browser, stack.addresses.edge, size=size, place=near(order)) as shown:
        page = shown.page
        await shown.sign_in(courier)
        await card(shown, order).get_by_role("button", name="Take it").click(timeout=PATIENCE_MS)
        await expect(card(shown, order).get_by_role("button", name="Hand over")).to_be_visible(timeout=PATIENCE_MS)
        await shown.expect_accessible()
        for question in ("Hand over", "Problem"):
            await card(shown, order).get_by_role("button", name=question).click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await shown.expect_accessible()
            await page.keyboard.press("Escape")
        for name in ("Map", "Done"):
            await page.get_by_role("link", name=name, exact=True).click()
            await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=PATIENCE_MS)
            await shown.expect_accessible()
