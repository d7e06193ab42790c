"""Forty seconds of everything that goes wrong at once; `just adversary 30m` is the long form."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Stack
from tests.adversary import run as adversary
from tests.support import stack_port

SECONDS = 40.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as folder, adversary.a_stack(Path(folder) / "state", stack_port()) as stack:
        yield stack


async def test_every_client_is_told_all_that_is_its_own_and_nothing_else(stack: Stack) -> None:
    result = await adversary.run(stack, SECONDS, seed=random.SystemRandom().randrange(10**6))
    print(result)  # noqa: T201  the seed and what happened, when it fails
    assert result.wrong == []
    assert result.story.killed.total() >= 5
    assert result.story.counts["dropped"] > adversary.LISTENERS / 2
    assert result.resumes["ring"] > adversary.LISTENERS
    assert result.resumes["stream"] > 0
    assert result.verdict.told > 50 * adversary.LISTENERS
