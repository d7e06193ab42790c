"""The command line of the local stack: arguments in, sentences and an exit status out.

Exit status: 0 done (status: all ready) · 1 a part failed or something stands in the way (status: degraded) · 2 a
mistake on the command line · 3 status of a stopped stack · 130 interrupted.
"""

import argparse
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.errors import PartError, StackError, UsageError
from deploy.local.layout import MEBIBYTE, REPOSITORY, Layout
from deploy.local.programs import POOLER, REPLICAS, SERVICES, TRACES, Wiring, environment_of, replicas_of
from deploy.local.progress import ConsoleProgress
from deploy.local.stack import Stack, Standing
from deploy.local.supervisor import tail

if TYPE_CHECKING:
    from collections.abc import Callable

STOPPED = 3
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    progress = ConsoleProgress(console)
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    command: Callable[[Stack, argparse.Namespace, Console], int] = options.command
    try:
        return command(Stack(Layout.from_environment(), progress=progress), options, console)
    except KeyboardInterrupt:
        progress.close()
        if options.command is not _logs:
            console.print("Interrupted. `just status` says what runs; `just up` goes on, `just down` stops.")
        return INTERRUPTED
    except StackError as error:
        progress.close()
        _explain(error, console)
        return 2 if isinstance(error, UsageError) else 1


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _explain(error: StackError, console: Console) -> None:
    console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")), soft_wrap=True)
    if isinstance(error, PartError):
        for line in error.lines:
            console.print(Text(f"  │ {line}", style="dim"), soft_wrap=True)
    if error.hint:
        console.print(Text(f"  {error.hint}"), soft_wrap=True)


def _up(stack: Stack, options: argparse.Namespace, console: Console) -> int:
    replicas: dict[str, int] = {}
    for word in options.replicas:
        match = re.fullmatch(r"([a-z-]+)=(\d{1,4})", f"{word}=1" if word in (POOLER, REPLICAS, TRACES) else word)
        if match is None:
            raise UsageError(f"{word!r}: a service and a number, such as orders=2; or {POOLER}, {REPLICAS}, {TRACES}.")
        replicas[match[1]] = int(match[2])
    only = {name for name in options.only.split(",") if name}
    seconds = stack.up(replicas, only=only)
    console.print(Text.assemble(("Larder is up", "bold green"), f" at {stack.addresses.edge} ({seconds:.1f} s)"))
    return 0


def _down(stack: Stack, _: argparse.Namespace, console: Console) -> int:
    began = time.monotonic()
    if stack.down():
        console.print(f"Larder is down ({time.monotonic() - began:.1f} s). Its data is kept.")
    else:
        console.print("Nothing is running.")
    return 0


def _status(stack: Stack, _: argparse.Namespace, console: Console) -> int:
    rows = stack.status()
    if not rows and stack.orphans:
        console.print(
            f"supervisord does not answer; still there: {', '.join(stack.orphans)}. Repair: just up. Stop: just down"
        )
        return 1
    if not rows:
        console.print("Larder is stopped. Start it: just up")
        return STOPPED
    table = Table(box=None, pad_edge=False)
    for title in ("program", "state", "pid", "up", "address", "restarts", "memory"):
        table.add_column(title, justify="right" if title in {"pid", "up", "restarts", "memory"} else "left")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    return 1 if any(row.problem for row in rows) else 0


def _cells(row: Standing) -> list[Text]:
    state = Text("ready", style="green") if row.problem is None else Text(f"{row.state.lower()}: {row.problem}", "red")
    return [
        Text(row.name, style="bold"),
        state,
        Text(str(row.pid or "")),
        Text(_duration(row.seconds) if row.pid else ""),
        Text(row.address),
        Text(str(row.restarts)),
        Text(f"{row.memory_bytes / MEBIBYTE:.0f} MiB" if row.pid else ""),
    ]


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s" if rest >= 60 else f"{rest} s"


def _logs(stack: Stack, options: argparse.Namespace, console: Console) -> int:
    files = stack.logs(options.program)
    if not files:
        console.print("There are no logs yet. Start the stack: just up")
        return 0
    width = max(len(file.stem) for file in files) if len(files) > 1 else 0
    seen = {file: file.stat().st_size if file.exists() else 0 for file in files}
    for file in files:
        for line in tail(file, options.lines):
            _print_line(console, file, width, line)
    while options.follow:
        time.sleep(0.3)
        for file in files:
            seen[file] = _print_new(console, file, width, seen[file])
    return 0


def _print_new(console: Console, file: Path, width: int, seen: int) -> int:
    """Prints the complete lines beyond `seen`; returns how far they went. A shorter file was rotated: all of it."""
    if not file.exists():
        return 0
    with file.open("rb") as opened:
        size = file.stat().st_size
        begin = seen if size >= seen else 0
        opened.seek(begin)
        complete, line_end, _ = opened.read().rpartition(b"\n")
    for line in complete.decode(errors="replace").splitlines():
        _print_line(console, file, width, line)
    return begin + len(complete) + len(line_end)


