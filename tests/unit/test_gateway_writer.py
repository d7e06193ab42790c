"""What a socket is sent: in which order, how much of it may wait, and how it ends."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from proto.orders import Audience, OrderHead
from proto.realtime import CloseCode, Subscribed
from services.gateway import replay, writer
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Past, Replays, TooOldError
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.wire import framed
from services.gateway.writer import Subscription, Writer
from shared.bus import Bus
from tests.frames import unframed

ME = Viewer("restaurant", UUID(int=5), UUID(int=1), None)


def entry(seq: int) -> Entry:
    order_id = UUID(int=1000 + seq)
    raw = msgspec.Raw(msgspec.json.encode({"id": order_id, "version": 1}))
    head = OrderHead(order_id, 1, "pending", UUID(int=1))
    return Entry(seq, "OrderPlaced", datetime.now(UTC), Audience(restaurant_id=UUID(int=1)), head, raw)


class Slow(Replays):
    """A stream that answers once it is let go: that it has nothing any more, or what it was given."""

    def __init__(self) -> None:
        super().__init__(Bus("nats://nowhere", "test"))
        self.go = asyncio.Event()
        self.answer: Past | TooOldError = TooOldError()

    async def read(self, *_: object) -> Past:
        await self.go.wait()
        if isinstance(self.answer, TooOldError):
            raise self.answer
        return self.answer


class Peer:
    """The other side and the connection to it: what it got, and whether it reads."""

    def __init__(self, ring_bytes: int = 10**9) -> None:
        self.got: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.reads = True
        self.reads_only = 10**9
        self.writes = 0
        self.hub = Hub(Ring(ring_bytes))
        self.hub.begin("e", 0)
        self.past = Slow()
        self.writer = Writer(self.hub, self.past, self)
        self._kept: list[bytes] = []
        self._arrived = asyncio.Event()

    def send(self, frames: bytes) -> None:
        assert self.closed is None, "nothing follows a close"
        self.writes += 1
        self._take(unframed(frames))

    def _take(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            if self.reads and self.reads_only:
                self.reads_only -= 1
                self.got.append(msgspec.json.decode(frame))
                self._arrived.set()
            else:
                self._kept.append(frame)
                if self.reads:
                    self.stop_reading()

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        self._arrived.set()

    def abort(self) -> None:
        self.aborted = True
        self._arrived.set()

    def stop_reading(self) -> None:
        self.reads = False
        self.writer.pause()

    def read_again(self) -> None:
        self.reads, self.reads_only = True, 10**9
        kept, self._kept = self._kept, []
        self._take(kept)
        self.writer.resume()

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not fact():
                self._arrived.clear()
                await self._arrived.wait()

    async def has(self, count: int) -> None:
        """Returns once so many frames have come."""
        await self.until(lambda: len(self.got) >= count)

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

    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.got]


async def until_live(topic: Subscription) -> None:
    while topic.replaying:  # noqa: ASYNC110  some rounds of the loop
        await asyncio.sleep(0)


async def turn() -> None:
    """One of the event loop, at whose end all is sent that it gave."""
    await asyncio.sleep(0)


def location(lat: int) -> bytes:
    return framed(json.dumps({"type": "location", "lat": lat}).encode())


async def test_what_one_turn_gives_a_socket_that_reads_goes_in_one_write() -> None:
    peer = Peer()
    topic = peer.subscribe()
    peer.hub.take(entry(1))
    topic.push_location(UUID(int=7), location(1))
    assert peer.kinds() == []
    await turn()
    assert (peer.kinds(), peer.writes) == (["subscribed", "event", "location"], 1)
    peer.hub.take(entry(2))
    await turn()
    assert (peer.got[-1]["seq"], peer.writes) == (2, 2)


async def test_what_was_given_goes_before_what_is_replayed_and_before_a_close() -> None:
    peer = Peer()
    peer.hub.take(entry(1))
    peer.subscribe(after=0)
    peer.hub.take(entry(2))
    live = peer.subscribe(f"order:{UUID(int=1003)}")
    peer.hub.take(entry(3))
    peer.writer.close(CloseCode.RESTART, "restart")
    assert not live.replaying
    assert [frame["type"] for frame in peer.got] == ["subscribed", "subscribed", "event"]
    assert peer.closed is not None
    await turn()
    assert len(peer.got) == 3


async def test_what_waited_comes_in_its_order_once_the_socket_reads() -> None:
    peer = Peer()
    peer.subscribe()
    await turn()
    peer.stop_reading()
    for seq in range(1, 5):
        peer.hub.take(entry(seq))
    assert peer.seqs() == [0]
    peer.reads_only = 2
    peer.reads = True
    peer.writer.resume()  # and ceases to read after two
    peer.hub.take(entry(5))
    assert peer.seqs() == [0, 1, 2]
    peer.read_again()
    assert peer.seqs() == [0, 1, 2, 3, 4, 5]


async def test_a_full_queue_ends_the_socket_with_the_code_that_says_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_FRAMES", 10)
    peer = Peer()
    peer.subscribe()
    await turn()
    peer.stop_reading()
    for seq in range(1, 30):
        peer.hub.take(entry(seq))
    assert peer.closed is None  # it would not read it
    peer.read_again()
    assert peer.closed == (CloseCode.TOO_SLOW, "too slow: resume")
    assert peer.kinds() == ["subscribed"]


async def test_many_bytes_fill_a_queue_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_BYTES", 1_000)
    peer = Peer()
    peer.stop_reading()
    peer.writer.push(framed(b"x" * 1_001))
    peer.read_again()
    assert peer.closed == (CloseCode.TOO_SLOW, "too slow: resume")


async def test_who_does_not_read_the_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CLOSE_SECONDS", 0.01)
    peer = Peer()
    peer.stop_reading()
    peer.writer.close(CloseCode.RESTART, "restart")
    peer.writer.close(CloseCode.UNAUTHENTICATED, "the first reason counts")
    await peer.until(lambda: peer.aborted)
    assert peer.closed is None


async def test_what_waits_comes_before_the_close_and_nothing_after_it() -> None:
    peer = Peer()
    topic = peer.subscribe()
    await turn()
    peer.stop_reading()
    peer.hub.take(entry(1))
    topic.push_location(UUID(int=7), location(1))
    peer.writer.close(CloseCode.RESTART, "restart")
    peer.hub.take(entry(2))
    topic.push_location(UUID(int=7), location(2))
    peer.read_again()
    assert peer.kinds() == ["subscribed", "event", "location"]
    assert peer.got[-1]["lat"] == 1
    assert peer.closed == (CloseCode.RESTART, "restart")
    peer.writer.leave()


async def test_a_socket_that_has_gone_is_sent_nothing_and_lets_go_of_what_waited() -> None:
    peer = Peer()
    peer.subscribe()
    await turn()
    peer.stop_reading()
    before = writer.WAITING._value.get()
    for seq in range(1, 5):
        peer.hub.take(entry(seq))
    assert writer.WAITING._value.get() == before + 4
    peer.writer.leave()
    assert writer.WAITING._value.get() == before
    peer.writer.push(framed(b"{}"))
    peer.writer.close(CloseCode.RESTART, "too late")
    peer.read_again()
    assert (peer.kinds(), peer.closed) == (["subscribed"], None)


async def test_a_location_replaces_the_one_that_waits_and_lets_events_pass() -> None:
    peer = Peer()
    topic = peer.subscribe()
    await turn()
    peer.stop_reading()
    topic.push_location(UUID(int=7), location(0))
    topic.push_location(UUID(int=8), location(50))
    for lat in range(1, 5):
        topic.push_location(UUID(int=7), location(lat))
    peer.hub.take(entry(1))
    peer.read_again()
    assert peer.kinds() == ["subscribed", "event", "location", "location"]
    assert [frame["lat"] for frame in peer.got[2:]] == [50, 4]


async def test_an_answer_comes_before_its_replay() -> None:
    peer = Peer()
    for seq in range(1, 4):
        peer.hub.take(entry(seq))
    peer.stop_reading()
    peer.subscribe(after=1)
    peer.read_again()
    await peer.has(3)
    assert peer.kinds() == ["subscribed", "event", "event"]
    assert peer.seqs() == [1, 2, 3]


async def test_events_during_a_replay_come_once_and_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CHUNK", 2)
    peer = Peer()
    for seq in range(1, 6):
        peer.hub.take(entry(seq))
    topic = peer.subscribe(after=0)
    await peer.has(3)
    assert topic.replaying
    peer.hub.take(entry(6))
    await peer.has(7)
    await until_live(topic)
    peer.hub.take(entry(7))
    await turn()
    assert peer.seqs() == [0, 1, 2, 3, 4, 5, 6, 7]


async def test_a_replay_rests_while_the_socket_does_not_read_and_keeps_nobody_from_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "AT_ONCE", 1)
    peer = Peer()
    for seq in range(1, 100):
        peer.hub.take(entry(seq))
    peer.reads_only = 10
    topic = peer.subscribe(after=0)
    await peer.has(10)
    other = Peer()
    other.hub.take(entry(1))
    other.writer = Writer(other.hub, peer.past, other)
    other.subscribe(after=0)
    await other.has(2)
    assert (len(peer.got), topic.replaying) == (10, True)
    peer.read_again()
    await peer.has(100)
    assert peer.seqs() == list(range(100))


async def test_too_many_who_come_back_at_once_are_told_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST_WAITING", 3)
    peers = [Peer() for _ in range(20)]
    gate = Slow()
    async with gate.turn(), gate.turn(), gate.turn(), gate.turn():
        for peer in peers:
            peer.hub.take(entry(1))
            peer.writer = Writer(peer.hub, gate, peer)
            peer.subscribe(after=0)
        refused = peers[3:]
        for peer in refused:
            await peer.until(lambda peer=peer: peer.closed is not None)  # type: ignore[misc]
    for peer in peers[:3]:
        await peer.has(2)
        assert (peer.kinds(), peer.closed) == (["subscribed", "event"], None)
    moments = set()
    for peer in refused:
        assert peer.closed is not None
        assert (peer.kinds(), peer.closed[0]) == (["subscribed", "drain"], CloseCode.RESTART)
        moments.add(peer.got[-1]["reconnect_after_ms"])
    assert len(moments) > 10
    assert min(moments) >= replay.RECONNECT_MS[0]


async def test_a_heartbeat_says_nothing_while_a_topic_is_behind() -> None:
    peer = Peer()
    peer.hub.take(entry(1))
    topic = peer.subscribe(after=0)
    peer.writer.beat()
    await peer.has(2)
    await until_live(topic)
    await asyncio.sleep(0)
    peer.writer.beat()
    await turn()
    assert peer.kinds() == ["subscribed", "event", "at"]


async def test_a_replay_ends_with_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CHUNK", 5)
    peer = Peer()
    for seq in range(1, 100):
        peer.hub.take(entry(seq))
    peer.reads_only = 4
    peer.subscribe(after=0)
    await peer.has(4)
    peer.writer.close(CloseCode.UNAUTHENTICATED, "ended")
    peer.read_again()
    assert peer.closed is not None
    assert peer.seqs() == [0, 1, 2, 3, 4, 5]  # the first chunk was on its way when it was closed
    await turn()
    assert peer.seqs() == [0, 1, 2, 3, 4, 5]


async def test_another_stream_tells_every_topic_to_fetch_and_goes_on() -> None:
    peer = Peer(ring_bytes=0)
    one = f"order:{UUID(int=1002)}"
    peer.hub.take(entry(1))
    peer.subscribe()
    behind = peer.subscribe(one, after=0)
    await peer.has(2)
    peer.hub.begin("f", 1)
    assert not behind.replaying
    peer.past.go.set()  # it was reading the stream that is no more
    peer.hub.take(entry(2))
    await peer.has(6)
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
    await peer.has(2)
    peer.hub.take(entry(2))
    await turn()
    assert [(frame["type"], frame["seq"]) for frame in peer.got] == [("subscribed", 0), ("resync", 1), ("event", 2)]


@pytest.mark.parametrize("error", [ValueError("broken"), asyncio.CancelledError()])
async def test_a_replay_that_fails_ends_the_socket_and_not_in_silence(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    peer = Peer()
    peer.hub.take(entry(1))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(peer.hub.ring, "after", fail)
    peer.subscribe(after=0)
    await peer.until(lambda: peer.closed is not None)
    assert peer.closed == (writer.UNEXPECTED, "unexpected: resume")


async def test_topics_are_brought_back_one_after_the_other_and_a_quiet_one_at_once() -> None:
    peer = Peer()
    for seq in range(1, 4):
        peer.hub.take(entry(seq))
    one = f"order:{UUID(int=1002)}"
    topics = [peer.subscribe("alerts", after=0), peer.subscribe(after=1), peer.subscribe(one, after=0)]
    for topic in topics:
        await until_live(topic)
    assert [(frame["topic"], frame["seq"]) for frame in peer.got if frame["type"] == "event"] == [
        ("orders", 2),
        ("orders", 3),
        (one, 2),
    ]
    again = peer.subscribe(one, after=1)
    await until_live(again)
    assert (peer.got[-1]["topic"], peer.got[-1]["seq"]) == (one, 2)


async def test_a_topic_that_is_let_go_while_its_past_is_read_is_told_nothing_of_it() -> None:
    for answer in (TooOldError(), Past([entry(1)], 1)):
        peer = Peer(ring_bytes=0)
        peer.hub.take(entry(1))
        peer.past.answer = answer
        topic = peer.subscribe(after=0)
        await asyncio.sleep(0)
        topic.replaying = False
        peer.past.go.set()
        other = peer.subscribe("alerts", after=0)
        await until_live(other)
        assert peer.kinds() == ["subscribed", "subscribed"]


async def test_a_topic_that_waits_for_its_turn_may_be_overtaken_by_another_stream() -> None:
    peer = Peer()
    peer.hub.take(entry(1))
    async with peer.past.turn(), peer.past.turn(), peer.past.turn(), peer.past.turn():
        topic = peer.subscribe(after=0)
        await asyncio.sleep(0)
        peer.hub.begin("f", 5)
    other = peer.subscribe("alerts", after=0)
    await until_live(other)
    assert not topic.replaying
    assert peer.kinds() == ["subscribed", "resync", "subscribed"]


async def test_a_socket_may_cease_to_read_more_than_once_during_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CHUNK", 5)
    peer = Peer()
    for seq in range(1, 30):
        peer.hub.take(entry(seq))
    peer.reads_only = 3
    peer.subscribe(after=0)
    for _ in range(3):
        await peer.until(lambda: not peer.reads)
        had = len(peer.got)
        for _ in range(5):
            await turn()
        assert len(peer.got) == had
        peer.read_again()
        peer.reads_only = 3
    await peer.until(lambda: not peer.reads)
    peer.read_again()
    await peer.has(30)
    assert peer.seqs() == list(range(30))


async def test_what_was_read_of_the_past_is_sent_in_chunks_as_the_socket_reads() -> None:
    peer = Peer(ring_bytes=0)
    for seq in range(1, 201):
        peer.hub.take(entry(seq))
    peer.past.answer = Past([entry(seq) for seq in range(1, 200)], 200)
    peer.past.go.set()
    peer.reads_only = 60
    topic = peer.subscribe(after=0)
    await peer.has(60)
    peer.read_again()
    await until_live(topic)
    assert peer.seqs() == list(range(200))
