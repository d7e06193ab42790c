"""The database of reservations: one typed function a query of stock.sql, beside `store` and by its rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from proto.orders import Shortage
from services.catalog.domain import Product
from services.catalog.stock import Held, Reservation
from shared.database import Connection, load_queries
from shared.outbox import Event

QUERIES = load_queries("catalog", Path(__file__).with_name("stock.sql"))

_encoder = msgspec.json.Encoder()
_held = msgspec.json.Decoder(tuple[Held, ...])
_shortages = msgspec.json.Decoder(tuple[Shortage, ...])


class Known(NamedTuple):
    """The products of some orders that there are, and of these the ones whose pieces are counted. Orders placed before
    `since` take nothing."""

    products: frozenset[UUID]
    counted: frozenset[UUID]
    since: datetime


class Told(NamedTuple):
    """An event, and whose: an order's or a product's."""

    key: UUID
    event: Event


async def list_reservations_for_change(connection: Connection, orders: Sequence[UUID]) -> dict[UUID, Reservation]:
    """By order, locked. An order that nothing is known of has none, and nothing of it is locked."""
    rows = await QUERIES["list_reservations_for_change"].rows(connection, orders)
    return {
        row["order_id"]: Reservation(
            order_id=row["order_id"],
            state=row["state"],
            held=_held.decode(row["held"]),
            shortages=_shortages.decode(row["shortages"]),
        )
        for row in rows
    }


async def list_shelf(connection: Connection, products: Sequence[UUID]) -> Known:
    rows = await QUERIES["list_shelf"].rows(connection, products)
    return Known(
        products=frozenset(row["id"] for row in rows if row["id"] is not None),
        counted=frozenset(row["id"] for row in rows if row["counted"]),
        since=rows[0]["since"],
    )


async def list_pieces_for_change(connection: Connection, products: Sequence[UUID]) -> dict[UUID, Product]:
    """By id, locked; without those whose pieces are not counted any more."""
    rows = await QUERIES["list_pieces_for_change"].rows(connection, products)
    return {row["id"]: Product(**row) for row in rows}


async def store_stock(
    connection: Connection,
    made: Sequence[Reservation],
    ended: Sequence[Reservation],
    products: Mapping[UUID, Product],
    events: Sequence[Told],
    at: datetime,
) -> bool:
    """False when another replica has made one of the reservations meanwhile: then the transaction has to be rolled
    back. `products` as they are afterwards."""
    row = await QUERIES["store_stock"].row(
        connection,
        at,
        *_columns(4, [(one.order_id, one.state, _text(one.held), _text(one.shortages)) for one in made]),
        *_columns(2, [(one.order_id, one.state) for one in ended]),
        *_columns(3, [(one.id, one.stock, one.version) for one in products.values()]),
        *_columns(4, [(told.event.id, told.key, told.event.subject, told.event.payload) for told in events]),
    )
    return row is not None and row["made"] == len(made)


def _text(document: object) -> str:
    return _encoder.encode(document).decode()


def _columns(count: int, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Of no rows, so many empty ones."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
