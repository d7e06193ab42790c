"""Who is told of an event: exactly who may read the order after it, and who could only before."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from proto.orders import Audience, OrderHead
from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.ring import Ring
from services.gateway.sight import Told, Viewer
from services.gateway.topic import Topic
from services.gateway.wire import framed

ORDER = UUID(int=99)
RESTAURANTS = [UUID(int=1), UUID(int=2)]
DRIVERS = [UUID(int=11), UUID(int=12), UUID(int=13)]
ZONES = [1, 2]


class Row(msgspec.Struct, frozen=True):
    """What the row policies read of an order."""

    restaurant_id: UUID
    zone: int
    status: str
    driver_id: UUID | None

    def offered_in(self) -> int | None:
        return self.zone if self.status == "ready" and self.driver_id is None else None


def may_select(row: Row, viewer: Viewer) -> bool:
    """The policies of migrations/orders, one a role."""
    if viewer.role == "restaurant":
        return row.restaurant_id == viewer.restaurant_id
    if viewer.role == "driver":
        offered = viewer.zone is not None and row.offered_in() == viewer.zone
        return row.driver_id == viewer.person_id or offered
    return viewer.role == "admin"


def audience(before: Row | None, after: Row) -> Audience:
    """As proto.orders says what its fields mean."""
    had = before.driver_id if before is not None else None
    was_offered = before.offered_in() if before is not None else None
    return Audience(
        restaurant_id=after.restaurant_id,
        driver_id=after.driver_id,
        left_driver_id=had if had != after.driver_id else None,
        offer_zone=after.offered_in(),
        left_offer_zone=was_offered if was_offered != after.offered_in() else None,
    )


VIEWERS = [
    *(Viewer("restaurant", UUID(int=30 + number), one, None) for number, one in enumerate(RESTAURANTS)),
    *(Viewer("driver", driver, None, zone) for driver in DRIVERS for zone in (*ZONES, None)),
    Viewer("admin", UUID(int=40), None, None),
]

STATES = st.tuples(
    st.sampled_from(["pending", "ready", "out_for_delivery", "failed"]), st.sampled_from([None, *DRIVERS])
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Row | None, Row]:
    """A change as an order can have it: its restaurant and zone never change."""
    restaurant, zone = draw(st.sampled_from(RESTAURANTS)), draw(st.sampled_from(ZONES))
    before, after = (Row(restaurant, zone, *draw(STATES)) for _ in range(2))
    return (before if draw(st.booleans()) else None), after


def expected(before: Row | None, after: Row, viewer: Viewer) -> Told | None:
    if may_select(after, viewer):
        return Told.ORDER
    return Told.LEFT if before is not None and may_select(before, viewer) else None


@given(changes())
def test_one_order_is_told_to_who_may_read_it_and_to_who_could(change: tuple[Row | None, Row]) -> None:
    for viewer in VIEWERS:
        assert sight.on_order(audience(*change), viewer) == expected(*change, viewer)


@given(changes())
def test_a_drivers_two_topics_are_their_own_orders_and_the_zones_offers(change: tuple[Row | None, Row]) -> None:
    before, after = change
    for viewer in (one for one in VIEWERS if one.role == "driver"):
        mine, was_mine = (row is not None and row.driver_id == viewer.person_id for row in (after, before))
        open_now, was_open = (
            row is not None and viewer.zone is not None and row.offered_in() == viewer.zone for row in (after, before)
        )
        assert sight.on_orders(audience(*change), viewer) == told(now=mine, before=was_mine)
        assert sight.on_offers(audience(*change), viewer) == told(now=open_now, before=was_open)


def told(*, now: bool, before: bool) -> Told | None:
    return Told.ORDER if now else Told.LEFT if before else None


class Hearing(Topic):
    """A topic that notes what the hub pushes."""

    replaying = False

    def __init__(self, name: str, viewer: Viewer) -> None:
        super().__init__(name, viewer)
        self.socket: object = self
        self.heard: list[bytes] = []

    def push(self, frame: bytes) -> None:
        self.heard.append(frame)

    def push_location(self, order_id: UUID, frame: bytes) -> None: ...

    def resync(self, seq: int) -> None: ...


@given(changes())
def test_the_hubs_indexes_find_exactly_whom_sight_names(change: tuple[Row | None, Row]) -> None:
    before, after = change
    hub = Hub(Ring(10**9))
    hub.begin("e", 0)
    topics = [
        Hearing(name, viewer)
        for viewer in VIEWERS
        for name in ("orders", "offers", "alerts", f"order:{ORDER}", f"order:{UUID(int=98)}")
        if name != "offers" or viewer.role == "driver"
    ]
    for topic in topics:
        hub.add(topic)
    order = msgspec.Raw(msgspec.json.encode({"id": ORDER, "version": 2}))
    head = OrderHead(ORDER, 2, "pending", after.restaurant_id)
    entry = Entry(1, "OrderConfirmed", datetime.now(UTC), audience(before, after), head, order)
    hub.take(entry)
    for topic in topics:
        told = topic.replayed(entry)
        assert topic.heard == ([] if told is None else [framed(entry.frame(topic.name, told))])
    # What is told to who left holds nothing of the order.
    assert b'"status":null}' in entry.frame("orders", Told.LEFT)
    for topic in topics:
        hub.remove(topic)
    assert not hub._listeners  # nothing stays of who has left


def test_all_who_are_told_the_same_get_the_same_bytes_made_once() -> None:
    restaurant, driver = RESTAURANTS[0], DRIVERS[0]
    hub = Hub(Ring(10**9))
    hub.begin("e", 0)
    who = [
        Viewer("admin", UUID(int=40), None, None),
        Viewer("restaurant", UUID(int=30), restaurant, None),
        Viewer("driver", driver, None, ZONES[0]),
    ]
    topics = [Hearing("orders", viewer) for viewer in who]
    for topic in topics:
        hub.add(topic)
    order = msgspec.Raw(msgspec.json.encode({"id": ORDER, "version": 1}))
    head = OrderHead(ORDER, 1, "out_for_delivery", restaurant)
    hub.take(
        Entry(
            1, "OrderDispatched", datetime.now(UTC), Audience(restaurant_id=restaurant, driver_id=driver), head, order
        )
    )
    [first], *others = [topic.heard for topic in topics]
    for [frame] in others:
        assert frame is first
