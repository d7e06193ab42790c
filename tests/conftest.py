"""One set of real servers for the whole run, and one relay."""

import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from deploy.local import Layout, Stack
from proto.streams import STREAMS
from shared.bus import Bus, ensure_stream
from shared.outbox import app as relay_app
from tests.support import POOLED, TEST_PORT, settings_of

SERVERS = {"postgres", "nats", "valkey"} | ({"pooler"} if POOLED else set())


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that a test calls has its logs go to that test's stderr, which is closed afterwards."""
    handlers = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Postgres with every migration applied, NATS and Valkey."""
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
