"""What may happen to an order, decided without I/O.

Invariants: every version of an order comes from `place` or `change`, one step each; a status changes only along STEPS
and only by a role named there. An illegal step is an error that says what the order is and what was asked; nothing is
ignored. The audience of an event is computed here and nowhere else, and equals the row policies of
`migrations/orders`: who may SELECT the order after the change, and who could only before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from proto.envelope import Role
from proto.orders import Audience, EventType, Item, Location, Shortage, Status


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """proto.orders.Order with its documents left as the bytes they are stored as: they never change after placing, so
    nobody here decodes them. The field names and their order are the contract's; a test compares."""

    id: UUID
    number: int
    restaurant_id: UUID
    restaurant_name: str
    zone: int
    driver_id: UUID | None
    driver_name: str | None
    status: Status
    reason: str | None
    version: int
    total_cents: int
    items: msgspec.Raw
    note: str | None
    address: str
    location: Location
    stop: int | None
    shortages: msgspec.Raw
    created_at: datetime
    updated_at: datetime


class Step(msgspec.Struct, frozen=True):
    """One legal step: the event it makes, and the roles that may take it."""

    event: EventType
    roles: frozenset[Role]


def _by(event: EventType, *roles: Role) -> Step:
    return Step(event, frozenset(roles))


STEPS: Mapping[tuple[Status, Status], Step] = {
    # An admin's is refused: once the stock is held, the system has confirmed it.
    ("pending", "confirmed"): _by("OrderConfirmed", "admin", "system"),
    ("pending", "rejected"): _by("OrderRejected", "admin", "system"),
    ("pending", "cancelled"): _by("OrderCancelled", "restaurant", "admin"),
    ("confirmed", "cancelled"): _by("OrderCancelled", "restaurant", "admin"),
    ("confirmed", "preparing"): _by("OrderPreparationStarted", "admin"),
    ("preparing", "cancelled"): _by("OrderCancelled", "admin"),
    ("preparing", "ready"): _by("OrderReady", "admin"),
    ("ready", "cancelled"): _by("OrderCancelled", "admin"),
    # A driver is given to a waiting order, or taken from it.
    ("ready", "ready"): _by("OrderAssigned", "admin"),
    ("ready", "out_for_delivery"): _by("OrderDispatched", "driver", "admin"),
    ("out_for_delivery", "delivered"): _by("OrderDelivered", "driver"),
    ("out_for_delivery", "failed"): _by("OrderDeliveryFailed", "driver"),
    ("failed", "ready"): _by("OrderReturned", "admin"),
    ("failed", "cancelled"): _by("OrderCancelled", "admin"),
}

PLACED: EventType = "OrderPlaced"
"""The event of an order's first version."""

NAMES_A_DRIVER = frozenset({("preparing", "ready"), ("ready", "ready"), ("ready", "out_for_delivery")})
"""The steps with which an admin may give the order to a driver."""

HAS_A_REASON: frozenset[Status] = frozenset({"rejected", "cancelled", "failed"})
"""The states whose `reason` stands in the order; any other step's reason is kept in the history alone."""


ENDED: frozenset[Status] = frozenset({"delivered", "cancelled", "rejected"})
"""The states that no step leaves. The queries of what is under way, and their indexes, say the same in SQL."""


class Driver(msgspec.Struct, frozen=True):
    """A driver as orders knows them."""

    id: UUID
    name: str
    active: bool


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A step as somebody asked for it. `driver` is UNSET when none was named, None to take the driver away.
    `next_stop` is the place in the route of whoever gets the order; None while they are off duty, and get none.
    `shortages` come with the stock's rejection."""

    to: Status
    role: Role
    person_id: UUID | None
    person_name: str
    expected_version: int | None = None
    driver: Driver | msgspec.UnsetType | None = msgspec.UNSET
    next_stop: int | None = 1
    reason: str | None = None
    shortages: tuple[Shortage, ...] = ()


class Changed(msgspec.Struct, frozen=True):
    """The order's next version, the event that says so, and who is told."""

    order: Order
    event: EventType
    audience: Audience


