"""Listening for HTTP: granian's embedded server, in this process and on this event loop.

Chosen by measurement (docs/adr/0004): 24.8k plain requests/s on one core against uvicorn's 15.0k, and one process to
kill instead of a master and its workers.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from shared.http.types import ASGIApp

BACKLOG = 1024
START_SECONDS = 5.0


class ListenError(Exception):
    """The address could not be taken."""


@asynccontextmanager
async def listening(application: ASGIApp, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """Serves until the block ends; requests in flight are finished. The task ends early only when the server died."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ListenError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    )
    task: asyncio.Task[None] = asyncio.create_task(server.serve(), name="server")
    try:
        await _accepts(task, host, port)
        yield task
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        with suppress(asyncio.CancelledError):
            await task


async def _accepts(task: asyncio.Task[None], host: str, port: int) -> None:
    """Returns when a connection is accepted."""
    async with asyncio.timeout(START_SECONDS):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection(host, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.005)
            else:
                writer.close()
                return
    await task
    raise ListenError(f"the server on {host}:{port} ended at once")
