"""What people do to orders, one transaction each.

Invariants: the key, the answer, the order, its history and its event commit together or not at all. A request that
comes again with its key gets the first one's answer, whatever has become of the order since; the key is looked at
before any complaint about state, version or price. After the commit the relay is nudged, and nothing else happens.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import asyncpg
import msgspec

from proto.orders import Status
from services.orders import credit, domain, pricing, store
from services.orders.events import WAKE, event_of
from services.orders.store import Key, Origin
from shared.bus import Bus
from shared.database import Connection, Pool, transaction
from shared.http.caller import Caller
from shared.http.problems import Problem, busy, invalid_field, not_found
from shared.identity import Identity
from shared.ids import new_id

MAX_LINES = 200
MAX_QUANTITY = 999
# Postgres keeps no NUL in a text.
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`price_cents` is what the customer saw: another price in the book is 409. `version` is the product's they saw: an
    older book is 503; a newer one is 409 where no price is given with it."""

    product_id: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]
    price_cents: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class PlaceOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    note: Text | None = None


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`driver_id`: to whom an admin gives the order; null takes it from who has it."""

    to: Status
    expected_version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    driver_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    reason: Text | None = None


@dataclass(frozen=True)
class Orders:
    """What the commands work with. `now` is the clock."""

    pool: Pool
    bus: Bus
    now: Callable[[], datetime]


class Answer(msgspec.Struct, frozen=True):
    """`body` is JSON. The same bytes for the same key, always."""

    status: int
    body: bytes


_encoder = msgspec.json.Encoder()


async def place_order(orders: Orders, caller: Caller, key: str, wanted: PlaceOrder) -> Answer:
    """201 with the order. Raises pricing's, credit's and domain's errors, Problem 422 for a key used otherwise, 503
    while the restaurant is not known here."""
    restaurant_id = caller.identity.restaurant_id
    if restaurant_id is None:
        raise Problem(403, "Only people of a restaurant place orders.", code="forbidden")
    claim = Key(restaurant_id, key, hash_of(b"place", wanted))
    async with transaction(orders.pool, store.begin_as(caller.identity), caller.span) as connection:
        products = [line.product_id for line in wanted.items]
        known = await store.get_customer_and_prices(connection, restaurant_id, products)
        try:
            placed = _decide(known, wanted, orders.now())
        except (domain.DomainError, Problem):
            if (stored := await stored_answer(connection, claim)) is not None:
                return stored
            raise
        body = _encoder.encode(placed.order)
        origin = origin_of(caller)
        event = event_of(placed, origin)
        inserted, refused = await store.insert_order(connection, placed, len(products), event, origin, claim, body)
        if refused is not None:
            raise credit.OverLimitError(refused, placed.order.total_cents)
        if not inserted:
            # Whoever has the key has committed: there is an answer.
            return cast("Answer", await stored_answer(connection, claim))
    await orders.bus.nudge(WAKE)
    return Answer(201, body)


def _decide(
    known: tuple[int, domain.Customer, dict[UUID, pricing.Price]] | None, wanted: PlaceOrder, at: datetime
) -> domain.Changed:
    if known is None:
        raise busy("Your restaurant is not known here yet.")
    number, customer, book = known
    wishes = [
        pricing.Wish(
            product_id=line.product_id, quantity=line.quantity, price_cents=line.price_cents, version=line.version
        )
        for line in wanted.items
    ]
    return domain.place(new_id(), number, customer, pricing.price_lines(wishes, book), wanted.note, at)


async def change_order(orders: Orders, caller: Caller, order_id: UUID, key: str | None, wanted: Transition) -> Answer:
    """200 with the order. Raises domain's errors, Problem 404 for an order out of sight, 409 `taken` for an offer that
    somebody else has, 400 for a driver nobody knows, 422 for a key used otherwise."""
    identity = caller.identity
    # A restaurant's people share their keys: the order is the restaurant's.
    scope = identity.restaurant_id or identity.person_id
    claim = None if key is None else Key(scope, key, hash_of(order_id.bytes, wanted))
    async with transaction(orders.pool, store.begin_as(identity), caller.span) as connection:
        found = await store.get_order_for_change(connection, order_id, _who_gets_it(identity, wanted))
        # After the lock: who sent the same before is done by now, and its answer is to be seen.
        if claim is not None and (stored := await stored_answer(connection, claim)) is not None:
            return stored
        if found is None:
            raise await _out_of_sight(connection, identity, order_id, wanted)
        order, next_stop = found
        asked = domain.Asked(
            to=wanted.to,
            role=identity.role,
            person_id=identity.person_id,
            person_name=identity.name,
            expected_version=wanted.expected_version,
            driver=await _named_driver(connection, identity, wanted),
            next_stop=next_stop,
            reason=wanted.reason,
        )
        changed = domain.change(order, asked, orders.now())
        body = _encoder.encode(changed.order)
        origin = origin_of(caller)
        event = event_of(changed, origin)
        try:
            postings = credit.postings(order.status, changed.order.status)
            await store.update_order(connection, changed, event, origin, wanted.reason, claim, body, postings)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != store.KEY_IS_UNIQUE:
                raise
            # The same key was in flight for another order, and won.
            raise key_reused() from error
        answer = Answer(200, body)
    await orders.bus.nudge(WAKE)
    return answer


def _who_gets_it(identity: Identity, wanted: Transition) -> UUID | None:
    """The driver in whose route the order may get a place."""
    if wanted.to not in ("ready", "out_for_delivery"):
        return None
    if identity.role == "driver":
        return identity.person_id
    return wanted.driver_id if identity.role == "admin" and isinstance(wanted.driver_id, UUID) else None


async def _named_driver(
    connection: Connection, identity: Identity, wanted: Transition
) -> domain.Driver | msgspec.UnsetType | None:
    """The driver the step names. A driver who names themself names nobody else."""
    if wanted.driver_id == identity.person_id:
        return msgspec.UNSET
    if not isinstance(wanted.driver_id, UUID):
        return wanted.driver_id
    driver = await store.get_driver(connection, wanted.driver_id)
    if driver is None:
        raise invalid_field("driver_id", "is no driver we know", "unknown")
    return driver


async def _out_of_sight(connection: Connection, identity: Identity, order_id: UUID, wanted: Transition) -> Problem:
    """404; or 409 `taken` for a driver who wanted an offer of their zone that another one has."""
    if (
        identity.role == "driver"
        and wanted.to == "out_for_delivery"
        and await store.offer_is_taken(connection, order_id)
    ):
        return Problem(409, "Another driver has this order.", code="taken")
    return not_found("order")


async def stored_answer(connection: Connection, claim: Key) -> Answer | None:
    """The answer this key was given before. Raises Problem 422 when the request was another one."""
    stored = await store.get_stored_answer(connection, claim.scope, claim.key)
    if stored is None:
        return None
    if stored.request_hash != claim.request_hash:
        raise key_reused()
    return Answer(stored.status, stored.response)


def origin_of(caller: Caller) -> Origin:
    return Origin(caller.identity.person_id, caller.identity.role, caller.request_id, caller.traceparent)


def key_reused() -> Problem:
    return Problem(422, "This Idempotency-Key was used for another request.", code="key_reused")


def hash_of(what: bytes, wanted: msgspec.Struct) -> bytes:
    """Of the meaning, not the bytes: a retry may space its JSON otherwise."""
    return hashlib.sha256(what + _encoder.encode(wanted)).digest()