class DomainError(Exception):
    """The order does not allow it; nothing changes."""


class NeverAllowedError(DomainError):
    """The role may take no step to this state, whatever the order's."""


class MovedOnError(DomainError):
    """The order is not where the caller thought: `order` is what it is now."""

    def __init__(self, text: str, order: Order) -> None:
        super().__init__(text)
        self.order = order


class IllegalStepError(MovedOnError):
    """There is no such step from where the order is."""


class StaleVersionError(MovedOnError):
    """The order has changed since the caller looked."""


class StockAwaitedError(MovedOnError):
    """Nobody confirms an order before its stock is held."""


class DriverError(DomainError):
    """The step needs a driver it was not given, or was given one that it cannot take."""


class OffDutyError(DomainError):
    """A driver who is off duty claims nothing."""


class RouteError(DomainError):
    """The route is not made of the orders that it was to be put in order by. `present` are those it has."""

    def __init__(self, text: str, present: Sequence[UUID]) -> None:
        super().__init__(text)
        self.present = tuple(present)


def may_ever(role: Role, to: Status) -> bool:
    """Whether any step to this state is the role's."""
    return any(role in step.roles for (_, target), step in STEPS.items() if target == to)


def change(order: Order, asked: Asked, at: datetime) -> Changed:
    """The next version. Raises NeverAllowedError, MovedOnError in one of its three kinds, DriverError, OffDutyError."""
    if not may_ever(asked.role, asked.to):
        raise NeverAllowedError(f"A {asked.role} never moves an order to {asked.to}.")
    if asked.role != "admin" and asked.driver is not msgspec.UNSET:
        raise NeverAllowedError("Only an admin names a driver.")
    if asked.expected_version is not None and asked.expected_version != order.version:
        raise StaleVersionError(f"The order is at version {order.version}, not {asked.expected_version}.", order)
    step = STEPS.get((order.status, asked.to))
    if step is None or asked.role not in step.roles:
        raise IllegalStepError(f"A {asked.role} cannot move this order from {order.status} to {asked.to}.", order)
    if step.event == "OrderConfirmed" and asked.role != "system":
        raise StockAwaitedError("Its stock is not held yet: the order is confirmed, or rejected, once it is.", order)
    driver_id, driver_name, stop = _driver_after(order, asked)
    changed = msgspec.structs.replace(
        order,
        status=asked.to,
        driver_id=driver_id,
        driver_name=driver_name,
        stop=stop,
        reason=asked.reason if asked.to in HAS_A_REASON else None,
        shortages=msgspec.Raw(msgspec.json.encode(asked.shortages)) if asked.shortages else order.shortages,
        version=order.version + 1,
        updated_at=max(at, order.updated_at),
    )
    event = "OrderUnassigned" if step.event == "OrderAssigned" and driver_id is None else step.event
    return Changed(changed, event, audience(order, changed))


def _driver_after(order: Order, asked: Asked) -> tuple[UUID | None, str | None, int | None]:
    """Who has the order after the step, and its place in their route."""
    kept = (order.driver_id, order.driver_name, order.stop)
    if asked.role == "driver":
        # A claim, or setting out with what was assigned: the policy showed the driver nothing else.
        if asked.to == "out_for_delivery" and order.driver_id is None:
            if asked.next_stop is None:
                raise OffDutyError("You are off duty: go on duty to claim an order.")
            return asked.person_id, asked.person_name, asked.next_stop
        return kept
    if (order.status, asked.to) == ("failed", "ready"):
        return None, None, None
    if asked.driver is msgspec.UNSET:
        if asked.to == "ready" and order.status == "ready":
            raise DriverError("Name a driver_id, or null to take the driver away.")
        if asked.to == "out_for_delivery" and order.driver_id is None:
            raise DriverError("The order has no driver: name a driver_id.")
        return kept
    if (order.status, asked.to) not in NAMES_A_DRIVER:
        raise DriverError(f"A driver cannot be named when an order goes from {order.status} to {asked.to}.")
    return _named_driver(order, asked)


