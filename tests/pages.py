"""How soon people see what they came for, in a real Chromium on a stack of its own: `just bench-pages`.

A kitchen's catalogue for somebody who has never been here and for somebody who comes back, its orders, an admin's
numbers of six months; how long a click in one tab takes until another tab shows it; how long a page with 10,000 orders
is busy at a time. Prints Markdown; exit status 1 when something took longer than the client promises (web/README.md).

The largest paint is the browser's own (Largest Contentful Paint, from the start of the navigation); "settled" is when
nothing is a skeleton any more. Refuses to tell anything when a page complains of something, as the tests do.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import aiohttp
import asyncpg
from playwright.async_api import Browser
from rich.progress import Progress

from deploy.demo.client import Person
from deploy.demo.ledger import Ledger
from deploy.demo.load import World, load, place_of
from deploy.demo.people import ADMIN, restaurant_email
from deploy.local import Layout, Stack
from deploy.seed.generator import seed
from deploy.seed.rollups import fill
from deploy.seed.shape import read_shape
from proto.orders import Item
from shared.ids import new_id
from tests.browser import PATIENCE_MS, Screen, chromium, screen

ROUNDS, CLICKS = 9, 60
LISTED, ARRIVING = 10_000, 10
ORDERS = 100_000
STORE = 367
"""Of the demo's stores one that orders much."""

PAGE_LIMIT_MS, CLICK_LIMIT_MS, TASK_LIMIT_MS = 1_000, 100, 50

LARGEST_PAINT = """() => new Promise((resolve) => {
  const all = new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime));
  all.observe({ type: "largest-contentful-paint", buffered: true });
})"""
SETTLED = "() => !document.querySelector('.skeletons') && (window.settledAt ??= performance.now()) > 0"
MOVED = """(id) => new Promise((resolve) => {
  const column = () => document.querySelector(`[data-order="${id}"]`)?.closest("section");
  const before = column();
  const all = new MutationObserver(() => {
    if (column() === before) return;
    all.disconnect();
    resolve(performance.timeOrigin + performance.now());
  });
  all.observe(document.body, { subtree: true, childList: true });
})"""
CLICK = """(id) => {
  const now = performance.timeOrigin + performance.now();
  document.querySelector(`[data-order="${id}"] button`).click();
  return now;
}"""
TASKS = """(() => {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
    buffered: true,
  });
})()"""
"""The browser tells of those that last longer than 50 ms, which is the promise."""
SPENT = "() => new Promise((resolve) => setTimeout(() => resolve(window.tasks.splice(0)), 500))"
LOAD_MORE = """(wanted) => {
  const loaded = Number(document.querySelector("[aria-setsize]").getAttribute("aria-setsize"));
  if (loaded < wanted) document.querySelector("button.more:enabled")?.click();
  return loaded;
}"""


@dataclass(frozen=True)
class View:
    """`has`: what is there once the page has something to show. `warm`: for somebody who was there before."""

    name: str
    person: str
    path: str
    has: str
    warm: bool = False


KITCHEN = restaurant_email(STORE)
VIEWS = (
    View("a kitchen's catalogue, cold", KITCHEN, "/", "main .products .product"),
    View("the same, warm", KITCHEN, "/", "main .products .product", warm=True),
    View("a kitchen's orders, warm", KITCHEN, "/orders", "main .order-row", warm=True),
    View("an admin's numbers of six months, warm", ADMIN, "/figures?days=182", "main svg", warm=True),
)


async def run(stack: Stack) -> int:
    with Progress() as progress:
        world = await load(place_of(stack.addresses), progress)
        orders = await _fill(stack, progress)
    edge = stack.addresses.edge
    rows, late = [], 0
    async with chromium() as browser:
        for view in VIEWS:
            paints, settled = zip(*[await _look(browser, edge, view) for _ in range(ROUNDS)], strict=True)
            rows.append(f"| {view.name} | {median(paints):.0f} | {max(paints):.0f} | {median(settled):.0f} |")
            late += median(paints) > PAGE_LIMIT_MS
        clicks = await _clicks(browser, edge, world)
        tasks = await _tasks(browser, edge, world)
    late += _p95(clicks) > CLICK_LIMIT_MS
    late += any(task > TASK_LIMIT_MS for all_of_it in tasks.values() for task in all_of_it)
    sys.stdout.write(
        f"{orders:,} orders are the kitchen's, of {ORDERS:,}. Each view {ROUNDS} times, ms:\n\n"
        "| view | largest paint p50 | max | settled p50 |\n|---|--:|--:|--:|\n" + "\n".join(rows) + "\n\n"
        f"A click in one tab until another tab shows it, {len(clicks)} times: p50 {median(clicks):.0f}, "
        f"p95 {_p95(clicks):.0f}, max {max(clicks):.0f} ms.\n\n"
        f"Of {LISTED:,} orders in one list, the times the page was busy for more than {TASK_LIMIT_MS} ms, ms:\n"
        + "".join(f"- {when}: {', '.join(f'{task:.0f}' for task in each) or 'none'}\n" for when, each in tasks.items())
    )
    return 1 if late else 0


