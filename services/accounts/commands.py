"""What admins do to people and restaurants, one transaction each, with the events that tell of it."""

from uuid import UUID

from proto.orders import Location
from services.accounts import domain, events, passwords, store
from services.accounts.domain import (
    LastAdminError,
    NewPerson,
    NewRestaurant,
    Person,
    PersonChanges,
    Restaurant,
    RestaurantChanges,
)
from services.accounts.events import WAKE, Origin
from services.accounts.sessions import Accounts, end_sessions
from shared.database import Connection, transaction
from shared.http.problems import FieldError, Problem, invalid_field, not_found
from shared.ids import new_id


async def create_person(accounts: Accounts, wanted: NewPerson, origin: Origin) -> Person:
    """Raises BelongingError, Problem 400 for a restaurant that is not there, 409 for an address that is taken."""
    domain.check_belonging(wanted.role, wanted.restaurant_id, wanted.zone)
    person = Person(
        id=new_id(),
        email=wanted.email.lower(),
        name=wanted.name,
        role=wanted.role,
        restaurant_id=wanted.restaurant_id,
        zone=wanted.zone,
        active=True,
        tokens_valid_from=origin.at,
        version=1,
        created_at=origin.at,
    )
    password_hash = await passwords.hash_password(wanted.password)
    async with transaction(accounts.pool) as connection:
        await _check_restaurant(connection, person)
        if not await store.insert_person(connection, person, password_hash):
            raise _taken("email", "Somebody has this address already.")
        await store.insert_events(connection, [events.person_changed(person, origin)])
    await accounts.bus.nudge(WAKE)
    return person


async def change_person(accounts: Accounts, person_id: UUID, changes: PersonChanges, origin: Origin) -> Person:
    """Raises the domain's errors, Problem 404, 400 for a restaurant that is not there."""
    async with transaction(accounts.pool) as connection:
        # Before the person's own row: two admins who remove each other wait here, and one of them is the last.
        admins = await store.lock_active_admins(connection)
        found = await store.get_credentials_by_id(connection, person_id)
        if found is None:
            raise not_found("person")
        changed = domain.change_person(found.person, changes, origin.at)
        if changed is None:
            return found.person
        if admins == [person_id] and not (changed.role == "admin" and changed.active):
            raise LastAdminError("They are the last admin.")
        await _check_restaurant(connection, changed)
        await store.update_person(connection, changed, origin.at)
        if changed.tokens_valid_from != found.person.tokens_valid_from:
            await end_sessions(connection, changed, origin)
        await store.insert_events(connection, [events.person_changed(changed, origin)])
    await accounts.bus.nudge(WAKE)
    return changed


async def create_restaurant(accounts: Accounts, wanted: NewRestaurant, origin: Origin) -> Restaurant:
    """Raises Problem 409 for a number that is taken."""
    restaurant = Restaurant(
        id=new_id(),
        number=wanted.number,
        name=wanted.name,
        address=wanted.address,
        location=Location(wanted.location.lat, wanted.location.lon),
        zone=wanted.zone,
        credit_limit_cents=wanted.credit_limit_cents,
        active=True,
        version=1,
        created_at=origin.at,
    )
    async with transaction(accounts.pool) as connection:
        if not await store.insert_restaurant(connection, restaurant):
            raise _taken("number", "Another restaurant has this number.")
        await store.insert_events(connection, [events.restaurant_changed(restaurant, origin)])
    await accounts.bus.nudge(WAKE)
    return restaurant


async def change_restaurant(
    accounts: Accounts, restaurant_id: UUID, changes: RestaurantChanges, origin: Origin
) -> Restaurant:
    """Raises the domain's errors, Problem 404."""
    async with transaction(accounts.pool) as connection:
        restaurant = await store.get_restaurant_for_change(connection, restaurant_id)
        if restaurant is None:
            raise not_found("restaurant")
        changed = domain.change_restaurant(restaurant, changes)
        if changed is None:
            return restaurant
        await store.update_restaurant(connection, changed, origin.at)
        await store.insert_events(connection, [events.restaurant_changed(changed, origin)])
    await accounts.bus.nudge(WAKE)
    return changed


async def _check_restaurant(connection: Connection, person: Person) -> None:
    if person.restaurant_id is not None and await store.get_restaurant(connection, person.restaurant_id) is None:
        raise invalid_field("restaurant_id", "is no restaurant we know", "unknown")


def _taken(field: str, detail: str) -> Problem:
    return Problem(409, detail, code=field, errors=[FieldError(field, detail, "taken")])
