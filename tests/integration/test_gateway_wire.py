"""What the gateway sends arrives as it was sent, on the event loop that it runs on in earnest: uvloop."""

import asyncio
from collections.abc import Sequence

import pytest
import uvloop
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from proto.realtime import SUBPROTOCOL
from services.gateway.server import listening
from services.gateway.wire import Wire, framed
from tests.support import free_port

SECONDS = 10.0


class Loud:
    """An Ear that answers the first text with all of its frames at once."""

    def __init__(self, wire: Wire, frames: Sequence[bytes]) -> None:
        self._wire = wire
        self._frames = frames

    def hear(self, text: str) -> None:
        for frame in self._frames:
            self._wire.send(framed(frame))

    def refuse(self, code: int, reason: str) -> None:
        self._wire.close(code, reason)

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def gone(self) -> None: ...


async def _heard(frames: Sequence[bytes]) -> list[bytes]:
    """What a client receives that begins to read when everything has been sent."""
    port = free_port()
    async with (
        listening(lambda *_: lambda wire: Loud(wire, frames), "127.0.0.1", port),
        connect(
            f"ws://127.0.0.1:{port}/ws", subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None, max_size=None
        ) as client,
    ):
        client.transport.pause_reading()
        await client.send("go")
        await asyncio.sleep(0.2)
        client.transport.resume_reading()
        async with asyncio.timeout(SECONDS):
            return [(await client.recv()).encode() for _ in frames]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "sizes", [(20_000, 100), (9_000, 70_000, 8_192, 8_193, 10) * 200, (200,) * 3 + (300_000,) * 20]
)
async def test_large_and_small_frames_arrive_whole_and_in_order(sizes: tuple[int, ...]) -> None:
    frames = [bytes([65 + place % 26]) * size for place, size in enumerate(sizes)]
    assert await asyncio.to_thread(lambda: uvloop.run(_heard(frames))) == frames
