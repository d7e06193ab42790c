"""`python -m deploy.seed 1_000_000`: that many orders of the past year into the running stack.

Exit status: 0 done, 1 something stands in the way, 2 a mistake on the command line, 130 interrupted (nothing written).
"""

import asyncio
import logging
import shutil
import sys
import time

import asyncpg
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from deploy.demo.load import load, place_of
from deploy.local import Layout, PartError, Stack, StackError
from deploy.seed.generator import NobodyOrdersError, seed
from deploy.seed.shape import read_shape
from proto.orders import Item
from shared import log
from shared.database import Connection

MOST = 20_000_000
BYTES_PER_ORDER = 6_500
"""With its history, its entries and in all indexes: 5,300 were measured; entries lie twice while they are numbered."""


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    log.configure("console", "seed", level=logging.WARNING)
    count = _count(arguments)
    if count is None:
        console.print(f"How many orders? A number from 1 to {MOST:,}: just seed-orders 1_000_000")
        return 2
    stack = Stack(Layout.from_environment())
    try:
        _check(stack, count)
        began = time.monotonic()
        uvloop.run(_seed(stack, count, console))
    except StackError as error:
        console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")), soft_wrap=True)
        for line in error.lines if isinstance(error, PartError) else []:
            console.print(Text(f"  │ {line}", style="dim"), soft_wrap=True)
        console.print(Text(f"  {error.hint}"), soft_wrap=True)
        return 1
    except NobodyOrdersError as error:
        console.print(Text.assemble(("✗ ", "red"), (f"{error} Load them: just demo", "bold")), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted: no order was written.")
        return 130
    seconds = time.monotonic() - began
    console.print(
        f"{count:,} orders in {seconds:.0f} s. No event was published: `just republish` would tell of them all."
    )
    return 0


async def _seed(stack: Stack, count: int, console: Console) -> None:
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<32}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        await load(place_of(stack.addresses), progress)
        task = progress.add_task("orders", total=count)
        connection = await asyncpg.connect(stack.addresses.database("postgres"))
        try:
            shape = await asyncio.to_thread(read_shape, await _book(connection))
            await seed(
                connection,
                shape,
                count,
                progress=lambda what, done: progress.update(task, description=what, completed=done),
            )
        finally:
            await connection.close()
        progress.update(task, description="orders", completed=count)


async def _book(connection: Connection) -> dict[str, Item]:
    """What can be ordered, by sku."""
    rows = await connection.fetch("select sku, id, name, unit, price_cents from catalog.products where active")
    return {row["sku"]: Item(row["id"], row["name"], row["unit"], 1, row["price_cents"]) for row in rows}


def _check(stack: Stack, count: int) -> None:
    if not stack.running:
        raise StackError("Larder does not run.", "Start it: just up")
    free = shutil.disk_usage(stack.postgres.home).free
    if free < count * BYTES_PER_ORDER:
        raise StackError(
            f"{count:,} orders need {count * BYTES_PER_ORDER / 1e9:.1f} GB; the disk has {free / 1e9:.1f} GB free.",
            "Free some space, or ask for fewer.",
        )


def _count(arguments: list[str]) -> int | None:
    if len(arguments) != 1 or not arguments[0].replace("_", "").isdecimal():
        return None
    count = int(arguments[0].replace("_", ""))
    return count if 1 <= count <= MOST else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
