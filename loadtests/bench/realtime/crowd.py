"""Thousands of sockets in this process, for little processor time: what hears the frames.

An ear greets as its server wants it, then hands on each event and answers what keeps the socket alive. Invariant: a
socket that closes by itself, or an event that does not come, is an error; nothing is counted beside it.
"""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import msgspec
from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from deploy.local import StackError
from loadtests.bench.errors import BenchError
from proto import realtime
from proto.realtime import SUBPROTOCOL

AT_ONCE = 32
"""Sockets that open at the same time."""

TRIES = 3
"""To open a socket: that is not what is measured, and a busy machine lets a ticket expire."""

READ_BYTES = 8 * 1024
"""Of the buffer that each socket reads into: two frames."""

OPEN_SECONDS = 30.0
CLOSE_SECONDS = 20.0
PATIENCE_SECONDS = 20.0
"""For the last frame of what was sent."""

SPARE_FILES = 500
"""What this process has open beside the sockets."""

Hear = Callable[[memoryview], None]


class CrowdError(BenchError):
    """A socket did not open, closed by itself, or did not hear what it had to."""


class Tally:
    """Counts what is heard over all sockets. `frames` and `octets`: so far; `last`: the last of those expected."""

    def __init__(self) -> None:
        self.last = b""
        self.frames = 0
        self.octets = 0
        self._wanted = 0
        self._heard = asyncio.Event()

    def hear(self, payload: memoryview) -> None:
        self.frames += 1
        self.octets += payload.nbytes
        if self.frames == self._wanted:
            self.last = bytes(payload)
            self._heard.set()

    def expect(self, more: int) -> Awaitable[bool]:
        """To be asked before they are sent; returns when so many more have been heard."""
        self._heard.clear()
        self._wanted = self.frames + more
        return self._heard.wait()


class Ear(WSListener):
    """One socket. `ready` is done once it is subscribed; `events` and `pings`: how many it has heard; `ended`:
    why it is closed."""

    EVENT: ClassVar[bytes]
    """How a frame begins that is an event."""

    HEADERS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, hear: Hear) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.events = 0
        self.pings = 0
        self.ended: str | None = None
        self._hear = hear
        self._prefix = len(self.EVENT)
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self.greet()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            payload = frame.get_payload_as_memoryview()
            if payload[: self._prefix] == self.EVENT:
                self.events += 1
                self._hear(payload)
            else:
                self.answer(bytes(payload))
        elif frame.msg_type is WSMsgType.PING:
            self.pings += 1
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.CLOSE:
            self._end(f"{frame.get_close_code()} {frame.get_close_reason()}")
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002  picows gives it
        self._end("the connection broke")

    def greet(self) -> None:
        """What is said first."""

    def answer(self, payload: bytes) -> None:
        """What is said to a frame that is no event."""

    def say(self, text: bytes) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, text)

    def be_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    async def leave(self) -> None:
        if self._transport is not None:
            self.ended = self.ended or "left"
            self._transport.disconnect()
            await self._transport.wait_disconnected()

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        if not self.ready.done():
            self.ready.set_exception(CrowdError(f"a socket was closed before it was subscribed: {why}"))
            self.ready.exception()  # seen: nobody may be waiting any more


class LarderEar(Ear):
    """`larder.v1`: hello, welcome, subscribe to `orders`, subscribed. `beat` is handed the heartbeats (`at`)."""

    EVENT = b'{"type":"event"'
    HEADERS: ClassVar[Mapping[str, str]] = {"Sec-WebSocket-Protocol": SUBPROTOCOL}

    def __init__(self, hear: Hear, ticket: str, beat: Hear | None = None) -> None:
        super().__init__(hear)
        self._ticket = ticket
        self._beat = beat

    def greet(self) -> None:
        self.say(msgspec.json.encode(realtime.Hello(self._ticket)))

    def answer(self, payload: bytes) -> None:
        kind = payload[:12]
        if kind == b'{"type":"wel':
            self.say(msgspec.json.encode(realtime.Subscribe("orders")))
        elif kind == b'{"type":"sub':
            self.be_ready()
        elif kind == b'{"type":"at"' and self._beat is not None:
            self._beat(memoryview(payload))


class PlainEar(Ear):
    """The `ws` peer: who is connected is told. Its frames are Larder's bytes."""

    EVENT = b'{"type":"event"'

    def greet(self) -> None:
        self.be_ready()


class SocketIoEar(Ear):
    """Engine.IO 4 and Socket.IO 5 over WebSocket: `0{…}` opened, `40` joins `/`, `40{…}` joined, `42[…]` an event, `2`
    is a ping that wants a `3`."""

    EVENT = b"42["

    def answer(self, payload: bytes) -> None:
        if payload[:1] == b"0":
            self.say(b"40")
        elif payload[:2] == b"40":
            self.be_ready()
        elif payload == b"2":
            self.say(b"3")


@asynccontextmanager
async def gathered(url: str, ears: Sequence[Callable[[], Awaitable[Ear]]]) -> AsyncIterator[list[Ear]]:
    """All of them connected to `url` (ws://…) and subscribed. Raises CrowdError; inside the block call `check`."""
    gate = asyncio.Semaphore(AT_ONCE)
    opened: list[Ear] = []

    async def connect(make: Callable[[], Awaitable[Ear]]) -> None:
        async with gate:
            for left in reversed(range(TRIES)):
                try:
                    opened.append(await _open(url, await make()))
                except (OSError, CrowdError, WSError):
                    if left == 0:
                        raise
                else:
                    return

    try:
        try:
            async with asyncio.TaskGroup() as group:
                for make in ears:
                    group.create_task(connect(make))
        except* (OSError, BenchError, WSError) as failed:
            first = failed.exceptions[0]
            raise CrowdError(f"a socket could not be opened at {url}: {first!r}") from first
        yield opened
    finally:
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.gather(*(ear.leave() for ear in opened))


async def _open(url: str, ear: Ear) -> Ear:
    """Raises OSError, WSError, CrowdError."""
    await ws_connect(
        lambda: ear,
        url,
        extra_headers=dict(ear.HEADERS),
        websocket_handshake_timeout=OPEN_SECONDS,
        enable_auto_pong=False,  # they are counted
        read_buffer_init_size=READ_BYTES,
    )
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            await ear.ready
    except BaseException:
        await ear.leave()
        raise
    return ear


async def heard(expected: Awaitable[bool], ears: Sequence[Ear]) -> None:
    """Returns once what is expected has come. Raises CrowdError when it does not, or when a socket has ended."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await expected
    except TimeoutError as error:
        check(ears)
        raise CrowdError(f"not every frame came within {PATIENCE_SECONDS:.0f} s") from error


def check(ears: Sequence[Ear]) -> None:
    """Raises CrowdError when a socket has ended by itself."""
    ended = [ear.ended for ear in ears if ear.ended is not None]
    if ended:
        raise CrowdError(f"{len(ended)} of {len(ears)} sockets were closed: {ended[0]}")


def need_files(sockets: int) -> None:
    """Lets this process hold so many sockets open. Raises StackError where the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sockets + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise StackError(
            f"{sockets:,} sockets need {needed:,} open files; the system allows {hard:,}.",
            f"Raise the hard limit: ulimit -Hn {needed}",
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
