"""Who people are and what may change about them. Pure: decides, no I/O.

Invariants: a restaurant's person has a restaurant, a driver a zone, an admin neither. Each change makes the next
version by one; one that changes nothing makes none. Whatever changes what somebody may see, and a new password, voids
the tokens that were made before: `tokens_valid_from` moves, and only forward.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from proto import accounts as contract
from proto.orders import Location

# No control characters: they are in no name, and Postgres keeps no NUL.
_PLAIN = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*(?![\s\S])"

PersonRole = Literal["restaurant", "driver", "admin"]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Address = Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN)]
# Printable ASCII: whatever lower-cases it does so alike, and no two addresses look the same.
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+(?![\s\S])")]
Password = Annotated[str, Meta(min_length=10, max_length=200, description="Any characters, ten and more.")]
Zone = Annotated[int, Meta(ge=0, le=1_000_000)]
Cents = Annotated[int, Meta(ge=0, le=10**12)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]

_INSTANT = timedelta(microseconds=1)
"""What a token's time and Postgres both tell apart."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """WGS 84 degrees."""

    lat: Latitude
    lon: Longitude


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be made, with the password they begin with."""

    email: Email
    name: Name
    role: PersonRole
    password: Password
    restaurant_id: UUID | None = None
    zone: Zone | None = None


class PersonChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays."""

    name: Name | UnsetType = UNSET
    role: PersonRole | UnsetType = UNSET
    restaurant_id: UUID | UnsetType | None = UNSET
    zone: Zone | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    expected_version: Version | UnsetType = UNSET


class NewRestaurant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A restaurant to be made. `number` is what people know it by, and stays."""

    number: Number
    name: Name
    address: Address
    location: Place
    zone: Zone
    credit_limit_cents: Cents


class RestaurantChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays."""

    name: Name | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    location: Place | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    credit_limit_cents: Cents | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    expected_version: Version | UnsetType = UNSET


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person as admins see them."""

    id: UUID
    email: str
    name: str
    role: PersonRole
    restaurant_id: UUID | None
    zone: int | None
    active: bool
    tokens_valid_from: datetime
    version: int
    created_at: datetime

    def published(self) -> contract.Person:
        """As other contexts know them: without the address."""
        return contract.Person(
            id=self.id,
            name=self.name,
            role=self.role,
            restaurant_id=self.restaurant_id,
            zone=self.zone,
            active=self.active,
            tokens_valid_from=self.tokens_valid_from,
            version=self.version,
        )


class Restaurant(msgspec.Struct, frozen=True, kw_only=True):
    """A restaurant as admins see it."""

    id: UUID
    number: int
    name: str
    address: str
    location: Location
    zone: int
    credit_limit_cents: int
    active: bool
    version: int
    created_at: datetime

    def published(self) -> contract.Restaurant:
        return contract.Restaurant(
            id=self.id,
            number=self.number,
            name=self.name,
            address=self.address,
            location=self.location,
            zone=self.zone,
            credit_limit_cents=self.credit_limit_cents,
            active=self.active,
            version=self.version,
        )


class BelongingError(Exception):
    """The role and what goes with it do not fit. `field` is the one to mend."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field} {detail}")
        self.field = field
        self.detail = detail


class StaleVersionError(Exception):
    """It has changed since the caller looked: `version` is the present one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"It is at version {version} now.")
        self.version = version


class LastAdminError(Exception):
    """Without them nobody could make the next admin."""


def check_belonging(role: PersonRole, restaurant_id: UUID | None, zone: int | None) -> None:
    """Raises BelongingError."""
    if (role == "restaurant") != (restaurant_id is not None):
        wanted = "is required for people of a restaurant" if role == "restaurant" else f"does not go with role {role}"
        raise BelongingError("restaurant_id", wanted)
    if (role == "driver") != (zone is not None):
        wanted = "is required for drivers" if role == "driver" else f"does not go with role {role}"
        raise BelongingError("zone", wanted)


def change_person(person: Person, changes: PersonChanges, at: datetime) -> Person | None:
    """The next version, or None when nothing changes. Raises StaleVersionError or BelongingError."""
    if changes.expected_version not in (UNSET, person.version):
        raise StaleVersionError(person.version)
    changed = msgspec.structs.replace(person, **_given(changes))
    check_belonging(changed.role, changed.restaurant_id, changed.zone)
    if changed == person:
        return None
    sees_otherwise = any(
        getattr(changed, name) != getattr(person, name) for name in ("role", "restaurant_id", "zone", "active")
    )
    return msgspec.structs.replace(
        changed,
        version=person.version + 1,
        tokens_valid_from=_after(person, at) if sees_otherwise else person.tokens_valid_from,
    )


def change_password(person: Person, at: datetime) -> Person:
    """The next version, under another password."""
    return msgspec.structs.replace(person, version=person.version + 1, tokens_valid_from=_after(person, at))


def issue_time(now: datetime, tokens_valid_from: datetime) -> datetime:
    """When a token says it was made: never before the change it follows, which another clock may have dated."""
    return max(now, tokens_valid_from)


def change_restaurant(restaurant: Restaurant, changes: RestaurantChanges) -> Restaurant | None:
    """The next version, or None when nothing changes. Raises StaleVersionError."""
    if changes.expected_version not in (UNSET, restaurant.version):
        raise StaleVersionError(restaurant.version)
    given = _given(changes)
    if isinstance(changes.location, Place):
        given["location"] = Location(changes.location.lat, changes.location.lon)
    changed = msgspec.structs.replace(restaurant, **given)
    return None if changed == restaurant else msgspec.structs.replace(changed, version=restaurant.version + 1)


def _after(person: Person, at: datetime) -> datetime:
    """Later than every token made by `at`, that very instant included, and than the last change."""
    return max(at, person.tokens_valid_from) + _INSTANT


def _given(changes: msgspec.Struct) -> dict[str, object]:
    return {
        field.name: value
        for field in msgspec.structs.fields(changes)
        if field.name != "expected_version" and (value := getattr(changes, field.name)) is not UNSET
    }
