"""What each golden file under `tests/contract/golden` says, as the Structs that write it.

A published shape is never changed: neither is an entry here, once its file is committed. A new field has a default, so
that the old bytes decode to it; a new shape is a new version with files of its own.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from proto import realtime
from proto.accounts import Person, PersonEvent, Restaurant, RestaurantEvent, SessionEvent
from proto.alerts import FiringAlert
from proto.catalog import Product, ProductEvent
from proto.envelope import Actor, Envelope
from proto.orders import Audience, Item, Location, Order, OrderEvent, Shortage
from proto.stock import StockEvent

GOLDEN = Path(__file__).parent / "golden"

ORDER = UUID("019330aa-0000-7000-8000-000000000001")
RESTAURANT = UUID("019330aa-0000-7000-8000-000000000002")
PRODUCT = UUID("019330aa-0000-7000-8000-000000000003")
DRIVER = UUID("019330aa-0000-7000-8000-000000000005")
ADMIN = UUID("019330aa-0000-7000-8000-000000000006")
SESSION = UUID("019330aa-0000-7000-8000-000000000007")
ZONE = 3
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

BY_RESTAURANT = Actor(RESTAURANT, "restaurant")
BY_DRIVER = Actor(DRIVER, "driver")
BY_ADMIN = Actor(ADMIN, "admin")
BY_SYSTEM = Actor(None, "system")

PLACED = OrderEvent(
    id=UUID("019330aa-0000-7000-8000-000000000004"),
    type="OrderPlaced",
    occurred_at=AT,
    request_id="r-1",
    actor=BY_RESTAURANT,
    audience=Audience(restaurant_id=RESTAURANT),
    order=Order(
        id=ORDER,
        number=7,
        restaurant_id=RESTAURANT,
        restaurant_name="Store 330",
        zone=ZONE,
        driver_id=None,
        driver_name=None,
        status="pending",
        reason=None,
        version=1,
        total_cents=300,
        items=(Item(PRODUCT, "APPLE SAUCE 50 OZ", "50 OZ", 2, 150),),
        note=None,
        address="1 Market Street",
        location=Location(52.5, 13.4),
        stop=None,
        shortages=(),
        created_at=AT,
        updated_at=AT,
    ),
)


def _after(before: OrderEvent, event: str, actor: Actor, audience: Audience, **changes: object) -> OrderEvent:
    """The event a minute after `before`, which leaves the order as `before` does but for `changes`."""
    at = before.occurred_at + timedelta(minutes=1)
    version = before.order.version + 1
    return OrderEvent(
        id=UUID(int=PLACED.id.int + version * 0x1000),
        type=event,
        occurred_at=at,
        request_id=f"r-{version}",
        traceparent=TRACEPARENT,
        actor=actor,
        audience=audience,
        order=msgspec.structs.replace(before.order, version=version, updated_at=at, **changes),
    )


_RESTAURANT_ONLY = Audience(restaurant_id=RESTAURANT)
_OFFERED = Audience(restaurant_id=RESTAURANT, offer_zone=ZONE)
_WITH_DRIVER = Audience(restaurant_id=RESTAURANT, driver_id=DRIVER)
_TAKEN = Audience(restaurant_id=RESTAURANT, driver_id=DRIVER, left_offer_zone=ZONE)
_GIVEN_BACK = Audience(restaurant_id=RESTAURANT, left_driver_id=DRIVER, offer_zone=ZONE)
_DRIVEN = {"driver_id": DRIVER, "driver_name": "Zoë Müller", "stop": 1}
_FREE = {"driver_id": None, "driver_name": None, "stop": None}

_CONFIRMED = _after(PLACED, "OrderConfirmed", BY_SYSTEM, _RESTAURANT_ONLY, status="confirmed")
_REJECTED = _after(
    PLACED,
    "OrderRejected",
    BY_SYSTEM,
    _RESTAURANT_ONLY,
    status="rejected",
    reason="Out of stock.",
    shortages=(Shortage(PRODUCT, "APPLE SAUCE 50 OZ", 2, 1),),
)
_CANCELLED = _after(
    _CONFIRMED, "OrderCancelled", BY_RESTAURANT, _RESTAURANT_ONLY, status="cancelled", reason="Ordered twice."
)
_PREPARATION_STARTED = _after(_CONFIRMED, "OrderPreparationStarted", BY_ADMIN, _RESTAURANT_ONLY, status="preparing")
_READY = _after(_PREPARATION_STARTED, "OrderReady", BY_ADMIN, _OFFERED, status="ready")
_ASSIGNED = _after(_READY, "OrderAssigned", BY_ADMIN, _TAKEN, **_DRIVEN)
_UNASSIGNED = _after(_ASSIGNED, "OrderUnassigned", BY_ADMIN, _GIVEN_BACK, **_FREE)
_DISPATCHED = _after(_UNASSIGNED, "OrderDispatched", BY_DRIVER, _TAKEN, status="out_for_delivery", **_DRIVEN)
_DELIVERED = _after(_DISPATCHED, "OrderDelivered", BY_DRIVER, _WITH_DRIVER, status="delivered")
_FAILED = _after(
    _DISPATCHED, "OrderDeliveryFailed", BY_DRIVER, _WITH_DRIVER, status="failed", reason="Nobody opened: “closed”."
)
_RETURNED = _after(_FAILED, "OrderReturned", BY_ADMIN, _GIVEN_BACK, status="ready", reason=None, **_FREE)

_PRODUCT_CHANGED = ProductEvent(
    id=UUID("019330aa-0000-7000-8000-000000000008"),
    type="ProductChanged",
    occurred_at=AT,
    request_id="r-1",
    traceparent=TRACEPARENT,
    actor=BY_ADMIN,
    product=Product(
        id=PRODUCT,
        sku="26081",
        name="APPLE SAUCE 50 OZ",
        category="CANNED FRUIT",
        unit="50 OZ",
        price_cents=150,
        active=True,
        version=2,
    ),
)
_PRODUCT_SOLD_OUT = msgspec.structs.replace(
    _PRODUCT_CHANGED, product=msgspec.structs.replace(_PRODUCT_CHANGED.product, version=3, available=False)
)
_PERSON_CHANGED = PersonEvent(
    id=UUID("019330aa-0000-7000-8000-000000000009"),
    type="PersonChanged",
    occurred_at=AT,
    actor=BY_ADMIN,
    person=Person(
        id=DRIVER,
        name="Zoë Müller",
        role="driver",
        restaurant_id=None,
        zone=ZONE,
        active=True,
        tokens_valid_from=AT,
        version=1,
    ),
)
_RESTAURANT_CHANGED = RestaurantEvent(
    id=UUID("019330aa-0000-7000-8000-00000000000a"),
    type="RestaurantChanged",
    occurred_at=AT,
    actor=BY_ADMIN,
    restaurant=Restaurant(
        id=RESTAURANT,
        number=330,
        name="Store 330",
        address="1 Market Street",
        location=Location(52.5, 13.4),
        zone=ZONE,
        credit_limit_cents=500_000,
        active=True,
        version=1,
    ),
)
_SESSION_REVOKED = SessionEvent(
    id=UUID("019330aa-0000-7000-8000-00000000000b"),
    type="SessionRevoked",
    occurred_at=AT,
    request_id="r-1",
    actor=BY_DRIVER,
    session_id=SESSION,
    person_id=DRIVER,
)
_STOCK_RESERVED = StockEvent(
    id=UUID("019330aa-0000-7000-8000-00000000000c"),
    type="StockReserved",
    occurred_at=AT,
    request_id="r-1",
    traceparent=TRACEPARENT,
    actor=BY_SYSTEM,
    order_id=ORDER,
)
_STOCK_SHORT = msgspec.structs.replace(
    _STOCK_RESERVED,
    id=UUID("019330aa-0000-7000-8000-00000000000d"),
    type="StockShort",
    shortages=(Shortage(PRODUCT, "APPLE SAUCE 50 OZ", 2, 1),),
)

EVENTS: tuple[Envelope, ...] = (
    PLACED,
    _CONFIRMED,
    _REJECTED,
    _CANCELLED,
    _PREPARATION_STARTED,
    _READY,
    _ASSIGNED,
    _UNASSIGNED,
    _DISPATCHED,
    _DELIVERED,
    _FAILED,
    _RETURNED,
    _PRODUCT_CHANGED,
    _PERSON_CHANGED,
    _RESTAURANT_CHANGED,
    _SESSION_REVOKED,
    _STOCK_RESERVED,
    _STOCK_SHORT,
)
"""One of each type and version that was ever published."""

WITH_MORE: Mapping[str, Envelope] = {"ProductChanged.v1.available": _PRODUCT_SOLD_OUT}
"""Events as they are written since their shape has one field more; the older file of the type holds what was before."""

SINCE_EXTENDED = frozenset({"ProductChanged"})
"""Types whose older bytes lack a field that is written today: they are read, and written no more."""

_FIRING = FiringAlert(
    id=UUID("019330aa-0000-7000-8000-000000000009"),
    name="OutboxLagging",
    severity="page",
    labels={"context": "orders"},
    summary="Events of orders wait 7.2s to be published: screens are late.",
    action="Look at NATS first.",
    runbook="docs/runbooks/outbox.md#lag",
    value=7.2,
    since=AT,
)

CLIENT_FRAMES: Mapping[str, realtime.ClientFrame] = {
    "hello": realtime.Hello("a-ticket", realtime.Position("e-1", 120)),
    "hello-without-position": realtime.Hello("a-ticket"),
    "subscribe": realtime.Subscribe(f"order:{ORDER}", realtime.Position("e-1", 120)),
    "unsubscribe": realtime.Unsubscribe("orders"),
    "auth": realtime.Auth("a-ticket"),
    "location": realtime.SendLocation(52.5, 13.4),
}

SERVER_FRAMES: Mapping[str, realtime.ServerFrame] = {
    "welcome": realtime.Welcome("e-1", 123, 30),
    "subscribed": realtime.Subscribed("orders", 120),
    "unsubscribed": realtime.Unsubscribed("orders"),
    "event": realtime.Event("orders", 124, "OrderConfirmed", AT, msgspec.Raw(msgspec.json.encode(_CONFIRMED.order))),
    "event-of-an-order-left": realtime.Event(
        "orders", 131, "OrderLeft", AT, msgspec.Raw(msgspec.json.encode(realtime.LeftOrder(ORDER, 6)))
    ),
    "at": realtime.At(140),
    "resync": realtime.Resync("orders", 140, "e-1"),
    "location": realtime.DriverLocation(ORDER, 52.5, 13.4, AT),
    "alert": realtime.AlertState("alerts", True, AT, (_FIRING,)),
    "alert-of-nobody": realtime.AlertState("alerts", False, None, ()),
    "drain": realtime.Drain(8421),
}


def golden_of_event(event: Envelope) -> Path:
    return GOLDEN / "events" / f"{event.type}.v{event.version}.json"


def golden_files() -> Iterator[tuple[Path, msgspec.Struct, object]]:
    """Each golden file, what it says, and the type to decode it as."""
    for event in EVENTS:
        yield golden_of_event(event), event, type(event)
    for name, event in WITH_MORE.items():
        yield GOLDEN / "events" / f"{name}.json", event, type(event)
    for name, client_frame in CLIENT_FRAMES.items():
        yield GOLDEN / "client" / f"{name}.json", client_frame, realtime.ClientFrame
    for name, server_frame in SERVER_FRAMES.items():
        yield GOLDEN / "server" / f"{name}.json", server_frame, realtime.ServerFrame


def golden_bytes(path: Path) -> bytes:
    """The bytes as published: the file without the line end that editors want."""
    return path.read_bytes().removesuffix(b"\n")
