"""What the pictures of the browser client show: a kitchen's, a driver's and an admin's day on a running demo.

`set_up` orders real baskets of one zone and moves them, so that each state is on somebody's screen: a kitchen with an
order in each, a driver with stops, a load and offers, and an order handed over for a signature. Each time it adds some
orders to the demo, and one price is higher until it is over. Refuses a demo whose baskets are all ordered.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import aiohttp
from playwright.async_api import Browser, Geolocation, Page
from rich.progress import Progress

from deploy.demo import source
from deploy.demo.client import Person
from deploy.demo.ledger import Ledger
from deploy.demo.load import World, load, place_of
from deploy.demo.people import ADMIN, demo_people, driver_email, restaurant_email
from deploy.local import Stack
from tests.browser import PATIENCE_MS, PHONE, screen
from tests.support import eventually

STORE = 367
"""A kitchen that orders much."""

KITCHEN = restaurant_email(STORE)
LINES = range(4, 16)
"""As many as the orders have that are looked at whole."""

DEARER = 1.08
KILOMETRE = 0.009
"""In degrees of latitude."""


@dataclass(frozen=True)
class Scene:
    """Ids of what there is. `fresh` can still be called back by its kitchen, whose last order it is; one of its
    products costs more since. `place`: where the driver is."""

    driver: str
    place: Geolocation
    fresh: str
    under_way: str
    delivered: str
    product: str
    restaurant: str
    person: str


@asynccontextmanager
async def set_up(stack: Stack, browser: Browser) -> AsyncIterator[Scene]:
    """Until it is over: then the price is what it was."""
    with Progress(disable=True) as progress:
        world = await load(place_of(stack.addresses), progress)
    async with aiohttp.ClientSession() as session:
        director = await _Director.of(stack, session, world)
        scene, dearer = await director.play(browser)
        price = dearer["price_cents"]
        await director.reprice(dearer["product_id"], round(price * DEARER) + 1)
        try:
            yield scene
        finally:
            await director.reprice(dearer["product_id"], price)


async def ask_to_hand_over(page: Page, number: int | None = None) -> None:
    """The question at the door, answered and signed: of the next stop, or of the order of this number."""
    stop = page.locator(".stop.next") if number is None else page.locator(".stop", has_text=f"No. {number} ")
    await stop.get_by_role("button", name="Hand over").click(timeout=PATIENCE_MS)
    await page.get_by_label("Who takes it?").fill("Ana Castro")
    pad = await page.get_by_role("img", name="Sign here").bounding_box()
    assert pad is not None
    x, y = pad["x"] + pad["width"] * 0.2, pad["y"] + pad["height"] * 0.55
    await page.mouse.move(x, y)
    await page.mouse.down()
    for step in range(90):
        turn, fading = step / 5.5, 1 - step / 110
        reach = pad["height"] * 0.24 * fading
        across = pad["width"] * 0.55 * step / 90
        await page.mouse.move(x + across + reach * math.cos(turn), y - reach * math.sin(turn * 1.13))
    await page.mouse.up()


@dataclass(frozen=True)
class _Director:
    """Has the people do it, as they would, but for what they would look at meanwhile."""

    stack: Stack
    session: aiohttp.ClientSession
    world: World
    admin: Person
    kitchen: Person
    driver: Person

    @staticmethod
    async def of(stack: Stack, session: aiohttp.ClientSession, world: World) -> "_Director":
        zones = {restaurant.number: restaurant.zone for restaurant in demo_people(world.stores)[0]}
        emails = (ADMIN, KITCHEN, driver_email(zones[STORE]))
        admin, kitchen, driver = (Person(session, stack.addresses.edge, email, Ledger()) for email in emails)
        for person in (admin, kitchen, driver):
            await person.sign_in()
        return _Director(stack, session, world, admin, kitchen, driver)

    async def play(self, browser: Browser) -> tuple[Scene, dict[str, Any]]:
        """What there is to see, and the line whose price changes then."""
        handed, first, second, preparing, fresh = self._baskets(5, {STORE})
        neighbours = {one.number for one in demo_people(self.world.stores)[0] if one.zone == self.driver.listener.zone}
        stop, load_, *offers = self._baskets(4, neighbours - {STORE})

        await self._end_the_last_time()
        delivered = await self._on_the_way(await self._placed(handed))
        place: Geolocation = {
            "latitude": delivered["location"]["lat"] + KILOMETRE,
            "longitude": delivered["location"]["lon"],
        }
        await self._hand_over(browser, delivered, place)
        under_way = await self._on_the_way(await self._placed(first))
        for basket in (stop, second):
            await self._on_the_way(await self._placed(basket))
        await self._ready(await self._placed(load_), driver_id=str(self.driver.listener.person_id))
        for basket in offers:
            await self._ready(await self._placed(basket))
        await self.admin.move(await self._placed(preparing), "preparing")
        order = await self._placed(fresh, "By the back door, please: the front is locked until ten.")
        scene = Scene(
            driver=self.driver.email,
            place=place,
            fresh=order["id"],
            under_way=under_way["id"],
            delivered=delivered["id"],
            product=order["items"][0]["product_id"],
            restaurant=order["restaurant_id"],
            person=str(self.driver.listener.person_id),
        )
        return scene, order["items"][1]

    async def reprice(self, product: str, cents: int) -> None:
        """Returns when readers are told."""
        path = f"{self.stack.addresses.edge}/api/catalog/products/{product}"
        headers = {"Authorization": f"Bearer {self.admin.token}"}
        async with self.session.patch(path, json={"price_cents": cents}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

        async def told() -> bool:
            async with self.session.get(path) as answer:
                return bool((await answer.json())["price_cents"] == cents)

        await eventually(told)

    async def _end_the_last_time(self) -> None:
        """What the driver has from it, so that their day looks the same each time."""
        headers = {"Authorization": f"Bearer {self.driver.token}", "Cache-Control": "no-cache"}
        path = f"{self.stack.addresses.edge}/api/orders?active=true&limit=100"
        async with self.session.get(path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            orders = (await answer.json())["items"]
        for order in orders:
            if order["status"] == "ready":
                order = await self.driver.move(order, "out_for_delivery")
            if order["status"] == "out_for_delivery":
                await self.driver.move(order, "delivered")

    def _baskets(self, count: int, stores: set[int]) -> list[source.Basket]:
        fresh = (
            basket
            for basket in source.read_baskets()
            if basket.store_id in stores and len(basket.lines) in LINES
            if str(basket.basket_id) not in self.world.played
        )
        found = list(islice(fresh, count))
        assert len(found) == count, "no basket of that zone is left to be ordered: just reset, just demo"
        return found

    async def _placed(self, basket: source.Basket, note: str | None = None) -> dict[str, Any]:
        """Confirmed by its stock."""
        email = restaurant_email(basket.store_id)
        customer = Person(self.session, self.stack.addresses.edge, email, Ledger())
        await customer.sign_in()
        placed = await customer.place(str(basket.basket_id), self.world.items_of(basket), note)

        async def confirmed() -> dict[str, Any] | None:
            found = await self.admin.read(placed)
            return found if found["status"] == "confirmed" else None

        return await eventually(confirmed)

    async def _ready(self, order: dict[str, Any], **more: object) -> dict[str, Any]:
        return await self.admin.move(await self.admin.move(order, "preparing"), "ready", **more)

    async def _on_the_way(self, order: dict[str, Any]) -> dict[str, Any]:
        return await self.driver.move(await self._ready(order), "out_for_delivery")

    async def _hand_over(self, browser: Browser, order: dict[str, Any], place: Geolocation) -> None:
        """By the driver's own phone, until the proof is there."""
        async with screen(browser, self.stack.addresses.edge, size=PHONE, place=place) as phone:
            await phone.sign_in(self.driver.email)
            await ask_to_hand_over(phone.page, order["number"])
            await phone.page.get_by_role("dialog").get_by_role("button", name="Hand over", exact=True).click()
            path = f"{phone.edge}/api/orders/{order['id']}/proof"
            headers = {"Authorization": f"Bearer {self.admin.token}", "Cache-Control": "no-cache"}

            async def proved() -> bool:
                async with self.session.get(path, headers=headers) as answer:
                    return answer.status == 200

            await eventually(proved, PATIENCE_MS / 1000)
