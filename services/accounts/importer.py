"""Loads restaurants and people in one transaction, with their events.

Invariant: all or nothing. Restaurants are known by their number and people by their address: who is there already is
left as they are, so a second run changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from proto.orders import Location
from services.accounts import events, store
from services.accounts.domain import Person, PersonRole, Restaurant, check_belonging
from services.accounts.store import QUERIES
from shared.database import Pool, transaction
from shared.ids import new_id
from shared.plumbing import utc_now


class ImportedRestaurant(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    name: str
    address: str
    location: Location
    zone: int
    credit_limit_cents: int


class ImportedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """`restaurant_number` names the restaurant, which may be in the same import."""

    email: str
    name: str
    role: PersonRole
    restaurant_number: int | None = None
    zone: int | None = None


class Counts(msgspec.Struct, frozen=True):
    """How many were made; the others were there."""

    restaurants: int
    people: int


async def import_accounts(
    pool: Pool,
    restaurants: Sequence[ImportedRestaurant],
    people: Sequence[ImportedPerson],
    password_hash: str,
    now: Callable[[], datetime] = utc_now,
) -> Counts:
    """Everybody new gets the password behind `password_hash` (Argon2id). Nudge the relay afterwards. Raises
    BelongingError, also for a restaurant's number that is nowhere."""
    at = now()
    origin = events.Origin(events.SYSTEM, None, None, at)
    async with transaction(pool) as connection:
        new_restaurants = [
            Restaurant(
                id=new_id(),
                number=one.number,
                name=one.name,
                address=one.address,
                location=one.location,
                zone=one.zone,
                credit_limit_cents=one.credit_limit_cents,
                active=True,
                version=1,
                created_at=at,
            )
            for one in restaurants
        ]
        rows = [
            (
                *(one.id, one.number, one.name, one.address, one.location.lat, one.location.lon),
                *(one.zone, one.credit_limit_cents),
            )
            for one in new_restaurants
        ]
        made = await QUERIES["import_restaurants"].rows(connection, *_columns(rows, 8), at)
        made_restaurants = {row["id"] for row in made}
        numbers = [one.restaurant_number for one in people if one.restaurant_number is not None]
        ids = {row["number"]: row["id"] for row in await QUERIES["list_restaurant_numbers"].rows(connection, numbers)}
        new_people = [
            Person(
                id=new_id(),
                email=one.email.lower(),
                name=one.name,
                role=one.role,
                restaurant_id=None if one.restaurant_number is None else ids.get(one.restaurant_number),
                zone=one.zone,
                active=True,
                tokens_valid_from=at,
                version=1,
                created_at=at,
            )
            for one in people
        ]
        for person in new_people:
            check_belonging(person.role, person.restaurant_id, person.zone)
        people_rows = [(one.id, one.email, one.name, one.role, one.restaurant_id, one.zone) for one in new_people]
        made = await QUERIES["import_people"].rows(connection, *_columns(people_rows, 6), password_hash, at)
        made_people = {row["id"] for row in made}
        await store.insert_events(
            connection,
            [events.restaurant_changed(one, origin) for one in new_restaurants if one.id in made_restaurants]
            + [events.person_changed(one, origin) for one in new_people if one.id in made_people],
        )
    return Counts(len(made_restaurants), len(made_people))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(width)]
