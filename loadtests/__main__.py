"""`python -m loadtests NAME [rate=100] [seconds=60]`: a k6 script against the running stack.

k6 sends at a fixed rate whatever the answers take (an open model), so a slow server cannot slow its own test. The
people of the script are the demo's, signed in through Nginx; k6 gets them, and products that are for sale, as a JSON
file. `realtime` signs its drivers in by itself, opens their sockets, and measures from a request to their frames.
Both say, where there is a replica, which server answered how many SELECTs. `freshness` is no script of k6's but
`freshness.py`; its `rate` is of reads, and a tenth of it of price changes. Nor is `prices`: `book_freshness.py`
measures how old the price book is while people order what they have just seen. Exit status: 0 when every threshold
held, else 1. What was measured is printed and kept in build/loadtest-NAME.json.

Refuses a stack that does not run, and any address but that stack's.
"""

import asyncio
import logging
import os
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from deploy.demo import people
from deploy.demo.load import World, load, place_of
from deploy.local import Layout, Stack, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.processes import clean_environment
from loadtests import book_freshness, freshness
from loadtests.book_freshness import MeasureError
from loadtests.selects import count_selects
from shared import log

SCRIPTS = ("baseline", "realtime")
FRESHNESS, PRICES = "freshness", "prices"
CATEGORIES = 25
RESTAURANTS, PRODUCTS, LISTENERS = 40, 2000, 50
"""How many of the demo's take part."""

SHELF = 200
"""Products whose prices change while they are ordered."""
BOOK_P99_MS = 1000.0
"""The promise: a price change is everywhere within a second."""

LIMITS = {"rate": (1, 1000), "seconds": (5, 600)}
"""A token lives 15 minutes: no test is longer."""


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    log.configure("console", "loadtest", level=logging.WARNING)
    try:
        name, options = _options(arguments)
        stack = _running_stack()
        if name == FRESHNESS:
            summary, held = asyncio.run(_freshness(stack, options, console))
        else:
            cast = asyncio.run(_prepare(stack, console))
            summary, held = _prices(stack, options, cast) if name == PRICES else _measured(stack, name, options, cast)
    except (StackError, MeasureError) as error:
        console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")), soft_wrap=True)
        return 1
    path = REPOSITORY / "build" / f"loadtest-{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode({**options, **summary}), indent=2) + b"\n")
    {FRESHNESS: _show_ages, PRICES: _show_prices}.get(name, _show)(summary, console)
    console.print(f"Written: {path}")
    console.print("[green]Every threshold held.[/]" if held else "[red]A threshold was crossed.[/]")
    return 0 if held else 1


def _running_stack() -> Stack:
    stack = Stack(Layout.from_environment())
    if not stack.running:
        raise StackError("Larder is not running.", "Start it: just up")
    return stack


async def _freshness(stack: Stack, options: dict[str, int], console: Console) -> tuple[dict[str, Any], bool]:
    """How stale the edge was while prices changed, and whether that is what was promised."""
    edge = stack.addresses.edge
    with Progress(console=console, transient=True) as progress:
        await load(place_of(stack.addresses), progress)
    async with aiohttp.ClientSession(edge, raise_for_status=True) as session:
        admin = await _sign_in(session, people.ADMIN)
        async with session.get("/api/catalog/categories", params={"limit": 100}) as answer:
            found = (await answer.json())["items"]
    categories = [one["name"] for one in sorted(found, key=lambda one: -one["products"])[:CATEGORIES]]
    changes, ages = await freshness.measure(
        edge,
        {"Authorization": f"Bearer {admin['token']}"},
        categories,
        changes=options["rate"] / 10,
        reads=options["rate"],
        seconds=options["seconds"],
    )
    summary = {"changes": changes, "by_observer": {name: one.summary() for name, one in ages.items()}}
    return summary, all(freshness.percentile(sorted(one.stale_ms), 99) <= freshness.P99_MS for one in ages.values())


async def _prepare(stack: Stack, console: Console) -> dict[str, Any]:
    """What the script works with."""
    with Progress(console=console, transient=True) as progress:
        world = await load(place_of(stack.addresses), progress)
    chance = random.Random(1)  # noqa: S311  the same people each time
    stores = chance.sample(world.stores, min(RESTAURANTS, len(world.stores)))
    emails = [people.restaurant_email(store) for store in stores]
    drivers = [people.driver_email(number) for number in range(people.ZONES)]
    async with aiohttp.ClientSession(stack.addresses.edge, raise_for_status=True) as session:
        return {
            "edge": stack.addresses.edge,
            "password": people.PASSWORD,
            "admin": await _sign_in(session, people.ADMIN),
            "drivers": [await _sign_in(session, email) for email in drivers],
            "listeners": [people.driver_email(number) for number in range(LISTENERS)],
            "restaurants": [await _sign_in(session, email) for email in emails],
            "products": _products(world, chance),
        }


async def _sign_in(session: aiohttp.ClientSession, email: str) -> dict[str, Any]:
    async with session.post("/api/accounts/sessions", json={"email": email, "password": people.PASSWORD}) as answer:
        signed_in = await answer.json()
    return {"email": email, "token": signed_in["access_token"], "zone": signed_in["person"]["zone"]}


def _products(world: World, chance: random.Random) -> list[dict[str, Any]]:
    chosen = chance.sample(sorted(world.products.values()), PRODUCTS)
    return [{"product_id": product, "price_cents": cents} for product, cents, _ in chosen]


