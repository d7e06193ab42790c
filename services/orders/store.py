"""The database of orders: one typed function a query of queries.sql.

Invariants: no SQL stands anywhere else in the service; each function is given a connection whose transaction carries
the caller's identity (`begin_as`). What the policies hide is None here, never an error.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from proto.accounts import Person, Restaurant
from proto.catalog import Product
from proto.envelope import Role
from proto.orders import Location, Status
from services.orders.credit import Credit, Kind, credit_of
from services.orders.domain import Changed, Customer, Driver, Order
from services.orders.pricing import Price
from shared.database import Connection, Row, load_queries
from shared.identity import Identity
from shared.outbox import Event

QUERIES = load_queries("orders", Path(__file__).with_name("queries.sql"))

KEY_IS_UNIQUE = "idempotency_keys_pkey"
"""The constraint that a key used for two requests at once runs into."""

SYSTEM = "begin; set local role system"


class Origin(msgspec.Struct, frozen=True):
    """Where a change came from, for the history and the event."""

    actor_id: UUID | None
    actor_role: Role
    request_id: str | None
    traceparent: str | None


class Key(msgspec.Struct, frozen=True):
    """An idempotency key, unique within `scope`, and the SHA-256 of the request it came with."""

    scope: UUID
    key: str
    request_hash: bytes


class StoredAnswer(msgspec.Struct, frozen=True):
    request_hash: bytes
    status: int
    response: bytes


class Entry(msgspec.Struct, frozen=True):
    """An order in a list: without items and note, with the number of its lines. The lists' queries name the
    columns of `orders.entries` in their order."""

    id: UUID
    number: int
    restaurant_id: UUID
    restaurant_name: str
    zone: int
    driver_id: UUID | None
    driver_name: str | None
    status: Status
    reason: str | None
    version: int
    total_cents: int
    lines: int
    address: str
    location: Location
    stop: int | None
    shortages: msgspec.Raw
    created_at: datetime
    updated_at: datetime


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page."""

    created_at: datetime
    id: UUID


