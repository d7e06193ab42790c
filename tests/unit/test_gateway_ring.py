"""The newest events in memory: what stays, what goes, and what is asked of it."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import msgspec
import pytest

from proto.orders import Audience, OrderHead
from proto.streams import order_subject, orders_of_restaurant
from services.gateway import hub as hub_module
from services.gateway import places
from services.gateway import ring as ring_module
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.on_the_way import OnTheWay
from services.gateway.places import Places
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.topic import Topic
from services.gateway.writer import Subscription, Writer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KITCHEN, OTHER = UUID(int=1), UUID(int=4)


def entry(seq: int, order: int = 0, version: int = 1) -> Entry:
    order_id = UUID(int=1000 + (order or seq))
    raw = msgspec.Raw(msgspec.json.encode({"id": order_id, "version": version}))
    head = OrderHead(order_id, version, "pending", KITCHEN)
    return Entry(seq, "OrderPlaced", NOW, Audience(restaurant_id=KITCHEN), head, raw)


def seqs(entries: list[Entry]) -> list[int]:
    return [one.seq for one in entries]


def test_the_oldest_go_when_the_bytes_are_too_many_and_the_floor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_module, "COMPACT_AFTER", 4)
    ring = Ring(entry(1).size * 3)
    for seq in range(1, 21):
        ring.add(entry(seq * 2))
        assert ring.floor == max(0, seq * 2 - 6)
        assert seqs(ring.after(ring.floor, 10)) == [one * 2 for one in range(max(1, seq - 2), seq + 1)]
    assert seqs(ring.after(37, 1)) == [38]
    with pytest.raises(LookupError, match="33 is below the floor 34"):
        ring.after(33, 1)


def test_another_stream_begins_with_nothing() -> None:
    ring = Ring(10**9)
    ring.add(entry(1))
    ring.clear(7)
    assert (ring.floor, ring.after(7, 1)) == (7, [])


def test_what_was_heard_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "KNOWN_ORDERS", 2)
    hub = Hub(Ring(10**9))
    hub.begin("e", 0)
    for seq, order, version in ((1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 1)):
        hub.take(entry(seq, order, version))
    known = [hub.known(UUID(int=1000 + order)) is not None for order in (1, 2, 3)]
    assert known == [True, False, True]


def test_a_topic_reads_of_the_past_what_can_concern_it() -> None:
    hub = Hub(Ring(0))
    hub.begin("e", 10)
    for seq, order, restaurant in ((11, 1, KITCHEN), (12, 2, OTHER), (13, 3, KITCHEN)):
        hub.places.note(seq, order_subject(restaurant, UUID(int=1000 + order), "OrderPlaced"))
        hub.take(entry(seq, order))
    kitchen, admin = Viewer("restaurant", UUID(int=2), KITCHEN, None), Viewer("admin", UUID(int=3), None, None)
    of_the_kitchen, whole = (orders_of_restaurant(KITCHEN), [11, 13]), (None, [11, 12, 13])

    def due(name: str, viewer: Viewer, after: int = 10) -> tuple[str | None, list[int]]:
        found = hub.due(Subscription(name, viewer, cast("Writer", None)), after)
        return found.subject, list(found.seqs)

    assert due("orders", admin) == whole
    assert due("orders", kitchen) == due(f"order:{UUID(int=1003)}", kitchen) == of_the_kitchen
    assert due(f"order:{UUID(int=1001)}", admin) == of_the_kitchen
    assert due(f"order:{UUID(int=9)}", admin) == whole  # whose it is was not heard lately
    assert due("orders", kitchen, after=8) == (None, [9, 10, 11, 12, 13])  # from before we listened
    assert due("orders", kitchen, after=11) == (orders_of_restaurant(KITCHEN), [13])
    assert not Topic("alerts", admin).has_past
    assert Topic("orders", admin).has_past


def test_the_places_of_a_restaurant_are_bounded_and_tell_how_far_back_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "HALF", 3)
    known = Places(100)
    for seq in range(101, 120):
        known.note(seq, order_subject(KITCHEN if seq % 2 else OTHER, UUID(int=seq), "OrderPlaced"))
        assert known.floor >= seq - 2 * places.HALF
        for after in range(known.floor, seq + 1):
            mine = [one for one in range(after + 1, seq + 1) if one % 2]
            assert list(known.due(KITCHEN, after, seq).seqs) == mine
    assert known.floor == 115
    assert list(known.due(KITCHEN, 111, 114).seqs) == [112, 113, 114]
    known.clear(7)
    assert list(known.due(KITCHEN, 7, 119).seqs) == []


def test_an_envelope_of_a_shape_that_is_not_known_is_refused() -> None:
    body = {
        "id": UUID(int=1),
        "type": "OrderPlaced",
        "version": 2,
        "occurred_at": NOW,
        "actor": {"id": None, "role": "system"},
    }
    audience = {"restaurant_id": KITCHEN}
    order = {"id": UUID(int=1), "version": 1, "status": "pending", "restaurant_id": KITCHEN}
    with pytest.raises(msgspec.ValidationError, match="version 2"):
        Entry.decode(1, msgspec.json.encode({**body, "audience": audience, "order": order}))


def test_a_driver_is_on_the_way_with_each_order_until_it_ends() -> None:
    carrier = UUID(int=5)
    on_the_way = OnTheWay()
    for order, status in ((1, "out_for_delivery"), (2, "out_for_delivery"), (1, "delivered")):
        one = entry(1, order)
        head = msgspec.structs.replace(one.head, status=status)
        audience = Audience(restaurant_id=KITCHEN, driver_id=carrier)
        on_the_way.note(Entry(1, "x", NOW, audience, head, one.order))
    assert on_the_way.orders(carrier) == {UUID(int=1002): KITCHEN}
