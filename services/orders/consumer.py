"""What orders learns from others: prices from CATALOG, restaurants and drivers from ACCOUNTS, and from STOCK whether an
order's pieces are held.

Invariants: a copy only moves forward in its owner's versions, so events may come late, twice or again from the start.
An answer moves a pending order or nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import structlog
from prometheus_client import Gauge, Histogram

from proto import streams
from proto.accounts import PersonEvent, RestaurantEvent
from proto.catalog import Product, ProductEvent
from proto.stock import StockEvent
from services.orders import stock_commands, stock_store, store
from services.orders.commands import Orders
from shared.bus import Received, follow
from shared.database import Pool, transaction
from shared.tasks import supervised

Item = TypeVar("Item", bound=Any)

STOCK_DURABLE = "orders-stock"

ANSWER_WAIT_SECONDS = 6.0
"""What a crashed process held of the stock's answers comes again so soon: people wait for it. A statement has 5 s."""

REST_SECONDS = 0.05
"""At most, after a batch: the answers that come meanwhile share the next one's transaction.
An order that comes alone waits for nothing."""

WATCH_SECONDS = 5.0

BOOK_AGE_SECONDS = Histogram(
    "larder_price_book_age_seconds",
    "From a change in the catalogue until the price book has it",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PENDING_SECONDS = Gauge("larder_orders_pending_seconds", "How long the oldest order has waited for the stock's answer")

_log = structlog.get_logger("consumer")


@asynccontextmanager
async def learning(orders: Orders) -> AsyncIterator[None]:
    """Keeps the copies up to date and moves the orders that the stock answers, during the block. Replicas share the
    work."""
    bus, pool = orders.bus, orders.pool

    async def prices(batch: Sequence[Received[ProductEvent]]) -> None:
        await learn_prices(pool, [received.event.product for received in batch])
        known = orders.now()
        for received in batch:
            BOOK_AGE_SECONDS.observe(max(0.0, (known - received.event.occurred_at).total_seconds()))

    async def restaurants(batch: Sequence[Received[RestaurantEvent]]) -> None:
        async with transaction(pool) as connection:
            await store.upsert_restaurants(connection, _latest([received.event.restaurant for received in batch]))

    async def people(batch: Sequence[Received[PersonEvent]]) -> None:
        async with transaction(pool) as connection:
            await store.upsert_drivers(connection, _latest([received.event.person for received in batch]))

    async def answers(batch: Sequence[Received[StockEvent]]) -> None:
        await stock_commands.answer_orders(orders, [received.event for received in batch])

    async with AsyncExitStack() as stack:
        for work, name in (
            (follow(bus, streams.CATALOG, ProductEvent, prices, durable="orders-prices"), "prices"),
            (
                follow(
                    bus,
                    streams.ACCOUNTS,
                    RestaurantEvent,
                    restaurants,
                    durable="orders-restaurants",
                    subjects=[streams.RESTAURANTS],
                ),
                "restaurants",
            ),
            (
                follow(bus, streams.ACCOUNTS, PersonEvent, people, durable="orders-people", subjects=[streams.PEOPLE]),
                "people",
            ),
            (
                follow(
                    bus,
                    streams.STOCK,
                    StockEvent,
                    answers,
                    durable=STOCK_DURABLE,
                    ack_wait_seconds=ANSWER_WAIT_SECONDS,
                    rest_seconds=REST_SECONDS,
                ),
                "stock",
            ),
            (_watch(orders), "pending orders"),
        ):
            await stack.enter_async_context(supervised(work, name))
        yield


async def _watch(orders: Orders) -> None:
    """Tells how long orders wait, until cancelled."""
    while True:
        try:
            async with transaction(orders.pool, store.SYSTEM) as connection:
                PENDING_SECONDS.set(await stock_store.get_pending(connection, orders.now()))
        except Exception as error:  # noqa: BLE001  it outlives whatever the database has
            await _log.awarning("pending orders not seen", error=repr(error))
        await asyncio.sleep(WATCH_SECONDS)


async def learn_prices(pool: Pool, products: Sequence[Product]) -> None:
    """Takes into the book what is newer than it has."""
    async with transaction(pool) as connection:
        await store.upsert_prices(connection, _latest(products))


def _latest(states: Sequence[Item]) -> list[Item]:
    """One of each id, of the highest version: a statement may touch a row once. In the order of the ids, so that two
    replicas never wait for each other's rows crosswise."""
    latest: dict[Any, Item] = {}
    for state in states:
        if state.id not in latest or latest[state.id].version < state.version:
            latest[state.id] = state
    return [latest[identifier] for identifier in sorted(latest)]
