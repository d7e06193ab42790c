"""Pictures of every view of the browser client, from a stack that runs the demo: `just screenshots`.

Each view in light and dark, for a desk and for a phone: `<view>-<width>-<theme>.png` in `build/screenshots`. Fails for
whatever a page complains of, as the tests do. A new view is a line in VIEWS.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import expect

from deploy.demo.people import ADMIN, driver_email, restaurant_email
from deploy.local import Layout, Stack
from deploy.local.layout import REPOSITORY
from tests.browser import DESKTOP, PATIENCE_MS, PHONE, chromium, screen

FOLDER = REPOSITORY / "build" / "screenshots"
VIEWS: Mapping[str, tuple[str, str]] = {
    "board-of-an-admin": (ADMIN, "/"),
    "orders-found": (ADMIN, "/?status=confirmed"),
    "products": (ADMIN, "/products"),
    "new-product": (ADMIN, "/products/new"),
    "import": (ADMIN, "/products/import"),
    "restaurants": (ADMIN, "/restaurants"),
    "new-restaurant": (ADMIN, "/restaurants/new"),
    "people": (ADMIN, "/people"),
    "new-person": (ADMIN, "/people/new"),
    "figures": (ADMIN, "/figures?days=182"),
    "figures-orders": (ADMIN, "/figures/orders"),
    "database": (ADMIN, "/database"),
    **{
        f"database-{page}": (ADMIN, f"/database/{page}")
        for page in ("queries", "slow", "tables", "indexes", "pools", "cache", "streams", "alerts")
    },
    "deliveries": (driver_email(0), "/"),
    "map": (driver_email(0), "/map"),
    "done": (driver_email(0), "/done"),
    "catalogue": (restaurant_email(367), "/"),
    "catalogue-search": (restaurant_email(367), "/?q=milk"),
    "cart": (restaurant_email(367), "/cart"),
    "orders-of-a-restaurant": (restaurant_email(367), "/orders"),
    "account": (restaurant_email(367), "/account"),
}
"""What a view is called, who sees it and where."""


async def take(edge: str, folder: Path) -> None:
    """Replaces those that are there."""
    async with chromium() as browser:
        for size in (DESKTOP, PHONE):
            for theme in ("light", "dark"):
                end = f"{size[0]}-{theme}.png"
                async with screen(browser, edge, size=size, theme=theme) as shown:
                    await shown.page.goto(edge)
                    await expect(shown.page.get_by_label("Email")).to_be_visible()
                    await shown.page.screenshot(path=folder / f"sign-in-{end}")
                for view, (person, path) in VIEWS.items():
                    async with screen(browser, edge, size=size, theme=theme) as shown:
                        await shown.sign_in(person)
                        await shown.page.goto(f"{edge}{path}")
                        await shown.expect_connection("Live")
                        await expect(shown.page.locator(".skeletons, .room")).to_have_count(0, timeout=PATIENCE_MS)
                        await shown.page.screenshot(path=folder / f"{view}-{end}")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(Stack(Layout.from_environment()).addresses.edge, FOLDER))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}\n")


if __name__ == "__main__":
    main()