class Stop(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page of a route."""

    stop: int
    id: UUID


NEWEST = Position(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""Above every row: the first page."""

START = Stop(0, UUID(int=0))
"""Before every stop: a route's first page."""


class DriverAtWork(msgspec.Struct, frozen=True):
    """A driver whom an order may be given to. `stops`: the orders that they have ready or out for delivery."""

    id: UUID
    name: str
    zone: int
    on_duty: bool
    stops: int


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    event: str
    status: Status
    driver_id: UUID | None
    driver_name: str | None
    reason: str | None
    stop: int | None
    actor_id: UUID | None
    actor_role: Role
    at: datetime


def begin_as(identity: Identity) -> str:
    """The transaction's first message: BEGIN and who is asking, in one round trip. Every part is a role's name or was
    printed by UUID or int, so it can hold no SQL."""
    begin = f"begin; set local role {identity.role}; set local app.person_id = '{identity.person_id}'"
    if identity.restaurant_id is not None:
        begin += f"; set local app.restaurant_id = '{identity.restaurant_id}'"
    if identity.zone is not None:
        begin += f"; set local app.zone = '{identity.zone}'"
    return begin


async def get_customer_and_prices(
    connection: Connection, restaurant_id: UUID, products: Sequence[UUID]
) -> tuple[int, Customer, dict[UUID, Price]] | None:
    """The next number, the customer and the book's prices by product; None when the restaurant is not known."""
    rows = await QUERIES["get_customer_and_prices"].rows(connection, restaurant_id, products)
    if not rows:
        return None
    first = rows[0]
    customer = Customer(
        id=restaurant_id,
        name=first["restaurant_name"],
        address=first["address"],
        location=Location(first["lat"], first["lon"]),
        zone=first["zone"],
        active=first["restaurant_active"],
    )
    prices = {
        row["product_id"]: Price(
            row["product_id"], row["name"], row["unit"], row["price_cents"], row["active"], row["version"]
        )
        for row in rows
        if row["product_id"] is not None
    }
    return first["number"], customer, prices


async def insert_order(
    connection: Connection, placed: Changed, lines: int, event: Event, origin: Origin, key: Key, response: bytes
) -> tuple[bool, Credit | None]:
    """False when the key was there already: nothing was stored. The account when its limit would be passed: then the
    transaction has to be rolled back."""
    parameters = placed_parameters(placed, lines, event, origin, key, response)
    row = await QUERIES["insert_order"].row(connection, *parameters)
    if row is None:
        return False, None
    return True, None if row["refused"] is None else credit_of(*row["refused"])


def placed_parameters(
    placed: Changed, lines: int, event: Event, origin: Origin, key: Key, response: bytes
) -> tuple[object, ...]:
    """What the query `insert_order` takes."""
    order = placed.order
    return (
        *(key.scope, key.key, key.request_hash, order.id, response, order.created_at),
        *(order.number, order.restaurant_name, order.zone, order.total_cents, lines, bytes(order.items).decode()),
        *(order.note, order.address, order.location.lat, order.location.lon),
        *(event.id, origin.actor_id, origin.actor_role, origin.request_id, origin.traceparent),
        *(event.subject, event.payload),
    )


async def get_stored_answer(connection: Connection, scope: UUID, key: str) -> StoredAnswer | None:
    row = await QUERIES["get_stored_answer"].row(connection, scope, key)
    return None if row is None else StoredAnswer(row["request_hash"], row["status"], row["response"])


async def get_order(connection: Connection, order_id: UUID) -> Order | None:
    row = await QUERIES["get_order"].row(connection, order_id)
    return None if row is None else order_of(row)


async def get_order_for_change(
    connection: Connection, order_id: UUID, driver_id: UUID | None
) -> tuple[Order, int | None] | None:
    """The order, locked, and the next stop on the driver's route, which is locked too; None when they are off duty, or
    when no driver is to get the order."""
    if driver_id is None:
        row = await QUERIES["get_order_for_change"].row(connection, order_id)
        return None if row is None else (order_of(row), None)
    row = await QUERIES["get_order_and_route_for_change"].row(connection, order_id, driver_id)
    return None if row is None else (order_of(row), row["next_stop"])


async def offer_is_taken(connection: Connection, order_id: UUID) -> bool:
    row = await QUERIES["offer_is_taken"].row(connection, order_id)
    return row is not None and bool(row["taken"])


async def get_driver(connection: Connection, driver_id: UUID) -> Driver | None:
    row = await QUERIES["get_driver"].row(connection, driver_id)
    return None if row is None else Driver(row["id"], row["name"], row["active"])


async def list_drivers(connection: Connection, zone: int, above: UUID, limit: int) -> list[DriverAtWork]:
    """By id. Those of the zone who are active."""
    rows = await QUERIES["list_drivers"].rows(connection, zone, above, limit)
    return [DriverAtWork(**dict(row)) for row in rows]


async def update_order(
    connection: Connection,
    changed: Changed,
    event: Event,
    origin: Origin,
    reason: str | None,
    key: Key | None,
    response: bytes,
    postings: Sequence[Kind],
) -> None:
    """`reason` is the step's, for the history; `postings` settle the account. The order is locked at the version
    before, so there is one row; anything else raises."""
    order = changed.order
    (_,) = await QUERIES["update_order"].rows(
        connection,
        *(order.id, order.status, order.driver_id, order.driver_name, order.reason, order.version, order.stop),
        *(order.updated_at, event.id, changed.event, reason),
        *(origin.actor_id, origin.actor_role, origin.request_id, origin.traceparent),
        *(event.subject, event.payload),
        *((key.scope, key.key, key.request_hash, response) if key is not None else (None, None, None, None)),
        postings,
    )


async def list_orders(
    connection: Connection, below: Position, limit: int, status: Status | None, *, active: bool
) -> list[Entry]:
    """`active`: those under way, with no status."""
    queries = ("list_orders", "list_orders_with_status", "list_active_orders")
    query, more = _filtered(queries, status, active=active)
    return await _entries(query, connection, below.created_at, below.id, limit, *more)


async def list_orders_of_restaurants(
    connection: Connection,
    below: Position,
    limit: int,
    status: Status | None,
    restaurants: Sequence[UUID],
    *,
    active: bool,
) -> list[Entry]:
    queries = (
        "list_orders_of_restaurants",
        "list_orders_of_restaurants_with_status",
        "list_active_orders_of_restaurants",
    )
    query, more = _filtered(queries, status, active=active)
    return await _entries(query, connection, below.created_at, below.id, limit, restaurants, *more)


async def find_order_by_number(connection: Connection, number: int) -> list[Entry]:
    return await _entries("find_order_by_number", connection, number)


async def list_restaurants_named(connection: Connection, part: str) -> list[UUID]:
    return [row["id"] for row in await QUERIES["list_restaurants_named"].rows(connection, part)]


async def list_deliveries(
    connection: Connection, below: Position, limit: int, status: Status | None, driver_id: UUID, *, active: bool
) -> list[Entry]:
    queries = ("list_deliveries", "list_deliveries_with_status", "list_active_deliveries")
    query, more = _filtered(queries, status, active=active)
    return await _entries(query, connection, below.created_at, below.id, limit, driver_id, *more)


async def list_offers(connection: Connection, below: Position, limit: int, zone: int) -> list[Entry]:
    return await _entries("list_offers", connection, below.created_at, below.id, limit, zone)


async def list_route(connection: Connection, driver_id: UUID, above: Stop, limit: int) -> list[Entry]:
    return await _entries("list_route", connection, driver_id, above.stop, above.id, limit)


async def lock_route(connection: Connection, driver_id: UUID) -> None:
    """Nobody gets an order into the driver's route until the end of the transaction. Before any order's lock."""
    await QUERIES["lock_route"].execute(connection, driver_id)


async def get_route_for_change(connection: Connection, driver_id: UUID) -> list[Order]:
    """The orders that the driver has under way, locked."""
    return [order_of(row) for row in await QUERIES["get_route_for_change"].rows(connection, driver_id)]


async def get_duty(connection: Connection, driver_id: UUID) -> bool:
    """Whether the driver is on duty."""
    (row,) = await QUERIES["get_duty"].rows(connection, driver_id)
    return bool(row["on_duty"])


async def upsert_duty(connection: Connection, driver_id: UUID, on_duty: bool, at: datetime) -> None:
    await QUERIES["upsert_duty"].execute(connection, driver_id, on_duty, at)


async def list_history(connection: Connection, order_id: UUID, above: int, limit: int) -> list[HistoryEntry]:
    rows = await QUERIES["list_history"].rows(connection, order_id, above, limit)
    return [HistoryEntry(**dict(row)) for row in rows]


async def upsert_restaurants(connection: Connection, restaurants: Sequence[Restaurant]) -> None:
    """At most one of each id."""
    rows = [
        (
            *(one.id, one.name, one.address, one.location.lat, one.location.lon),
            *(one.zone, one.credit_limit_cents, one.active, one.version),
        )
        for one in restaurants
    ]
    await QUERIES["upsert_restaurants"].execute(connection, *columns(rows))


async def upsert_drivers(connection: Connection, people: Sequence[Person]) -> None:
    """At most one of each id. Who is no driver any more is kept, inactive: an order may still name them."""
    rows = [(one.id, one.name, one.zone, one.active and one.role == "driver", one.version) for one in people]
    await QUERIES["upsert_drivers"].execute(connection, *columns(rows))


async def upsert_prices(connection: Connection, products: Sequence[Product]) -> None:
    """At most one of each id."""
    rows = [(one.id, one.name, one.unit, one.price_cents, one.active, one.version) for one in products]
    await QUERIES["upsert_prices"].execute(connection, *columns(rows))


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _filtered(queries: tuple[str, str, str], status: Status | None, *, active: bool) -> tuple[str, tuple[object, ...]]:
    """Of the list's queries (all, in one state, under way) the one that is wanted, and what it takes besides."""
    everything, with_status, under_way = queries
    if active:
        return under_way, ()
    return (everything, ()) if status is None else (with_status, (status,))


# restaurant_name, driver_name, address, reason, shortages: orders.texts_of
_texts: msgspec.json.Decoder[tuple[str, str | None, str, str | None, msgspec.Raw]] = msgspec.json.Decoder(
    tuple[str, str | None, str, str | None, msgspec.Raw]
)


async def _entries(query: str, connection: Connection, *parameters: object) -> list[Entry]:
    return [_entry_of(row) for row in await QUERIES[query].rows(connection, *parameters)]


def _entry_of(row: Row) -> Entry:
    """By place and not by name: a page is built in half the time."""
    order_id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, *rest = row.values()
    lat, lon, stop, created_at, updated_at, texts = rest
    restaurant_name, driver_name, address, reason, shortages = _texts.decode(texts)
    return Entry(
        order_id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version,
        total_cents, lines, address, Location(lat, lon), stop, shortages, created_at, updated_at,
    )  # fmt: skip


def order_of(row: Row) -> Order:
    """A whole order from any query that names its columns."""
    return Order(
        id=row["id"],
        number=row["number"],
        restaurant_id=row["restaurant_id"],
        restaurant_name=row["restaurant_name"],
        zone=row["zone"],
        driver_id=row["driver_id"],
        driver_name=row["driver_name"],
        status=row["status"],
        reason=row["reason"],
        version=row["version"],
        total_cents=row["total_cents"],
        items=msgspec.Raw(row["items"].encode()),
        note=row["note"],
        address=row["address"],
        location=Location(row["lat"], row["lon"]),
        stop=row["stop"],
        shortages=msgspec.Raw(row["shortages"].encode()),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
