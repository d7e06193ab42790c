"""`python -m deploy.compose.verify`: proof that compose.yaml works, on any machine with Docker.

It builds the images, starts a Larder of its own beside whatever runs here, loads the real people and what they will
order of the real catalogue, puts real orders of the demo through Nginx while a second replica of orders joins, and more
while one of two gateways is stopped, lets 500 clients at the pooler, and takes everything down again, also after a
failure. It judges by the answers that clients got
and by Nginx's own log; what it measured is printed. Exit status: 0 when all held, else 1, with the last lines of
whoever failed.
"""

import asyncio
import csv
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import aiohttp
import msgspec
import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from deploy.compose import secrets
from deploy.compose.clients import Outcome, Work
from deploy.compose.project import ComposeError, Project, docker, free_port
from deploy.demo import report, source
from deploy.demo.load import World
from deploy.demo.replay import Replay, Result

ORDERS, RATE = 400, 20
ORDERS_SECONDS = 600
SCALE_AFTER = 0.25
"""Of the orders: then the second replica is started."""

DEPLOY_ORDERS, DEPLOY_RATE = 200, 10
STOP_AFTER = 0.2
"""Of the orders: then one of the two gateways is stopped."""

STOP_SECONDS = 20.0
"""What it may take to end. Docker kills it after 30."""

CLIENTS, CLIENT_SECONDS = 500, 10.0
SERVER_CONNECTIONS_MAX = 100

T = TypeVar("T")


