"""What drivers say of their duty, and how an admin puts a route in order; one transaction each.

Invariant: a route put in another order is a next version of each order whose stop changes, with its history and its
event, all of them or none.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from services.orders import domain, store
from services.orders.commands import Orders, origin_of
from services.orders.events import WAKE, event_of
from services.orders.store import START, Entry
from shared.database import transaction
from shared.http.caller import Caller
from shared.http.problems import invalid_field

MAX_STOPS = 100


class SetDuty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on_duty: bool


class PutRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`order_ids`: every order that the driver has under way, in the order of their stops."""

    driver_id: UUID
    order_ids: Annotated[tuple[UUID, ...], msgspec.Meta(min_length=1, max_length=MAX_STOPS)]


async def set_duty(orders: Orders, caller: Caller, wanted: SetDuty) -> None:
    """Who goes off duty keeps the orders they have."""
    async with transaction(orders.pool, store.begin_as(caller.identity), caller.span) as connection:
        await store.upsert_duty(connection, caller.identity.person_id, wanted.on_duty, orders.now())


async def put_route(orders: Orders, caller: Caller, wanted: PutRoute) -> list[Entry]:
    """The route after it. Raises domain's RouteError, Problem 400 for a driver nobody knows. Sent again it changes
    nothing, so it needs no key."""
    origin = origin_of(caller)
    async with transaction(orders.pool, store.begin_as(caller.identity), caller.span) as connection:
        if await store.get_driver(connection, wanted.driver_id) is None:
            raise invalid_field("driver_id", "is no driver we know", "unknown")
        await store.lock_route(connection, wanted.driver_id)
        route = await store.get_route_for_change(connection, wanted.driver_id)
        for changed in domain.reroute(route, wanted.order_ids, orders.now()):
            event = event_of(changed, origin)
            await store.update_order(connection, changed, event, origin, None, None, b"", ())
        entries = await store.list_route(connection, wanted.driver_id, START, MAX_STOPS)
    await orders.bus.nudge(WAKE)
    return entries
