"""The browser client as a kitchen has it: a real Chromium on the whole stack."""

import re
import secrets
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from playwright.async_api import Browser, expect

from deploy.demo.client import Person
from deploy.demo.load import World
from deploy.demo.people import restaurant_email
from deploy.local import Stack
from shared.ids import new_id
from tests.browser import COVERED, PATIENCE_MS, PHONE, Screen, every_size, screen
from tests.elsewhere import KITCHEN, Place, ask, somebody
from tests.support import eventually

POOR_STORE, BUSY_STORE = 381, 382


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
        await expect(shown.page.get_by_role("dialog")).to_be_visible()
        await shown.page.keyboard.press("Escape")
        await expect(shown.page.get_by_role("dialog")).to_be_hidden()
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


@pytest.fixture
async def product(stack: Stack, admin: Person) -> Any:
    """One that no other test changes, in a category of its own, which the price book knows."""
    name = f"Truffle {secrets.token_hex(4)}"
    body = {
        "sku": name,
        "name": name,
        "category": name,
        "unit": "1 kg",
        "price_cents": 1000,
        "stock": 50,
        "active": True,
    }
    made = await ask(admin, "POST", "/api/catalog/products", body)
    await learnt(stack, made)
    return made


async def learnt(stack: Stack, product: Any) -> None:
    """Until orders' price book and the edge have this version."""
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    session = aiohttp.ClientSession()
    try:

        async def known() -> bool:
            booked = "select version from orders.price_book where product_id = $1"
            version = await database.fetchval(booked, UUID(product["id"]))
            async with session.get(f"{stack.addresses.edge}/api/catalog/products/{product['id']}") as answer:
                shown = (await answer.json())["version"]
            return version is not None and min(version, shown) >= product["version"]

        await eventually(known)
    finally:
        await database.close()
        await session.close()


async def fill(shown: Screen, product: Any) -> None:
    """The cart with one of it, from its own page."""
    await shown.page.goto(f"{shown.edge}/products/{product['id']}")
    await shown.page.get_by_role("button", name=f"Add {product['name']}").click(timeout=PATIENCE_MS)


async def expect_placed(shown: Screen) -> None:
    """That the browser shows the order which was just placed, and that the cart is empty."""
    await expect(shown.page.get_by_role("heading", name=re.compile(r"^Order \d+"))).to_be_visible(timeout=PATIENCE_MS)
    await expect(shown.page.get_by_role("link", name=re.compile(r"^Cart$"))).to_be_visible()


