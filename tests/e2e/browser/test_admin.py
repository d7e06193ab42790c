"""The browser client as an admin has it: the board by hand and by keyboard, the catalogue, people and restaurants."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from deploy.demo.client import Person
from deploy.demo.load import World
from deploy.demo.people import ADMIN
from deploy.local import Stack
from shared.ids import new_id
from tests.browser import PATIENCE_MS, Screen, every_size, screen
from tests.elsewhere import Place, ask
from tests.support import eventually

HEADER = "sku,name,category,unit,price,stock,active"


@pytest.fixture
async def orders(place: Place) -> list[Any]:
    """Three that their kitchen has just placed, confirmed by their stock."""
    return [await place() for _ in range(3)]


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def ticket(page: Page, name: str, order: Any) -> Locator:
    """An order's link in a column."""
    return column(page, name).get_by_role("link", name=f"No. {order['number']}", exact=True)


async def open_at(shown: Screen, path: str) -> None:
    await shown.sign_in(ADMIN)
    await shown.page.goto(f"{shown.edge}{path}")


async def test_orders_are_moved_on_together_by_keyboard_and_the_focus_stays_with_them(
    stack: Stack, browser: Browser, orders: list[Any], admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        for place, order in enumerate(orders):
            await ticket(page, "Confirmed", order).focus(timeout=PATIENCE_MS)
            await page.keyboard.press("x" if place else " ")
        await expect(page.get_by_role("status").filter(has_text="3 selected")).to_be_visible()
        await page.keyboard.press("n")
        for order in orders:
            await expect(ticket(page, "Preparing", order)).to_be_visible(timeout=PATIENCE_MS)
        await expect(ticket(page, "Preparing", orders[-1])).to_be_focused()
        await page.keyboard.press("n")
        await expect(ticket(page, "Ready", orders[-1])).to_be_focused(timeout=PATIENCE_MS)
        await page.keyboard.press("ArrowLeft")
        await expect(ticket(page, "Preparing", orders[0])).to_be_focused()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="The board by keyboard")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(ticket(page, "Preparing", orders[0])).to_be_focused()
    assert [(await admin.read(order))["status"] for order in orders] == ["preparing", "preparing", "ready"]


async def test_ready_orders_are_given_to_a_driver_of_their_zone_and_taken_back(
    stack: Stack, browser: Browser, orders: list[Any], admin: Person
) -> None:
    for order in orders:
        await admin.move(await admin.move(order, "preparing"), "ready")
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        for order in orders[:2]:
            await page.get_by_label(f"Select order {order['number']}").check(timeout=PATIENCE_MS)
        await page.get_by_role("button", name="Give to a driver (2)").click()
        dialog = page.get_by_role("dialog", name="Give 2 orders to drivers")
        await dialog.get_by_role("button", name="Give").click()
        await expect(dialog.get_by_role("alert")).to_have_text("Choose a driver.")
        driver = dialog.get_by_role("radio").first
        await driver.check(timeout=PATIENCE_MS)
        chosen = await driver.input_value()
        await dialog.get_by_role("button", name="Give").click()

        async def given() -> bool:
            return [(await admin.read(order))["driver_id"] for order in orders] == [chosen, chosen, None]

        await eventually(given)
        name = (await admin.read(orders[0]))["driver_name"]
        link = page.get_by_role("link", name=f"No. {orders[0]['number']}", exact=True)
        card = column(page, "Ready").get_by_role("listitem").filter(has=link)
        await expect(card.get_by_text(name)).to_be_visible(timeout=PATIENCE_MS)

        await page.get_by_label(f"Select order {orders[0]['number']}").check()
        await page.get_by_role("button", name="Take from driver (1)").click()
        await expect(card.get_by_text(name)).to_be_hidden(timeout=PATIENCE_MS)
    assert (await admin.read(orders[0]))["driver_id"] is None


