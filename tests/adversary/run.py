"""The test as a whole: a stack of its own, everybody at once for so long, then calm, and the judgement.

Calm means: nobody moves anything any more, everything runs again, the outboxes are empty, and each client stays on its
socket. A client has caught up when its positions have reached the head of the stream, by events or by heartbeats.
"""

import argparse
import asyncio
import logging
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import aiohttp
import asyncpg

from deploy.local import SERVICES, Layout, Stack
from proto.streams import ORDERS
from shared import log
from shared.bus import Bus
from shared.tasks import supervised
from tests.adversary import short_gateway
from tests.adversary.chaos import Chaos, Meters
from tests.adversary.judge import Verdict, judge
from tests.adversary.listeners import Listener
from tests.adversary.world import Story, World
from tests.adversary.writers import Unrest, Writer
from tests.kills import all_ready
from tests.support import eventually

GATEWAYS, WRITERS, LISTENERS = 2, 8, 200
SETTINGS = {"gateway": {"LARDER_RING_BYTES": "500000", "LARDER_HEARTBEAT_S": "1"}}
"""A ring of some seconds, so that resumes are served from memory, and after a longer sleep from the stream."""

KEPT = Path("build")

PAST_EDGE = 0.1
"""The share of clients that go past Nginx, beside the admins', who are told the most."""

REQUEST_SECONDS = 10.0
PATIENCE_SECONDS = 90.0
PROGRESS_SECONDS = 10.0


@dataclass(frozen=True)
class Result:
    """What happened, and whether all held: `wrong` says in words what did not."""

    seed: int
    seconds: float
    story: Story
    resumes: Counter[str]
    closed: Counter[str]
    verdict: Verdict

    @property
    def wrong(self) -> list[str]:
        return [f"{count:,} × {what}" for what, count in (self.story.wrong + self.verdict.wrong).items()]

    def __str__(self) -> str:
        verdict, counts = self.verdict, self.story.counts
        lines = [
            f"Seed {self.seed}, {self.seconds:.0f} s. {_listed(self.story.killed)}.",
            f"Clients and writers: {_listed(counts)}.",
            f"Gateways: resumes served from {_listed(self.resumes)}; closed by code {_listed(self.closed)}.",
            f"Compared: {verdict.told:,} events on {verdict.chains:,} unbroken pieces of topics, {verdict.allowed:,} "
            f"repeats of what was published again; {verdict.boards:,} boards with {verdict.board_orders:,} orders.",
        ]
        if self.wrong:
            lines += ["WRONG: " + "; ".join(self.wrong), *verdict.examples[:20]]
        else:
            lines.append(
                "Nothing was missed, nothing came twice, nothing came that was not theirs; every view is right."
            )
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))


@contextmanager
def a_stack(state: Path, base_port: int, fault: str = "") -> Iterator[Stack]:
    """A Larder of the test's own, with gateways that are soon impatient, and gone afterwards."""
    command = (sys.executable, "-m", short_gateway.__name__, *((fault,) if fault else ()))
    services = [replace(one, command=command) if one.name == "gateway" else one for one in SERVICES]
    stack = Stack(Layout(state, base_port), services=services, settings=SETTINGS)
    try:
        stack.up({"orders": 1, "gateway": GATEWAYS})
        yield stack
    finally:
        stack.reset()


def cast(world: World, count: int, seed: int) -> list[Listener]:
    """Who listens to what: restaurants and drivers mostly, some to single orders, few to everything."""
    dice = random.Random(f"{seed}/cast")
    kinds = (
        (30, world.restaurants, ("orders",)),
        (10, world.restaurants, ("orders", "order")),
        (30, world.drivers, ("orders", "offers")),
        (8, world.drivers, ("order",)),
        (6, world.admins, ("orders",)),
        (6, world.admins, ("order",)),
        (10, world.wanderers, ("orders", "offers")),
    )
    chosen = dice.choices(kinds, [kind[0] for kind in kinds], k=count)
    clients = []
    for number, (_, people, topics) in enumerate(chosen):
        direct = people is world.admins or dice.random() < PAST_EDGE
        own = random.Random(f"{seed}/listener/{number}")
        clients.append(Listener(world, dice.choice(people), topics, own, GATEWAYS if direct else 0))
    return clients


