"""What analytics learns from others: of orders what they count, and the names of products, restaurants and drivers.

Invariants: a name only moves forward in its owner's versions, so events may come late, twice or again from the start.
How orders are counted is said in `folding` and `projector`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from proto import streams
from proto.accounts import PersonEvent, RestaurantEvent
from proto.catalog import ProductEvent
from services.analytics.projection.projector import Projector
from services.analytics.projection.store import LIVE, Tables
from shared.bus import Bus, Received, follow
from shared.database import Pool, transaction
from shared.tasks import supervised

Item = TypeVar("Item", bound=Any)


@asynccontextmanager
async def learning(pool: Pool, bus: Bus, projector: Projector) -> AsyncIterator[None]:
    """During the block. Replicas share the names; one of them counts the orders."""
    tables = Tables(LIVE)

    async def products(batch: Sequence[Received[ProductEvent]]) -> None:
        async with transaction(pool) as connection:
            await tables.upsert_products(connection, _latest([received.event.product for received in batch]))

    async def restaurants(batch: Sequence[Received[RestaurantEvent]]) -> None:
        async with transaction(pool) as connection:
            await tables.upsert_restaurants(connection, _latest([received.event.restaurant for received in batch]))

    async def people(batch: Sequence[Received[PersonEvent]]) -> None:
        async with transaction(pool) as connection:
            await tables.upsert_drivers(connection, _latest([received.event.person for received in batch]))

    async with AsyncExitStack() as stack:
        for work, name in (
            (follow(bus, streams.CATALOG, ProductEvent, products, durable="analytics-products"), "products"),
            (
                follow(
                    bus,
                    streams.ACCOUNTS,
                    RestaurantEvent,
                    restaurants,
                    durable="analytics-restaurants",
                    subjects=[streams.RESTAURANTS],
                ),
                "restaurants",
            ),
            (
                follow(
                    bus, streams.ACCOUNTS, PersonEvent, people, durable="analytics-people", subjects=[streams.PEOPLE]
                ),
                "people",
            ),
            (projector.run(), "projector"),
        ):
            await stack.enter_async_context(supervised(work, name))
        yield


def _latest(states: Sequence[Item]) -> list[Item]:
    """One of each id, of the highest version: a statement may touch a row once. In the order of the ids, so that two
    replicas never wait for each other's rows crosswise."""
    latest: dict[Any, Item] = {}
    for state in states:
        if state.id not in latest or latest[state.id].version < state.version:
            latest[state.id] = state
    return [latest[identifier] for identifier in sorted(latest)]
