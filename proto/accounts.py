"""People, restaurants and revocations as other contexts know them. Owned by the accounts context.

The ACCOUNTS stream keeps the last event of each subject. No event carries a password, a hash or an e-mail address.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from proto.envelope import Envelope, Role
from proto.orders import Location


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The full state of a person at `version`. Tokens issued before `tokens_valid_from` are void: it moves when the
    role, the zone, the restaurant, the password or `active` changes."""

    id: UUID
    name: str
    role: Role
    restaurant_id: UUID | None
    zone: int | None
    active: bool
    tokens_valid_from: datetime
    version: int


class Restaurant(msgspec.Struct, frozen=True, kw_only=True):
    """The full state of a restaurant at `version`. `credit_limit_cents` bounds what it may hold and owe."""

    id: UUID
    number: int
    name: str
    address: str
    location: Location
    zone: int
    credit_limit_cents: int
    active: bool
    version: int


class PersonEvent(Envelope, frozen=True, kw_only=True):
    """`type` is PersonChanged."""

    person: Person


class RestaurantEvent(Envelope, frozen=True, kw_only=True):
    """`type` is RestaurantChanged."""

    restaurant: Restaurant


class SessionEvent(Envelope, frozen=True, kw_only=True):
    """`type` is SessionRevoked: tokens of this session are void from now on."""

    session_id: UUID
    person_id: UUID
