"""`python -m loadtests.bench [ROW…] [--noisy] [--keep]`: measure and tell.

Exit status: 0 when it was measured, whatever the ratios are; 1 when something failed, 3 when the machine was too noisy
for a number. `--noisy` tells what was seen all the same, marked as such, and writes no file. `--keep` leaves the stack
running, to look into it.
"""

import argparse
import logging
import signal
import sys

import uvloop
from rich.console import Console
from rich.text import Text

from deploy.local import PartError, StackError
from deploy.local.progress import ConsoleProgress
from loadtests.bench import noise, report
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Pace
from loadtests.bench.report import Measured
from loadtests.bench.rows import ROWS, Row
from loadtests.bench.stage import Stage
from shared import log

TOO_NOISY = 3


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    options = _options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who is terminated clears up too
    rows = [row for row in ROWS if not options.rows or {row.name, row.group} & set(options.rows)]
    log.configure("console", "bench", logging.WARNING)
    try:
        for need in dict.fromkeys(row.need for row in rows):
            need()
        return uvloop.run(_bench(rows, Pace(options.rounds, options.seconds), options, console))
    except (StackError, BenchError) as error:
        console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")), soft_wrap=True)
        for line in error.lines if isinstance(error, PartError) else []:
            console.print(Text(f"  │ {line}", style="dim"), soft_wrap=True)
        if isinstance(error, StackError) and error.hint:
            console.print(error.hint, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted: nothing is told.")
        return 130


async def _bench(rows: list[Row], pace: Pace, options: argparse.Namespace, console: Console) -> int:
    stage = Stage(ConsoleProgress(console))
    meter = Meter(stage, pace, console.print)
    measured = []
    try:
        for row in rows:
            await stage.set_up(row.cast)
            console.print(f"[bold]{row.name}[/]: {row.work}{row.against and ', against '}{row.against}")
            measured.append(Measured(row, await row.measure(meter)))
        await noise.settle()
        meter.spins.append(noise.spin())
    finally:
        if not options.keep:
            stage.clear()
    return _tell(measured, noise.judge(meter.spins, meter.rounds), console, noisy=options.noisy)


def _tell(measured: list[Measured], seen: noise.Noise, console: Console, *, noisy: bool) -> int:
    if seen.reasons and not noisy:
        console.print("The machine was too noisy for a number:")
        for reason in seen.reasons:
            console.print(f"  {reason}")
        console.print("Leave it alone and measure again, or see the numbers, marked as noisy: just bench --noisy")
        return TOO_NOISY
    report.show(measured, seen, console)
    if seen.reasons:
        console.print(f"Not written: {'; '.join(seen.reasons)}.")
    else:
        for path in report.write(measured, seen):
            console.print(f"Written: {path}")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="just bench", description="Larder in ratios.")
    known = [row.name for row in ROWS] + list(dict.fromkeys(row.group for row in ROWS))
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"or a group of them: {', '.join(known)}")
    parser.add_argument("--noisy", action="store_true", help="tell the numbers though the machine is busy")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")
    parser.add_argument("--rounds", type=int, default=Pace().rounds, metavar="N")
    parser.add_argument("--seconds", type=float, default=Pace().seconds, metavar="S", help="of each side and round")
    options = parser.parse_args(arguments)
    unknown = set(options.rows) - set(known)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
