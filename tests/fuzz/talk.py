"""Holds one conversation with a gateway, byte by byte, and says how it ended.

Owns the connection: it is gone when `converse` returns. Whatever the server sends is checked too: frames are framed as
a server must, texts are frames of `larder.v1`, and an answer to a bad handshake is HTTP with a problem's status.
"""

import asyncio
import re
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from proto.realtime import CloseCode, ServerFrame
from tests.fuzz.strategies import (
    CLOSE,
    DROPPED,
    NO_STATUS,
    NORMAL,
    PING,
    PONG,
    TEXT,
    Conversation,
    Frame,
    Part,
    request,
)

SECONDS = 10.0
STILL_THERE = b"still there?"
MAY_BE_ANSWERED = frozenset({101, 400, 403, 404, 405, 408, 411, 413, 414, 417, 426, 431, 501, 505})
_frames: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)


class Unexpected(AssertionError):
    """The gateway did what it must not."""


@dataclass
class Line:
    """A TCP connection to the gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> bool:
        """False when the other side is gone."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError:
            return False
        return True

    async def answer(self) -> int:
        """The status of an HTTP answer, DROPPED when the connection just ended."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return DROPPED
        status = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
        if status is None:
            raise Unexpected(f"answered with {head[:80]!r}")
        return int(status[1])

    async def frame(self) -> tuple[int, bytes] | None:
        """The server's next frame, None when the connection ended. Raises Unexpected for what no server may send."""
        try:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                wide = await self.reader.readexactly(2 if length == 126 else 8)
                length = int.from_bytes(wide, "big")
            payload = await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None
        opcode = first & 0x0F
        if first & 0xF0 != 0x80 or second & 0x80 or opcode not in {TEXT, CLOSE, PING, PONG}:
            raise Unexpected(f"a frame that begins with {first:#x} {second:#x}")
        if opcode == TEXT:
            _frames.decode(payload)  # raises for what is none of the protocol's
        return opcode, payload

    async def close_code(self) -> int:
        """The code of the server's close; whatever comes before it is passed over."""
        while True:
            frame = await self.frame()
            if frame is None:
                return DROPPED
            if frame[0] == CLOSE:
                return struct.unpack("!H", frame[1][:2])[0] if len(frame[1]) >= 2 else NO_STATUS

    async def is_served(self) -> bool:
        """Whether a ping is answered."""
        await self.send(Frame(PING, STILL_THERE).encode())
        while True:
            frame = await self.frame()
            if frame is None or frame[0] == CLOSE:
                return False
            if frame == (PONG, STILL_THERE):
                return True


@dataclass(frozen=True)
class Credentials:
    """What stands in the place of the stand-ins: tickets for one part each."""

    tickets: tuple[str, ...]
    epoch: str


async def converse(socket_url: str, conversation: Conversation, credentials: Credentials) -> str:
    """How it ended, in a word. Raises Unexpected when that is not how it had to, TimeoutError when it does not end."""
    address = urlsplit(socket_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    line = Line(reader, writer)
    try:
        async with asyncio.timeout(SECONDS):
            if conversation.handshake is not None:
                return await _knock(line, conversation.handshake)
            await line.send(request())
            status = await line.answer()
            if status != 101:
                raise Unexpected(f"a good handshake was answered {status}")
            return await _talk(line, conversation, credentials)
    finally:
        writer.transport.abort()


async def _knock(line: Line, handshake: bytes) -> str:
    """A request that is not right, or only by chance."""
    await line.send(handshake)
    if b"\r\n\r\n" not in handshake or not handshake.startswith(b"GET /ws"):
        line.writer.write_eof()  # it may wait for more, as far as it knows
    status = await line.answer()
    if status != DROPPED and status not in MAY_BE_ANSWERED:
        raise Unexpected(f"the handshake was answered {status}")
    return "handshake dropped" if status == DROPPED else f"handshake {status}"


async def _talk(line: Line, conversation: Conversation, credentials: Credentials) -> str:
    tickets = iter(credentials.tickets)
    fault: Part | None = None
    for part in conversation.parts:
        ticket = next(tickets) if part.wants_ticket else ""
        sent = await line.send(part.encode(ticket, credentials.epoch))
        if part.unfinished:
            return "left in the middle"
        if part.ends is not None:
            fault = part
            break
        if not sent:
            raise Unexpected(f"gone after {part.kind}")
    if fault is None:
        return await _part_well(line, conversation.parts[-1])
    assert fault.ends is not None
    ends = fault.ends
    if conversation.talks_on:
        await line.send(Frame(TEXT, b"{}").encode() * 3)
        # That is a fault of its own, and what is sent to a closed connection may destroy its last words.
        ends |= {CloseCode.BAD_FRAME, DROPPED}
    code = await line.close_code()
    if code not in ends:
        raise Unexpected(f"{fault.kind} ended with {code}, not one of {sorted(ends)}")
    return "dropped" if code == DROPPED else f"closed {code}"


async def _part_well(line: Line, last: Part) -> str:
    """Nothing was wrong: it must be served, and answer a close."""
    if not await line.is_served():
        raise Unexpected(f"not served any more after {last.kind}")
    await line.send(Frame(CLOSE, struct.pack("!H", NORMAL)).encode())
    code = await line.close_code()
    if code != NORMAL:
        raise Unexpected(f"a close with {NORMAL} was answered with {code}")
    return "served and left"
