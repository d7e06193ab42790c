"""What a socket is sent: in which order, how much of it may wait, and how it ends."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from proto.orders import Audience, OrderHead
from proto.realtime import CloseCode, Subscribed
from services.gateway import writer
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Past, Replays, TooOldError
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.writer import Subscription, Writer
from shared.http.types import Message

ME = Viewer("restaurant", UUID(int=5), UUID(int=1), None)


def entry(seq: int) -> Entry:
    order_id = UUID(int=1000 + seq)
    raw = msgspec.Raw(msgspec.json.encode({"id": order_id, "version": 1}))
    head = OrderHead(order_id, 1, "pending", UUID(int=1))
    return Entry(seq, "OrderPlaced", datetime.now(UTC), Audience(restaurant_id=UUID(int=1)), head, raw)


class Slow(Replays):
    """A stream that answers once it is let go, and has nothing any more."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def read(self, *_: object) -> Past:
        await self.go.wait()
        raise TooOldError


class Peer:
    """The other side: what it got, and whether it reads. `on_frame` runs while a frame is on its way."""

    def __init__(self, ring_bytes: int = 10**9) -> None:
        self.got: list[dict[str, Any]] = []
        self.close: Message | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self.on_frame: Callable[[dict[str, Any]], None] = lambda _: None
        self.hub = Hub(Ring(ring_bytes))
        self.hub.begin("e", 0)
        self.past = Slow()
        self.writer = Writer(self.hub, self.past, self._send)
        self._arrived = asyncio.Event()

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        await asyncio.sleep(0)
        if message["type"] == "websocket.close":
            self.close = message
            return
        frame = json.loads(message["text"])
        self.on_frame(frame)
        self.got.append(frame)
        self._arrived.set()

    async def has(self, count: int) -> None:
        """Returns once so many frames have come."""
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self._arrived.clear()
                await self._arrived.wait()

    def subscribe(self, name: str = "orders", after: int | None = None) -> Subscription:
        topic = Subscription(name, ME, self.writer)
        self.hub.add(topic)
        self.writer.tell(Subscribed(topic.name, self.hub.seq if after is None else after))
        if after is not None:
            topic.replay(after)
            self.writer.replay(topic)
        return topic

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.got]


async def until_done(peer: Peer) -> None:
    async with asyncio.timeout(5):
        await peer.writer.run()


async def test_a_full_queue_ends_the_socket_with_the_code_that_says_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_FRAMES", 10)
    peer = Peer()
    peer.subscribe()
    for seq in range(1, 30):
        peer.hub.take(entry(seq))
    await until_done(peer)
    assert peer.close is not None
    assert peer.close["code"] == CloseCode.TOO_SLOW
    assert peer.got == []


async def test_many_bytes_fill_a_queue_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_BYTES", 1_000)
    peer = Peer()
    peer.writer.push("x" * 1_001)
    await until_done(peer)
    assert peer.close is not None
    assert peer.close["code"] == CloseCode.TOO_SLOW


async def test_who_does_not_read_the_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CLOSE_SECONDS", 0.05)
    peer = Peer()
    peer.reads.clear()
    peer.writer.push('{"type":"x"}')
    running = asyncio.create_task(until_done(peer))
    await asyncio.sleep(0)
    peer.writer.close(CloseCode.RESTART, "restart")
    await running
    assert peer.close is None


async def test_a_location_replaces_the_one_that_waits_and_lets_events_pass() -> None:
    peer = Peer()
    topic = peer.subscribe()
    for lat in range(5):
        topic.push_location(UUID(int=7), json.dumps({"type": "location", "lat": lat}))
    topic.push_location(UUID(int=8), json.dumps({"type": "location", "lat": 50}))
    peer.hub.take(entry(1))
    peer.on_frame = lambda frame: peer.writer.leave() if frame.get("lat") == 50 else None
    await until_done(peer)
    assert peer.kinds() == ["subscribed", "event", "location", "location"]
    assert [frame["lat"] for frame in peer.got[2:]] == [4, 50]


