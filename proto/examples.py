"""One of each frame and each envelope, for the documents that people read: an order on its way to a restaurant.

Invariant: they are Structs, so no example can say what is never written.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from proto import accounts, alerts, catalog, envelope, orders, realtime, stock

_EPOCH = "01a2b3c4-0000-7000-8000-0000000000e1"
_ORDER = UUID("01a2b3c4-0000-7000-8000-000000000001")
_RESTAURANT = UUID("01a2b3c4-0000-7000-8000-000000000002")
_PRODUCT = UUID("01a2b3c4-0000-7000-8000-000000000003")
_DRIVER = UUID("01a2b3c4-0000-7000-8000-000000000004")
_ADMIN = UUID("01a2b3c4-0000-7000-8000-000000000005")
_SESSION = UUID("01a2b3c4-0000-7000-8000-000000000006")
_EVENT = UUID("01a2b3c4-0000-7000-8000-000000000007")
_ZONE = 7
_AT = datetime(2026, 11, 24, 9, 30, 0, 125_000, tzinfo=UTC)
_PLACE = orders.Location(39.1031, -84.512)
_TICKET = "kJ8s0bqG2mZ4vN7xR1tYwQ5uE9aHcD3fL6iP0oKjMzs"

_CLAIMED = orders.Order(
    id=_ORDER,
    number=1001,
    restaurant_id=_RESTAURANT,
    restaurant_name="Copper Kettle Kitchen",
    zone=_ZONE,
    driver_id=_DRIVER,
    driver_name="Ada Novak",
    status="out_for_delivery",
    reason=None,
    version=5,
    total_cents=598,
    items=(orders.Item(_PRODUCT, "Frozen pizza", "12 OZ", 2, 299),),
    note=None,
    address="12 Elm Street, Cincinnati",
    location=_PLACE,
    stop=None,
    shortages=(),
    created_at=_AT - timedelta(hours=1),
    updated_at=_AT,
)

_FIRING = alerts.FiringAlert(
    id=_EVENT,
    name="OutboxLagging",
    severity="page",
    labels={"context": "orders"},
    summary="Events of orders wait 7.2s to be published: screens are late.",
    action="Look at NATS first: `just status`, `just logs nats`, then `just logs relay`.",
    runbook="docs/runbooks/outbox.md#lag",
    value=7.2,
    since=_AT - timedelta(minutes=1),
)

CLIENT_FRAMES: Mapping[str, realtime.ClientFrame] = {
    "hello": realtime.Hello(_TICKET),
    "hello-after-a-break": realtime.Hello(_TICKET, realtime.Position(_EPOCH, 140)),
    "subscribe": realtime.Subscribe("orders"),
    "subscribe-after-a-break": realtime.Subscribe("orders", realtime.Position(_EPOCH, 131)),
    "subscribe-to-one-order": realtime.Subscribe(f"order:{_ORDER}"),
    "unsubscribe": realtime.Unsubscribe(f"order:{_ORDER}"),
    "auth": realtime.Auth(_TICKET),
    "location": realtime.SendLocation(39.1, -84.5),
}

SERVER_FRAMES: Mapping[str, realtime.ServerFrame] = {
    "welcome": realtime.Welcome(_EPOCH, 140, 30),
    "subscribed": realtime.Subscribed("orders", 140),
    "unsubscribed": realtime.Unsubscribed(f"order:{_ORDER}"),
    "event": realtime.Event("orders", 141, "OrderDispatched", _AT, msgspec.Raw(msgspec.json.encode(_CLAIMED))),
    "event-of-an-order-left": realtime.Event(
        "offers", 141, "OrderLeft", _AT, msgspec.Raw(msgspec.json.encode(realtime.LeftOrder(_ORDER, 5)))
    ),
    "at": realtime.At(152),
    "resync": realtime.Resync("orders", 900, _EPOCH),
    "location": realtime.DriverLocation(_ORDER, 39.1, -84.5, _AT),
    "alert": realtime.AlertState("alerts", True, _AT, (_FIRING,)),
    "drain": realtime.Drain(8421),
}

ENVELOPES: Mapping[str, envelope.Envelope] = {
    "OrderEvent": orders.OrderEvent(
        id=_EVENT,
        type="OrderDispatched",
        occurred_at=_AT,
        request_id="01a2b3c4-0000-7000-8000-0000000000a1",
        actor=envelope.Actor(_DRIVER, "driver"),
        audience=orders.Audience(restaurant_id=_RESTAURANT, driver_id=_DRIVER, left_offer_zone=_ZONE),
        order=_CLAIMED,
    ),
    "ProductEvent": catalog.ProductEvent(
        id=_EVENT,
        type="ProductChanged",
        occurred_at=_AT,
        actor=envelope.Actor(_ADMIN, "admin"),
        product=catalog.Product(
            id=_PRODUCT,
            sku="26081",
            name="Frozen pizza",
            category="FROZEN PIZZA",
            unit="12 OZ",
            price_cents=299,
            active=True,
            version=2,
        ),
    ),
    "PersonEvent": accounts.PersonEvent(
        id=_EVENT,
        type="PersonChanged",
        occurred_at=_AT,
        actor=envelope.Actor(_ADMIN, "admin"),
        person=accounts.Person(
            id=_DRIVER,
            name="Ada Novak",
            role="driver",
            restaurant_id=None,
            zone=_ZONE,
            active=True,
            tokens_valid_from=_AT,
            version=2,
        ),
    ),
    "RestaurantEvent": accounts.RestaurantEvent(
        id=_EVENT,
        type="RestaurantChanged",
        occurred_at=_AT,
        actor=envelope.Actor(_ADMIN, "admin"),
        restaurant=accounts.Restaurant(
            id=_RESTAURANT,
            number=367,
            name="Copper Kettle Kitchen",
            address="12 Elm Street, Cincinnati",
            location=_PLACE,
            zone=_ZONE,
            credit_limit_cents=500_000,
            active=True,
            version=1,
        ),
    ),
    "SessionEvent": accounts.SessionEvent(
        id=_EVENT,
        type="SessionRevoked",
        occurred_at=_AT,
        actor=envelope.Actor(_DRIVER, "driver"),
        session_id=_SESSION,
        person_id=_DRIVER,
    ),
    "StockEvent": stock.StockEvent(
        id=_EVENT,
        type="StockShort",
        occurred_at=_AT,
        request_id="01a2b3c4-0000-7000-8000-0000000000a1",
        actor=envelope.Actor(None, "system"),
        order_id=_ORDER,
        shortages=(orders.Shortage(_PRODUCT, "Frozen pizza", 2, 1),),
    ),
}

LOCATION_REPORT = realtime.LocationReport(_DRIVER, 39.1, -84.5, _AT)