def _print_line(console: Console, file: Path, width: int, line: str) -> None:
    name = Text(f"{file.stem:<{width}} │ ", style="cyan") if width else Text()
    console.print(name.append(Text(line)), soft_wrap=True)


def _reset(stack: Stack, options: argparse.Namespace, console: Console) -> int:
    state = stack.layout.state_dir
    stack.layout.check_owner()
    if not state.exists():
        console.print("There is nothing to delete.")
        return 0
    if not options.yes:
        if not sys.stdin.isatty():
            raise UsageError("Nobody is there to ask.", "To delete without a question: just reset --yes")
        answer = console.input(f"Stop Larder and delete all of its data in {state}? Type yes: ")
        if answer.strip().lower() != "yes":
            console.print("Nothing was deleted.")
            return 1
    stack.reset()
    console.print(f"Deleted {state}.")
    return 0


def _migrate(stack: Stack, _: argparse.Namespace, console: Console) -> int:
    applied = stack.migrate()
    for name in applied:
        console.print(f"applied {name}")
    if not applied:
        console.print("Nothing to apply.")
    return 0


def _schema(stack: Stack, _: argparse.Namespace, console: Console) -> int:
    changed = stack.write_schemas()
    for path in changed:
        console.print(f"wrote {path}")
    if not changed:
        console.print("The schema files are up to date.")
    return 0


def _republish(stack: Stack, options: argparse.Namespace, _: Console) -> int:
    return _tool(stack, "orders", "services.orders.republish", ["--replace"] if options.replace else [])


def _parked(stack: Stack, options: argparse.Namespace, _: Console) -> int:
    arguments = [word for name in options.retry for word in ("--retry", name)]
    return _tool(stack, "relay", "shared.outbox.parked", [*arguments, *(["--retry-all"] if options.retry_all else [])])


def _rebuild_analytics(stack: Stack, _: argparse.Namespace, __: Console) -> int:
    return _tool(stack, "analytics", "services.analytics.rebuild", [])


def _tool(stack: Stack, service: str, module: str, arguments: list[str]) -> int:
    """In a process of its own, with what the stack tells the service; but never through the pooler, of whose few
    connections a long transaction would hold one for minutes."""
    row = next(row for row in SERVICES if row.name == service)
    program = replicas_of(row, Wiring(stack.addresses), 1, {"LARDER_LOG": "console"})[0]
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment_of(program), cwd=REPOSITORY, check=False).returncode  # noqa: S603


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local",
        description="Larder's local stack: Postgres, NATS, Valkey, Nginx and the services. "
        "LARDER_STATE is its directory (.larder), LARDER_PORT its first port (8080).",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    up = commands.add_parser("up", help="start what is missing and return when all is ready")
    up.add_argument(
        "replicas", nargs="*", metavar="service=number", help="such as orders=2; pooler; replicas=1; traces"
    )
    up.add_argument("--only", default="", metavar="a,b", help="start these parts and no others")
    up.set_defaults(command=_up)
    commands.add_parser("down", help="stop everything; the data is kept").set_defaults(command=_down)
    commands.add_parser("status", help="what runs, and whether it is ready").set_defaults(command=_status)
    logs = commands.add_parser("logs", help="the last lines of the logs")
    logs.add_argument("program", nargs="?", default="", help="a service (orders), a replica (orders-1) or a server")
    logs.add_argument("-f", "--follow", action="store_true", help="go on printing what is added")
    logs.add_argument("-n", "--lines", type=int, default=20, help="how many lines of each log (20)")
    logs.set_defaults(command=_logs)
    reset = commands.add_parser("reset", help="stop everything and delete all data")
    reset.add_argument("--yes", action="store_true", help="without asking")
    reset.set_defaults(command=_reset)
    commands.add_parser("migrate", help="apply pending migrations").set_defaults(command=_migrate)
    republish = commands.add_parser("republish", help="build the stream of orders anew from their history")
    republish.add_argument("--replace", action="store_true", help="also when there is one")
    republish.set_defaults(command=_republish)
    parked = commands.add_parser("parked", help="list events that the bus refused for good, or take them up again")
    parked.add_argument("--retry", action="append", default=[], metavar="ID", help="orders/17, as the list says it")
    parked.add_argument("--retry-all", action="store_true", help="all of them")
    parked.set_defaults(command=_parked)
    rebuild = commands.add_parser("rebuild-analytics", help="count all orders anew, beside the numbers that are there")
    rebuild.set_defaults(command=_rebuild_analytics)
    commands.add_parser("schema", help="write migrations/<context>/schema.sql").set_defaults(command=_schema)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
