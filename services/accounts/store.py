"""The database of accounts: one typed function a query of queries.sql."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from proto.orders import Location
from services.accounts.domain import Person, PersonRole, Restaurant
from services.accounts.events import Event, columns
from shared.database import Connection, Row, load_queries

QUERIES = load_queries("accounts", Path(__file__).with_name("queries.sql"))

LAST_ID = UUID(int=2**128 - 1)


class Credentials(msgspec.Struct, frozen=True):
    person: Person
    password_hash: str


class LivingSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session and what its tokens say of the person, whose tokens count from `tokens_valid_from`."""

    session_id: UUID
    expires_at: datetime
    tokens_valid_from: datetime
    person_id: UUID
    name: str
    role: PersonRole
    restaurant_id: UUID | None
    zone: int | None


class PresentSession(msgspec.Struct, frozen=True, kw_only=True):
    """A living session, and its person as they are at `person_version`."""

    expires_at: datetime
    person_version: int
    person_id: UUID
    name: str
    role: PersonRole
    restaurant_id: UUID | None
    zone: int | None


async def get_credentials(connection: Connection, email: str) -> Credentials | None:
    row = await QUERIES["get_credentials"].row(connection, email)
    return None if row is None else Credentials(_person(row), row["password_hash"])


async def get_credentials_by_id(connection: Connection, person_id: UUID) -> Credentials | None:
    """Locked until the transaction's end."""
    row = await QUERIES["get_credentials_by_id"].row(connection, person_id)
    return None if row is None else Credentials(_person(row), row["password_hash"])


async def get_person(connection: Connection, person_id: UUID) -> Person | None:
    row = await QUERIES["get_person"].row(connection, person_id)
    return None if row is None else _person(row)


async def list_people(
    connection: Connection, below: UUID, limit: int, role: PersonRole | None, part: str | None
) -> list[Person]:
    """`part` is of an ILIKE pattern, escaped by the caller."""
    if part is not None:
        rows = await QUERIES["list_people_named"].rows(connection, below, limit, part, role)
        return [_person(row) for row in rows]
    if role is None:
        return [_person(row) for row in await QUERIES["list_people"].rows(connection, below, limit)]
    return [_person(row) for row in await QUERIES["list_people_with_role"].rows(connection, below, limit, role)]


async def insert_person(connection: Connection, person: Person, password_hash: str) -> bool:
    """False when the address is taken."""
    row = await QUERIES["insert_person"].row(
        connection,
        *(person.id, person.email, person.name, person.role, person.restaurant_id, person.zone),
        *(password_hash, person.active, person.created_at),
    )
    return row is not None


async def update_person(connection: Connection, person: Person, at: datetime) -> None:
    await QUERIES["update_person"].execute(
        connection,
        *(person.id, person.name, person.role, person.restaurant_id, person.zone, person.active),
        *(person.tokens_valid_from, person.version, at),
    )


async def update_password(connection: Connection, person: Person, password_hash: str, at: datetime) -> None:
    await QUERIES["update_password"].execute(
        connection, person.id, password_hash, person.tokens_valid_from, person.version, at
    )


async def update_hash(connection: Connection, person_id: UUID, password_hash: str) -> None:
    await QUERIES["update_hash"].execute(connection, person_id, password_hash)


async def lock_active_admins(connection: Connection) -> list[UUID]:
    return [row["id"] for row in await QUERIES["lock_active_admins"].rows(connection)]


async def get_restaurant(connection: Connection, restaurant_id: UUID) -> Restaurant | None:
    row = await QUERIES["get_restaurant"].row(connection, restaurant_id)
    return None if row is None else _restaurant(row)


async def get_restaurant_for_change(connection: Connection, restaurant_id: UUID) -> Restaurant | None:
    row = await QUERIES["get_restaurant_for_change"].row(connection, restaurant_id)
    return None if row is None else _restaurant(row)


