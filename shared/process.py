"""The life of a process: settings, logs, the event loop, the server, and an end that loses no request.

Invariants: wrong settings end the start with exit code 2 and name the variable. SIGTERM and SIGINT first make
`/readyz` fail, then wait for the requests in flight, then close what was opened, in reverse order.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import structlog
import uvloop
from prometheus_client import Gauge

from shared import collector, log
from shared.http.server import listening
from shared.http.types import Application
from shared.settings import ProcessSettings, SettingsError, load

S = TypeVar("S", bound=ProcessSettings)

DISK_USED = Gauge("larder_disk_used_ratio", "How full the file system is that this process stands on, 0 to 1")
DISK_USED.set_function(lambda: _disk_used(Path.cwd()))


def run(kind: type[S], build: Callable[[S], AbstractAsyncContextManager[Application]]) -> None:
    """Serves what `build` yields until SIGTERM or SIGINT. Ends with 1 when the server died by itself."""
    program = kind.__module__.removesuffix(".app")
    try:
        settings = load(kind, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{program}: {error}\n")
        sys.exit(2)
    log.configure(settings.log, program)
    uvloop.run(_serve(settings, build))


async def _serve(settings: S, build: Callable[[S], AbstractAsyncContextManager[Application]]) -> None:
    told = structlog.get_logger("process")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with build(settings) as application, listening(application, settings.host, settings.port) as server:
        collector.begin()
        await told.ainfo("listening", host=settings.host, port=settings.port)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, server], return_when=asyncio.FIRST_COMPLETED)
        if server.done():
            await told.acritical("the server died")
            sys.exit(1)
        await told.ainfo("stopping")
        await application.drain()


def _disk_used(path: Path) -> float:
    """As df counts: what only root may still write is no space."""
    usage = shutil.disk_usage(path)
    return usage.used / (usage.used + usage.free)