async def test_a_kitchen_finds_what_it_needs_and_orders_it_and_a_cart_outlives_its_browser(
    stack: Stack, browser: Browser, product: Any, kitchen: Person
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        page = shown.page
        await page.get_by_label("Search the catalogue").press_sequentially("Truffl")
        await expect(page.get_by_role("heading", name=product["name"])).to_be_visible(timeout=PATIENCE_MS)
        await page.get_by_role("button", name=f"Add {product['name']}").click()
        await page.get_by_role("button", name=f"One more of {product['name']}").press("Enter")
        await expect(page.get_by_role("link", name=re.compile(r"Cart\W+1 line"))).to_be_visible()
        await page.get_by_role("link", name=product["name"]).click()
        await expect(page.get_by_text("2 in the cart, $20.00")).to_be_visible(timeout=PATIENCE_MS)

        await page.close()
        shown.page = await shown.context.new_page()
        page = shown.page
        await page.goto(f"{stack.addresses.edge}/cart")
        await page.get_by_label("Note for the supplier").fill("At the back door")
        quantity = page.get_by_label(re.compile(f"Quantity of {product['name']}"))
        await quantity.fill("nine")
        await quantity.blur()
        await expect(quantity).to_have_value("2")
        await quantity.fill("3")
        await quantity.blur()
        await page.get_by_role("button", name="Order for $30.00").click()
        await expect_placed(shown)
        await expect(page.get_by_text("At the back door")).to_be_visible()
        order_id = page.url.rsplit("/", 1)[-1]
    order = await kitchen.read({"id": order_id})
    assert [(item["product_id"], item["quantity"]) for item in order["items"]] == [(product["id"], 3)]


async def test_prices_that_changed_are_told_with_the_old_one_and_ordered_only_once_accepted(
    stack: Stack, browser: Browser, product: Any, admin: Person
) -> None:
    """Once while the cart is open, so that the order is refused; once while it is closed."""
    path = f"/api/catalog/products/{product['id']}"
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await fill(shown, product)
        await shown.page.get_by_role("link", name="To the cart").click()
        order = shown.page.get_by_role("button", name="Order for $10.00")
        await expect(order).to_be_enabled(timeout=PATIENCE_MS)
        await learnt(stack, await ask(admin, "PATCH", path, {"price_cents": 1250}))
        await order.click()
        await expect(shown.page.get_by_text("prices have changed. Look at them below")).to_be_visible(
            timeout=PATIENCE_MS
        )
        await expect(shown.page.get_by_text(f"{product['name']}: $10.00 before, $12.50 now")).to_be_visible()
        await expect(shown.page.get_by_role("button", name="Order for $12.50")).to_be_disabled()

        await learnt(stack, await ask(admin, "PATCH", path, {"price_cents": 900}))
        await shown.page.reload()
        await expect(shown.page.get_by_text(f"{product['name']}: $10.00 before, $9.00 now")).to_be_visible(
            timeout=PATIENCE_MS
        )
        await shown.page.get_by_role("button", name="Accept the new prices").click()
        await shown.page.get_by_role("button", name="Order for $9.00").click()
        await expect_placed(shown)


async def test_an_order_without_a_network_is_kept_and_comes_back_into_the_cart_when_it_is_refused(
    stack: Stack, browser: Browser, product: Any, admin: Person
) -> None:
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(KITCHEN)
        await fill(shown, product)
        await shown.page.get_by_role("link", name="To the cart").click()
        order = shown.page.get_by_role("button", name="Order for $10.00")
        await expect(order).to_be_enabled(timeout=PATIENCE_MS)
        await shown.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")
        await order.click()
        await expect(shown.page.get_by_text("Kept until there is a network")).to_be_visible(timeout=PATIENCE_MS)
        await learnt(stack, await ask(admin, "PATCH", f"/api/catalog/products/{product['id']}", {"price_cents": 1100}))

        await shown.context.set_offline(False)
        refused = shown.page.get_by_text("Not done: Order of 1 line, $10.00")
        await expect(refused).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_role("link", name="Back to the cart").click()
        await expect(refused).to_be_hidden()
        await shown.page.get_by_role("button", name="Accept the new prices").click()
        await shown.page.get_by_role("button", name="Order for $11.00").click()
        await expect_placed(shown)


async def test_an_order_that_waits_is_taken_back_into_the_cart_or_sent_once(
    stack: Stack, browser: Browser, product: Any
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await fill(shown, product)
        await shown.page.get_by_role("link", name="To the cart").click()
        order = shown.page.get_by_role("button", name="Order for $10.00")
        await expect(order).to_be_enabled(timeout=PATIENCE_MS)
        await shown.page.goto(f"{stack.addresses.edge}/orders")
        await expect(shown.page.get_by_role("heading", name="Orders")).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_role("link", name=re.compile("^Cart")).click()
        await shown.context.set_offline(True)
        await shown.expect_connection("Offline")
        await order.click()
        kept = shown.page.get_by_text("Kept until there is a network")
        await expect(kept).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_text("1 action is kept").click()
        await shown.page.get_by_role("button", name="Take back").click()
        await expect(kept).to_be_hidden()
        await shown.page.get_by_role("link", name=re.compile("^Cart")).click()
        await order.click()
        await expect(kept).to_be_visible(timeout=PATIENCE_MS)
        await shown.context.set_offline(False)
        await expect(kept).to_be_hidden(timeout=PATIENCE_MS)
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        holds = "select count(*) from orders.orders where items::jsonb -> 0 ->> 'product_id' = $1"
        assert await database.fetchval(holds, product["id"]) == 1
    finally:
        await database.close()


async def test_what_is_not_sold_any_more_is_told_before_it_is_ordered(
    stack: Stack, browser: Browser, product: Any, admin: Person
) -> None:
    path = f"/api/catalog/products/{product['id']}"
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await fill(shown, product)
        await shown.page.get_by_role("link", name="To the cart").click()
        order = shown.page.get_by_role("button", name="Order for $10.00")
        await expect(order).to_be_enabled(timeout=PATIENCE_MS)
        await learnt(stack, await ask(admin, "PATCH", path, {"active": False}))
        await order.click()
        await expect(shown.page.get_by_text("something is not sold now")).to_be_visible(timeout=PATIENCE_MS)
        await expect(order).to_be_disabled()
        await shown.page.get_by_role("button", name="Take out what is not there").click()
        await expect(shown.page.get_by_role("heading", name="Your cart is empty.")).to_be_visible()


async def test_a_shortage_is_told_and_what_is_there_can_be_ordered(
    stack: Stack, browser: Browser, product: Any, kitchen: Person
) -> None:
    line = {"product_id": product["id"], "quantity": 60, "price_cents": 1000}
    placed = await kitchen.place(str(new_id()), [line])
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.goto(f"{stack.addresses.edge}/orders/{placed['id']}")
        await expect(shown.page.get_by_text(f"{product['name']}: 60 wanted, 50 there")).to_be_visible(
            timeout=PATIENCE_MS
        )
        await shown.page.get_by_role("button", name="Order what is there").click()
        await shown.page.get_by_role("button", name="Order for $500.00").click(timeout=PATIENCE_MS)
        await expect_placed(shown)


async def test_an_order_beyond_the_credit_is_refused_with_what_is_left(
    stack: Stack, browser: Browser, product: Any, admin: Person, session: aiohttp.ClientSession
) -> None:
    poor = await somebody(stack, session, restaurant_email(POOR_STORE))
    restaurant = f"/api/accounts/restaurants/{poor.listener.restaurant_id}"
    await ask(admin, "PATCH", restaurant, {"credit_limit_cents": 700})

    async def told() -> bool:
        return bool((await ask(poor, "GET", "/api/orders/credit"))["limit_cents"] == 700)

    await eventually(told)
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(poor.email)
        await fill(shown, product)
        await shown.page.get_by_role("link", name="To the cart").click()
        await expect(shown.page.get_by_text("This is $3.00 more than the credit you have left")).to_be_visible(
            timeout=PATIENCE_MS
        )
        await shown.page.get_by_role("button", name="Order for $10.00").click()
        refused = "The order was not placed: it comes to $10.00, and $7.00 of your credit are left."
        await expect(shown.page.get_by_text(refused)).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.get_by_label(f"Quantity of {product['name']}, 1 kg")).to_have_value("1")


async def test_orders_are_narrowed_by_state_loaded_page_by_page_and_change_by_themselves(
    stack: Stack, browser: Browser, session: aiohttp.ClientSession, product: Any, place: Place, admin: Person
) -> None:
    """Two pages of orders, of which all but the newest are rejected: the others' board stays empty."""
    busy = await somebody(stack, session, restaurant_email(BUSY_STORE))
    line = {"product_id": product["id"], "quantity": product["stock"] + 1, "price_cents": product["price_cents"]}
    for _ in range(100):
        await busy.place(str(new_id()), [line])
    newest = await place(busy, [{**line, "quantity": 1}])
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(busy.email)
        await shown.page.get_by_role("link", name="Orders", exact=True).click()
        await expect(shown.page.get_by_text("the newest 100 orders")).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_role("button", name="Load more").click()
        await expect(shown.page.get_by_text("101 orders")).to_be_visible(timeout=PATIENCE_MS)

        await shown.page.get_by_role("link", name="Preparing").click()
        await expect(shown.page.get_by_text("No order is “Preparing” now.")).to_be_visible(timeout=PATIENCE_MS)
        await admin.move(newest, "preparing")
        row = shown.page.get_by_role("listitem").filter(has_text=f"Order {newest['number']}")
        await expect(row).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.get_by_role("link", name=f"Order {newest['number']}").click()
        await expect(shown.page.get_by_role("heading", name=f"Order {newest['number']}")).to_be_visible(
            timeout=PATIENCE_MS
        )


async def test_the_usual_and_the_last_order_are_in_the_cart_with_one_tap(
    stack: Stack, browser: Browser, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        usual = shown.page.get_by_role("button", name="Put all in the cart")

        async def counted() -> bool:
            await shown.page.reload()
            await expect(shown.page.get_by_role("button", name="Repeat the last order")).to_be_visible(
                timeout=PATIENCE_MS
            )
            return await usual.is_visible()

        await eventually(counted, PATIENCE_MS / 1000)
        await usual.click()
        await expect(shown.page.get_by_role("button", name=re.compile("Order for"))).to_be_enabled(timeout=PATIENCE_MS)
        await shown.page.get_by_role("link", name="Catalogue").click()
        await shown.page.get_by_role("button", name="Repeat the last order").click()
        first = order["items"][0]["name"].split(", ")[0].capitalize()
        await expect(shown.page.get_by_role("link", name=first, exact=True).first).to_be_visible(timeout=PATIENCE_MS)


async def test_a_product_tapped_twice_is_there_once_and_keys_go_on_to_one_more_of_it(
    stack: Stack, browser: Browser, world: World
) -> None:
    async with screen(browser, stack.addresses.edge, size=PHONE) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.goto(f"{shown.edge}/?q=milk")
        found = shown.page.locator(".found")
        await shown.tap_twice(found.get_by_role("button", name="Add ").first)
        quantity = found.get_by_role("textbox", name="Quantity of")
        await expect(quantity).to_have_value("1")
        await expect(found.get_by_role("button", name="One more of")).to_be_focused()
        await shown.page.keyboard.press("Enter")
        await expect(quantity).to_have_value("2")
        await quantity.fill("1")
        await found.get_by_role("button", name="One less of").press("Enter")
        await expect(found.get_by_role("button", name="Add ").first).to_be_focused()


async def test_an_order_of_many_lines_is_sent_from_wherever_its_cart_is_read(
    stack: Stack, browser: Browser, order: Any
) -> None:
    async with screen(browser, stack.addresses.edge, size=(390, 600)) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.get_by_role("button", name="Repeat the last order").click(timeout=PATIENCE_MS)
        send = shown.page.get_by_role("button", name=re.compile("Order for"))
        await expect(send).to_be_in_viewport(ratio=1, timeout=PATIENCE_MS)
        assert await shown.page.evaluate("document.body.scrollHeight > innerHeight + 200")
        for _ in range(30):
            await shown.page.keyboard.press("Tab")
            assert await shown.page.evaluate(COVERED) is None


async def test_the_account_says_what_is_left_and_what_was_posted(
    stack: Stack, browser: Browser, order: Any, world: World
) -> None:
    async with screen(browser, stack.addresses.edge) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.get_by_role("link", name="Account").click()
        await expect(shown.page.get_by_text("left to order")).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.get_by_role("row").nth(1)).to_contain_text(
            f"Order {order['number']}: credit is held", timeout=PATIENCE_MS
        )


@every_size
async def test_every_view_of_a_kitchen_is_accessible_and_fits(
    stack: Stack, browser: Browser, order: Any, size: tuple[int, int]
) -> None:
    product, name = order["items"][0]["product_id"], order["items"][0]["name"]
    readable = name.split(", ")[0].capitalize()
    views = {
        "/": "Catalogue",
        "/?q=e": "Catalogue",
        f"/products/{product}": readable,
        "/cart": "Cart",
        "/orders": "Orders",
        f"/orders/{order['id']}": f"Order {order['number']}",
        "/account": "Account",
    }
    async with screen(browser, stack.addresses.edge, size=size) as shown:
        await shown.sign_in(KITCHEN)
        await shown.page.get_by_role("button", name="Repeat the last order").click(timeout=PATIENCE_MS)
        for path, heading in views.items():
            await shown.page.goto(f"{stack.addresses.edge}{path}")
            await expect(shown.page.get_by_role("heading", name=heading).first).to_be_visible(timeout=PATIENCE_MS)
            await expect(shown.page.locator(".skeletons")).to_have_count(0, timeout=PATIENCE_MS)
            await shown.expect_accessible()
