"""`python -m deploy.compose.clients`: many clients at once on PgBouncer, each with prepared statements of its own.

It runs in a container on the data network. Standard input holds one line of JSON: the URL of the role orders_service,
how many clients, and for how many seconds they work. All connect first and stay connected; then each does one
transaction after the other, as an admin who opens a page of orders. Standard output gets one line of JSON: `Outcome`.
"""

import asyncio
import sys
from collections import Counter
from time import perf_counter

import asyncpg
import msgspec
import uvloop

CONNECTS_AT_ONCE = 50
PAGE = "select id, number, status, version from orders.orders order by id desc limit $1"


class Work(msgspec.Struct, frozen=True):
    url: str
    clients: int
    seconds: float


class Outcome(msgspec.Struct, frozen=True):
    """`errors` by their text; empty when all went well."""

    clients: int
    transactions: int
    seconds: float
    errors: dict[str, int]


async def work(task: Work) -> Outcome:
    errors: Counter[str] = Counter()
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def connect() -> asyncpg.Connection | None:
        async with gate:
            try:
                return await asyncpg.connect(task.url)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                errors[f"connecting: {error!r}"] += 1
                return None

    opened = [one for one in await asyncio.gather(*(connect() for _ in range(task.clients))) if one is not None]
    began = perf_counter()
    counts = await asyncio.gather(*(_read(one, began + task.seconds, errors) for one in opened))
    seconds = perf_counter() - began
    await asyncio.gather(*(one.close() for one in opened))
    return Outcome(len(opened), sum(counts), seconds, dict(errors))


async def _read(connection: asyncpg.Connection, until: float, errors: Counter[str]) -> int:
    done = 0
    while perf_counter() < until:
        try:
            await connection.execute("begin; set local role admin")
            await connection.fetch(PAGE, 20)
            await connection.execute("commit")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            errors[repr(error)] += 1
            return done
        done += 1
    return done


if __name__ == "__main__":
    outcome = uvloop.run(work(msgspec.json.decode(sys.stdin.readline(), type=Work)))
    sys.stdout.write(f"{msgspec.json.encode(outcome).decode()}\n")
