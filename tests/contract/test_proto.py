"""Routing reads an event without its order; subjects and frames are what the contracts say."""

import msgspec
import pytest

from proto import realtime, streams
from proto.orders import OrderHead, RoutedOrderEvent
from tests.contract.expected import ORDER, PLACED, RESTAURANT, golden_bytes, golden_of_event


def test_routing_leaves_the_orders_bytes_untouched() -> None:
    published = golden_bytes(golden_of_event(PLACED))
    routed = msgspec.json.decode(published, type=RoutedOrderEvent)
    assert bytes(routed.order) in published
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