async def test_an_order_is_cancelled_with_a_reason_that_its_restaurant_reads(
    stack: Stack, browser: Browser, orders: list[Any], admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        await ticket(page, "Confirmed", orders[0]).focus(timeout=PATIENCE_MS)
        await page.keyboard.press("r")
        dialog = page.get_by_role("dialog", name="Cancel 1 order")
        reason = dialog.get_by_label("Reason")
        await expect(reason).to_be_focused()
        await dialog.get_by_role("button", name="Cancel order").click()
        await expect(dialog.get_by_text("Say why: the restaurant reads it.")).to_be_visible()
        await expect(reason).to_be_focused()
        await reason.fill("The kitchen has closed")
        await dialog.get_by_role("button", name="Cancel order").click()
        await expect(ticket(page, "Confirmed", orders[0])).to_be_hidden(timeout=PATIENCE_MS)
        await expect(ticket(page, "Confirmed", orders[1])).to_be_focused()  # it has its place now
    found = await admin.read(orders[0])
    assert (found["status"], found["reason"]) == ("cancelled", "The kitchen has closed")


async def test_orders_are_found_by_number_restaurant_and_state_at_an_address_of_their_own(
    stack: Stack, browser: Browser, orders: list[Any], admin: Person
) -> None:
    order, other, _ = orders
    await admin.move(order, "cancelled")
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await shown.sign_in(ADMIN)
        search = page.get_by_role("searchbox")
        await search.fill(str(order["number"]))
        found = page.get_by_role("link", name=f"No. {order['number']} ·")
        await expect(found).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_role("listitem")).to_have_count(1)
        await expect(search).to_be_focused()
        await search.fill(order["restaurant_name"].lower()[2:])
        await page.get_by_label("State").select_option("Cancelled")
        await expect(page).to_have_url(re.compile(r"\?q=\w+\+.+&status=cancelled$"))
        await expect(found).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_role("link", name=f"No. {other['number']} ·")).to_be_hidden()
        await page.reload()
        await expect(found).to_be_visible(timeout=PATIENCE_MS)

        await shown.expect_connection("Live")
        await admin.move(other, "cancelled")
        await expect(page.get_by_role("link", name=f"No. {other['number']} ·")).to_be_visible(timeout=PATIENCE_MS)
        await found.click()
        await expect(page.get_by_role("heading", name=f"Order {order['number']}")).to_be_visible(timeout=PATIENCE_MS)


async def test_what_is_done_on_an_orders_own_page_is_what_the_board_offers(
    stack: Stack, browser: Browser, orders: list[Any], admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await open_at(shown, f"/orders/{orders[0]['id']}")
        await shown.page.get_by_role("button", name="Prepare").click(timeout=PATIENCE_MS)
        ready = shown.page.get_by_role("button", name="Ready")
        await expect(ready).to_be_visible(timeout=PATIENCE_MS)
        await expect(ready).to_be_focused()
        await expect(shown.page.get_by_role("button", name="Prepare")).to_be_hidden()
    assert (await admin.read(orders[0]))["status"] == "preparing"


async def test_a_product_is_made_and_changed_and_two_who_change_it_at_once_are_told(
    stack: Stack, browser: Browser, admin: Person
) -> None:
    sku = f"NEW-{new_id().hex[-8:]}"
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await open_at(shown, "/products/new")
        for label, text in {"SKU": sku, "Name": "Oat milk", "Category": "Dairy", "Unit": "1 L"}.items():
            await page.get_by_label(label, exact=True).fill(text)
        price, stock = page.get_by_label("Price of one unit"), page.get_by_label("Stock")
        await price.fill("$2")
        await stock.fill("40")
        await page.get_by_role("button", name="Make the product").click()
        await expect(page.get_by_text("Write the price as 2.50 or 2,50")).to_be_visible()
        await expect(price).to_be_focused()
        await price.fill("2,50")
        await page.get_by_role("button", name="Make the product").click()
        await expect(page.get_by_role("heading", name="Oat milk")).to_be_visible(timeout=PATIENCE_MS)

        product = page.url.rsplit("/", 1)[1]
        await ask(admin, "PATCH", f"/api/catalog/products/{product}", {"stock": 39})
        await price.fill("2.80")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("Somebody else changed this")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator("form").get_by_text("Stock: 40 → 39")).to_be_visible()  # and soon in the history
        await expect(price).to_have_value("2.80")
        await stock.fill("39")
        await page.get_by_role("button", name="Save mine all the same").click()
        told = page.get_by_text("Price of one unit: $2.50 → $2.80")
        await expect(told).to_have_count(2, timeout=PATIENCE_MS)  # as saved, and in the history
    found = await ask(admin, "GET", f"/api/catalog/admin/products/{product}")
    assert (found["price_cents"], found["stock"], found["version"]) == (280, 39, 3)


async def test_a_file_is_looked_at_before_it_is_imported(
    stack: Stack, browser: Browser, world: World, tmp_path: Path
) -> None:
    sku = f"FILE-{new_id().hex[-8:]}"
    file = tmp_path / "products.csv"
    file.write_text(f"{HEADER}\n{sku},Rye bread,Bakery,1 KG,3.20,,true\n{sku}-2,Bad bread,Bakery,1 KG,dear,,true\n")
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await open_at(shown, "/products/import")
        await page.get_by_role("button", name="Look what it would do").click()
        await expect(page.get_by_text("Choose a file first.").first).to_be_visible()
        await page.get_by_label("CSV file").set_input_files(file)
        await page.get_by_role("button", name="Look what it would do").click()
        wrong = page.get_by_role("row").filter(has_text=f"{sku}-2")
        await expect(wrong).to_contain_text("'dear' is no price", timeout=PATIENCE_MS)
        await expect(page.get_by_text("Nothing will be imported while lines are wrong.")).to_be_visible()
        async with page.expect_download() as report:
            await page.get_by_role("button", name="Report as a file").click()
        assert f"3,{sku}-2,refused,price" in (await (await report.value).path()).read_text("utf-8-sig")

        await page.get_by_label("When some lines are wrong").select_option("Import the good lines")
        await expect(wrong).to_be_hidden()
        await page.get_by_role("button", name="Look what it would do").click()
        await page.get_by_role("button", name="Import 1 line").click(timeout=PATIENCE_MS)
        await expect(page.get_by_text("Imported.")).to_be_visible(timeout=PATIENCE_MS)
        await page.goto(f"{shown.edge}/products?q={sku}")
        await expect(page.get_by_role("link", name="Rye bread")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_role("link", name="Bad bread")).to_be_hidden()


