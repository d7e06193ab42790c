"""The gateway tells of a traced event when it came, when its first frame was made, and when its sockets had theirs."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proto.orders import Audience, OrderHead
from services.gateway import traces as traces_module
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Replays
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.traces import Traces
from services.gateway.writer import Subscription, Writer
from shared.bus import Bus
from shared.tracing import Span, Tracer
from tests.support import eventually

RESTAURANT, ORDER = UUID(int=1), UUID(int=1001)
VIEWER = Viewer("restaurant", UUID(int=5), RESTAURANT, None)
SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def entry(traceparent: str | None, version: int = 1) -> Entry:
    raw = msgspec.Raw(msgspec.json.encode({"id": ORDER, "version": version}))
    head = OrderHead(ORDER, version, "pending", RESTAURANT)
    audience = Audience(restaurant_id=RESTAURANT)
    return Entry(version, "OrderPlaced", datetime.now(UTC), audience, head, raw, traceparent)


class Peer:
    """A connection that takes frames at once until it does not read."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.got.append(frame)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(reason)

    def abort(self) -> None:
        raise AssertionError


class Watch:
    """A hub that traces, and what it told."""

    def __init__(self) -> None:
        self.told: list[Span] = []
        self.traces = Traces(Tracer(0, self.told.append))
        self.hub = Hub(Ring(10**6), self.traces)

    def socket(self, name: str = "orders") -> Writer:
        writer = Writer(self.hub, Replays(Bus("nats://nowhere", "tests")), Peer())
        self.hub.add(Subscription(name, VIEWER, writer))
        return writer

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.told]


async def test_a_traced_event_is_told_of_from_its_arrival_to_its_first_frame_and_to_its_sockets() -> None:
    watch = Watch()
    for name in ("orders", "orders", f"order:{ORDER}"):
        watch.socket(name)
    received = time.time_ns() - 1_000_000
    watch.hub.take(entry(SAMPLED), received)
    await asyncio.sleep(0)
    assert watch.names == ["fan-out", "write"]
    fan_out, write = watch.told
    assert received == fan_out.start < fan_out.end == write.start < write.end
    for span in watch.told:
        assert (span.context.trace_id, span.parent_id) == (0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
        assert span.attributes == {"larder.key": str(ORDER), "larder.receivers": 3, "larder.waiting": 0}
    assert not watch.traces.watched


async def test_sockets_that_do_not_read_are_waited_for() -> None:
    watch = Watch()
    watch.socket()
    slow, slower = watch.socket(), watch.socket(f"order:{ORDER}")
    slow.pause()
    slower.pause()
    watch.hub.take(entry(SAMPLED))
    await asyncio.sleep(0)
    assert watch.names == ["fan-out", "write"]
    assert watch.told[-1].attributes["larder.waiting"] == 2
    slow.resume()
    assert watch.names == ["fan-out", "write"]
    slower.resume()
    assert watch.names == ["fan-out", "write", "wait"]
    wait, write = watch.told[-1], watch.told[-2]
    assert write.start == wait.start < write.end < wait.end
    assert wait.attributes == {"larder.key": str(ORDER), "larder.waiting": 2, "larder.written": 2}
    assert not watch.traces.watched


async def test_a_frame_of_another_event_in_the_same_queue_is_none_of_its() -> None:
    watch = Watch()
    slow = watch.socket()
    slow.pause()
    watch.hub.take(entry(None, 1))
    watch.hub.take(entry(SAMPLED, 2))
    watch.hub.take(entry(None, 3))
    slow.resume()
    assert watch.names == ["fan-out", "write", "wait"]
    assert watch.told[-1].attributes["larder.written"] == 1


@pytest.mark.parametrize("traceparent", [None, SAMPLED.removesuffix("01") + "00", "rubbish"])
async def test_an_event_that_is_not_traced_is_not_followed(traceparent: str | None) -> None:
    watch = Watch()
    watch.socket()
    watch.hub.take(entry(traceparent))
    await asyncio.sleep(0)
    assert not watch.traces.watched
    assert watch.told == []


async def test_an_event_that_concerns_nobody_here_or_comes_again_is_not_told_of() -> None:
    watch = Watch()
    watch.hub.take(entry(SAMPLED))
    watch.socket()
    watch.hub.take(entry(SAMPLED))
    assert watch.told == []
    assert not watch.traces.watched


async def test_a_socket_that_takes_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces_module, "PATIENCE_SECONDS", 0.01)
    watch = Watch()
    slow, slower = watch.socket(), watch.socket()
    slow.pause()
    slower.pause()
    watch.hub.take(entry(SAMPLED))
    slow.resume()

    async def given_up() -> bool:
        return not watch.traces.watched

    await eventually(given_up)
    assert watch.names == ["fan-out", "write", "wait"]
    assert (watch.told[-1].attributes["larder.written"], watch.told[-1].attributes["larder.waiting"]) == (1, 2)
    slower.resume()
    assert len(watch.told) == 3


async def test_what_is_followed_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces_module, "MOST_WATCHED", 2)
    watch = Watch()
    watch.socket().pause()
    for version in range(1, 6):
        watch.hub.take(entry(SAMPLED, version))
    assert len(watch.traces.watched) == 2