def _measured(stack: Stack, name: str, options: dict[str, int], cast: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What k6 measured, and where there is a replica who answered the SELECTs meanwhile."""
    if not stack.replica.data.exists():
        return _run(name, options, cast)
    before = asyncio.run(count_selects(stack))
    summary, held = _run(name, options, cast)
    selects = asyncio.run(count_selects(stack)).since(before)
    shares = {"share": selects.share, "share_of_all": selects.share_of_all}
    return {**summary, "selects": {**msgspec.to_builtins(selects), **shares}}, held


def _run(name: str, options: dict[str, int], cast: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What k6 measured, and whether the thresholds held. Raises StackError when it measured nothing."""
    k6 = Path(sysconfig.get_path("scripts")) / "k6"
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder) / "cast.json", Path(folder) / "summary.json"
        given.write_bytes(msgspec.json.encode(cast))
        done = subprocess.run(  # noqa: S603  our own script, our own stack
            [
                str(k6),
                "run",
                "--quiet",
                "--no-usage-report",
                "--address",
                "",
                str(Path(__file__).parent / f"{name}.js"),
            ],
            env={
                **clean_environment(),
                "CAST": str(given),
                "SUMMARY": str(told),
                **{option.upper(): str(number) for option, number in options.items()},
            },
            stdout=sys.stderr if os.environ.get("K6_VERBOSE") else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if not told.exists():
            raise StackError(f"k6 measured nothing: {done.stderr.strip()[-2000:]}")
        return msgspec.json.decode(told.read_bytes(), type=dict[str, Any]), done.returncode == 0


def _prices(stack: Stack, options: dict[str, int], cast: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """How old the price book was, and whether it was young enough. Raises MeasureError."""
    edge: str = cast["edge"]
    shop = book_freshness.Shop(
        catalog=edge,
        orders=edge,
        customers=[_bearer(restaurant) for restaurant in cast["restaurants"]],
        admin=_bearer(cast["admin"]),
        database=stack.addresses.database("postgres"),
        products=[product["product_id"] for product in cast["products"][:SHELF]],
    )
    found = asyncio.run(book_freshness.measure(shop, options["rate"], options["seconds"]))
    return msgspec.to_builtins(found), found.p99 <= BOOK_P99_MS


def _bearer(person: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {person['token']}"}


def _show(summary: dict[str, Any], console: Console) -> None:
    title = f"{summary['requests']:,} requests, {summary['per_second']:.1f} a second"
    console.print(_table(title, "request", summary["by_name"]))
    console.print(f"Errors: {summary['failed']:.2%}. Not sent in time: {summary['dropped']:,}.")
    selects = summary.get("selects")
    if selects is not None:
        told = (
            "SELECTs of the services: {primary:,} on the primary, {replica:,} on the replica, which is {share:.1%}; "
            "with the relay's {relay:,} it is {share_of_all:.1%}."
        )
        console.print(told.format(**selects))
    frames = summary.get("frames")
    if frames is not None:
        title = f"Frames on {frames['sockets']} sockets, since their request was sent"
        console.print(_table(title, "after", frames["by_step"]))
        told = "Missing: {missing:,}. Repeated, out of order or not theirs: {wrong:,}. Sockets broken: {broken:,}."
        console.print(told.format(**frames))


def _show_prices(summary: dict[str, Any], console: Console) -> None:
    console.print(
        f"Of {summary['changes']:,} price changes, sent → in the book: p50 {summary['p50']:.1f} ms, "
        f"p99 {summary['p99']:.1f} ms, at most {summary['max']:.1f} ms."
    )
    orders = (f"{count:,} {what}" for what, count in sorted(summary["answers"].items()))
    console.print(f"Orders: {', '.join(orders)}. None was charged a price that its customer did not see.")


def _show_ages(summary: dict[str, Any], console: Console) -> None:
    table = Table(title=f"The age of stale answers, by {summary['changes']:,} changes of prices")
    table.add_column("read as")
    for heading in ("answers", "stale", "p50 ms", "p95 ms", "p99 ms", "max ms"):
        table.add_column(heading, justify="right")
    for name, row in summary["by_observer"].items():
        times = (f"{row[stat]:.1f}" for stat in ("p50", "p95", "p99", "max"))
        table.add_row(name, f"{row['answers']:,}", f"{row['stale']:,}", *times)
    console.print(table)


def _table(title: str, what: str, rows: dict[str, Any]) -> Table:
    table = Table(title=title)
    table.add_column(what)
    for heading in ("count", "p50 ms", "p95 ms", "p99 ms", "max ms"):
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        times = (f"{row[stat]:.1f}" for stat in ("p50", "p95", "p99", "max"))
        table.add_row(name, f"{row['count']:,}", *times, style="bold" if name == "all" else None)
    return table


def _options(arguments: list[str]) -> tuple[str, dict[str, int]]:
    """The script's name, and its options. Raises StackError."""
    name, *rest = arguments or [""]
    names = (*SCRIPTS, FRESHNESS, PRICES)
    if name not in names:
        raise StackError(f"There is no load test {name!r}.", f"One of: {', '.join(names)}")
    options = {"rate": 100, "seconds": 60}
    for argument in rest:
        match = re.fullmatch(r"(rate|seconds)=(\d{1,4})", argument)
        low, high = LIMITS[match[1]] if match else (0, 0)
        if match is None or not low <= int(match[2]) <= high:
            raise StackError(f"{argument!r}: a load test takes rate=<1 to 1000> and seconds=<5 to 600>.")
        options[match[1]] = int(match[2])
    return name, options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