async def test_somebody_is_hired_and_changes_their_zone(stack: Stack, browser: Browser, admin: Person) -> None:
    address = f"dana-{new_id().hex[-8:]}@larder.test"
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await open_at(shown, "/people/new")
        await page.get_by_label("Name").fill("Dana Novak")
        await page.get_by_label("Zone").fill("north")
        await page.get_by_label("Email").fill(address)
        await page.get_by_label("First password").fill("short")
        await page.get_by_role("button", name="Add them").click()
        await expect(page.get_by_text("Write the zone as a number.")).to_be_visible()
        await page.get_by_label("Zone").fill("3")
        await page.get_by_role("button", name="Add them").click()
        await expect(page.get_by_label("First password")).to_be_focused(timeout=PATIENCE_MS)  # the server's word on it
        await page.get_by_label("First password").fill("long enough for it")
        await page.get_by_role("button", name="Add them").click()
        await expect(page.get_by_role("heading", name="Dana Novak")).to_be_visible(timeout=PATIENCE_MS)
        await page.get_by_label("Zone").fill("4")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Zone: 3 → 4")).to_be_visible(timeout=PATIENCE_MS)
        await page.goto(f"{shown.edge}/people?q={address}")
        await expect(page.get_by_role("link", name="Dana Novak")).to_be_visible(timeout=PATIENCE_MS)
    people = await ask(admin, "GET", f"/api/accounts/people?q={address}")
    assert [(one["role"], one["zone"]) for one in people["items"]] == [("driver", 4)]


async def test_a_restaurants_limit_is_changed_and_its_payment_recorded_once_the_network_is_back(
    stack: Stack, browser: Browser, admin: Person
) -> None:
    restaurants = await ask(admin, "GET", "/api/accounts/restaurants?limit=1")
    restaurant = restaurants["items"][0]
    account = f"/api/orders/credit?restaurant_id={restaurant['id']}"
    before = await ask(admin, "GET", account)
    async with screen(browser, stack.addresses.edge) as shown:
        page = shown.page
        await open_at(shown, f"/restaurants/{restaurant['id']}")
        await page.get_by_label("Credit limit").fill("5000")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Credit limit: $10,000,000.00 → $5,000.00")).to_be_visible(timeout=PATIENCE_MS)

        await shown.expect_connection("Live")
        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")
        await page.get_by_label("Payment").fill("250")
        await page.get_by_role("button", name="Record the payment").click()
        await expect(page.get_by_text("The payment of $250.00 is kept")).to_be_visible()
        await shown.context.set_offline(False)
        await expect(page.get_by_text("The payment of $250.00 is kept")).to_be_hidden(timeout=PATIENCE_MS)
        await expect(page.get_by_role("listitem").filter(has_text="Payment")).to_have_count(1, timeout=PATIENCE_MS)
    after = await ask(admin, "GET", account)
    assert before["owed_cents"] - after["owed_cents"] == 250_00


@every_size
async def test_every_view_of_an_admin_is_accessible_and_fits(
    stack: Stack,
    browser: Browser,
    orders: list[Any],
    admin: Person,
    size: tuple[int, int],
) -> None:
    (product,) = (await ask(admin, "GET", "/api/catalog/admin/products?limit=1"))["items"]
    calmly = re.compile(re.escape(product["name"]), re.IGNORECASE)  # the supplier's file shouts, the heading does not
    views = {
        "/": "Orders",
        f"/?q={orders[0]['number']}": "Orders",
        f"/orders/{orders[0]['id']}": f"Order {orders[0]['number']}",
        "/products": "Products",
        "/products/new": "New product",
        f"/products/{product['id']}": calmly,
        "/products/import": "Import products",
        "/people": "People",
        "/people/new": "Add a person",
        "/restaurants": "Restaurants",
        f"/restaurants/{orders[0]['restaurant_id']}": orders[0]["restaurant_name"],
    }
    async with screen(browser, stack.addresses.edge, size=size) as shown:
        await shown.sign_in(ADMIN)
        for path, heading in views.items():
            await shown.page.goto(f"{stack.addresses.edge}{path}")
            await expect(shown.page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=PATIENCE_MS)
            await expect(shown.page.locator(".skeletons")).to_have_count(0, timeout=PATIENCE_MS)
            await shown.expect_accessible()
