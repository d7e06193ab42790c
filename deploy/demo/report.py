"""What the demo measured, for a person at a terminal."""

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
    console.print(f"They ended {ended}; {result.lost_races:,} drivers were told that another one was faster.")
    console.print()
    table = Table(title="Frames, as each kind of listener received them", title_justify="left", box=None)
    table.add_column("listeners")
    for title in ("sockets", "expected", "received", "missing", "repeated", "out of order", "not theirs"):
        table.add_column(title, justify="right")
    for title in ("p50 ms", "p95 ms", "p99 ms"):
        table.add_column(title, justify="right", style="cyan")
    for kind, verdict in result.verdicts.items():
        flaws = (verdict.missing, verdict.repeated, verdict.out_of_order, verdict.foreign)
        table.add_row(
            f"{kind}s",
            *(f"{number:,}" for number in (verdict.listeners, verdict.expected, verdict.received)),
            *(Text(f"{number:,}", style="red" if number else "green") for number in flaws),
            *(f"{percentile(verdict.latencies_ms, share):.1f}" for share in (0.5, 0.95, 0.99)),
        )
    console.print(table)
    console.print("[dim]Milliseconds from sending the request to having the frame, both on this machine.[/]")
    if result.mispriced:
        console.print(f"[red]{result.mispriced} orders do not add up to what the source's own numbers say.[/]")
    else:
        console.print("Every total equals quantity × price, added up from the source's files on another way.")
    for what, times in result.broken.most_common(5):
        console.print(f"[red]{times:,} stories broke off: {what}[/]", markup=True)
    if result.closed:
        console.print(f"[red]Sockets were closed: {result.closed}[/]")
