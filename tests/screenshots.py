"""Pictures of every view of the browser client, from a stack that runs the demo: `just screenshots [view …]`.

Each view in light and dark, for a desk and for a phone: `<view>-<width>-<theme>.png` in `build/screenshots`; an
order on paper once. Fails for whatever a page complains of, as the tests do, and for a view that
there is not. A new view is a line in VIEWS.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.async_api import Browser, expect

from deploy.demo.people import ADMIN
from deploy.local import Layout, Stack
from deploy.local.layout import REPOSITORY
from tests.browser import DESKTOP, PATIENCE_MS, PHONE, Screen, chromium, screen
from tests.scene import KITCHEN, Scene, ask_to_hand_over, set_up

FOLDER = REPOSITORY / "build" / "screenshots"
WAITING = ".skeletons, .strip .skeleton, .room"
PAPER = (794, 1123)
"""A4, as a browser prints it."""

DRIVER = "driver"
"""Of the scene, who is not always the same."""


async def repeat_the_last_order(shown: Screen) -> None:
    await shown.page.get_by_role("button", name="Repeat the last order").click(timeout=PATIENCE_MS)
    await expect(shown.page.get_by_role("button", name="Accept the new prices")).to_be_visible(timeout=PATIENCE_MS)


async def accept_the_prices(shown: Screen) -> None:
    await shown.page.get_by_role("button", name="Accept the new prices").click()


async def order_offline(shown: Screen) -> None:
    await expect(shown.page.get_by_role("button", name="Order for")).to_be_enabled(timeout=PATIENCE_MS)
    await go_offline(shown)
    await shown.page.get_by_role("button", name="Order for").click()
    await expect(shown.page.get_by_text("Kept until there is a network")).to_be_visible(timeout=PATIENCE_MS)


async def hand_over_offline(shown: Screen) -> None:
    await go_offline(shown)
    await ask_to_hand_over(shown.page)
    await shown.page.get_by_role("dialog").get_by_role("button", name="Hand over", exact=True).click()
    await shown.page.get_by_text("2 actions are kept").click()


async def go_offline(shown: Screen) -> None:
    await shown.context.set_offline(True)
    await shown.expect_connection("Offline")


async def hand_over(shown: Screen) -> None:
    await ask_to_hand_over(shown.page)


async def tell_a_problem(shown: Screen) -> None:
    await shown.page.locator(".stop.next").get_by_role("button", name="Problem").click(timeout=PATIENCE_MS)
    await shown.page.get_by_label("The kitchen is closed").check()


async def choose_orders(shown: Screen) -> None:
    for box in (await shown.page.locator(".ticket input").all())[:3]:
        await box.check()


async def print_it(shown: Screen) -> None:
    await shown.page.emulate_media(media="print")


class View(NamedTuple):
    """What it is called, who sees it and where, and what they do there before the picture. `{…}` is an id of the
    scene. Views of one person are seen one after the other, with what was done: what goes offline comes last."""

    name: str
    person: str
    path: str
    act: Callable[[Screen], Awaitable[None]] | None = None
    language: Literal["en", "de"] = "en"


VIEWS: Sequence[View] = (
    View("board-of-an-admin", ADMIN, "/"),
    View("board-of-an-admin-chosen", ADMIN, "/", choose_orders),
    View("orders-found", ADMIN, "/?status=confirmed"),
    View("order-of-an-admin", ADMIN, "/orders/{under_way}"),
    View("products", ADMIN, "/products"),
    View("product-of-an-admin", ADMIN, "/products/{product}"),
    View("new-product", ADMIN, "/products/new"),
    View("import", ADMIN, "/products/import"),
    View("restaurants", ADMIN, "/restaurants"),
    View("restaurant", ADMIN, "/restaurants/{restaurant}"),
    View("new-restaurant", ADMIN, "/restaurants/new"),
    View("people", ADMIN, "/people"),
    View("person", ADMIN, "/people/{person}"),
    View("new-person", ADMIN, "/people/new"),
    View("figures", ADMIN, "/figures?days=182"),
    View("figures-orders", ADMIN, "/figures/orders"),
    View("database", ADMIN, "/database"),
    *(
        View(f"database-{page}", ADMIN, f"/database/{page}")
        for page in ("queries", "slow", "tables", "indexes", "pools", "cache", "streams", "alerts")
    ),
    View("board-in-german", ADMIN, "/", language="de"),
    View("deliveries", DRIVER, "/"),
    View("hand-over", DRIVER, "/", hand_over),
    View("problem", DRIVER, "/", tell_a_problem),
    View("map", DRIVER, "/map"),
    View("done", DRIVER, "/done"),
    View("order-of-a-driver", DRIVER, "/orders/{delivered}"),
    View("deliveries-offline", DRIVER, "/", hand_over_offline),
    View("deliveries-in-german", DRIVER, "/", language="de"),
    View("catalogue", KITCHEN, "/?category=CHICKEN"),
    View("catalogue-search", KITCHEN, "/?q=milk"),
    View("product", KITCHEN, "/products/{product}"),
    View("orders-of-a-restaurant", KITCHEN, "/orders"),
    View("order", KITCHEN, "/orders/{fresh}"),
    View("order-delivered", KITCHEN, "/orders/{delivered}"),
    View("account", KITCHEN, "/account"),
    View("cart-empty", KITCHEN, "/cart"),
    View("cart-dearer", KITCHEN, "/", repeat_the_last_order),
    View("cart", KITCHEN, "/cart", accept_the_prices),
    View("order-offline", KITCHEN, "/cart", order_offline),
    View("catalogue-in-german", KITCHEN, "/?category=CHICKEN", language="de"),
)
PRINTED = View("order", KITCHEN, "/orders/{delivered}", print_it)


async def take(browser: Browser, edge: str, scene: Scene, folder: Path, views: Sequence[View]) -> None:
    """Replaces those that are there."""
    for size in (DESKTOP, PHONE):
        for theme in ("light", "dark"):
            end = f"{size[0]}-{theme}.png"
            async with screen(browser, edge, size=size, theme=theme) as shown:
                await shown.page.goto(edge)
                await expect(shown.page.get_by_label("Email")).to_be_visible()
                await shown.page.screenshot(path=folder / f"sign-in-{end}")
            for person, group in groupby(views, key=lambda view: (view.person, view.language)):
                place = scene.place if person[0] == DRIVER else None
                async with screen(browser, edge, size=size, theme=theme, place=place) as shown:
                    await _look(shown, scene, list(group), folder, end)
    async with screen(browser, edge, size=PAPER) as shown:
        await _look(shown, scene, [PRINTED], folder, "paper.png")


async def _look(shown: Screen, scene: Scene, views: Sequence[View], folder: Path, end: str) -> None:
    """As one person, in one language."""
    who, language = views[0].person, views[0].language
    await shown.sign_in(scene.driver if who == DRIVER else who)
    if language == "de":
        await shown.page.get_by_role("button", name="Deutsch").click()
    for view in views:
        await shown.page.goto(f"{shown.edge}{view.path.format_map(vars(scene))}")
        await expect(shown.page.locator(".connection[data-state='live']")).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.locator(WAITING)).to_have_count(0, timeout=PATIENCE_MS)
        await shown.page.wait_for_load_state("networkidle")  # pictures, and lists that load on by themselves
        if view.act is not None:
            await view.act(shown)
        await shown.page.screenshot(path=folder / f"{view.name}-{end}")


async def run(stack: Stack, wanted: Sequence[str]) -> None:
    async with chromium() as browser, set_up(stack, browser) as scene:
        views = [view for view in VIEWS if not wanted or view.name in wanted]
        await take(browser, stack.addresses.edge, scene, FOLDER, views)


def main(wanted: Sequence[str]) -> int:
    unknown = set(wanted) - {view.name for view in VIEWS}
    if unknown:
        sys.stderr.write(
            f"No view is called {', '.join(sorted(unknown))}. There are: {', '.join(view.name for view in VIEWS)}\n"
        )
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(Stack(Layout.from_environment()), wanted))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