def _named_driver(order: Order, asked: Asked) -> tuple[UUID | None, str | None, int | None]:
    if not isinstance(asked.driver, Driver):
        if asked.to == "out_for_delivery":
            raise DriverError("An order on its way needs a driver.")
        if order.driver_id is None and order.status == "ready":
            raise DriverError("The order has no driver to take away.")
        return None, None, None
    if not asked.driver.active:
        raise DriverError("This driver is not active.")
    if asked.driver.id == order.driver_id:
        if asked.to == "ready":
            raise DriverError("This driver has the order already.")
        return order.driver_id, order.driver_name, order.stop
    if asked.next_stop is None:
        raise DriverError("This driver is off duty.")
    return asked.driver.id, asked.driver.name, asked.next_stop


def reroute(route: Sequence[Order], wanted: Sequence[UUID], at: datetime) -> list[Changed]:
    """The next version of each order whose stop changes when a driver's route is put in another order: the stops
    become 1, 2, 3 … Raises RouteError when the wanted are not the route's orders, once each."""
    orders = {order.id: order for order in route}
    if len(wanted) != len(orders) or orders.keys() != set(wanted):
        in_order = sorted(route, key=lambda order: (order.stop or 0, order.id))
        raise RouteError("Name every order of the route, once.", [order.id for order in in_order])
    changed = []
    for stop, order_id in enumerate(wanted, start=1):
        order = orders[order_id]
        if order.stop != stop:
            after = msgspec.structs.replace(
                order, stop=stop, version=order.version + 1, updated_at=max(at, order.updated_at)
            )
            changed.append(Changed(after, "OrderAssigned", audience(order, after)))
    return changed


def audience(before: Order | None, after: Order) -> Audience:
    """Who sees the order now, and who lost sight of it by this change."""
    offered, was_offered = offer_zone(after), offer_zone(before) if before is not None else None
    had_it = before.driver_id if before is not None else None
    return Audience(
        restaurant_id=after.restaurant_id,
        driver_id=after.driver_id,
        left_driver_id=had_it if had_it != after.driver_id else None,
        offer_zone=offered,
        left_offer_zone=was_offered if offered is None else None,
    )


def offer_zone(order: "Order | Sight") -> int | None:
    """The zone in which the order is an open offer."""
    return order.zone if order.status == "ready" and order.driver_id is None else None


class Viewer(msgspec.Struct, frozen=True):
    """What of a person decides which orders they see."""

    role: Role
    person_id: UUID
    restaurant_id: UUID | None
    zone: int | None


class Sight(msgspec.Struct, frozen=True):
    """What of an order decides who sees it."""

    restaurant_id: UUID
    zone: int
    driver_id: UUID | None
    status: Status


def sees(viewer: Viewer, order: Sight) -> bool:
    """The row policy, for an order that did not come through it."""
    if viewer.role in ("admin", "system"):
        return True
    if viewer.role == "restaurant":
        return viewer.restaurant_id == order.restaurant_id
    return viewer.person_id == order.driver_id or (viewer.zone is not None and viewer.zone == offer_zone(order))


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The restaurant an order is for, as orders knows it."""

    id: UUID
    name: str
    address: str
    location: Location
    zone: int
    active: bool


class InactiveCustomerError(DomainError):
    """The restaurant may not order."""


def place(
    order_id: UUID, number: int, customer: Customer, items: Sequence[Item], note: str | None, at: datetime
) -> Changed:
    """Version 1. Raises InactiveCustomerError."""
    if not customer.active:
        raise InactiveCustomerError("This restaurant may not order at present.")
    order = Order(
        id=order_id,
        number=number,
        restaurant_id=customer.id,
        restaurant_name=customer.name,
        zone=customer.zone,
        driver_id=None,
        driver_name=None,
        status="pending",
        reason=None,
        version=1,
        total_cents=sum(item.quantity * item.price_cents for item in items),
        items=msgspec.Raw(msgspec.json.encode(items)),
        note=note,
        address=customer.address,
        location=customer.location,
        stop=None,
        shortages=msgspec.Raw(b"[]"),
        created_at=at,
        updated_at=at,
    )
    return Changed(order, PLACED, audience(None, order))
