"""What the way through PgBouncer costs, and how 500 clients fare on it: `python -m loadtests.pooler`.

It reads the first page of the busiest restaurant's orders, under its role, from the running stack (`just up pooler`):
by pgbench straight from Postgres and through the pooler in turns, so that a noisy moment hits both; then by 500 clients
at once. Prints Markdown. Writes nothing; refuses a stack without the pooler or without orders.
"""

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import uvloop

from deploy.local import Layout, Stack, StackError
from deploy.local.processes import clean_environment
from services.orders.store import QUERIES
from shared.database import Pool, open_pool, transaction

SECONDS = 2
ROUNDS = 7
CLIENTS = 16
CROWD = 500
CROWD_SECONDS = 40
"""Logging in counts: 500 SCRAM proofs take seconds of it, on a busy machine half a minute."""

PAGE = """\
begin;
set local role restaurant;
set local app.restaurant_id = '{restaurant}';
select id, number, status, total_cents, created_at from orders.orders order by created_at desc, id desc limit 20;
commit;
"""


def main() -> int:
    stack = Stack(Layout.from_environment())
    try:
        restaurant = _busiest(stack)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "page.sql"
            script.write_text(PAGE.format(restaurant=restaurant))
            _compare(stack, script)
            uvloop.run(_compare_pools(stack, restaurant))
            _crowd(stack, script)
    except StackError as error:
        sys.stderr.write(f"{error} {error.hint}\n")
        return 1
    return 0


def _busiest(stack: Stack) -> str:
    problem = stack.pooler.probe()
    if problem is not None:
        raise StackError(f"The pooler does not answer: {problem}", "Start it: just up pooler")
    sql = "select restaurant_id from orders.orders group by restaurant_id order by count(*) desc limit 1"
    found = stack.postgres.psql(sql=sql).strip()
    if not found:
        raise StackError("There are no orders to read.", "Load some: just demo")
    return found


def _compare(stack: Stack, script: Path) -> None:
    prepares = stack.pooler.found.prepares
    ways = [("postgres", "prepared"), ("postgres", "extended"), ("pooler", "extended")]
    ways += [("pooler", "prepared")] if prepares else []
    rates: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            rates[way].append(_rate(_pgbench(stack, script, *way, CLIENTS, SECONDS).communicate()[0]))
    version = ".".join(map(str, stack.pooler.found.version))
    _say(f"PgBouncer {version}. pgbench, {CLIENTS} clients, median of {ROUNDS} rounds of {SECONDS} s:\n")
    _table(rates)


async def _compare_pools(stack: Stack, restaurant: str) -> None:
    """The same page as a service reads it: asyncpg, one process, its pool and its query."""
    role, cache = "orders_service", stack.pooler.statement_cache
    ways = [
        ("postgres", "prepared", stack.addresses.database(role), 100),
        ("postgres", "parsed each time", stack.addresses.database(role), 0),
        ("pooler", "prepared" if cache else "parsed each time", stack.addresses.pooled(role), cache),
    ]
    rates: dict[tuple[str, str], list[float]] = {(target, mode): [] for target, mode, _, _ in ways}
    for _ in range(ROUNDS):
        for target, mode, url, kept in ways:
            async with open_pool(url, size=CLIENTS, name="load", statement_cache=kept) as pool:
                rates[target, mode].append(await _pages(pool, restaurant))
    _say(f"\nasyncpg in one process, {CLIENTS} connections, the service's own query:\n")
    _table(rates)


async def _pages(pool: Pool, restaurant: str) -> float:
    begin = f"begin; set local role restaurant; set local app.restaurant_id = '{UUID(restaurant)}'"
    done, began = 0, time.perf_counter()

    async def read() -> None:
        nonlocal done
        while time.perf_counter() - began < SECONDS:
            async with transaction(pool, begin) as connection:
                await QUERIES["list_orders"].rows(connection, datetime.now(UTC), UUID(int=2**128 - 1), 20)
            done += 1

    await asyncio.gather(*(read() for _ in range(CLIENTS)))
    return done / (time.perf_counter() - began)


def _table(rates: dict[tuple[str, str], list[float]]) -> None:
    """The first row is what the others are compared with."""
    first = statistics.median(next(iter(rates.values())))
    _say("| way | statements | transactions/s | ratio | spread |\n|---|---|---|---|---|")
    for (target, mode), each in rates.items():
        middle = statistics.median(each)
        spread = (max(each) - min(each)) / middle
        _say(f"| {target} | {mode} | {middle:,.0f} | {middle / first:.2f} | {spread:.0%} |")


def _crowd(stack: Stack, script: Path) -> None:
    # Never prepared: pgbench prepares with a blocking call, in which a thread waits for a server connection that its
    # own other clients hold.
    running = _pgbench(stack, script, "pooler", "extended", CROWD, CROWD_SECONDS)
    most = 0
    pools: list[dict[str, str]] = []
    while running.poll() is None:
        found = int(stack.postgres.psql(sql="select count(*) from pg_stat_activity where usename like '%\\_service'"))
        most = max(most, found)
        now = [pool for pool in stack.pooler.console("show pools") if pool["user"] == "orders_service"]
        pools = max(pools, now, key=lambda rows: sum(int(row["cl_active"]) + int(row["cl_waiting"]) for row in rows))
        time.sleep(0.2)
    told = running.communicate()[0]
    failed = re.search(r"number of failed transactions: (\d+)", told)
    done = re.search(r"transactions actually processed: (\d+)", told)
    if running.returncode != 0 or failed is None or done is None:
        raise StackError(f"pgbench with {CROWD} clients failed: {told[-500:]}")
    _say(f"\n{CROWD} clients: {int(done[1]):,} transactions, {failed[1]} failed, {_rate(told):,.0f}/s.")
    _say(f"Server connections of all services, at most: {most}. SHOW POOLS:\n")
    names = ("user", "cl_active", "cl_waiting", "sv_active", "sv_idle", "sv_used", "maxwait", "maxwait_us", "pool_mode")
    _say(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in pools:
        _say(f"| {' | '.join(row[name] for name in names)} |")


def _pgbench(stack: Stack, script: Path, way: str, mode: str, clients: int, seconds: int) -> "subprocess.Popen[str]":
    words = stack.addresses.credentials.passwords
    environment = {
        **clean_environment(),
        **stack.postgres.client_environment(),
        "PGPORT": str(stack.layout.port(way)),
        "PGUSER": "orders_service",
        "PGPASSWORD": words["orders_service"],
        "PGCONNECT_TIMEOUT": "30",
    }
    command = [str(stack.postgres.binaries / "pgbench"), "-n", "-f", str(script), "-M", mode, "-T", str(seconds)]
    command += ["-c", str(clients), "-j", "2"]
    return subprocess.Popen(  # noqa: S603  every word of it stands here
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _rate(told: str) -> float:
    found = re.search(r"tps = ([\d.]+) \(without", told)
    if found is None:
        raise StackError(f"pgbench failed: {told[-500:]}")
    return float(found[1])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
