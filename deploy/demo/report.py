"""What the demo measured, for a person at a terminal."""

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.demo.ledger import percentile
from deploy.demo.replay import Result


def show(result: Result, console: Console) -> None:
    console.print()
    console.print(
        f"[bold]{result.orders:,} real orders[/] in {result.seconds:.0f} s, a year's clock at {result.speed:,.0f}×: "
        f"{result.requests:,} requests, {result.requests / result.seconds:,.0f} a second"
    )
    ended = ", ".join(f"{count:,} {state}" for state, count in result.ended.most_common())
    console.print(f"They are {ended}; {result.lost_races:,} drivers were told that another one was faster.")
    console.print()
    # One column a kind of listener: it fits any terminal.
    table = Table(box=None, pad_edge=False)
    table.add_column("frames received by", no_wrap=True)
    for kind in result.verdicts:
        table.add_column(f"{kind}s", justify="right", no_wrap=True)
    verdicts = list(result.verdicts.values())
    for name, numbers in (
        ("sockets", [verdict.listeners for verdict in verdicts]),
        ("expected", [verdict.expected for verdict in verdicts]),
        ("received", [verdict.received for verdict in verdicts]),
    ):
        table.add_row(name, *(f"{number:,}" for number in numbers))
    for name, flaws in (
        ("missing", [verdict.missing for verdict in verdicts]),
        ("repeated", [verdict.repeated for verdict in verdicts]),
        ("out of order", [verdict.out_of_order for verdict in verdicts]),
        ("not theirs to see", [verdict.foreign for verdict in verdicts]),
    ):
        table.add_row(name, *(Text(f"{number:,}", style="red" if number else "green") for number in flaws))
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        times = [f"{percentile(verdict.latencies_ms, share):.1f} ms" for verdict in verdicts]
        table.add_row(f"request → frame, {name}", *times, style="cyan")
    console.print(table)
    if result.mispriced:
        console.print(f"[red]{result.mispriced} orders do not add up to what the source's own numbers say.[/]")
    else:
        console.print("Every total equals quantity × price, added up from the source's files on another way.")
    if result.unaccounted_cents:
        console.print(f"[red]Credit accounts are {result.unaccounted_cents:,} cents off what the orders come to.[/]")
    else:
        console.print("Credit accounts hold and owe exactly the totals of the orders that stand.")
    for what, count in result.broken.most_common(5):
        console.print(f"[red]{count:,} stories broke off: {what}[/]", markup=True)
    if result.closed:
        codes = ", ".join(f"{count:,} with {code}" for code, count in Counter(result.closed).most_common())
        console.print(f"[red]Sockets were closed before the end: {codes}[/]")
