"""The demo's world: the real catalogue, the stores as restaurants, the people; loaded once, left alone afterwards.

`python -m deploy.demo.load` does this alone and ends, where the LARDER_ settings of `Place` say: for containers. It
needs the group `data` and knows no local stack. `baskets=400` loads of the catalogue what the first 400 baskets hold.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import msgspec
import uvloop
from rich.console import Console
from rich.progress import Progress

from deploy.demo import people, source
from proto.streams import ACCOUNTS, CATALOG
from services.accounts.importer import import_accounts
from services.catalog.importer import import_products
from shared.bus import Bus
from shared.database import Connection, open_pool
from shared.outbox import wake_subject
from shared.settings import SettingsError
from shared.settings import load as load_settings

if TYPE_CHECKING:
    from deploy.local import Addresses

LEARNT_SECONDS = 120.0
"""Without anything learnt. How long all of it takes is the bus's business: 30 s, or minutes without atomic batches."""
CONSUMERS = ((CATALOG, "orders-prices"), (ACCOUNTS, "orders-restaurants"), (ACCOUNTS, "orders-people"))


class Place(msgspec.Struct, frozen=True):
    """Where it is loaded: NATS, and Postgres as the roles accounts_service, catalog_service and postgres, directly and
    not through a pooler, since each import is one long transaction."""

    nats_url: str
    accounts_url: str
    catalog_url: str
    reader_url: str


def place_of(addresses: "Addresses") -> Place:
    """The local stack's."""
    urls = (addresses.database(role) for role in ("accounts_service", "catalog_service", "postgres"))
    return Place(addresses.nats, *urls)


class World(NamedTuple):
    """`products`: sku → (id, price in cents, version) of what can be ordered."""

    stores: list[int]
    products: dict[str, tuple[str, int, int]]
    played: set[str]

    def items_of(self, basket: source.Basket) -> list[dict[str, Any]]:
        """The basket as an order's lines, with the prices and versions that the customer saw."""
        items = []
        for sku, quantity in basket.lines:
            product, price, version = self.products[sku]
            items.append({"product_id": product, "quantity": quantity, "price_cents": price, "version": version})
        return items


async def load(place: Place, progress: Progress, baskets: int | None = None) -> World:
    """Loads what is not there yet, and returns when orders has learnt it; with `baskets` only what the first so many
    hold. `played` are the baskets of earlier runs."""
    async with Bus(place.nats_url, "demo") as bus, _reading(place) as reader:
        await bus.connection()
        stores = await _import_accounts(place, progress)
        await _import_products(place, progress, baskets)
        for context in ("accounts", "catalog"):
            await bus.nudge(wake_subject(context))
        await _until_learnt(reader, bus, progress)
        rows = await reader.fetch("select sku, id, price_cents, version from catalog.products where active")
        products = {row["sku"]: (str(row["id"]), row["price_cents"], row["version"]) for row in rows}
        played = await reader.fetch("select key from orders.idempotency_keys where status = 201")
    return World(stores, products, {row["key"] for row in played})


@asynccontextmanager
async def _reading(place: Place) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(place.reader_url, server_settings={"application_name": "demo"})
    try:
        yield connection
    finally:
        await connection.close()


async def _import_accounts(place: Place, progress: Progress) -> list[int]:
    task = progress.add_task("restaurants and people", total=None)
    stores = await asyncio.to_thread(source.read_stores)
    restaurants, everybody = people.demo_people(stores)
    async with open_pool(place.accounts_url, size=1, name="demo") as pool:
        await import_accounts(pool, restaurants, everybody, people.PASSWORD_HASH)
    total = len(restaurants) + len(everybody)
    progress.update(task, total=total, completed=total)
    return stores


async def _import_products(place: Place, progress: Progress, baskets: int | None) -> None:
    task = progress.add_task("catalogue", total=None)
    products = await asyncio.to_thread(source.read_products)
    if baskets is not None:
        held = {sku for basket in source.read_baskets(baskets) for sku, _ in basket.lines}
        products = [one for one in products if one.sku in held]
    progress.update(task, total=len(products))
    async with open_pool(place.catalog_url, size=1, name="demo") as pool:
        await import_products(pool, products, lambda done: progress.update(task, completed=done))


async def _until_learnt(reader: Connection, bus: Bus, progress: Progress) -> None:
    """Until the outboxes are empty and orders has applied every event of its teachers. Raises TimeoutError when that
    comes to a standstill."""
    task = progress.add_task("price book learns", total=None)
    outboxes = " + ".join(
        f"(select count(*) from {context}.outbox where published_at is null)"  # noqa: S608  our own names
        for context in ("accounts", "catalog")
    )
    loop, least = asyncio.get_running_loop(), None
    async with asyncio.timeout(LEARNT_SECONDS) as patience:
        while True:
            waiting = await reader.fetchval(f"select {outboxes}")
            for stream, consumer in CONSUMERS:
                info = await bus.jetstream.consumer_info(stream.name, consumer)
                waiting += (info.num_pending or 0) + (info.num_ack_pending or 0)
            if waiting == 0:
                break
            if least is None or waiting < least:
                least = waiting
                patience.reschedule(loop.time() + LEARNT_SECONDS)
            total = max(waiting, progress.tasks[task].total or 0)
            progress.update(task, total=total, completed=total - waiting)
            await asyncio.sleep(0.1)
    total = progress.tasks[task].total or 1
    progress.update(task, total=total, completed=total)


def main(arguments: list[str]) -> int:
    match = re.fullmatch(r"(?:baskets=(\d{1,6}))?", " ".join(arguments))
    if match is None:
        sys.stderr.write("deploy.demo.load: it takes baskets=<number>, or nothing for the whole catalogue.\n")
        return 2
    try:
        place = load_settings(Place, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"deploy.demo.load: {error}\n")
        return 2
    with Progress(console=Console(stderr=True)) as progress:
        world = uvloop.run(load(place, progress, int(match[1]) if match[1] else None))
    sys.stdout.write(f"{len(world.stores):,} restaurants, {len(world.products):,} products that can be ordered.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
