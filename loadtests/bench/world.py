"""What the benchmark's stack holds: the demo's restaurants and catalogue, and some ten thousands of orders.

The data is written straight into the tables of orders, as its learned copies and its history would be, and of the
catalogue, so that it is there in seconds. No stock is counted. Ids are numbers in the form of a UUID (restaurant 7 is
00000000-…-000000000007), so that pgbench, which can draw numbers and nothing else, can name any of them.

Invariant: loading happens once a stack; afterwards the tables are vacuumed and analysed.
"""

import random
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from deploy.demo import people, source
from deploy.local import Stack
from proto.orders import Item
from shared.identity import TOKEN_LIFE, Identity, TokenSigner
from shared.ids import new_id

ORDERS = 50_000
LINES = 10
"""Of each order: what the source's baskets have on average."""

PERSON = 1_000_000
"""Added to a restaurant's number: its person."""


def id_of(number: int) -> UUID:
    """The number's decimal digits: what lpad makes of them in `pgbench.py`."""
    return UUID(f"{number:032d}")


class Product(NamedTuple):
    number: int
    name: str
    unit: str
    price_cents: int

    @property
    def id(self) -> UUID:
        return id_of(self.number)


class World:
    """`restaurants` and products are numbered from 1, without a gap."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._signer = TokenSigner(stack.addresses.credentials.token_private_key)
        self.restaurants = len(source.read_stores())

    @cached_property
    def products(self) -> list[Product]:
        """Everything that can be ordered."""
        active = (product for product in source.read_products() if product.active)
        return [
            Product(number, product.name, product.unit, product.price_cents) for number, product in enumerate(active, 1)
        ]

    def identity(self, restaurant: int) -> Identity:
        now = datetime.now(UTC).timestamp()
        return Identity(
            person_id=id_of(PERSON + restaurant),
            session_id=new_id(),
            name=f"Person {restaurant}",
            role="restaurant",
            restaurant_id=id_of(restaurant),
            issued_at=now,
            expires_at=now + TOKEN_LIFE.total_seconds(),
        )

    def token(self, restaurant: int) -> str:
        """Good for 15 minutes from now."""
        return self.sign(self.identity(restaurant))

    def sign(self, somebody: Identity) -> str:
        """The token that speaks for them."""
        return self._signer.sign(somebody)

    def basket(self, chance: random.Random) -> list[Product]:
        """LINES different products."""
        return chance.sample(self.products, LINES)

    async def load(self) -> None:
        """Fills the tables of a stack that has none of this yet."""
        connection = await asyncpg.connect(self._stack.addresses.database("postgres"))
        try:
            if not await connection.fetchval("select exists (select from orders.price_book)"):
                async with connection.transaction():
                    await self._load_copies(connection)
                    await self._load_catalogue(connection)
                    await _seed_orders(connection, self)
            await connection.execute("vacuum (analyze)")
            await connection.execute("checkpoint")
        finally:
            await connection.close()

    async def _load_copies(self, connection: asyncpg.Connection) -> None:
        restaurants, _ = people.demo_people(source.read_stores())
        await connection.copy_records_to_table(
            "restaurants",
            schema_name="orders",
            columns=("id", "name", "address", "lat", "lon", "zone", "credit_limit_cents", "active", "version"),
            records=[
                (
                    *(id_of(number), one.name, one.address, one.location.lat, one.location.lon),
                    *(one.zone, 10**15, True, 1),
                )
                for number, one in enumerate(restaurants, 1)
            ],
        )
        await connection.copy_records_to_table(
            "price_book",
            schema_name="orders",
            columns=("product_id", "name", "unit", "price_cents", "active", "version"),
            records=[(one.id, one.name, one.unit, one.price_cents, True, 1) for one in self.products],
        )

    async def _load_catalogue(self, connection: asyncpg.Connection) -> None:
        """Without the triggers that count categories and learn words: it is not searched here."""
        now = datetime.now(UTC)
        await connection.execute("set local session_replication_role = replica")
        await connection.copy_records_to_table(
            "products",
            schema_name="catalog",
            columns=(
                *("id", "sku", "name", "category", "unit", "price_cents", "active", "version"),
                *("created_at", "updated_at"),
            ),
            records=[
                (one.id, str(one.number), one.name, "BENCH", one.unit, one.price_cents, True, 1, now, now)
                for one in self.products
            ],
        )
        await connection.execute("set local session_replication_role = origin")


async def _seed_orders(connection: asyncpg.Connection, world: World) -> None:
    """ORDERS delivered orders of a year, each with its history."""
    chance = random.Random(3)  # noqa: S311  the same orders each time
    baskets = [world.basket(chance) for _ in range(1000)]
    rows = [
        (
            msgspec.json.encode(
                [Item(one.id, one.name, one.unit, chance.randint(1, 9), one.price_cents) for one in basket]
            ).decode(),
            sum(one.price_cents for one in basket),
        )
        for basket in baskets
    ]
    await connection.execute("create temporary table baskets (number serial primary key, items text, total bigint)")
    await connection.executemany("insert into baskets (items, total) values ($1, $2)", rows)
    await connection.execute(SEED, ORDERS, world.restaurants, len(rows), LINES)
    await connection.execute(SEED_HISTORY)


# Spread over the restaurants by chance, over a year by number: the newest have the highest ids, as UUIDv7 would.
SEED = """
insert into orders.orders (
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, version, total_cents, lines,
    items, note, address, lat, lon, stop, created_at, updated_at
)
select
    lpad((2000000 + place)::text, 32, '0')::uuid, nextval('orders.order_number'), customer.id, customer.name,
    customer.zone, lpad((3000000 + place % 60)::text, 32, '0')::uuid, 'Driver ' || place % 60, 'delivered', 6,
    basket.total, $4, basket.items::json, null, customer.address, customer.lat, customer.lon, place % 12, at, at
from (
    select
        place, now() - interval '1 year' + place * (interval '1 year' / ($1 + 1)) as at,
        (1 + floor(random() * $2))::integer as restaurant, 1 + place % $3 as basket_number
    from generate_series(1, $1::integer) as place
) as placed
join orders.restaurants as customer on customer.id = lpad(placed.restaurant::text, 32, '0')::uuid
join baskets as basket on basket.number = placed.basket_number
order by place
"""

SEED_HISTORY = """
insert into orders.order_history (order_id, version, event_id, event, status, actor_role, at)
select id, step, gen_random_uuid(), 'OrderSeeded', 'delivered', 'system', created_at
from orders.orders, generate_series(1, 6) as step
order by created_at, step
"""
