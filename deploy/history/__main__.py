"""`python -m deploy.history load|oracle [baskets=400]`: the real baskets, or the first so many, as orders of then.

`load` puts those that were not ordered yet into the running stack, and returns when analytics has counted them.
`oracle` does it in a stack of its own, beside the running one, and compares what analytics says with the source's
files. Exit status: 0 done and equal, 1 something is not or stands in the way, 2 a mistake on the command line.
"""

import asyncio
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.demo import source
from deploy.demo.load import load, place_of
from deploy.history import oracle
from deploy.history.loader import AT_ONCE, QUERIES, UnknownError, list_fresh, load_history
from deploy.history.oracle import BUSINESS, Answers
from deploy.local import Layout, PartError, Stack, StackError
from services.orders.credit import OverLimitError
from shared import log
from shared.bus import Bus
from shared.database import Connection, open_pool

PARTS = {"postgres", "nats", "valkey", "cache", "orders", "analytics", "relay"}
"""Of the oracle's stack. Nobody keeps stock there: the orders stay as they were placed."""

LOOK_SECONDS = 0.5
STILL_SECONDS = 60.0
"""Without anything counted."""

OWN_PORT = 100
"""The oracle's stack listens so far above LARDER_PORT."""


class Loaded(NamedTuple):
    """How many orders, and seconds: until they were placed, and until they were counted."""

    orders: int
    placed: float
    counted: float


async def load_baskets(stack: Stack, count: int | None, progress: Progress) -> Loaded:
    """Raises UnknownError, OverLimitError, and TimeoutError when counting comes to a standstill."""
    addresses = stack.addresses
    await load(place_of(addresses), progress, count)
    reader = await asyncpg.connect(addresses.database("postgres"))
    try:
        async with (
            open_pool(addresses.database("orders_service"), size=AT_ONCE, name="history") as pool,
            Bus(addresses.nats, "history") as bus,
        ):
            baskets = await list_fresh(reader, await asyncio.to_thread(lambda: list(source.read_baskets(count))))
            placing = progress.add_task("baskets ordered", total=len(baskets))
            counting = progress.add_task("orders counted", total=len(baskets))
            before, began = await _counted(reader), time.monotonic()
            await load_history(pool, reader, bus, baskets, lambda done: progress.advance(placing, done))
            placed = time.monotonic() - began
            await _until_counted(reader, before, len(baskets), progress, counting)
            return Loaded(len(baskets), placed, time.monotonic() - began)
    finally:
        await reader.close()


async def _until_counted(reader: Connection, before: int, orders: int, progress: Progress, task: TaskID) -> None:
    loop, most = asyncio.get_running_loop(), -1
    async with asyncio.timeout(STILL_SECONDS) as patience:
        while (counted := await _counted(reader) - before) < orders:
            if counted > most:
                most = counted
                patience.reschedule(loop.time() + STILL_SECONDS)
            progress.update(task, completed=counted)
            await asyncio.sleep(LOOK_SECONDS)
    progress.update(task, completed=orders)


async def _counted(reader: Connection) -> int:
    row = await QUERIES["get_counted"].row(reader, BUSINESS)
    return int(row["orders"]) if row else 0


async def compare(stack: Stack, count: int | None) -> tuple[Answers, Answers]:
    """What had to come, and what analytics says."""
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        prices = await oracle.read_prices(connection)
        baskets = None if count is None else [basket.basket_id for basket in source.read_baskets(count)]
        return await asyncio.to_thread(oracle.expected, prices, baskets), await oracle.told(connection)
    finally:
        await connection.close()


def report(loaded: Loaded, must: Answers, told: Answers, console: Console) -> bool:
    """Whether all is equal."""
    lines = source.count_lines()
    rate, later = loaded.orders / loaded.placed, loaded.counted - loaded.placed
    console.print(
        f"{loaded.orders:,} orders were placed in {loaded.placed:.0f} s ({rate:,.0f} a second), and all counted "
        f"{later:.0f} s later."
    )
    console.print(
        f"Of the source's {source.count_baskets():,} baskets {lines.baskets - lines.baskets_too_large:,} have a usable "
        f"line; of its {lines.lines:,} lines {lines.usable:,} are usable."
    )
    table = Table(box=None, header_style="bold")
    for heading in ("by", "answers", "differing"):
        table.add_column(heading, justify="left" if heading == "by" else "right")
    differing = told.differing(must)
    for name, answers in must.questions().items():
        table.add_row(name, f"{len(answers):,}", f"{differing.get(name, 0):,}")
    console.print(table)
    for who, said in (("Analytics", told), ("The files", must)):
        console.print(f"{who}: {said.orders:,} orders, {said.lines:,} lines, {said.cents / 100:,.2f}")
    console.print("Equal, to the cent." if not differing else "[red]Not equal.[/]")
    return not differing


def _load(count: int | None, console: Console) -> bool:
    stack = Stack(Layout.from_environment())
    if not stack.running:
        raise StackError("Larder does not run.", "Start it: just up")
    with _progress(console) as progress:
        loaded = uvloop.run(load_baskets(stack, count, progress))
    console.print(f"{loaded.orders:,} orders, placed in {loaded.placed:.0f} s and counted in {loaded.counted:.0f} s.")
    return True


def _oracle(count: int | None, console: Console) -> bool:
    usual = Layout.from_environment()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        stack = Stack(Layout(Path(folder) / "state", usual.base_port + OWN_PORT))
        try:
            stack.up({"orders": 1}, only=PARTS)
            with _progress(console) as progress:
                loaded = uvloop.run(load_baskets(stack, count, progress))
            must, told = uvloop.run(compare(stack, count))
        finally:
            stack.reset()
    return report(loaded, must, told, console)


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def main(arguments: Sequence[str]) -> int:
    match = re.fullmatch(r"(load|oracle)(?: baskets=([\d_]{1,7}))?", " ".join(arguments))
    console = Console(highlight=False)
    if match is None:
        console.print("Which? load or oracle, and baskets=<number> for the first so many.")
        return 2
    log.configure("console", "history", level=logging.WARNING)
    count = int(match[2]) if match[2] else None
    try:
        return 0 if (_load if match[1] == "load" else _oracle)(count, console) else 1
    except StackError as error:
        console.print(f"[red]✗[/] {error}", soft_wrap=True)
        for line in error.lines if isinstance(error, PartError) else []:
            console.print(f"  │ {line}", style="dim", soft_wrap=True, markup=False)
        console.print(f"  {error.hint}", soft_wrap=True)
    except (UnknownError, OverLimitError, TimeoutError) as error:
        console.print(f"[red]✗[/] {error or 'Nothing was counted for a minute: just logs analytics'}", soft_wrap=True)
    except KeyboardInterrupt:
        console.print("Interrupted. What was placed stays; a load goes on where it was.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
