"""A client that comes back: from the position of each topic, when it is told to or after a wait, and not for ever.

The server here says what its script says, one scene a connection, and notes what it hears.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from proto import realtime
from proto.realtime import SUBPROTOCOL, CloseCode, Position, ServerFrame
from shared import realtime_feed
from shared.realtime import RealtimeClient
from shared.realtime_feed import LONGEST_SECONDS, RealtimeFeed, wait_seconds

ORDER = "order:019330aa-0000-7000-8000-000000000001"
RESTART = CloseCode.RESTART


class Visit:
    """One connection, from the server's side."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self.heard: list[dict[str, Any]] = []

    async def hears(self, count: int = 1) -> None:
        for _ in range(count):
            self.heard.append(json.loads(await self._connection.recv()))

    async def says(self, *frames: ServerFrame) -> None:
        for frame in frames:
            await self._connection.send(msgspec.json.encode(frame).decode())

    async def welcomes(self, epoch: str = "a", *, topics: int = 0, heartbeat_s: int = 30) -> None:
        """Answers the hello, and hears so many subscriptions."""
        await self.hears()
        await self.says(realtime.Welcome(epoch, 99, heartbeat_s))
        await self.hears(topics)

    async def says_raw(self, text: str) -> None:
        await self._connection.send(text)

    async def ends(self, code: int = RESTART) -> None:
        await self._connection.close(code, "so the script says")

    def vanishes(self) -> None:
        self._connection.transport.abort()

    async def stays(self) -> None:
        await self._connection.wait_closed()

    @property
    def asked(self) -> dict[str, Any]:
        """Topic → the position that it was subscribed with."""
        return {frame["topic"]: frame["after"] for frame in self.heard if frame["type"] == "subscribe"}


Scene = Callable[[Visit], Awaitable[None]]


class Server:
    """`refusals` are answers to the first handshakes: a status, and Retry-After."""

    def __init__(self, *scenes: Scene) -> None:
        self.visits: list[Visit] = []
        self.came_at: list[float] = []
        self.refusals: list[tuple[int, str | None]] = []
        self.port = 0
        self._scenes = list(scenes)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def door(self, connection: ServerConnection, request: Request) -> Response | None:
        self.came_at.append(asyncio.get_running_loop().time())
        if not self.refusals:
            return None
        status, later = self.refusals.pop(0)
        response = connection.respond(HTTPStatus(status), "")
        if later is not None:
            response.headers["Retry-After"] = later
        return response

    async def play(self, connection: ServerConnection) -> None:
        visit = Visit(connection)
        self.visits.append(visit)
        await self._scenes.pop(0)(visit)


@asynccontextmanager
async def playing(*scenes: Scene) -> AsyncIterator[Server]:
    server = Server(*scenes)
    async with serve(
        server.play, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)], process_request=server.door
    ) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime_feed, "FIRST_SECONDS", 0.01)


async def ticket() -> str:
    return "a-ticket"


async def until(feed: RealtimeFeed, wanted: ServerFrame) -> list[ServerFrame]:
    """All that came before it."""
    before: list[ServerFrame] = []
    async with asyncio.timeout(5):
        async for frame in feed:
            if frame == wanted:
                return before
            before.append(frame)
    raise AssertionError("a feed ends by an error alone")


def event(topic: str, seq: int) -> realtime.Event:
    raw = b'{"type":"event","topic":"%s","seq":%d,"event":"E","occurred_at":"2026-01-02T03:04:05Z","order":{}}'
    return msgspec.json.decode(raw % (topic.encode(), seq), type=realtime.Event)


def at(epoch: str, seq: int) -> dict[str, Any]:
    return {"epoch": epoch, "seq": seq}


LAST = realtime.At(1000)


def last(topics: int = 0) -> Scene:
    """The scene that ends the test."""

    async def scene(visit: Visit) -> None:
        await visit.welcomes(topics=topics)
        await visit.says(LAST)
        await visit.stays()

    return scene


async def test_each_topic_goes_on_from_its_own_position() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=2)
        await visit.says(realtime.Subscribed("orders", 10), realtime.Subscribed("offers", 11), event("orders", 14))
        await visit.ends()

    async with playing(first, last(2)) as server, RealtimeFeed(server.url, ticket, ["orders", "offers"]) as feed:
        frames = await until(feed, LAST)
        assert [type(frame).__name__ for frame in frames] == ["Subscribed", "Subscribed", "Event"]
        assert server.visits[0].asked == {"orders": None, "offers": None}
        assert feed.positions == {"orders": Position("a", 14), "offers": Position("a", 11)}
    assert server.visits[1].asked == {"orders": at("a", 14), "offers": at("a", 11)}


