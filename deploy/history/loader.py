"""Places baskets as orders, as their restaurants would have done at the time: by the service's own pricing, domain,
statement and role, with the clock at the basket's moment. That orders of a restaurant share a transaction is all that
is otherwise.

Invariants: an order carries its basket's id as its key, so none is placed twice, and a load that was broken off goes on
where it was. Events leave through the outbox. Refuses baskets beyond a restaurant's credit.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from deploy.demo.source import Basket
from services.orders import credit_store, domain, pricing, store
from services.orders.commands import Line, PlaceOrder, hash_of
from services.orders.credit import OverLimitError, credit_of
from services.orders.events import WAKE, event_of
from services.orders.store import Key, Origin
from shared.bus import Bus
from shared.database import Connection, Pool, load_queries, transaction
from shared.identity import Identity
from shared.ids import new_id

QUERIES = load_queries("history", Path(__file__).with_name("queries.sql"))

TOGETHER = 100
"""Orders of one restaurant in a transaction."""

AT_ONCE = 3
"""Restaurants."""

_encoder = msgspec.json.Encoder()


class Customer(NamedTuple):
    """A restaurant, and who orders for it."""

    restaurant_id: UUID
    person_id: UUID

    def begin(self) -> str:
        """A transaction as this person."""
        identity = Identity(
            person_id=self.person_id,
            session_id=self.person_id,
            name="",
            role="restaurant",
            restaurant_id=self.restaurant_id,
            issued_at=0,
            expires_at=0,
        )
        return store.begin_as(identity)


class UnknownError(Exception):
    """A store or a product that was not loaded; the text says which."""


async def list_fresh(reader: Connection, baskets: Iterable[Basket]) -> list[Basket]:
    """Those that were not ordered yet. `reader`: a superuser's."""
    played = {row["key"] for row in await QUERIES["list_played"].rows(reader)}
    return [basket for basket in baskets if str(basket.basket_id) not in played]


async def load_history(
    pool: Pool, reader: Connection, bus: Bus, baskets: Sequence[Basket], progress: Callable[[int], None]
) -> None:
    """`pool` is of orders_service, with AT_ONCE connections. `progress` is told how many more are placed. Raises
    UnknownError, OverLimitError."""
    customers, products = await read_world(reader)
    waiting = bundles_of(baskets)[::-1]

    async def work() -> None:
        while waiting:
            bundle = waiting.pop()
            await place_baskets(pool, customers, products, bundle)
            await bus.nudge(WAKE)
            progress(len(bundle))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def read_world(reader: Connection) -> tuple[dict[int, Customer], dict[str, UUID]]:
    """Who orders, by store, and what can be ordered, by sku."""
    customers = await QUERIES["list_customers"].rows(reader)
    products = await QUERIES["list_products"].rows(reader)
    return (
        {row["store"]: Customer(row["restaurant_id"], row["person_id"]) for row in customers},
        {row["sku"]: row["id"] for row in products},
    )


def bundles_of(baskets: Sequence[Basket], together: int = TOGETHER) -> list[list[Basket]]:
    """Of one store each, in the order of their first baskets."""
    of_store: dict[int, list[Basket]] = {}
    for basket in baskets:
        of_store.setdefault(basket.store_id, []).append(basket)
    bundles = [
        bought[place : place + together] for bought in of_store.values() for place in range(0, len(bought), together)
    ]
    return sorted(bundles, key=lambda bundle: bundle[0].at)


async def place_baskets(
    pool: Pool,
    customers: Mapping[int, Customer],
    products: Mapping[str, UUID],
    baskets: Sequence[Basket],
    moment: Callable[[Basket], datetime] = lambda basket: basket.at,
) -> None:
    """Of one store, in one transaction. `moment`: when they are ordered. Raises UnknownError, OverLimitError."""
    customer = customers.get(baskets[0].store_id)
    if customer is None:
        raise UnknownError(f"Store {baskets[0].store_id} is no restaurant. Load them: just demo")
    async with transaction(pool, customer.begin()) as connection:
        wanted = [_wanted(basket, products) for basket in baskets]
        ids = sorted({line.product_id for one in wanted for line in one.items})
        known = await store.get_customer_and_prices(connection, customer.restaurant_id, ids)
        if known is None:
            raise UnknownError(f"Store {baskets[0].store_id} is no restaurant that orders knows.")
        _, restaurant, book = known
        numbers = await QUERIES["take_numbers"].rows(connection, len(baskets))
        rows, total = [], 0
        for basket, one, row in zip(baskets, wanted, numbers, strict=True):
            wishes = [pricing.Wish(product_id=line.product_id, quantity=line.quantity) for line in one.items]
            items = pricing.price_lines(wishes, book)
            at = moment(basket)
            placed = domain.place(new_id(at), row["number"], restaurant, items, one.note, at)
            total += placed.order.total_cents
            origin = Origin(customer.person_id, "restaurant", None, None)
            key = Key(customer.restaurant_id, str(basket.basket_id), hash_of(b"place", one))
            body = _encoder.encode(placed.order)
            rows.append(store.placed_parameters(placed, len(items), event_of(placed, origin), origin, key, body))
        credit = await credit_store.get_credit(connection, customer.restaurant_id)
        if credit is None or credit.available_cents < total:
            raise OverLimitError(credit or credit_of(0, 0, 0), total)
        await connection.executemany(store.QUERIES["insert_order"].sql, rows)


def _wanted(basket: Basket, products: Mapping[str, UUID]) -> PlaceOrder:
    if unknown := [sku for sku, _ in basket.lines if sku not in products]:
        raise UnknownError(f"The products {unknown} cannot be ordered. Load them: just demo")
    return PlaceOrder(items=tuple(Line(products[sku], quantity) for sku, quantity in basket.lines))