@dataclass
class Verification:
    """What was done and found so far."""

    project: Project
    edge: str
    console: Console
    seconds: dict[str, float] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    async def phase(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        began = perf_counter()
        self.console.print(f"… {name}")
        try:
            result = await work()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise ComposeError(f"{name}: {error!r}") from error
        self.seconds[name] = perf_counter() - began
        self.console.print(Text.assemble(("✓ ", "green"), f"{name:<44}", (f"{self.seconds[name]:7.1f} s", "dim")))
        return result

    async def run(self) -> None:
        await self.phase("build the images", lambda: self.project.run("build", "--quiet", seconds=1500))
        await self.phase("start, and wait until all are healthy", lambda: self.project.up(seconds=180))
        await self.phase("load people and products", self._load)
        world = await self.phase("read the catalogue through Nginx", self._read_world)
        result = await self.phase(f"{ORDERS} real orders, orders scaled to 2 meanwhile", lambda: self._order(world))
        self._judge(result, ORDERS)
        await self.phase("look at Nginx's log and the replicas", self._judge_replicas)
        await self.phase("scale the gateway to 2", self._scale_gateway)
        result = await self.phase(
            f"{DEPLOY_ORDERS} more orders, one of the gateways stopped meanwhile", lambda: self._deploy(world)
        )
        self._judge(result, DEPLOY_ORDERS)
        self._judge_restarts(result)
        await self.phase(f"{CLIENTS} clients on the pooler", self._crowd)

    async def _load(self) -> None:
        try:
            load = ("python", "-m", "deploy.demo.load", f"baskets={ORDERS + DEPLOY_ORDERS}")
            await self.project.run("run", "--rm", "--no-TTY", "demo", *load, seconds=600)
        except ComposeError as error:
            raise await self.project.blamed(error) from error

    async def _read_world(self) -> World:
        """The products as any client reads them, a page after the other."""
        products: dict[str, tuple[str, int, int]] = {}
        cursor = None
        async with aiohttp.ClientSession() as session:
            while True:
                query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
                async with session.get(f"{self.edge}/api/catalog/products", params=query) as answer:
                    page = await answer.json()
                if answer.status != 200:
                    raise ComposeError(f"the catalogue answers {answer.status}: {page}")
                for one in page["items"]:
                    products[one["sku"]] = (one["id"], one["price_cents"], one["version"])
                cursor = page["next_cursor"]
                if cursor is None:
                    return World([], products, set())

    async def _order(self, world: World) -> Result:
        baskets = await asyncio.to_thread(lambda: list(source.read_baskets(ORDERS)))
        with Progress(console=self.console, disable=True) as progress:
            replay = Replay(self.edge, world, baskets, RATE, progress)
            playing = asyncio.create_task(replay.run())
            try:
                async with asyncio.timeout(ORDERS_SECONDS):
                    await self._scale(replay, playing)
                    return await playing
            finally:
                playing.cancel()

    async def _scale(self, replay: Replay, playing: "asyncio.Task[Result]") -> None:
        """Starts the second replica while orders are placed."""
        while len(replay.totals) < SCALE_AFTER * ORDERS and not playing.done():  # noqa: ASYNC110  it is told to nobody
            await asyncio.sleep(0.05)
        began = perf_counter()
        await self.project.up("--no-recreate", "--scale", "orders=2", seconds=120)
        if playing.done():
            raise ComposeError("the orders were through before the second replica was there")
        self.found.append(f"the second replica was healthy after {perf_counter() - began:.1f} s")

    async def _scale_gateway(self) -> None:
        await self.project.up("--no-recreate", "--scale", "orders=2", "--scale", "realtime-gateway=2", seconds=120)

    async def _deploy(self, world: World) -> Result:
        """Orders flow, everybody listens, and one of the two gateways gets SIGTERM, as a deploy sends it."""
        baskets = (await asyncio.to_thread(lambda: list(source.read_baskets(ORDERS + DEPLOY_ORDERS))))[ORDERS:]
        with Progress(console=self.console, disable=True) as progress:
            replay = Replay(self.edge, world, baskets, DEPLOY_RATE, progress, returning=True)
            playing = asyncio.create_task(replay.run())
            try:
                async with asyncio.timeout(ORDERS_SECONDS):
                    while len(replay.totals) < STOP_AFTER * DEPLOY_ORDERS and not playing.done():  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                    await self._stop_a_gateway()
                    if playing.done():
                        raise ComposeError("the orders were through before the gateway had stopped")
                    return await playing
            finally:
                playing.cancel()

    async def _stop_a_gateway(self) -> None:
        gateways = [one["Name"] for one in await self.project.containers() if one["Service"] == "realtime-gateway"]
        if len(gateways) != 2:
            raise ComposeError(f"there must be two gateways, and there are: {gateways}")
        began = perf_counter()
        await docker("stop", gateways[0], seconds=60)
        seconds = perf_counter() - began
        status = (await docker("inspect", "--format", "{{.State.ExitCode}}", gateways[0], seconds=20)).strip()
        if status != "0" or seconds > STOP_SECONDS:
            log = await docker("logs", "--tail", "20", gateways[0], seconds=20, both=True)
            raise ComposeError(
                f"the gateway ended with {status} after {seconds:.1f} s; it must end by itself within "
                f"{STOP_SECONDS:.0f} s",
                log.splitlines(),
            )
        self.found.append(f"one of two gateways, told to stop, had ended after {seconds:.1f} s")

    def _judge_restarts(self, result: Result) -> None:
        untold = [restart for restart in result.restarts if restart.told_ms is None]
        if not result.restarts or untold:
            raise ComposeError(f"{len(result.restarts)} sockets came back, {len(untold)} without having been told to")
        away = sorted(restart.back_at - restart.closed_at for restart in result.restarts)
        sockets = sum(one.listeners for one in result.verdicts.values())
        self.found.append(
            f"{len(away)} of {sockets} sockets were closed by it, each told when to come back; they came back to the "
            f"other one after {away[0]:.1f} to {away[-1]:.1f} s; missed 0, repeated 0"
        )

    def _judge(self, result: Result, orders: int) -> None:
        report.show(result, self.console)
        self.console.print()
        if not result.flawless or result.orders != orders:
            raise ComposeError("orders went wrong: the numbers in red must be zero")
        self.found.append(
            f"{result.orders} orders by {result.requests} requests in {result.seconds:.0f} s, none failed, every total "
            f"equal to the source's; {sum(one.received for one in result.verdicts.values()):,} frames on sockets"
        )

    async def _judge_replicas(self) -> None:
        """By what Nginx wrote down: who answered, and whether anything failed."""
        (nginx,) = [one["Name"] for one in await self.project.containers() if one["Service"] == "nginx"]
        served, failed = read_access_log((await docker("logs", nginx, seconds=60)).splitlines())
        if failed:
            raise ComposeError(f"Nginx answered {len(failed)} requests with 5xx", failed[-10:])
        if len(served) != 2:
            raise ComposeError(f"two replicas of orders must have answered, and these did: {dict(served)}")
        self.found.append(f"the two replicas of orders answered {' and '.join(map(str, served.values()))} requests")

    async def _crowd(self) -> None:
        words = secrets.read(self.project.secrets)
        url = f"postgresql://orders_service:{words['ORDERS_SERVICE_PASSWORD']}@pgbouncer:6432/larder"
        task = msgspec.json.encode(Work(url, CLIENTS, CLIENT_SECONDS)).decode() + "\n"
        command = ("run", "--rm", "--no-TTY", "--no-deps", "demo", "python", "-m", "deploy.compose.clients")
        clients = asyncio.create_task(self.project.run(*command, seconds=CLIENT_SECONDS + 90, told=task))
        most_clients = most_servers = 0
        try:
            while not clients.done():
                pools = await self._pools(words["POOLER_STATS_PASSWORD"])
                most_clients = max(most_clients, _total(pools, "cl_active", "cl_waiting"))
                most_servers = max(most_servers, _total(pools, "sv_"))
        finally:
            clients.cancel()
            await asyncio.wait([clients])
        outcome = msgspec.json.decode(clients.result(), type=Outcome)
        if outcome.errors or outcome.clients != CLIENTS or most_clients < CLIENTS:
            raise ComposeError(
                f"{outcome.clients} of {CLIENTS} clients worked, the pooler saw {most_clients}",
                [f"{count} × {error}" for error, count in outcome.errors.items()],
            )
        if most_servers > SERVER_CONNECTIONS_MAX:
            raise ComposeError(
                f"the pooler held {most_servers} server connections; {SERVER_CONNECTIONS_MAX} is the most"
            )
        self.found.append(
            f"SHOW POOLS at its most: {most_clients} clients on {most_servers} server connections; "
            f"{outcome.transactions:,} transactions, {outcome.transactions / outcome.seconds:,.0f} a second, no error"
        )

    async def _pools(self, password: str) -> list[dict[str, str]]:
        """SHOW POOLS, a row each. The password goes in by standard input, and stands on no command line."""
        ask = "read -r PGPASSWORD; export PGPASSWORD; exec psql -X -q --csv -c 'show pools'"
        where = ("-h", "pgbouncer", "-p", "6432", "-U", "pooler_stats", "pgbouncer")
        command = ("exec", "--no-TTY", "postgres", "sh", "-c", f"{ask} {' '.join(where)}")
        answer = await self.project.run(*command, seconds=30, told=f"{password}\n")
        return list(csv.DictReader(answer.splitlines()))


def read_access_log(lines: list[str]) -> tuple[Counter[str], list[str]]:
    """How many requests each replica of orders answered, by its address; and the lines of those that ended in 5xx."""
    served: Counter[str] = Counter()
    failed = []
    for line in lines:
        if not line.startswith("{"):
            continue
        entry: Mapping[str, Any] = json.loads(line)
        if entry["status"] >= 500 and entry["uri"] != "/api/health":
            failed.append(line)
        if entry["uri"].startswith("/api/orders"):
            # Of several addresses, the last is the one that answered.
            served[entry["upstream"].split(", ")[-1]] += 1
    return served, failed


def _total(pools: list[dict[str, str]], *prefixes: str) -> int:
    """Of all pools but the console's own, over the columns that begin so."""
    return sum(
        int(count)
        for pool in pools
        if pool["database"] != "pgbouncer"
        for name, count in pool.items()
        if name.startswith(prefixes) and "cancel" not in name
    )


@asynccontextmanager
async def a_project(folder: Path, port: int) -> AsyncIterator[Project]:
    """A project that is gone afterwards, with its volumes, whatever happened."""
    secrets.fill(folder / "secrets.env")
    settings = {"LARDER_PORT": str(port), "RATE_ANONYMOUS_PER_MINUTE": "0", "RATE_PERSON_PER_HOUR": "0"}
    project = Project(f"larder-verify-{os.getpid()}", folder / "secrets.env", settings)
    try:
        yield project
    finally:
        await project.run("down", "--volumes", "--remove-orphans", "--timeout", "20", seconds=180)


async def verify(console: Console) -> None:
    me = asyncio.current_task()
    if me is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    try:
        await docker("info", seconds=20)
        await docker("compose", "version", seconds=20)
    except (FileNotFoundError, ComposeError) as error:
        raise ComposeError(
            "there is no Docker to verify containers with: `docker info` or `docker compose version` failed. Install "
            f"Docker Engine with Compose, start it, and run this again. ({error})"
        ) from error
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        async with a_project(Path(folder), port) as project:
            verification = Verification(project, f"http://127.0.0.1:{port}", console)
            await verification.run()
            down = perf_counter()
        verification.seconds["take it down"] = perf_counter() - down
        console.print()
        for name, seconds in verification.seconds.items():
            console.print(f"{name:<46}{seconds:7.1f} s")
        console.print(f"{'altogether':<46}{perf_counter() - began:7.1f} s")
        for line in verification.found:
            console.print(f"· {line}")


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    try:
        uvloop.run(verify(console))
    except ComposeError as error:
        console.print(Text.assemble(("✗ ", "red"), (str(error), "bold")))
        for line in error.lines:
            console.print(Text(f"  │ {line}", style="dim"))
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Interrupted; what was started is taken down.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
