"""Listening for sockets and requests: uvicorn in this process, on this event loop.

Chosen by measurement (docs/adr/0004). Compression is off: frames are small and CPU is what we run out of. uvicorn
pings each socket every 30 s and ends those that do not answer; the kernel ends those that take nothing any more.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from shared.http.server import ListenError
from shared.http.types import ASGIApp

PING_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 30
"""Above Nginx's 4 s for idle connections: it closes first."""

RECEIVED_FRAME_BYTES = 64 * 1024
"""What uvicorn buffers of a frame; smaller ones that are too large still get our own close code."""

UNACKNOWLEDGED_MS = 60_000
"""TCP_USER_TIMEOUT, which accepted sockets inherit: uvicorn's close waits for what is buffered, else for ever."""

BACKLOG = 1024


class _Server(uvicorn.Server):
    """Leaves signals to shared.process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(application: ASGIApp, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """Serves until the block ends. The task ends early only when the server died. Raises ListenError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    config = uvicorn.Config(
        application,
        http="h11",  # what the images have: uvicorn would take whatever else is installed
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=RECEIVED_FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        backlog=BACKLOG,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="server")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110  uvicorn tells by a flag
            await asyncio.sleep(0.005)
        yield task
    finally:
        server.should_exit = True
        await task
        listener.close()
