"""What a test may rely on: one set of real servers for each worker, and one relay.

A whole run has several workers (`just test`), each a process that is given whole files; a run of some files has one.
A worker has its own Postgres, NATS and Valkey (`stack`), its own block of ports (`support.free_port`, `stack_port`) and
its own temporary folders (`tmp_path`): within it one test runs at a time, in the order of its file, and what it leaves
in the stack is there for the next. Nothing else is promised: not which files share a worker, nor which came before.

So a test takes every port from `tests.support`, a stack beside the worker's from `own_stack`, and a path from
`tmp_path`; it ends processes by pids that its own stack told; it never counts on being quick, since others are at work
beside it: it awaits what it tests, and gives up late. Every worker must find the same names of tests: a parameter that
is random takes `ids`.
"""

import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from deploy.local import Layout, Stack
from proto.streams import STREAMS
from shared.bus import Bus, ensure_stream
from shared.outbox import app as relay_app
from tests.plans import Seedbed, open_seedbed
from tests.support import POOLED, TEST_PORT, settings_of
from tests.whole_catalogue import Whole, open_whole

# What is slow here may be so because others are at work beside it: properties are about what comes out.
hypothesis.settings.register_profile(
    "beside others", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("beside others")

END_TO_END = Path(__file__).parent / "e2e"
SERVERS = {"postgres", "nats", "valkey", "cache"} | ({"pooler"} if POOLED else set())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End to end first: these files last longest, and a run is not to end waiting for one of them."""
    items.sort(key=lambda item: END_TO_END not in item.path.parents)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that a test calls has its logs go to that test's stderr, which is closed afterwards."""
    handlers = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Postgres with every migration applied, NATS and both Valkeys."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(state_dir=Path(folder) / "state", base_port=TEST_PORT))
        try:
            stack.up(only=SERVERS)
            yield stack
        finally:
            stack.reset()


@pytest.fixture(scope="session")
async def relay(stack: Stack, bus: Bus) -> AsyncIterator[None]:
    """The outbox relay, running in this process, with the streams that it publishes to."""
    async with relay_app.build(settings_of(stack, "relay", relay_app.Settings)):
        for stream in STREAMS:
            await ensure_stream(bus.jetstream, stream)
        yield


@pytest.fixture(scope="session")
async def bus(stack: Stack) -> AsyncIterator[Bus]:
    async with Bus(stack.addresses.nats, "tests") as bus:
        await bus.connection()
        yield bus


@pytest.fixture(scope="session")
async def whole(stack: Stack) -> AsyncIterator[Whole]:
    """The demo's whole catalogue, listening. Whoever asks only reads."""
    async with open_whole(stack) as whole:
        yield whole


@pytest.fixture(scope="session")
async def seedbed(stack: Stack) -> AsyncIterator[Seedbed]:
    """What databases with many orders are made from."""
    async with open_seedbed(stack) as seedbed:
        yield seedbed
