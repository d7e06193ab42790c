"""The clients of the long test write down what came so that the judge sees a hole, and none where there is none."""

import random
from collections import deque
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from websockets.exceptions import ConnectionClosedError

from proto import realtime
from proto.realtime import Position
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.adversary.listeners import Feed, Listener
from tests.adversary.world import Story, Viewer

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Script:
    """A connection: what the server sends, up to each place where the client does something."""

    def __init__(self) -> None:
        self.frames: deque[realtime.ServerFrame] = deque()
        self.close_code: int | None = None

    async def recv(self) -> bytes:
        if not self.frames:
            raise ConnectionClosedError(None, None)
        return msgspec.json.encode(self.frames.popleft())

    async def send(self, text: str) -> None: ...


class Nowhere:
    def __init__(self) -> None:
        self.story = Story()
        self.changed: dict[Viewer, datetime] = {}


def event(seq: int) -> realtime.Event:
    order = msgspec.Raw(msgspec.json.encode({"id": new_id(), "version": 1, "status": "pending"}))
    return realtime.Event("orders", seq, "OrderPlaced", NOW, order)


async def test_who_asks_again_before_all_has_come_has_heard_what_lies_between() -> None:
    """The first answer comes once the client is further on already, and the second breaks its replay off."""
    world, script = Nowhere(), Script()
    listener = Listener(cast("Any", world), cast("Any", None), ["orders"], random.Random(1))
    listener.viewer = Viewer("admin", new_id(), None, None)
    feed = listener.feeds["orders"] = Feed("orders")
    feed.begin(listener.viewer, 10, fetch=False)
    feed.must_fetch = False
    client = RealtimeClient(cast("Any", script), realtime.Welcome("e", 10, 30))
    client.positions["orders"] = feed.position = Position("e", 10)
    await listener._subscribe_again(client)
    script.frames += [event(11), event(12), event(13)]
    await listener._read(client, None)
    await listener._subscribe_again(client)
    script.frames += [realtime.Subscribed("orders", 10), event(11), realtime.Subscribed("orders", 13), event(14)]
    await listener._read(client, None)
    pieces = [(chain.start, chain.end, list(chain.seqs)) for chain in listener.chains]
    assert pieces == [(10, 13, [11, 12, 13]), (10, 11, [11]), (13, 14, [14])]
    assert not feed.must_fetch
    assert not world.story.wrong
