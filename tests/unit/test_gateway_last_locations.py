"""Who is told where a driver is: live, and at once when they begin to listen; never an older place after a newer one,
and nothing of a way that has ended, or after some minutes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from proto.orders import Audience, OrderHead, Status
from proto.realtime import DriverLocation, LocationReport
from services.gateway import last_locations, locations
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.last_locations import KEPT
from services.gateway.locations import Locations
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.topic import Topic
from shared.bus import Bus
from tests.frames import unframed

MINE, OTHERS = UUID(int=1), UUID(int=2)
ADA, BEN = UUID(int=11), UUID(int=12)
OWNER = Viewer("restaurant", UUID(int=31), MINE, None)
STRANGER = Viewer("restaurant", UUID(int=32), OTHERS, None)
DRIVER = Viewer("driver", ADA, None, 1)
ADMIN = Viewer("admin", UUID(int=33), None, None)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Ear(Topic):
    """A topic that notes which order was seen at which latitude."""

    replaying = False

    def __init__(self, viewer: Viewer, name: str = "orders", socket: object = None) -> None:
        super().__init__(name, viewer)
        self.socket: object = socket or self
        self.heard: list[tuple[int, float]] = []

    def push(self, frame: bytes) -> None: ...

    def push_location(self, order_id: UUID, frame: bytes) -> None:
        [text] = unframed(frame)
        location = msgspec.json.decode(text, type=DriverLocation)
        assert location.order_id == order_id
        self.heard.append((order_id.int, location.lat))

    def resync(self, seq: int) -> None: ...


class Town:
    """A gateway's hub and locations, with the clock in hand."""

    def __init__(self) -> None:
        self.now = START
        self.hub = Hub(Ring(10**9))
        self.hub.begin("e", 0)
        self.locations = Locations(Bus("nats://unused", "test"), self.hub, lambda: self.now)
        self._versions: dict[int, int] = {}

    def step(
        self, order: int, status: Status, driver: UUID | None, left: UUID | None = None, restaurant: UUID = MINE
    ) -> None:
        """The next event of an order."""
        version = self._versions[order] = self._versions.get(order, 0) + 1
        audience = Audience(restaurant_id=restaurant, driver_id=driver, left_driver_id=left)
        head = OrderHead(UUID(int=order), version, status, restaurant, driver)
        self.hub.take(Entry(self.hub.seq + 1, "E", self.now, audience, head, msgspec.Raw(b"{}")))

    def report(self, driver: UUID, lat: float, at: datetime | None = None) -> None:
        """A second after the last that was said, or as of `at`."""
        if at is None:
            self.passes(SECOND)
        self.locations.show(LocationReport(driver, lat, 0.0, at or self.now))

    def passes(self, time: timedelta) -> None:
        self.now += time

    def joins(self, viewer: Viewer, name: str = "orders", socket: object = None) -> Ear:
        ear = Ear(viewer, name, socket)
        self.hub.add(ear)
        self.locations.show_last(ear)
        return ear


@pytest.fixture
def town() -> Iterator[Town]:
    """Order 1 is on the way to MINE with Ada, order 2 to OTHERS with Ada, order 3 to MINE with Ben."""
    town = Town()
    town.step(1, "out_for_delivery", ADA)
    town.step(2, "out_for_delivery", ADA, restaurant=OTHERS)
    town.step(3, "out_for_delivery", BEN)
    yield town
    assert len(town.hub.on_the_way.last) <= last_locations.KEPT_ORDERS


def test_who_waits_for_an_order_and_admins_are_told(town: Town) -> None:
    owner, stranger, admin, driver = (town.joins(viewer) for viewer in (OWNER, STRANGER, ADMIN, DRIVER))
    one = [town.joins(viewer, f"order:{UUID(int=1)}") for viewer in (OWNER, ADMIN, DRIVER)]
    alerts = town.joins(ADMIN, "alerts")
    town.report(ADA, 1.5)
    town.report(BEN, 2.5)
    assert owner.heard == [(1, 1.5), (3, 2.5)]
    assert stranger.heard == [(2, 1.5)]
    assert admin.heard == [(1, 1.5), (2, 1.5), (3, 2.5)]
    assert driver.heard == alerts.heard == []
    assert [ear.heard for ear in one] == [[(1, 1.5)], [(1, 1.5)], []]


