"""What others hear of people, restaurants and sessions. No event carries an address of e-mail, a password or a hash."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from proto.accounts import PersonEvent, RestaurantEvent, SessionEvent
from proto.envelope import Actor, Envelope
from proto.streams import person_subject, restaurant_subject, session_subject
from services.accounts.domain import Person, Restaurant
from shared.ids import new_id
from shared.outbox import wake_subject

WAKE = wake_subject("accounts")

SESSION_LIFE = timedelta(hours=24)
"""A session that was revoked is told of no longer than it could have lived."""


class Origin(msgspec.Struct, frozen=True):
    """Where a change came from."""

    actor: Actor
    request_id: str | None
    traceparent: str | None
    at: datetime


class Event(msgspec.Struct, frozen=True):
    """An envelope ready for the outbox."""

    id: UUID
    key: UUID
    subject: str
    payload: bytes
    ttl_seconds: int | None = None


SYSTEM = Actor(None, "system")


def person_changed(person: Person, origin: Origin) -> Event:
    event = PersonEvent(
        id=new_id(),
        type="PersonChanged",
        occurred_at=origin.at,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
        actor=origin.actor,
        person=person.published(),
    )
    return _event(event, person.id, person_subject(person.id))


def restaurant_changed(restaurant: Restaurant, origin: Origin) -> Event:
    event = RestaurantEvent(
        id=new_id(),
        type="RestaurantChanged",
        occurred_at=origin.at,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
        actor=origin.actor,
        restaurant=restaurant.published(),
    )
    return _event(event, restaurant.id, restaurant_subject(restaurant.id))


def session_revoked(session_id: UUID, person_id: UUID, origin: Origin) -> Event:
    event = SessionEvent(
        id=new_id(),
        type="SessionRevoked",
        occurred_at=origin.at,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
        actor=origin.actor,
        session_id=session_id,
        person_id=person_id,
    )
    return _event(event, session_id, session_subject(session_id), int(SESSION_LIFE.total_seconds()))


def columns(events: Iterable[Event]) -> list[list[object]]:
    """For one insert of all of them."""
    rows = [(event.id, event.key, event.subject, event.payload, event.ttl_seconds) for event in events]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], [], []]


def _event(event: Envelope, key: UUID, subject: str, ttl_seconds: int | None = None) -> Event:
    return Event(event.id, key, subject, msgspec.json.encode(event), ttl_seconds)
