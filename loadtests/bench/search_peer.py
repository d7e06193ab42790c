"""`python -m loadtests.bench.search_peer CLIENTS SECONDS`: the statements of searches through asyncpg alone.

One process and so many connections, as the service has; each sends a search's statements when it has the last rows.
Prints how many searches a second. The standard input is JSON: the database's URL, and for each search its statements.
"""

import asyncio
import random
import sys
import time

import asyncpg
import msgspec
import uvloop

from shared.database import Connection


class Statement(msgspec.Struct, frozen=True):
    """A UUID among the parameters is text, which asyncpg takes as well."""

    sql: str
    parameters: list[object]


class Work(msgspec.Struct, frozen=True):
    url: str
    searches: list[list[Statement]]


async def run(work: Work, clients: int, seconds: float) -> float:
    connections = [await asyncpg.connect(work.url) for _ in range(clients)]
    began = time.perf_counter()
    done = await asyncio.gather(*(_ask(one, work.searches, began + seconds) for one in connections))
    took = time.perf_counter() - began
    for one in connections:
        await one.close()
    return sum(done) / took


async def _ask(connection: Connection, searches: list[list[Statement]], until: float) -> int:
    chance = random.Random(1)  # noqa: S311  the same order each time
    done = 0
    while time.perf_counter() < until:
        for statement in chance.choice(searches):
            await connection.fetch(statement.sql, *statement.parameters)
        done += 1
    return done


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    rate = uvloop.run(run(given, int(sys.argv[1]), float(sys.argv[2])))
    sys.stdout.write(f"{rate}\n")
