"""Whatever a client sends ends in the code that is documented for it, in a proper answer or in a dropped connection;
nobody else notices, and nothing stays behind. `just fuzz 100_000` is the long form."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from deploy.local import Stack
from proto.realtime import MAX_FRAME_BYTES
from shared.bus import Bus
from tests.fuzz.run import RANDOM_ELSEWHERE, fuzz
from tests.fuzz.strategies import CLOSE, TEXT, Frame, request
from tests.fuzz.talk import Line
from tests.gateway import Gate, Life, events, open_gate, restaurant
from tests.support import eventually, sample

FRAMES = 3_000


@pytest.mark.filterwarnings(f"ignore:{RANDOM_ELSEWHERE}")
async def test_no_frames_of_any_kind_do_harm_or_stay_behind(stack: Stack, relay: None, bus: Bus) -> None:
    result = await fuzz(stack, bus, FRAMES)
    print(result)  # noqa: T201  what was sent and how it ended
    assert result.frames >= FRAMES
    assert result.errors == []
    assert result.before is not None
    assert result.after is not None
    assert result.after.within(result.before), (result.before, result.after)
    for how in ("closed 4400", "closed 1002", "closed 1007", "handshake 400", "served and left"):
        assert result.ended[how] > 0, how


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack, LARDER_SOCKETS_PER_PERSON="3") as gate:
        yield gate


async def sockets() -> float:
    return sample("larder_gateway_sockets") or 0.0


async def opened(gate: Gate) -> Line:
    address = urlsplit(gate.socket_url)
    line = Line(*await asyncio.open_connection(address.hostname, address.port))
    await line.send(request())
    assert await line.answer() == 101
    return line


@pytest.mark.parametrize(
    "last",
    [b"", Frame(CLOSE, b"\x03\xe8").encode(), Frame(TEXT, b"{", length=MAX_FRAME_BYTES).encode()],
    ids=["at once", "with a close", "in the middle of a frame"],
)
async def test_who_says_hello_and_vanishes_counts_no_more(gate: Gate, bus: Bus, last: bytes) -> None:
    somebody, before = restaurant(), await sockets()
    assert somebody.restaurant_id is not None
    for _ in range(10):
        line = await opened(gate)
        hello = json.dumps({"type": "hello", "ticket": await gate.ticket(somebody)})
        subscribe = json.dumps({"type": "subscribe", "topic": "orders"})
        await line.send(Frame(TEXT, hello.encode()).encode() + Frame(TEXT, subscribe.encode()).encode() + last)
        line.writer.transport.abort()

    async def gone() -> bool:
        return await sockets() == before

    await eventually(gone)
    async with await gate.listen(somebody) as client:  # of three that a person may have
        seq = await Life(bus, somebody.restaurant_id).place()
        assert [frame.seq for frame in await events(client, 1)] == [seq]