async def run(stack: Stack, seconds: float, seed: int, listeners: int = LISTENERS, *, talk: bool = False) -> Result:
    """On a stack that is up."""
    story, stop = Story(), asyncio.Event()
    async with AsyncExitStack() as opened:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
        session = await opened.enter_async_context(aiohttp.ClientSession(timeout=timeout, connector=connector))
        bus = await opened.enter_async_context(Bus(stack.addresses.nats, "adversary"))
        await bus.connection()
        database = await asyncpg.connect(stack.addresses.database("postgres"))
        opened.push_async_callback(database.close)
        world = World(stack, session, story)
        await world.fill(bus)
        clients = cast(world, listeners, seed)
        meters = Meters(stack, GATEWAYS)
        await opened.enter_async_context(supervised(meters.run(session), "meters"))
        living = [asyncio.create_task(client.live()) for client in clients]
        opened.push_async_callback(_end, living)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(Writer(world, random.Random(f"{seed}/writer/{number}")).run(stop))
            group.create_task(Unrest(world, random.Random(f"{seed}/unrest")).run(stop))
            group.create_task(Chaos(stack, random.Random(f"{seed}/chaos"), story, GATEWAYS).run(stop))
            await _watch(began + seconds, living, story, talk=talk)
            stop.set()
        lasted = time.monotonic() - began
        verdict = Verdict()
        late = await _calm(stack, bus, database, clients)
        verdict.wrong["clients did not catch up"] = len(late)
        verdict.examples += late
        await judge(database, bus.jetstream, clients, verdict)
        return Result(seed, lasted, story, meters.totals("resumes"), meters.totals("closed"), verdict)


async def _watch(until: float, living: Sequence["asyncio.Task[None]"], story: Story, *, talk: bool) -> None:
    """Until the time is over. A client that died ends it at once."""
    told_at = time.monotonic()
    while time.monotonic() < until:
        done, _ = await asyncio.wait(living, timeout=min(1.0, max(0.0, until - time.monotonic())))
        for task in done:
            task.result()  # a client lives until it is told otherwise: this raises
        if talk and time.monotonic() - told_at >= PROGRESS_SECONDS:
            told_at = time.monotonic()
            counts, wrong = story.counts, f"; wrong: {_listed(story.wrong)}" if story.wrong else ""
            sys.stdout.write(
                f"{until - told_at:5.0f} s left: {counts['orders']:,} orders, {counts['steps']:,} steps, "
                f"{counts['sockets']:,} sockets opened, {counts['events applied']:,} events applied, "
                f"{counts['resumes']:,} resumes, {counts['resyncs']:,} resyncs; {_listed(story.killed)}{wrong}\n"
            )
            sys.stdout.flush()


async def _calm(stack: Stack, bus: Bus, database: asyncpg.Connection, clients: Sequence[Listener]) -> list[str]:
    """Waits until all is still and told; which clients have not caught up then, and how far they are."""
    for client in clients:
        client.calm.set()
    await eventually(partial(all_ready, stack), PATIENCE_SECONDS)

    async def all_published() -> bool:
        return not await database.fetchval(
            "select (select count(*) from accounts.outbox where published_at is null) "
            "+ (select count(*) from orders.outbox where published_at is null)"
        )

    await eventually(all_published, PATIENCE_SECONDS)
    head = (await bus.jetstream.stream_info(ORDERS.name)).state.last_seq
    present = await database.fetch("select id, role, restaurant_id, zone from accounts.people")
    people = {tuple(row[name] for name in ("role", "id", "restaurant_id", "zone")) for row in present}

    async def all_there() -> bool:
        return all(client.caught_up(head) and client.viewer in people for client in clients)

    try:
        await eventually(all_there, PATIENCE_SECONDS)
    except AssertionError:
        return [client.standing(head) for client in clients if not client.caught_up(head)]
    return []


async def _end(living: Sequence["asyncio.Task[None]"]) -> None:
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)


def keep_logs(stack: Stack, seed: int) -> Path:
    """What the gateways had to say, for who looks for what went wrong. Returns the folder."""
    folder = KEPT / f"adversary-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    for log_file in stack.logs("gateway"):
        shutil.copy(log_file, folder)
    return folder


def seconds_of(text: str) -> float:
    """Of "90", "90s" or "30m". Raises ValueError."""
    match = re.fullmatch(r"(\d{1,5})([sm]?)", text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * (60.0 if match[2] == "m" else 1.0)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when all held, 1 when something is wrong."""
    parser = argparse.ArgumentParser(
        prog="just adversary", description="Everything that goes wrong at once, and a judge."
    )
    parser.add_argument("time", nargs="?", type=seconds_of, default=60.0, help="how long, as 90s or 30m")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--clients", type=int, default=LISTENERS)
    parser.add_argument("--fault", choices=short_gateway.FAULTS, default="", help="a gateway that must be found out")
    options = parser.parse_args(arguments)
    log.configure("console", "adversary", level=logging.ERROR)
    sys.stdout.write(f"Seed {options.seed}: {options.clients} clients for {options.time:.0f} s.\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        base_port = int(os.environ.get("LARDER_PORT", "8080"))
        with a_stack(Path(folder) / "state", base_port, options.fault) as stack:
            result = asyncio.run(run(stack, options.time, options.seed, options.clients, talk=True))
            if result.wrong:
                sys.stdout.write(f"The gateways' logs: {keep_logs(stack, options.seed)}\n")
    sys.stdout.write(f"{result}\n")
    return 1 if result.wrong else 0
