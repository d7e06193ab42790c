"""What one consumer sends: a hole is noticed at once, and nothing after it is taken."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared import feed
from shared.feed import BrokenFeedError, Feed


class Answers(Client):
    """Notes what is published."""

    def __init__(self) -> None:
        super().__init__()
        self.to: list[str] = []

    async def publish(self, subject: str, *_: Any, **__: Any) -> None:
        self.to.append(subject)


class Sent(Msg):
    """A message as the consumer's `nth`, at place `seq` of the stream."""

    def __init__(self, nth: int, seq: int) -> None:
        super().__init__(Client(), data=b"%d" % seq)
        self._place: Any = SimpleNamespace(sequence=SimpleNamespace(consumer=nth, stream=seq))

    @property
    def metadata(self) -> Any:
        return self._place


def status(reply: str = "", **headers: str) -> Msg:
    """A heartbeat, or a question whether we keep up."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Msg(Client(), reply=reply, headers={"Status": "100", **named})


class Listener:
    def __init__(self) -> None:
        self.client = Answers()
        self.taken: list[int] = []
        self.feed = Feed(self.client, lambda message: self.taken.append(message.metadata.sequence.stream))

    async def gets(self, *messages: Msg) -> None:
        for message in messages:
            await self.feed.receive(message)

    async def is_broken(self) -> bool:
        try:
            await asyncio.wait_for(self.feed.watch(), 0.05)
        except BrokenFeedError:
            return True
        except TimeoutError:
            pass
        return False


async def test_a_message_that_is_missing_breaks_the_feed() -> None:
    one = Listener()
    await one.gets(Sent(1, 10), Sent(2, 14))
    assert not await one.is_broken()
    await one.gets(Sent(4, 16), Sent(3, 15))
    assert await one.is_broken()
    assert one.taken == [10, 14]


async def test_a_heartbeat_that_knows_of_more_breaks_the_feed() -> None:
    one = Listener()
    await one.gets(Sent(1, 10), status(Nats_Last_Consumer="1"))
    assert not await one.is_broken()
    await one.gets(status(Nats_Last_Consumer="2"))
    assert await one.is_broken()


async def test_silence_breaks_the_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.005)
    monkeypatch.setattr(feed, "SILENCE_SECONDS", 0.01)
    one = Listener()
    assert await one.is_broken()
    await one.gets(Sent(1, 10))
    assert one.taken == []


async def test_a_server_that_asks_whether_we_keep_up_is_answered_after_what_came_before() -> None:
    one = Listener()
    await one.gets(Sent(1, 10), status(reply="flow.1"), status(Nats_Consumer_Stalled="flow.2", Nats_Last_Consumer="1"))
    assert one.client.to == ["flow.1", "flow.2"]
    assert not await one.is_broken()
