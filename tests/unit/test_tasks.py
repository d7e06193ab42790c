"""Background work ends with its block, whatever it does with a cancellation."""

import asyncio

import pytest

from shared import tasks
from shared.tasks import supervised


async def test_work_that_loses_a_cancellation_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ASK_AGAIN_SECONDS", 0.01)
    lost = 0

    async def work() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    async with asyncio.timeout(5), supervised(work(), "deaf") as task:
        await asyncio.sleep(0)
    assert (lost, task.cancelled()) == (3, True)


async def test_work_that_died_does_not_take_its_block_along() -> None:
    async def work() -> None:
        raise ValueError

    async with supervised(work(), "short") as task:
        await asyncio.wait([task])
    assert isinstance(task.exception(), ValueError)
