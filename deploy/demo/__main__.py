"""`python -m deploy.demo [orders=1000] [rate=25]`: start Larder, load the real data, replay real orders, report.

Exit status: 0 when every frame that had to come came once and in order, else 1. Larder keeps running afterwards, and
nothing acts by itself.
"""

import asyncio
import logging
import re
import sys
from itertools import islice

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from deploy.demo import report, source
from deploy.demo.load import World, load, place_of
from deploy.demo.replay import Replay, Result
from deploy.demo.source import Basket
from deploy.local import Layout, PartError, Stack, StackError
from deploy.local.progress import ConsoleProgress
from shared import log

ORDERS, RATE = 1000, 25
MOST_ORDERS = 150_000


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    log.configure("console", "demo", level=logging.WARNING)
    try:
        options = _options(arguments)
        stack = Stack(Layout.from_environment(), progress=ConsoleProgress(console))
        stack.up()
        result = uvloop.run(_demo(stack, options, console))
    except StackError as error:
        console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")), soft_wrap=True)
        for line in error.lines if isinstance(error, PartError) else []:
            console.print(Text(f"  │ {line}", style="dim"), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Larder still runs: `just down` stops it.")
        return 130
    report.show(result, console)
    _say_goodbye(stack, result, console)
    return 0 if result.flawless else 1


async def _demo(stack: Stack, options: dict[str, int], console: Console) -> Result:
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        world = await load(place_of(stack.addresses), progress)
        baskets = await asyncio.to_thread(next_baskets, world, options["orders"])
        return await Replay(stack.addresses.edge, world, baskets, options["rate"], progress).run()


def next_baskets(world: World, count: int) -> list[Basket]:
    """The next baskets that no earlier run has ordered."""
    fresh = (basket for basket in source.read_baskets() if str(basket.basket_id) not in world.played)
    return list(islice(fresh, count))


def _say_goodbye(stack: Stack, result: Result, console: Console) -> None:
    console.print()
    verdict = ("Nothing was lost, doubled or out of order.", "bold green")
    if not result.flawless:
        verdict = ("The numbers in red must be zero.", "bold red")
    console.print(Text.assemble(verdict))
    console.print(f"Larder keeps running at [bold]{stack.addresses.edge}[/]. Sign in with the password larder as")
    console.print("  admin@larder.test, driver0@larder.test, or restaurant<number>@larder.test (such as 367).")
    console.print("Stop it with: uv run just down")


def _options(arguments: list[str]) -> dict[str, int]:
    options = {"orders": ORDERS, "rate": RATE}
    for argument in arguments:
        match = re.fullmatch(r"(orders|rate)=(\d{1,6})", argument)
        if match is None or not 1 <= int(match[2]) <= MOST_ORDERS:
            raise StackError(f"{argument!r}: the demo takes orders=<1 to {MOST_ORDERS:,}> and rate=<a second>.")
        options[match[1]] = int(match[2])
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