def test_who_begins_to_listen_is_told_the_last_of_each_order_the_newest_first(town: Town) -> None:
    for lat, driver in ((1.0, BEN), (2.0, ADA), (3.0, BEN)):
        town.report(driver, lat)
    assert town.joins(OWNER).heard == [(3, 3.0), (1, 2.0)]
    assert town.joins(STRANGER).heard == [(2, 2.0)]
    assert town.joins(ADMIN).heard == [(3, 3.0), (1, 2.0), (2, 2.0)]
    assert town.joins(DRIVER).heard == town.joins(ADMIN, "alerts").heard == []
    assert town.joins(OWNER, f"order:{UUID(int=3)}").heard == [(3, 3.0)]
    assert town.joins(ADMIN, f"order:{UUID(int=2)}").heard == [(2, 2.0)]
    assert town.joins(DRIVER, f"order:{UUID(int=1)}").heard == []
    assert town.joins(OWNER, f"order:{UUID(int=7)}").heard == []
    assert town.joins(Viewer("restaurant", UUID(int=34), UUID(int=3), None)).heard == []


def test_a_socket_with_several_topics_of_an_order_is_told_once(town: Town) -> None:
    ears = [town.joins(OWNER, name, socket="one") for name in ("orders", f"order:{UUID(int=1)}")]
    town.report(ADA, 1.5)
    assert [told for ear in ears for told in ear.heard] == [(1, 1.5)]


def test_a_report_that_was_overtaken_replaces_nothing(town: Town) -> None:
    owner = town.joins(OWNER)
    town.report(ADA, 2.0, START)
    town.report(ADA, 1.0, START - SECOND)
    town.report(ADA, 2.0, START)  # once more
    assert owner.heard == [(1, 2.0)] == town.joins(OWNER).heard
    town.report(ADA, 3.0, START + SECOND)
    assert owner.heard == [(1, 2.0), (1, 3.0)]


@pytest.mark.parametrize("end", ["delivered", "failed", "cancelled"])
def test_an_order_that_is_on_the_way_no_more_is_nowhere(town: Town, end: Status) -> None:
    town.report(ADA, 1.0)
    town.step(1, end, ADA)
    owner = town.joins(OWNER)
    town.report(ADA, 2.0)
    assert owner.heard == []
    assert town.joins(STRANGER).heard == [(2, 2.0)]  # the driver still has that one
    assert town.joins(OWNER, f"order:{UUID(int=1)}").heard == []


def test_an_order_that_goes_on_with_another_driver_begins_without_a_place(town: Town) -> None:
    town.report(ADA, 1.0)
    town.step(1, "out_for_delivery", BEN, left=ADA)
    owner = town.joins(OWNER)
    town.report(ADA, 2.0)  # still on the way with order 2, which is not this restaurant's
    assert owner.heard == []
    town.report(BEN, 3.0)
    assert sorted(owner.heard) == [(1, 3.0), (3, 3.0)]


def test_a_second_way_with_the_same_driver_does_not_show_the_first(town: Town) -> None:
    town.report(ADA, 1.0)
    town.step(1, "failed", ADA)
    town.step(1, "ready", ADA)
    town.step(1, "out_for_delivery", ADA)
    assert town.joins(OWNER).heard == []


def test_a_change_on_the_way_leaves_the_place(town: Town) -> None:
    town.report(ADA, 1.0)
    town.step(1, "out_for_delivery", ADA)
    assert town.joins(OWNER).heard == [(1, 1.0)]


def test_a_place_is_told_for_minutes_and_then_forgotten(town: Town) -> None:
    town.report(ADA, 1.0)
    town.passes(KEPT / 2)
    town.report(BEN, 2.0)
    town.passes(KEPT / 2 - 2 * SECOND)
    assert town.joins(OWNER).heard == [(3, 2.0), (1, 1.0)]
    town.passes(SECOND)
    assert town.joins(OWNER).heard == [(3, 2.0)]
    assert len(town.hub.on_the_way.last) == 1


def test_a_clock_that_was_ahead_does_not_silence_a_driver_for_longer_than_that(town: Town) -> None:
    town.report(ADA, 1.0, START + 10 * KEPT)
    town.passes(KEPT)
    town.report(ADA, 2.0)
    assert town.joins(STRANGER).heard == [(2, 2.0)]


def test_the_order_heard_of_longest_ago_goes_when_there_are_too_many(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_locations, "KEPT_ORDERS", 2)
    town.report(BEN, 1.0)
    town.report(ADA, 2.0)
    assert town.joins(ADMIN).heard == [(1, 2.0), (2, 2.0)]


async def test_it_is_forgotten_also_when_nobody_reports_or_asks(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.report(ADA, 1.0)
    town.passes(KEPT)
    monkeypatch.setattr(locations, "FORGET_SECONDS", 0.0)
    forgetting = asyncio.create_task(town.locations.forget())
    async with asyncio.timeout(5):
        while len(town.hub.on_the_way.last):  # noqa: ASYNC110  its first round is all that is waited for
            await asyncio.sleep(0)
    forgetting.cancel()
