"""A connection as the server keeps it: whole texts, control frames, pings, and ends that nobody answers."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from proto.realtime import SUBPROTOCOL, CloseCode
from services.gateway import server
from services.gateway.server import listening
from services.gateway.wire import Wire, framed
from shared.http.server import ListenError
from tests.support import eventually, free_port

TEXT, BINARY, CONTINUATION, CLOSE, PING, LAST, MASKED = 1, 2, 0, 8, 9, 0x80, 0x80


@dataclass
class Ear:
    """What a socket says, and how it ends."""

    wire: Wire
    heard: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    paused: list[bool] = field(default_factory=list)
    has_gone: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, text: str) -> None:
        self.heard.append(text)
        self.wire.send(framed(text.encode()))

    def refuse(self, code: int, reason: str) -> None:
        self.refused.append(code)
        self.wire.close(code, reason)

    def pause(self) -> None:
        self.paused.append(True)

    def resume(self) -> None:
        self.paused.append(False)

    def gone(self) -> None:
        self.has_gone.set()


@dataclass
class House:
    """A server whose sockets are heard here."""

    port: int
    ears: list[Ear]

    async def connect(self) -> ClientConnection:
        return await connect(
            f"ws://127.0.0.1:{self.port}/ws", subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None
        )

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client of our own after its handshake, which answers nothing by itself."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        return reader, writer


def frame(kind: int, payload: bytes, last: bool = True) -> bytes:
    """As a client sends it, masked by zeros."""
    assert len(payload) < 126
    return bytes([kind | (LAST if last else 0), MASKED | len(payload)]) + bytes(4) + payload


async def close_code(reader: asyncio.StreamReader) -> int:
    """Of the next close, whatever comes before it."""
    async with asyncio.timeout(5):
        while True:
            kind, size = await reader.readexactly(2)
            payload = await reader.readexactly(size)
            if kind & 0xF == CLOSE:
                code: int = struct.unpack("!H", payload[:2])[0]
                return code


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    house = House(free_port(), [])

    def door(_path: str, _headers: Mapping[str, str]) -> Callable[[Wire], Ear]:
        def make(wire: Wire) -> Ear:
            house.ears.append(Ear(wire))
            return house.ears[-1]

        return make

    async with listening(door, "127.0.0.1", house.port):
        yield house


async def test_a_text_in_parts_is_one_text_with_control_frames_between(house: House) -> None:
    async with await house.connect() as client:
        await client.send(["one ", "te", "xt"])
        assert await client.recv() == "one text"
    reader, writer = await house.raw()
    writer.write(frame(TEXT, b"a", last=False) + frame(PING, b"?") + frame(CONTINUATION, b"b"))
    assert await reader.readexactly(3) == b"\x8a\x01?"
    assert await reader.readexactly(4) == b"\x81\x02ab"
    writer.close()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(CONTINUATION, b"x"), 1002),
        (frame(TEXT, b"x", last=False) + frame(TEXT, b"y"), 1002),
        (frame(TEXT, b"x" * 100, last=False) + frame(CONTINUATION, b"x" * 100, last=False) * 700, 1009),
        (frame(BINARY, b"x"), CloseCode.BAD_FRAME),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xc3", last=False) + frame(CONTINUATION, b""), 1007),
        (frame(3, b"x"), 1002),
        (b"\x81\x01x", 1002),
    ],
    ids=["no first", "two firsts", "endless", "binary", "no UTF-8", "half a letter", "unknown kind", "not masked"],
)
async def test_what_is_no_text_ends_the_socket_by_its_code(house: House, frames: bytes, code: int) -> None:
    reader, writer = await house.raw()
    writer.write(frames)
    assert await close_code(reader) == code
    assert not house.ears[0].heard
    writer.close()
    await asyncio.wait_for(house.ears[0].has_gone.wait(), 5)


async def test_a_close_is_answered_with_its_code(house: House) -> None:
    client = await house.connect()
    await client.close(4001, "enough")
    assert client.close_code == 4001
    await asyncio.wait_for(house.ears[0].has_gone.wait(), 5)


async def test_who_answers_pings_stays_and_who_does_not_is_dropped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PING_SECONDS", 0.05)
    answering = await house.connect()
    reader, writer = await house.raw()
    silent = house.ears[1]
    assert await close_code(reader) == 1011
    await asyncio.wait_for(silent.has_gone.wait(), 5)
    await answering.send("still here")
    assert await answering.recv() == "still here"
    await answering.close()
    writer.close()


async def test_who_does_not_answer_a_close_is_dropped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", 0.05)
    reader, writer = await house.raw()
    ear = house.ears[0]
    ear.refuse(CloseCode.RESTART, "r" * 300)
    assert await close_code(reader) == CloseCode.RESTART
    await asyncio.wait_for(ear.has_gone.wait(), 5)
    writer.close()


async def test_who_does_not_read_is_said_to_and_who_reads_again_as_well(house: House) -> None:
    reader, writer = await house.raw()
    ear = house.ears[0]
    sent = 0
    while not ear.paused:
        ear.wire.send(framed(b"x" * 100))
        sent += 102
    await reader.readexactly(sent)

    async def resumed() -> bool:
        return ear.paused == [True, False]

    await eventually(resumed)
    writer.close()


async def test_the_end_drops_who_is_left() -> None:
    async with open_house() as house:
        client = await house.connect()
    assert house.ears[0].has_gone.is_set()
    with pytest.raises(ConnectionClosed):
        await client.recv()


async def test_an_address_that_is_taken_is_said() -> None:
    async with open_house() as house:
        with pytest.raises(ListenError, match=f"127.0.0.1:{house.port} cannot be listened on"):
            async with listening(lambda *_: Ear, "127.0.0.1", house.port):
                pass
