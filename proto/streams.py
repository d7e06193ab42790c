"""The streams and their subjects: the only place where a subject is spelled.

Invariants: ORDERS is kept whole, the others keep the last event of each subject. Every part of a subject is
a UUID or a name from `proto`, so no input of a person can form one. The epoch of a stream stands in its metadata.
"""

from uuid import UUID

import msgspec

EPOCH = "larder.epoch"
"""Key in a stream's metadata: a position (epoch, seq) is void once this changes."""


POSITION = "Larder-Position"
"""Header of an event where there is a replica of the database: who has the log up to there sees what it tells."""


class StreamDefinition(msgspec.Struct, frozen=True):
    """`per_subject` bounds how many events a subject keeps; -1 keeps all."""

    name: str
    subjects: tuple[str, ...]
    per_subject: int


ORDERS = StreamDefinition("ORDERS", ("orders.v1.>",), -1)
CATALOG = StreamDefinition("CATALOG", ("catalog.v1.>",), 1)
ACCOUNTS = StreamDefinition("ACCOUNTS", ("accounts.v1.>",), 1)
STOCK = StreamDefinition("STOCK", ("stock.v1.>",), 1)

STREAMS = (ORDERS, CATALOG, ACCOUNTS, STOCK)

SESSIONS = "accounts.v1.session.*"
PEOPLE = "accounts.v1.person.*"
RESTAURANTS = "accounts.v1.restaurant.*"
LOCATIONS = "locations.v1.*"
"""Core NATS, not stored: where a driver is."""

CACHE_REPORTS = "cache.v1.report"
"""Core NATS, a question that every process with copies answers: how its copies do."""

VITALS = "vitals.v1.ask"
READINGS = "vitals.v1.readings"
"""Asks for samples of metrics by their names: `proto.readings`."""

ALERTS = "alerts.v1"
"""What fires, the whole present state: on each change and every few seconds besides. `proto.alerts.Alerts`."""

QUERY_VITALS = "vitals.v1.queries"
"""Core NATS, questions that every process answers: how it does, and how its queries do."""


def order_subject(restaurant_id: UUID, order_id: UUID, event: str) -> str:
    return f"orders.v1.{restaurant_id}.{order_id}.{event}"


def orders_of_restaurant(restaurant_id: UUID) -> str:
    """Filter: every order event of one restaurant."""
    return f"orders.v1.{restaurant_id}.>"


def order_events(event: str) -> str:
    """Filter: this event of every order."""
    return f"orders.v1.*.*.{event}"


def restaurant_of(subject: str) -> str:
    """Whose an order event is, by its subject."""
    return subject.split(".", 3)[2]


def events_of_order(order_id: UUID, restaurant_id: UUID | None = None) -> str:
    """Filter: every event of one order."""
    return f"orders.v1.{restaurant_id or '*'}.{order_id}.*"


def orders_events(event: str) -> str:
    """Filter: one event of every order."""
    return f"orders.v1.*.*.{event}"


def stock_subject(order_id: UUID, event: str) -> str:
    return f"stock.v1.{order_id}.{event}"


def product_subject(product_id: UUID) -> str:
    return f"catalog.v1.{product_id}"


def person_subject(person_id: UUID) -> str:
    return f"accounts.v1.person.{person_id}"


def restaurant_subject(restaurant_id: UUID) -> str:
    return f"accounts.v1.restaurant.{restaurant_id}"


def session_subject(session_id: UUID) -> str:
    return f"accounts.v1.session.{session_id}"


def location_subject(driver_id: UUID) -> str:
    return f"locations.v1.{driver_id}"


def cache_subject(kind: str, deed: str) -> str:
    """Core NATS, a question that one owner of the kind answers: to do this with a key."""
    return f"cache.v1.{kind}.{deed}"


def plan_subject(process: str) -> str:
    """Core NATS, a question that one process of the name answers: for the plan of a query."""
    return f"vitals.v1.plan.{process}"
