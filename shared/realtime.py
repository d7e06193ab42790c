"""A client of the socket protocol `larder.v1`, for tests, the demo and whoever writes one in Python.

`docs/realtime.md` is the protocol's reference. The client is one connection and keeps the position of each topic, so
that a new one can go on where this one ended; `shared.realtime_feed` does that.
"""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import get_args

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from proto import realtime
from proto.realtime import SUBPROTOCOL, Position, ServerFrame

MAX_FRAME_BYTES = 4 * 1024 * 1024

_decoder: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_encoder = msgspec.json.Encoder()

TAGS = frozenset(frame.__struct_config__.tag for frame in get_args(ServerFrame))


class _Tagged(msgspec.Struct):
    type: str


_tags = msgspec.json.Decoder(_Tagged)


class RealtimeClient:
    """One socket. `welcome` is the server's answer to the hello; `positions` are by topic, as far as everything has
    been received, of the topics that are subscribed; `close_code` is None while it is open."""

    def __init__(self, connection: ClientConnection, welcome: realtime.Welcome) -> None:
        self._connection = connection
        self.welcome = welcome
        self._epoch = welcome.epoch
        self.positions: dict[str, Position] = {}

    @classmethod
    async def connect(
        cls, url: str, ticket: str, *, resume: Position | None = None, origin: str | None = None
    ) -> "RealtimeClient":
        """Opens `url` (ws://…/ws) and says hello. Raises websockets' errors: InvalidStatus for a refused handshake,
        ConnectionClosed with the server's code for a refused hello."""
        connection = await connect(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            origin=None if origin is None else Origin(origin),
            compression=None,
            max_size=MAX_FRAME_BYTES,
            max_queue=None,
            ping_interval=None,
        )
        try:
            welcome = await _greet(connection, realtime.Hello(ticket, resume))
        except BaseException:
            await connection.close()
            raise
        return cls(connection, welcome)

    @property
    def close_code(self) -> int | None:
        return self._connection.close_code

    async def subscribe(self, topic: str, after: Position | None = None) -> None:
        await self.send(realtime.Subscribe(topic, after))

    async def unsubscribe(self, topic: str) -> None:
        await self.send(realtime.Unsubscribe(topic))

    async def authenticate(self, ticket: str) -> None:
        """Goes on with a fresh ticket of the same person."""
        await self.send(realtime.Auth(ticket))

    async def send_location(self, lat: float, lon: float) -> None:
        await self.send(realtime.SendLocation(lat, lon))

    async def send(self, frame: realtime.ClientFrame) -> None:
        await self._connection.send(_encoder.encode(frame).decode())

    async def receive(self) -> ServerFrame:
        """The next frame of a type that we know. Raises ConnectionClosed."""
        while True:
            text = await self._connection.recv()
            try:
                frame = _decoder.decode(text)
            except msgspec.ValidationError:
                if _tags.decode(text).type in TAGS:
                    raise
                continue  # of a server that is newer than we are
            self._note(frame)
            return frame

    async def __aiter__(self) -> AsyncIterator[ServerFrame]:
        """Every frame until the socket is closed, by whichever side."""
        while True:
            try:
                yield await self.receive()
            except ConnectionClosed:
                return

    def abort(self) -> None:
        """Ends it without a word, as a network does that is gone."""
        self._connection.transport.abort()

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> "RealtimeClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _note(self, frame: ServerFrame) -> None:
        match frame:
            case realtime.Resync():
                self._epoch = frame.epoch
                self.positions[frame.topic] = Position(frame.epoch, frame.seq)
            case realtime.Event() | realtime.Subscribed():
                self.positions[frame.topic] = Position(self._epoch, frame.seq)
            case realtime.Unsubscribed():
                self.positions.pop(frame.topic, None)
            case realtime.At():
                self.positions = {topic: Position(self._epoch, frame.seq) for topic in self.positions}
            case _:
                pass


async def _greet(connection: ClientConnection, hello: realtime.Hello) -> realtime.Welcome:
    await connection.send(_encoder.encode(hello).decode())
    welcome = _decoder.decode(await connection.recv())
    if not isinstance(welcome, realtime.Welcome):
        raise TypeError(f"the first frame was no welcome: {welcome}")
    return welcome