async def test_a_connection_that_ended_before_it_answered_loses_no_position() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=1)
        await visit.says(realtime.Subscribed("orders", 10))
        visit.vanishes()

    async def silent(visit: Visit) -> None:
        await visit.welcomes(topics=1)
        visit.vanishes()

    async with playing(first, silent, silent, last(1)) as server, RealtimeFeed(server.url, ticket, ["orders"]) as feed:
        await until(feed, LAST)
    assert [visit.asked["orders"] for visit in server.visits] == [None, at("a", 10), at("a", 10), at("a", 10)]


async def test_what_is_said_of_all_topics_moves_those_alone_that_were_answered() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=2)
        await visit.says(realtime.Subscribed("orders", 10), realtime.Subscribed("offers", 10))
        await visit.ends()

    async def half(visit: Visit) -> None:
        await visit.welcomes(topics=2)
        await visit.says(realtime.Subscribed("orders", 10), realtime.At(20))
        await visit.ends()

    async with playing(first, half, last(2)) as server, RealtimeFeed(server.url, ticket, ["orders", "offers"]) as feed:
        await until(feed, LAST)
    assert server.visits[2].asked == {"orders": at("a", 20), "offers": at("a", 10)}


async def test_a_resync_moves_a_topic_into_the_epoch_that_it_names() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes("a", topics=2)
        await visit.says(realtime.Subscribed("orders", 10), realtime.Subscribed("offers", 10))
        await visit.says(realtime.Resync("orders", 3, "b"), realtime.Resync("offers", 3, "b"), event("orders", 4))
        await visit.ends()

    async with playing(first, last(2)) as server, RealtimeFeed(server.url, ticket, ["orders", "offers"]) as feed:
        assert realtime.Resync("orders", 3, "b") in await until(feed, LAST)
    assert server.visits[1].asked == {"orders": at("b", 4), "offers": at("b", 3)}


async def test_who_kept_positions_goes_on_from_them_after_a_restart() -> None:
    kept = {"orders": Position("a", 7)}
    async with playing(last(1)) as server, RealtimeFeed(server.url, ticket, ["orders"], positions=kept) as feed:
        await until(feed, LAST)
    assert server.visits[0].asked == {"orders": at("a", 7)}


async def test_a_drained_client_comes_back_at_its_moment() -> None:
    async def draining(visit: Visit) -> None:
        await visit.welcomes()
        await visit.says(realtime.Drain(300))
        await visit.ends()

    async with playing(draining, last()) as server, RealtimeFeed(server.url, ticket, []) as feed:
        loop = asyncio.get_running_loop()
        await until(feed, realtime.Drain(300))
        told_at = loop.time()
        await until(feed, LAST)
    assert server.came_at[1] >= told_at + 0.29


async def test_a_connection_that_says_nothing_for_long_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime_feed, "SILENT_BEATS", 0.1)

    async def dead(visit: Visit) -> None:
        await visit.welcomes(heartbeat_s=1)
        await visit.stays()

    async with playing(dead, last()) as server, RealtimeFeed(server.url, ticket, []) as feed:
        assert await until(feed, LAST) == []
    assert len(server.visits) == 2


async def test_a_server_that_is_about_to_stop_says_when_to_come_again() -> None:
    async with playing(last()) as server, RealtimeFeed(server.url, ticket, []) as feed:
        server.refusals = [(503, "1"), (503, None), (429, None)]
        await until(feed, LAST)
        assert server.came_at[1] >= server.came_at[0] + 1
        assert len(server.came_at) == 4


@pytest.mark.parametrize("code", [CloseCode.BAD_FRAME, CloseCode.TOO_MANY_REQUESTS, CloseCode.FORBIDDEN_TOPIC])
async def test_what_coming_back_does_not_mend_is_raised(code: int) -> None:
    async def refusing(visit: Visit) -> None:
        await visit.welcomes(topics=1)
        await visit.ends(code)

    async with playing(refusing) as server, RealtimeFeed(server.url, ticket, ["orders"]) as feed:
        with pytest.raises(ConnectionClosed):
            await until(feed, LAST)


async def test_a_handshake_that_is_refused_for_good_is_raised() -> None:
    async with playing() as server, RealtimeFeed(server.url, ticket, []) as feed:
        server.refusals = [(403, None)]
        with pytest.raises(InvalidStatus):
            await until(feed, LAST)


async def test_one_socket_too_many_is_raised_at_first_and_tried_again_later() -> None:
    async def full(visit: Visit) -> None:
        await visit.hears()
        await visit.ends(CloseCode.TOO_MANY_SOCKETS)

    async def first(visit: Visit) -> None:
        await visit.welcomes()
        await visit.says(realtime.At(1))
        visit.vanishes()

    async with playing(full) as server, RealtimeFeed(server.url, ticket, []) as feed:
        with pytest.raises(ConnectionClosed):
            await until(feed, LAST)
    async with playing(first, full, full, last()) as server, RealtimeFeed(server.url, ticket, []) as feed:
        await until(feed, LAST)


