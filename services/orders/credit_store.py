"""The database of credit accounts: one typed function a query, beside `store` and by its rules."""

from datetime import datetime
from uuid import UUID

import msgspec

from proto.envelope import Role
from services.orders.credit import SIDES, Account, Credit, Kind, credit_of
from services.orders.domain import Order
from services.orders.store import QUERIES, Key, order_of
from shared.database import Connection, Row


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a restaurant's ledger. `number` counts them from 1 without a gap; `held_cents` and `owed_cents` are
    what the account came to with it."""

    number: int
    kind: Kind
    debit: Account
    credit: Account
    amount_cents: int
    held_cents: int
    owed_cents: int
    order_id: UUID | None
    order_number: int | None
    reference: str | None
    actor_id: UUID | None
    actor_role: Role
    at: datetime


async def get_credit(connection: Connection, restaurant_id: UUID) -> Credit | None:
    """None for a restaurant nobody knows."""
    row = await QUERIES["get_credit"].row(connection, restaurant_id)
    return None if row is None else credit_of(row["limit_cents"], row["held_cents"], row["owed_cents"])


async def open_credit(connection: Connection, restaurant_id: UUID) -> None:
    """Locks the account until the end of the transaction, where the restaurant is known."""
    await QUERIES["open_credit"].execute(connection, restaurant_id)


async def record_payment(
    connection: Connection,
    restaurant_id: UUID,
    amount_cents: int,
    reference: str | None,
    request_id: str,
    at: datetime,
) -> LedgerEntry:
    """The account is open and locked."""
    (posted,) = await QUERIES["record_payment"].rows(connection, restaurant_id, amount_cents, reference, request_id, at)
    (entry,) = await list_entries(connection, restaurant_id, posted["number"] + 1, 1)
    return entry


async def insert_payment_key(connection: Connection, key: Key, response: bytes, at: datetime) -> bool:
    """False when the key was taken for something else meanwhile."""
    row = await QUERIES["insert_payment_key"].row(connection, key.scope, key.key, key.request_hash, response, at)
    return row is not None


async def list_entries(connection: Connection, restaurant_id: UUID, below: int, limit: int) -> list[LedgerEntry]:
    rows = await QUERIES["list_entries"].rows(connection, restaurant_id, below, limit)
    return [_ledger_entry(row) for row in rows]


async def get_charged_order(connection: Connection, order_id: UUID) -> tuple[Order, datetime] | None:
    """The order and when it was charged; None before that."""
    row = await QUERIES["get_charged_order"].row(connection, order_id)
    return None if row is None else (order_of(row), row["charged_at"])


def _ledger_entry(row: Row) -> LedgerEntry:
    kind: Kind = row["kind"]
    return LedgerEntry(**dict(row), debit=SIDES[kind].debit, credit=SIDES[kind].credit)