async def list_restaurants(connection: Connection, above: int, limit: int, part: str | None) -> list[Restaurant]:
    if part is None:
        return [_restaurant(row) for row in await QUERIES["list_restaurants"].rows(connection, above, limit)]
    rows = await QUERIES["list_restaurants_named"].rows(connection, above, limit, part)
    return [_restaurant(row) for row in rows]


async def insert_restaurant(connection: Connection, restaurant: Restaurant) -> bool:
    """False when the number is taken."""
    row = await QUERIES["insert_restaurant"].row(
        connection,
        *(restaurant.id, restaurant.number, restaurant.name, restaurant.address),
        *(restaurant.location.lat, restaurant.location.lon, restaurant.zone),
        *(restaurant.credit_limit_cents, restaurant.active, restaurant.created_at),
    )
    return row is not None


async def update_restaurant(connection: Connection, restaurant: Restaurant, at: datetime) -> None:
    await QUERIES["update_restaurant"].execute(
        connection,
        *(restaurant.id, restaurant.name, restaurant.address, restaurant.location.lat, restaurant.location.lon),
        *(restaurant.zone, restaurant.credit_limit_cents, restaurant.active, restaurant.version, at),
    )


async def insert_session(
    connection: Connection, session_id: UUID, person_id: UUID, secret_hash: bytes, at: datetime, expires_at: datetime
) -> None:
    await QUERIES["insert_session"].execute(connection, session_id, person_id, secret_hash, at, expires_at)


async def get_session(connection: Connection, session_id: UUID, now: datetime) -> LivingSession | None:
    row = await QUERIES["get_session"].row(connection, session_id, now)
    return None if row is None else _session(row)


async def get_present_session(
    connection: Connection, person_id: UUID, session_id: UUID, now: datetime
) -> PresentSession | None:
    row = await QUERIES["get_present_session"].row(connection, session_id, now, person_id)
    return None if row is None else PresentSession(**row)


async def list_living_sessions(
    connection: Connection, people: Sequence[UUID], now: datetime
) -> list[tuple[UUID, UUID]]:
    """(session, person) of these people."""
    rows = await QUERIES["list_living_sessions"].rows(connection, people, now)
    return [(row["id"], row["person_id"]) for row in rows]


async def get_session_by_secret(connection: Connection, secret_hash: bytes, now: datetime) -> LivingSession | None:
    row = await QUERIES["get_session_by_secret"].row(connection, secret_hash, now)
    return None if row is None else _session(row)


async def revoke_session(connection: Connection, session_id: UUID, at: datetime) -> UUID | None:
    """Whose it was; None when it had ended before."""
    row = await QUERIES["revoke_session"].row(connection, session_id, at)
    return None if row is None else row["person_id"]


async def revoke_sessions(connection: Connection, person_id: UUID, at: datetime, spared: UUID | None) -> list[UUID]:
    """The ids of those that were alive."""
    return [row["id"] for row in await QUERIES["revoke_sessions"].rows(connection, person_id, at, spared)]


async def forget_sessions(connection: Connection, ended_before: datetime) -> None:
    await QUERIES["forget_sessions"].execute(connection, ended_before)


async def insert_events(connection: Connection, events: Sequence[Event]) -> None:
    if events:
        await QUERIES["insert_events"].execute(connection, *columns(events))


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        restaurant_id=row["restaurant_id"],
        zone=row["zone"],
        active=row["active"],
        tokens_valid_from=row["tokens_valid_from"],
        version=row["version"],
        created_at=row["created_at"],
    )


def _restaurant(row: Row) -> Restaurant:
    return Restaurant(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        address=row["address"],
        location=Location(row["lat"], row["lon"]),
        zone=row["zone"],
        credit_limit_cents=row["credit_limit_cents"],
        active=row["active"],
        version=row["version"],
        created_at=row["created_at"],
    )


def _session(row: Row) -> LivingSession:
    return LivingSession(
        session_id=row["session_id"],
        expires_at=row["expires_at"],
        tokens_valid_from=row["tokens_valid_from"],
        person_id=row["id"],
        name=row["name"],
        role=row["role"],
        restaurant_id=row["restaurant_id"],
        zone=row["zone"],
    )
