"""`python -m tests.stock_rush 1000 100 30`: so many buyers for the last so many pieces, with so many kills in between.

Real processes under supervisord, behind Nginx, in a state directory of its own. Every buyer orders one of the last
pieces and one of something that there is enough of, and sends it again until it is answered; catalog and orders are
killed (SIGKILL) in turn while they do. At the end as many orders are confirmed as there were pieces, every other one is
rejected with its shortage, and stock, reservations, orders, credit and the stream tell the same story.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from deploy.local import Layout, Stack
from proto.catalog import ProductEvent
from proto.orders import Order, Shortage
from proto.stock import StockEvent
from proto.streams import STOCK
from shared.bus import Bus
from shared.ids import new_id
from tests.kills import CENTS, PARTS, PATIENCE_SECONDS, PRODUCT, ZONE, all_ready, insist, kill_one, open_bus
from tests.streams import stored
from tests.support import bearer, eventually, identity

REPLICAS = {"orders": 2, "catalog": 2, "relay": 1}
KILLED = ("catalog", "orders")
PLENTY = 1_000_000
AT_ONCE = 24
"""Buyers who ask at the same time."""

PAUSE_SECONDS = (0.01, 0.2)
"""From when the next buyers come to the kill among them. Two in three wait until everything is at work again."""

REQUEST_SECONDS = 5.0
NAME, UNIT = "Flour", "1 kg"


@dataclass
class Rush:
    """What is for sale, who buys, and what each was answered: the order as it was placed."""

    buyers: list[UUID]
    last: UUID = field(default_factory=new_id)
    plenty: UUID = field(default_factory=new_id)
    placed: dict[UUID, UUID] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    async def prepare(self, database: asyncpg.Connection, pieces: int) -> None:
        """What orders would have learnt from the other services."""
        for product, stock in ((self.last, pieces), (self.plenty, PLENTY)):
            await database.execute(PRODUCT, product, str(product), CENTS, stock)
            await database.execute(
                "insert into orders.price_book values ($1, $2, $3, $4, true, 1)", product, NAME, UNIT, CENTS
            )
        await database.executemany(
            "insert into orders.restaurants values ($1, 'Kitchen', 'Quay 1', 1.5, 2.5, $2, 1000000, true, 1)",
            [(buyer, ZONE) for buyer in self.buyers],
        )

    async def buy(self, stack: Stack, session: aiohttp.ClientSession, buyer: UUID) -> None:
        headers = bearer(stack, identity("restaurant", restaurant_id=buyer))
        basket = {"items": [{"product_id": str(product), "quantity": 1} for product in (self.plenty, self.last)]}
        url = f"{stack.addresses.edge}/api/orders"
        answer = await insist(session, url, basket, {**headers, "Idempotency-Key": str(buyer)}, self.counts)
        self.placed[buyer] = msgspec.json.decode(answer, type=Order).id


@dataclass(frozen=True)
class Result:
    """`waited`: seconds from each order's placing to its answer. `wrong` says in words what did not hold."""

    kills: Counter[str]
    sold: int
    short: int
    repeats: int
    counts: Counter[str]
    waited: list[float]
    seconds: float
    wrong: list[str]

    def __str__(self) -> str:
        killed = ", ".join(f"{count} of {name}" for name, count in sorted(self.kills.items()))
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(self.counts.items()))
        ordered = sorted(self.waited) or [0.0]
        p50, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
        verdict = "It all adds up." if not self.wrong else "WRONG: " + "; ".join(self.wrong)
        return (
            f"{self.kills.total()} kills ({killed}) in {self.seconds:.0f} s. Requests: {told}.\n"
            f"{self.sold:,} orders have their pieces, {self.short:,} were answered with their shortage; the stock "
            f"answered after {p50:.2f} s (p50), {p99:.1f} s (p99), {ordered[-1]:.1f} s at most; "
            f"{self.repeats:,} answers came again. {verdict}"
        )


