"""Who is told what of an event, from its audience alone. Pure.

Invariant: equals the row policies of orders. Who may see the order after the event gets it; who only could before gets
OrderLeft; nobody else gets anything.
"""

from enum import Enum
from uuid import UUID

import msgspec

from proto.envelope import Role
from proto.orders import Audience
from shared.identity import Identity


class Told(Enum):
    """What a listener hears of an event."""

    ORDER = "order"
    LEFT = "left"


class Viewer(msgspec.Struct, frozen=True):
    """What of an identity decides on sight."""

    role: Role
    person_id: UUID
    restaurant_id: UUID | None
    zone: int | None

    @classmethod
    def of(cls, identity: Identity) -> "Viewer":
        return cls(identity.role, identity.person_id, identity.restaurant_id, identity.zone)


def on_orders(audience: Audience, viewer: Viewer) -> Told | None:
    """Topic `orders`: a restaurant's own, a driver's assigned, all for an admin."""
    if viewer.role == "admin":
        return Told.ORDER
    if viewer.role == "restaurant":
        return Told.ORDER if audience.restaurant_id == viewer.restaurant_id else None
    if audience.driver_id == viewer.person_id:
        return Told.ORDER
    return Told.LEFT if audience.left_driver_id == viewer.person_id else None


def on_location(restaurant_id: UUID, viewer: Viewer) -> bool:
    """Whether the viewer is told where an order is that is on the way to the restaurant: it and admins are."""
    return viewer.role == "admin" or (viewer.role == "restaurant" and viewer.restaurant_id == restaurant_id)


def on_offers(audience: Audience, viewer: Viewer) -> Told | None:
    """Topic `offers`: what becomes an open offer of the driver's zone, and what ceases to be one."""
    if viewer.zone is None:
        return None
    if audience.offer_zone == viewer.zone:
        return Told.ORDER
    return Told.LEFT if audience.left_offer_zone == viewer.zone else None


def on_order(audience: Audience, viewer: Viewer) -> Told | None:
    """Topic `order:<id>`: one order, by whatever path the viewer sees it."""
    paths = [on_orders(audience, viewer)]
    if viewer.role == "driver":
        paths.append(on_offers(audience, viewer))
    return Told.ORDER if Told.ORDER in paths else Told.LEFT if Told.LEFT in paths else None