async def test_an_answer_comes_before_its_replay_also_when_it_is_asked_for_while_a_location_is_written() -> None:
    peer = Peer()
    for seq in range(1, 4):
        peer.hub.take(entry(seq))
    peer.writer.push_location(UUID(int=7), json.dumps({"type": "location"}))

    def ask(frame: dict[str, Any]) -> None:
        if frame["type"] == "location":
            peer.subscribe(after=1)
        elif frame.get("seq") == 3:
            peer.writer.leave()

    peer.on_frame = ask
    await until_done(peer)
    assert peer.kinds() == ["location", "subscribed", "event", "event"]


async def test_events_during_a_replay_come_once_and_after_it() -> None:
    peer = Peer()
    peer.hub.take(entry(1))
    peer.hub.take(entry(2))
    peer.subscribe(after=0)

    def more(frame: dict[str, Any]) -> None:
        if frame.get("seq") in (1, 2):
            peer.hub.take(entry(frame["seq"] + 2))

    peer.on_frame = more
    running = asyncio.create_task(until_done(peer))
    await peer.has(5)
    peer.hub.take(entry(5))
    await peer.has(6)
    peer.writer.leave()
    await running
    assert [frame["seq"] for frame in peer.got] == [0, 1, 2, 3, 4, 5]


async def test_a_heartbeat_says_nothing_while_a_topic_is_behind() -> None:
    peer = Peer()
    peer.hub.take(entry(1))
    peer.subscribe(after=0)
    peer.writer.beat()
    peer.on_frame = lambda frame: peer.writer.leave() if frame["type"] == "at" else None
    running = asyncio.create_task(until_done(peer))
    await peer.has(2)
    await asyncio.sleep(0)
    peer.writer.beat()
    await running
    assert peer.kinds() == ["subscribed", "event", "at"]


async def test_a_replay_ends_with_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CLOSE_SECONDS", 0.5)
    peer = Peer()
    for seq in range(1, 100):
        peer.hub.take(entry(seq))
    peer.subscribe(after=0)
    peer.on_frame = lambda frame: (
        peer.writer.close(CloseCode.UNAUTHENTICATED, "ended") if frame.get("seq") == 3 else None
    )
    await until_done(peer)
    assert [frame["seq"] for frame in peer.got] == [0, 1, 2, 3]
    assert peer.close is not None


async def test_another_stream_tells_every_topic_to_fetch_and_goes_on() -> None:
    peer = Peer(ring_bytes=0)
    one = f"order:{UUID(int=1002)}"
    peer.hub.take(entry(1))
    peer.subscribe()
    behind = peer.subscribe(one, after=0)
    running = asyncio.create_task(until_done(peer))
    await peer.has(2)
    peer.hub.begin("f", 1)
    assert not behind.replaying
    peer.past.go.set()  # it was reading the stream that is no more
    peer.hub.take(entry(2))
    await peer.has(6)
    peer.writer.leave()
    await running
    assert sorted((frame["type"], frame["topic"], frame["seq"]) for frame in peer.got[2:]) == [
        ("event", one, 2),
        ("event", "orders", 2),
        ("resync", one, 1),
        ("resync", "orders", 1),
    ]
    assert {frame["epoch"] for frame in peer.got if frame["type"] == "resync"} == {"f"}


async def test_a_past_that_cannot_be_read_is_told_so_and_the_topic_goes_on() -> None:
    peer = Peer(ring_bytes=0)
    peer.hub.take(entry(1))
    peer.subscribe(after=0)
    peer.past.go.set()
    running = asyncio.create_task(until_done(peer))
    await peer.has(2)
    peer.hub.take(entry(2))
    await peer.has(3)
    peer.writer.leave()
    await running
    assert [(frame["type"], frame["seq"]) for frame in peer.got] == [("subscribed", 0), ("resync", 1), ("event", 2)]


async def test_a_server_that_has_closed_the_socket_by_itself_ends_it_quietly() -> None:
    async def send(_: Message) -> None:
        raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")

    hub = Hub(Ring(0))
    one = Writer(hub, Slow(), send)
    one.push("x")
    await one.run()
    one.close(CloseCode.RESTART, "too late")  # changes nothing
