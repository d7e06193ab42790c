"""What positions cost: placing orders, and reading right after, by two processes of orders that differ in one setting.

One has a replica to read from and the other does not; both stand on the same primary, which has a replica, without
Nginx, NATS and Valkey. They take turns, so that a busy moment meets both. Printed are orders a second and the time of
one with 16 clients that send without a pause, then of one client the time of a write and of the read that follows it
at once with the write's position, and which server answered that read.

`python -m loadtests.positions [rounds]`, on a stack of the benchmark's own (LARDER_BENCH_STATE, LARDER_BENCH_PORT).
"""

import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp

from deploy.local import SERVICES, Stack
from deploy.local.layout import REPOSITORY
from deploy.local.programs import Wiring, environment_of, replicas_of
from loadtests.bench import wrk
from loadtests.bench.place import body_of, requests_of
from loadtests.bench.stage import layout
from loadtests.bench.world import World
from shared.http.freshness import POSITION
from shared.ids import new_id

CLIENTS, SECONDS, ROUNDS = 16, 4.0, 5
PAIRS = 300
WITHOUT, WITH = "without", "with"
START_SECONDS = 20.0

_READS = re.compile(r'larder_reads_total\{server="(\w+)",why="(\w+)"\} ([\d.e+]+)')


@contextmanager
def two_orders(stack: Stack) -> Iterator[dict[str, str]]:
    """Their addresses, by what they have of the replica."""
    row = next(row for row in SERVICES if row.name == "orders")
    running, addresses = [], {}
    try:
        for place, name in enumerate((WITHOUT, WITH)):
            port = stack.layout.port("orders", place)
            wiring = Wiring(stack.addresses, replica=name == WITH)
            (program,) = replicas_of(row, wiring, 1, {"LARDER_PORT": str(port)})
            running.append(
                subprocess.Popen(  # noqa: S603  our own program
                    program.command, env=environment_of(program), cwd=REPOSITORY, stderr=subprocess.DEVNULL
                )
            )
            addresses[name] = stack.addresses.service("orders", place)
        yield addresses
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


@asynccontextmanager
async def session_of(address: str, token: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Of somebody signed in, once the process is ready."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(address, headers=headers) as session, asyncio.timeout(START_SECONDS):
        while True:
            try:
                async with session.get("/readyz") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
        yield session


async def write_and_read(session: aiohttp.ClientSession, body: bytes) -> tuple[float, float]:
    """Milliseconds of each."""
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    began = time.perf_counter()
    async with session.post("/api/orders", data=body, headers=headers) as answer:
        assert answer.status == 201, await answer.text()  # noqa: S101
        placed = (await answer.json())["id"]
    written = time.perf_counter()
    told = {POSITION: answer.headers[POSITION]} if POSITION in answer.headers else {}
    async with session.get("/api/orders", params={"limit": 20}, headers=told) as answer:
        seen = [order["id"] for order in (await answer.json())["items"]]
    read = time.perf_counter()
    assert placed in seen  # noqa: S101
    return (written - began) * 1000, (read - written) * 1000


async def measure(stack: Stack, rounds: int) -> None:
    world = World(stack)
    await world.load()
    requests = requests_of(world)
    with two_orders(stack) as addresses:
        loads: dict[str, list[wrk.Load]] = {WITHOUT: [], WITH: []}
        for address in addresses.values():
            async with session_of(address, world.token(1)):
                await wrk.run(address, requests, clients=CLIENTS, seconds=2)
        for _ in range(rounds):
            for name, address in addresses.items():
                loads[name].append(await wrk.run(address, requests, clients=CLIENTS, seconds=SECONDS))
        for name, some in loads.items():
            rate, p50, p99 = (
                statistics.median(each)
                for each in zip(*((one.rate, one.p50_us, one.p99_us) for one in some), strict=True)
            )
            sys.stdout.write(f"{name}: {rate:,.0f} orders/s, p50 {p50 / 1000:.2f} ms, p99 {p99 / 1000:.2f} ms\n")
        ratios = [after.rate / before.rate for before, after in zip(*loads.values(), strict=True)]
        told = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        sys.stdout.write(f"with / without, round by round: {told}; median {statistics.median(ratios):.3f}\n")
        await _show_pairs(world, addresses)


async def _show_pairs(world: World, addresses: dict[str, str]) -> None:
    body = body_of(world, random.Random(3)).encode()  # noqa: S311
    for name, address in addresses.items():
        async with session_of(address, world.token(1)) as session:
            before = await _reads(session)
            times = [await write_and_read(session, body) for _ in range(PAIRS)]
            after = await _reads(session)
        written, read = (statistics.median(each) for each in zip(*times, strict=True))
        who = {why: count - before[why] for why, count in after.items() if count > before[why]}
        sys.stdout.write(
            f"{name}, one client: write {written:.2f} ms, then read {read:.2f} ms (medians); {who or ''}\n"
        )


async def _reads(session: aiohttp.ClientSession) -> dict[str, int]:
    async with session.get("/metrics") as answer:
        return {f"{server} {why}": int(float(n)) for server, why, n in _READS.findall(await answer.text())}


def main(arguments: list[str]) -> None:
    stack = Stack(layout())
    stack.reset()  # what an interrupted run left
    try:
        stack.up(only={"postgres", "replicas"})
        asyncio.run(measure(stack, int(arguments[0]) if arguments else ROUNDS))
    finally:
        stack.reset()


if __name__ == "__main__":
    main(sys.argv[1:])