async def test_an_order_that_is_not_ours_any_more_is_left_behind_and_the_rest_goes_on() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=3)
        await visit.says(*(realtime.Subscribed(topic, 5) for topic in ("orders", ORDER, "offers")))
        await visit.ends()

    async def taken(visit: Visit) -> None:
        await visit.welcomes(topics=3)
        await visit.says(realtime.Subscribed("orders", 5))
        await visit.ends(CloseCode.FORBIDDEN_TOPIC)

    topics = ["orders", ORDER.upper().replace("ORDER", "order"), "offers"]
    async with playing(first, taken, last(2)) as server, RealtimeFeed(server.url, ticket, topics) as feed:
        assert (await until(feed, LAST))[-1] == realtime.Unsubscribed(ORDER)
        assert ORDER not in feed.positions
    assert set(server.visits[2].asked) == {"orders", "offers"}


async def test_tickets_that_cannot_be_had_now_are_asked_for_again_and_a_refusal_ends_it() -> None:
    errors: list[Exception] = [ConnectionRefusedError(), TimeoutError(), LookupError("the sign-in was refused")]

    async def ask() -> str:
        raise errors.pop(0)

    async with playing() as server, RealtimeFeed(server.url, ask, []) as feed:
        with pytest.raises(LookupError):
            await until(feed, LAST)
        assert errors == []
        assert server.came_at == []


async def test_frames_of_a_newer_server_are_passed_over_and_broken_ones_are_not() -> None:
    async def newer(visit: Visit) -> None:
        await visit.welcomes()
        await visit.says_raw('{"type":"weather","rain":true}')
        await visit.says(realtime.At(5))
        await visit.says_raw('{"type":"at"}')
        await visit.stays()

    async with playing(newer) as server, RealtimeFeed(server.url, ticket, []) as feed:
        assert await until(feed, realtime.At(5)) == []
        with pytest.raises(msgspec.ValidationError):
            await feed.receive()


async def test_topics_may_come_and_go_also_while_there_is_no_connection() -> None:
    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=1)
        await visit.says(realtime.Subscribed("orders", 5))
        await visit.hears(3)
        await visit.says(event("orders", 6), realtime.Unsubscribed("orders"), realtime.Subscribed("offers", 6))
        await visit.ends()

    async with playing(first, last(1)) as server, RealtimeFeed(server.url, ticket, ["orders"]) as feed:
        await feed.send_location(1.0, 2.0)  # nobody is there yet
        await until(feed, realtime.Subscribed("orders", 5))
        await feed.unsubscribe("orders")
        await feed.subscribe("offers")
        await feed.subscribe("offers")  # it has it
        await feed.send_location(1.0, 2.0)
        await until(feed, realtime.Subscribed("offers", 6))
        assert feed.positions == {"offers": Position("a", 6)}
        await until(feed, LAST)
        await feed.subscribe(ORDER)
    assert [frame["type"] for frame in server.visits[0].heard[1:]] == [
        "subscribe",
        "unsubscribe",
        "subscribe",
        "location",
    ]
    assert server.visits[1].asked == {"offers": at("a", 6)}


async def test_who_gives_up_waiting_may_go_on_later() -> None:
    gates = [asyncio.Event()]

    async def slow() -> str:
        await gates[0].wait()
        return "a-ticket"

    async with playing(last()) as server, RealtimeFeed(server.url, slow, []) as feed:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(feed.receive(), 0.05)
        gates[0].set()
        await until(feed, LAST)


async def test_who_gives_up_half_subscribed_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe, hanging = RealtimeClient.subscribe, [True]

    async def hangs_once(client: RealtimeClient, topic: str, after: Position | None = None) -> None:
        await subscribe(client, topic, after)
        if hanging:
            hanging.clear()
            await asyncio.Event().wait()

    monkeypatch.setattr(RealtimeClient, "subscribe", hangs_once)
    topics = ["orders", "offers"]

    async def first(visit: Visit) -> None:
        await visit.welcomes(topics=1)
        await visit.stays()

    async with playing(first, last(2)) as server, RealtimeFeed(server.url, ticket, topics) as feed:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(feed.receive(), 0.3)
        await until(feed, LAST)
    assert list(server.visits[1].asked) == topics


def test_waits_grow_up_to_a_limit_and_have_chance_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime_feed, "FIRST_SECONDS", 0.5)
    assert [wait_seconds(tries, 1.0) for tries in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert wait_seconds(10_000, 1.0) == LONGEST_SECONDS
    assert wait_seconds(3, 0.25) == 1.0
