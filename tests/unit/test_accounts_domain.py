"""What may change about people and restaurants: property tests of the pure decisions."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from proto.orders import Location
from services.accounts import domain
from services.accounts.domain import (
    BelongingError,
    NewPerson,
    Person,
    PersonChanges,
    PersonRole,
    Restaurant,
    RestaurantChanges,
    StaleVersionError,
)
from shared.identity import TOKEN_LIFE, Identity, Revocations

START = datetime(2026, 3, 1, tzinfo=UTC)
# Microseconds around each other: the same instant is drawn often, and clocks run backwards.
instants = st.integers(-3, 3).map(lambda offset: START + timedelta(microseconds=offset))
roles = st.sampled_from(get_args(PersonRole))
zones = st.none() | st.integers(0, 2)
restaurants = st.sampled_from([None, UUID(int=1), UUID(int=2)])


def fits(role: str, restaurant_id: UUID | None, zone: int | None) -> bool:
    """The checks of the table, said once more."""
    return (role == "restaurant") == (restaurant_id is not None) and (role == "driver") == (zone is not None)


@st.composite
def people(draw: st.DrawFn) -> Person:
    role = draw(roles)
    return Person(
        id=UUID(int=9),
        email="ada@larder.test",
        name=draw(st.sampled_from(["Ada", "Bo"])),
        role=role,
        restaurant_id=UUID(int=1) if role == "restaurant" else None,
        zone=1 if role == "driver" else None,
        active=draw(st.booleans()),
        tokens_valid_from=draw(instants),
        version=draw(st.integers(1, 9)),
        created_at=START,
    )


changes_of_people = st.builds(
    PersonChanges,
    name=st.sampled_from([UNSET, "Ada", "Bo"]),
    role=st.just(UNSET) | roles,
    restaurant_id=st.just(UNSET) | restaurants,
    zone=st.just(UNSET) | zones,
    active=st.just(UNSET) | st.booleans(),
)


@given(roles, restaurants, zones)
def test_who_belongs_where_is_what_the_table_checks(
    role: PersonRole, restaurant_id: UUID | None, zone: int | None
) -> None:
    if fits(role, restaurant_id, zone):
        domain.check_belonging(role, restaurant_id, zone)
    else:
        with pytest.raises(BelongingError):
            domain.check_belonging(role, restaurant_id, zone)


@given(people(), changes_of_people, instants)
def test_a_change_makes_the_next_version_or_none_and_voids_tokens_when_they_would_lie(
    person: Person, changes: PersonChanges, at: datetime
) -> None:
    try:
        changed = domain.change_person(person, changes, at)
    except BelongingError:
        return
    if changed is None:
        assert all(getattr(changes, name) in (UNSET, getattr(person, name)) for name in ("name", "role", "active"))
        return
    assert fits(changed.role, changed.restaurant_id, changed.zone)
    assert changed.version == person.version + 1
    told = ("role", "restaurant_id", "zone", "active")
    lies = any(getattr(person, name) != getattr(changed, name) for name in told)
    assert (changed.tokens_valid_from > person.tokens_valid_from) == lies
    assert (changed.tokens_valid_from > max(at, person.tokens_valid_from)) == lies


@given(people(), instants, instants, instants)
def test_a_token_from_before_is_void_and_one_from_after_is_not_whatever_the_clocks_say(
    person: Person, made: datetime, changed_at: datetime, now: datetime
) -> None:
    made = min(made, changed_at)
    old = token(person, domain.issue_time(made, person.tokens_valid_from))
    changed = domain.change_password(person, changed_at)
    revocations = Revocations()
    # As others read it: from JSON, in either order with an event that came before.
    for event in (changed, person):
        published = msgspec.json.encode(event.published())
        at = msgspec.json.decode(published)["tokens_valid_from"]
        revocations.revoke_before(person.id, datetime.fromisoformat(at))
    assert revocations.revoked(old)
    assert not revocations.revoked(token(person, domain.issue_time(now, changed.tokens_valid_from)))


def token(person: Person, at: datetime) -> Identity:
    """As it comes back from JSON."""
    made = Identity(
        person_id=person.id,
        session_id=UUID(int=5),
        name=person.name,
        role=person.role,
        issued_at=at.timestamp(),
        expires_at=(at + TOKEN_LIFE).timestamp(),
    )
    return msgspec.json.decode(msgspec.json.encode(made), type=Identity)


RESTAURANT = Restaurant(
    id=UUID(int=1),
    number=7,
    name="Blue Heron",
    address="1 Quay",
    location=Location(1.0, 2.0),
    zone=3,
    credit_limit_cents=100,
    active=True,
    version=4,
    created_at=START,
)


@given(
    st.builds(
        RestaurantChanges,
        name=st.sampled_from([UNSET, "Blue Heron", "Red Fox"]),
        zone=st.sampled_from([UNSET, 3, 4]),
        credit_limit_cents=st.sampled_from([UNSET, 100, 0]),
        active=st.sampled_from([UNSET, True, False]),
        location=st.sampled_from([UNSET, domain.Place(1.0, 2.0), domain.Place(1.0, 3.0)]),
        expected_version=st.sampled_from([UNSET, 4]),
    )
)
def test_a_restaurants_change_makes_the_next_version_or_none(changes: RestaurantChanges) -> None:
    changed = domain.change_restaurant(RESTAURANT, changes)
    if changed is None:
        assert msgspec.structs.replace(changes, expected_version=UNSET) in SAME
    else:
        assert changed.version == 5
        assert changed.number == 7


SAME = [
    RestaurantChanges(name=name, zone=zone, credit_limit_cents=cents, active=active, location=location)
    for name in (UNSET, "Blue Heron")
    for zone in (UNSET, 3)
    for cents in (UNSET, 100)
    for active in (UNSET, True)
    for location in (UNSET, domain.Place(1.0, 2.0))
]


@given(st.integers(1, 9).filter(lambda version: version != 4))
def test_a_stale_version_is_refused_with_the_present_one(version: int) -> None:
    with pytest.raises(StaleVersionError) as refused:
        domain.change_restaurant(RESTAURANT, RestaurantChanges(name="X", expected_version=version))
    assert refused.value.version == 4


@pytest.mark.parametrize(
    "body",
    [
        rb'{"email":"a@b","name":"a\ud800","role":"admin","password":"correct horse"}',
        rb'{"email":"a@b","name":"Ada","role":"admin","password":"correct \ud800 horse"}',
        rb'{"email":"a\u0000@b","name":"Ada","role":"admin","password":"correct horse"}',
        rb'{"email":"a@b\n","name":"Ada","role":"admin","password":"correct horse"}',
        rb'{"email":"a@b@c","name":"Ada","role":"admin","password":"correct horse"}',
        rb'{"email":"a@b","name":"Ada\n","role":"admin","password":"correct horse"}',
    ],
)
def test_text_that_no_database_keeps_is_no_person(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(body, type=NewPerson)
