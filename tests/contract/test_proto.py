"""What is published today must be readable for ever: the bytes of each event are held, and routing reads them."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proto import realtime, streams
from proto.envelope import Actor
from proto.orders import Audience, Item, Location, Order, OrderEvent, OrderHead, RoutedOrderEvent

ORDER = UUID("019330aa-0000-7000-8000-000000000001")
RESTAURANT = UUID("019330aa-0000-7000-8000-000000000002")
PRODUCT = UUID("019330aa-0000-7000-8000-000000000003")
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

PLACED = OrderEvent(
    id=UUID("019330aa-0000-7000-8000-000000000004"),
    type="OrderPlaced",
    occurred_at=AT,
    request_id="r-1",
    actor=Actor(id=RESTAURANT, role="restaurant"),
    audience=Audience(restaurant_id=RESTAURANT),
    order=Order(
        id=ORDER,
        number=7,
        restaurant_id=RESTAURANT,
        restaurant_name="Store 330",
        zone=3,
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

PLACED_V1 = (
    b'{"id":"019330aa-0000-7000-8000-000000000004","type":"OrderPlaced","version":1,'
    b'"occurred_at":"2026-01-02T03:04:05.678901Z","request_id":"r-1","traceparent":null,'
    b'"actor":{"id":"019330aa-0000-7000-8000-000000000002","role":"restaurant"},'
    b'"audience":{"restaurant_id":"019330aa-0000-7000-8000-000000000002","driver_id":null,"left_driver_id":null,'
    b'"offer_zone":null,"left_offer_zone":null},'
    b'"order":{"id":"019330aa-0000-7000-8000-000000000001","number":7,'
    b'"restaurant_id":"019330aa-0000-7000-8000-000000000002","restaurant_name":"Store 330","zone":3,'
    b'"driver_id":null,"driver_name":null,"status":"pending","reason":null,"version":1,"total_cents":300,'
    b'"items":[{"product_id":"019330aa-0000-7000-8000-000000000003","name":"APPLE SAUCE 50 OZ","unit":"50 OZ",'
    b'"quantity":2,"price_cents":150}],"note":null,"address":"1 Market Street",'
    b'"location":{"lat":52.5,"lon":13.4},"stop":null,"shortages":[],'
    b'"created_at":"2026-01-02T03:04:05.678901Z","updated_at":"2026-01-02T03:04:05.678901Z"}}'
)


def test_order_placed_has_its_golden_bytes() -> None:
    assert msgspec.json.encode(PLACED) == PLACED_V1


def test_golden_bytes_are_still_read_as_the_same_event() -> None:
    assert msgspec.json.decode(PLACED_V1, type=OrderEvent) == PLACED


def test_routing_leaves_the_orders_bytes_untouched() -> None:
    routed = msgspec.json.decode(PLACED_V1, type=RoutedOrderEvent)
    assert bytes(routed.order) in PLACED_V1
    assert msgspec.json.decode(routed.order, type=OrderHead) == OrderHead(ORDER, 1, "pending", RESTAURANT)


def test_subjects_of_an_order() -> None:
    subject = streams.order_subject(RESTAURANT, ORDER, "OrderPlaced")
    assert subject == f"orders.v1.{RESTAURANT}.{ORDER}.OrderPlaced"
    assert subject.startswith(streams.orders_of_restaurant(RESTAURANT).removesuffix(">"))
    assert streams.events_of_order(ORDER) == f"orders.v1.*.{ORDER}.*"


@pytest.mark.parametrize(
    "frame",
    [
        b"not json",
        b'{"type":"shout"}',
        b'{"type":"hello"}',
        b'{"type":"hello","ticket":""}',
        b'{"type":"hello","ticket":"t","extra":1}',
        b'{"type":"hello","ticket":"t","resume":{"epoch":"e","seq":-1}}',
        b'{"type":"subscribe","topic":"everything"}',
        b'{"type":"location","lat":91,"lon":0}',
    ],
)
def test_a_bad_client_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(frame, type=realtime.ClientFrame)


def test_the_frames_of_the_protocol_are_read() -> None:
    frame = b'{"type":"subscribe","topic":"orders","after":{"epoch":"e","seq":120}}'
    decoded = msgspec.json.decode(frame, type=realtime.ClientFrame)
    assert decoded == realtime.Subscribe("orders", realtime.Position("e", 120))