async def run(stack: Stack, buyers: int, pieces: int, kills: int) -> Result:
    """On a stack that is up with PARTS and REPLICAS."""
    rush, killed = Rush([new_id() for _ in range(buyers)]), Counter[str]()
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    began = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(buyer: UUID) -> None:
        async with gate:
            await rush.buy(stack, session, buyer)

    try:
        await rush.prepare(database, pieces)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            for number in range(kills + 1):
                for buyer in rush.buyers[number * buyers // (kills + 1) : (number + 1) * buyers // (kills + 1)]:
                    group.create_task(one(buyer))
                if number == kills:
                    break
                if number % 3:
                    await eventually(partial(all_ready, stack), PATIENCE_SECONDS)
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
                killed[await kill_one(stack, KILLED[number % 2])] += 1
        async with open_bus(stack) as bus:
            return await judge(rush, pieces, killed, began, database, bus)
    finally:
        await database.close()


async def judge(
    rush: Rush, pieces: int, killed: Counter[str], began: float, database: asyncpg.Connection, bus: Bus
) -> Result:
    async def all_answered() -> bool:
        return not await database.fetchval(
            "select count(*) from orders.orders where status = 'pending'"
        ) and not await database.fetchval(
            "select count(*) from (select published_at from orders.outbox union all select published_at from "
            "catalog.outbox) as event where published_at is null"
        )

    await eventually(all_answered, PATIENCE_SECONDS)
    seconds = time.monotonic() - began
    orders = await database.fetch(
        "select id, restaurant_id, status, version, shortages, created_at, updated_at from orders.orders"
    )
    states = {row["order_id"]: row for row in await database.fetch("select * from catalog.reservations")}
    wrong: list[str] = []

    def must(what: str, found: object, expected: object) -> None:
        if found != expected:
            wrong.append(f"{what}: {found}, not {expected}")

    buyers = len(rush.buyers)
    sold = {row["id"] for row in orders if row["status"] == "confirmed"}
    short = [row for row in orders if row["status"] == "rejected"]
    must("orders sold", len(sold), min(pieces, buyers))
    must("orders short", len(short), max(0, buyers - pieces))
    must("orders stored", {row["restaurant_id"]: row["id"] for row in orders}, rush.placed)
    must("versions", {row["version"] for row in orders}, {2})
    shortage = (Shortage(rush.last, NAME, 1, 0),)
    told = {msgspec.json.decode(row["shortages"], type=tuple[Shortage, ...]) for row in short}
    must("shortages told", told, {shortage} if short else set())
    must("orders that hold pieces", {order for order, row in states.items() if row["state"] == "held"}, sold)
    must(
        "orders that hold none",
        {order for order, row in states.items() if row["state"] == "short"},
        {row["id"] for row in short},
    )
    stock = {row["id"]: row["stock"] for row in await database.fetch("select id, stock from catalog.products")}
    must("pieces left", (stock[rush.last], stock[rush.plenty]), (max(0, pieces - buyers), PLENTY - len(sold)))
    held = await database.fetchval(
        "select coalesce(sum((line ->> 'quantity')::integer), 0) from catalog.reservations "
        "cross join json_array_elements(held) as line where state = 'held'"
    )
    must("pieces held", held, 2 * len(sold))
    credit = await database.fetchval("select sum(held_cents)::bigint from orders.credit_accounts")
    must("credit held", credit, 2 * CENTS * len(sold))
    flips = [
        msgspec.json.decode(row["payload"], type=ProductEvent).product
        for row in await database.fetch("select payload from catalog.outbox where key = $1 order by id", rush.last)
    ]
    gone = [(2, False)] if buyers >= pieces else []
    must("versions of what sold out", [(product.version, product.available) for product in flips], gone)
    answers = [msgspec.json.decode(one.data, type=StockEvent) for one in await stored(bus.jetstream, STOCK.name)]
    must(
        "answers in the stream",
        {one.order_id: one.type for one in answers},
        {row["id"]: "StockReserved" if row["id"] in sold else "StockShort" for row in orders},
    )
    return Result(
        kills=killed,
        sold=len(sold),
        short=len(short),
        repeats=await database.fetchval("select count(*) from orders.late_answers"),
        counts=rush.counts,
        waited=[(row["updated_at"] - row["created_at"]).total_seconds() for row in orders],
        seconds=seconds,
        wrong=wrong,
    )


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 it adds up, 1 something is wrong."""
    parser = argparse.ArgumentParser(prog="just stock-rush", description=(__doc__ or "").partition("\n")[0])
    for name, usual in (("buyers", 1000), ("pieces", 100), ("kills", 30)):
        parser.add_argument(name, nargs="?", type=int, default=usual)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up(REPLICAS, only=PARTS)
            result = asyncio.run(run(stack, options.buyers, options.pieces, options.kills))
        finally:
            stack.reset()
    sys.stdout.write(f"{result}\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
