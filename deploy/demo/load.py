"""The demo's world: the real catalogue, the stores as restaurants, the people; loaded once, left alone afterwards."""

import asyncio
from typing import NamedTuple

from rich.progress import Progress

from deploy.demo import people, source
from deploy.local import Stack
from proto.streams import ACCOUNTS, CATALOG
from services.accounts.importer import import_accounts
from services.catalog.importer import import_products
from shared.bus import Bus
from shared.database import open_pool
from shared.outbox import WAKE

LEARNT_SECONDS = 120.0
CONSUMERS = ((CATALOG, "orders-prices"), (ACCOUNTS, "orders-restaurants"), (ACCOUNTS, "orders-people"))


class World(NamedTuple):
    """`products`: sku → (id, price in cents, version) of what can be ordered."""

    stores: list[int]
    products: dict[str, tuple[str, int, int]]
    played: set[str]


async def load(stack: Stack, progress: Progress) -> World:
    """Loads what is not there yet, and returns when orders has learnt it. `played` are the baskets of earlier runs."""
    async with Bus(stack.addresses.nats, "demo") as bus:
        await bus.connection()
        stores = await _import_accounts(stack, progress)
        await _import_products(stack, progress)
        await bus.nudge(WAKE)
        await _until_learnt(stack, bus, progress)
    rows = stack.postgres.psql("larder", sql="select sku, id, price_cents, version from catalog.products where active")
    products = {
        sku: (product, int(cents), int(version))
        for sku, product, cents, version in (row.split("|") for row in rows.splitlines())
    }
    played = stack.postgres.psql("larder", sql="select key from orders.idempotency_keys where status = 201")
    return World(stores, products, set(played.split()))


async def _import_accounts(stack: Stack, progress: Progress) -> list[int]:
    task = progress.add_task("restaurants and people", total=None)
    stores = await asyncio.to_thread(source.read_stores)
    restaurants, everybody = people.demo_people(stores)
    async with open_pool(stack.addresses.database("accounts_service"), size=1, name="demo") as pool:
        await import_accounts(pool, restaurants, everybody, people.PASSWORD_HASH)
    total = len(restaurants) + len(everybody)
    progress.update(task, total=total, completed=total)
    return stores


async def _import_products(stack: Stack, progress: Progress) -> None:
    task = progress.add_task("catalogue", total=None)
    products = await asyncio.to_thread(source.read_products)
    progress.update(task, total=len(products))
    async with open_pool(stack.addresses.database("catalog_service"), size=1, name="demo") as pool:
        await import_products(pool, products, lambda done: progress.update(task, completed=done))


async def _until_learnt(stack: Stack, bus: Bus, progress: Progress) -> None:
    """Until the outboxes are empty and orders has applied every event of its teachers. Raises TimeoutError."""
    task = progress.add_task("price book learns", total=None)
    outboxes = " + ".join(
        f"(select count(*) from {context}.outbox where published_at is null)"  # noqa: S608  our own names
        for context in ("accounts", "catalog")
    )
    async with asyncio.timeout(LEARNT_SECONDS):
        while True:
            waiting = int(await asyncio.to_thread(stack.postgres.psql, "larder", sql=f"select {outboxes}"))
            for stream, consumer in CONSUMERS:
                info = await bus.jetstream.consumer_info(stream.name, consumer)
                waiting += (info.num_pending or 0) + (info.num_ack_pending or 0)
            if waiting == 0:
                break
            total = max(waiting, progress.tasks[task].total or 0)
            progress.update(task, total=total, completed=total - waiting)
            await asyncio.sleep(0.1)
    total = progress.tasks[task].total or 1
    progress.update(task, total=total, completed=total)