async def _fill(stack: Stack, progress: Progress) -> int:
    """Orders of the past year and what analytics knows of them. How many the kitchen has."""
    task = progress.add_task("orders", total=ORDERS)
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        found = await connection.fetch("select sku, id, name, unit, price_cents from catalog.products where active")
        book = {row["sku"]: Item(row["id"], row["name"], row["unit"], 1, row["price_cents"]) for row in found}
        shape = await asyncio.to_thread(read_shape, book)
        await seed(connection, shape, ORDERS, progress=lambda _what, done: progress.update(task, completed=done))
        await connection.execute("truncate analytics.drivers, analytics.products, analytics.restaurants")
        await fill(connection)  # which brings those names along
        orders: int = await connection.fetchval(
            "select count(*) from orders.orders join accounts.restaurants on restaurant_id = restaurants.id "
            "where restaurants.number = $1",
            STORE,
        )
    finally:
        await connection.close()
    return orders


async def _look(browser: Browser, edge: str, view: View) -> tuple[float, float]:
    """The largest paint and when the page was settled, ms from the start of the navigation."""
    async with screen(browser, edge) as shown:
        await shown.sign_in(view.person)
        page = shown.page
        if view.warm:
            await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
            await _open(shown, view)
        else:  # all of it again, but for the cookie
            await page.goto("about:blank")
            devtools = await shown.context.new_cdp_session(page)
            await devtools.send("Network.clearBrowserCache")
            await devtools.send("Storage.clearDataForOrigin", {"origin": edge, "storageTypes": "service_workers"})
            await devtools.send("Storage.clearDataForOrigin", {"origin": edge, "storageTypes": "cache_storage"})
        return await _open(shown, view)


async def _open(shown: Screen, view: View) -> tuple[float, float]:
    page = shown.page
    await page.goto(f"{shown.edge}{view.path}")
    await page.locator(view.has).first.wait_for(timeout=PATIENCE_MS)
    await page.wait_for_function(SETTLED, polling=10, timeout=PATIENCE_MS)
    return await page.evaluate(LARGEST_PAINT), await page.evaluate("() => window.settledAt")


async def _clicks(browser: Browser, edge: str, world: World) -> list[float]:
    """Ms from a click on an order's next step until another tab shows the order in its next state."""
    took = []
    async with aiohttp.ClientSession() as session, screen(browser, edge) as shown:
        kitchen = Person(session, edge, KITCHEN, Ledger())
        await kitchen.sign_in()
        await shown.sign_in(ADMIN)
        other = await shown.context.new_page()
        await other.goto(edge)
        line = _line(world)
        for _ in range(CLICKS):
            await kitchen.place(str(new_id()), [line])
        for _ in range(CLICKS):
            first = shown.page.locator("[data-order]:has(button[aria-label^='Prepare'])").first
            order = await first.get_attribute("data-order", timeout=PATIENCE_MS)
            await other.locator(f"[data-order='{order}'] button[aria-label^='Prepare']").wait_for(timeout=PATIENCE_MS)
            moved = asyncio.ensure_future(other.evaluate(MOVED, order))
            await other.evaluate("() => 0")  # the observer is there: a page does one thing after the other
            took.append(-await shown.page.evaluate(CLICK, order) + await moved)
            await shown.page.locator(f"[data-order='{order}'] button[aria-label^='Prepare']").wait_for(state="detached")
    return took


async def _tasks(browser: Browser, edge: str, world: World) -> dict[str, list[float]]:
    """Ms of each long task of a list that an admin has looked for and loads wholly, by what is done meanwhile."""
    tasks = {}
    async with aiohttp.ClientSession() as session, screen(browser, edge) as shown:
        kitchen = Person(session, edge, KITCHEN, Ledger())
        await kitchen.sign_in()
        await shown.sign_in(ADMIN)
        await shown.page.add_init_script(TASKS)
        await shown.page.goto(f"{edge}/?q=e")  # in most restaurants' names, and in the kitchen's
        await shown.page.locator("[aria-posinset]").first.wait_for(timeout=PATIENCE_MS)
        tasks["opened"] = await shown.page.evaluate(SPENT)
        loaded = 0
        while loaded < LISTED:
            loaded = await shown.page.evaluate(LOAD_MORE, LISTED)
        tasks["loaded, a hundred at a time"] = await shown.page.evaluate(SPENT)
        line = _line(world)
        for _ in range(ARRIVING):
            await kitchen.place(str(new_id()), [line])
        await shown.page.locator(f"[aria-setsize='{loaded + ARRIVING}']").first.wait_for(timeout=PATIENCE_MS)
        tasks[f"{ARRIVING} more arriving"] = await shown.page.evaluate(SPENT)
        for share in (1, 0.5, 0.9, 0.1, 0):
            await shown.page.evaluate("(share) => scrollTo(0, share * document.body.scrollHeight)", share)
            await shown.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
        tasks["scrolled from end to end"] = await shown.page.evaluate(SPENT)
    return tasks


def _line(world: World) -> dict[str, object]:
    product, price, version = next(iter(world.products.values()))
    return {"product_id": product, "quantity": 1, "price_cents": price, "version": version}


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up({"orders": 2})
            return asyncio.run(run(stack))
        finally:
            stack.reset()


if __name__ == "__main__":
    sys.exit(main())
