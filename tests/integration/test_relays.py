"""Two relays as processes: one publishes, the other takes over when it is killed, frozen or gone with its host."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from deploy.local.layout import REPOSITORY
from deploy.local.processes import clean_environment
from proto.streams import ORDERS, STREAMS
from shared.bus import Bus, ensure_stream
from shared.database import open_pool
from shared.ids import new_id
from shared.outbox import app, wake_subject
from shared.outbox.relay import LOCK_CLASS, Relay
from shared.tasks import supervised
from tests.outbox import Outbox, own_outbox
from tests.streams import Told, as_applied, stored
from tests.support import eventually, settings_of

CONTEXT = "two"


@pytest.fixture
async def outbox(stack: Stack, bus: Bus) -> AsyncIterator[Outbox]:
    for stream in STREAMS:
        await ensure_stream(bus.jetstream, stream)
    async with own_outbox(stack, CONTEXT) as outbox:
        yield outbox


@asynccontextmanager
async def relay_process(stack: Stack) -> AsyncIterator[asyncio.subprocess.Process]:
    """Once it is ready."""
    settings = settings_of(stack, "relay", app.Settings, LARDER_OUTBOXES=CONTEXT)
    environment = {f"LARDER_{name.upper()}": str(getattr(settings, name)) for name in settings.__struct_fields__}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.outbox"),
        env={**clean_environment(), **environment},
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                try:
                    async with session.get(f"http://{settings.host}:{settings.port}/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(ready, 30)
        yield process
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        await process.wait()


async def test_one_of_two_is_killed_again_and_again_under_load(stack: Stack, bus: Bus, outbox: Outbox) -> None:
    since = (await bus.jetstream.stream_info(ORDERS.name)).state.last_seq + 1
    keys = [new_id() for _ in range(5)]
    written = 0
    enough = asyncio.Event()

    async def load() -> None:
        nonlocal written
        while not enough.is_set():
            written += 1
            for key in keys:
                await outbox.write(key, written)
            await bus.nudge(wake_subject("orders"))

    async def goes_on(from_version: int) -> None:
        async def published() -> bool:
            return bool(await outbox.fetchval("count(*) filter (where published_at is not null) > $1", from_version))

        await eventually(published, 30)

    loading = asyncio.create_task(load())
    async with relay_process(stack) as first, relay_process(stack) as second:
        await goes_on(5 * written)
        first.kill()
        await goes_on(5 * written)
        async with relay_process(stack):
            second.kill()
            await goes_on(5 * written)
            enough.set()
            await loading
            await eventually(outbox.empty, 30)
    assert await read(bus, since) == {key: list(range(1, written + 1)) for key in keys}


async def test_a_lock_whose_holder_is_gone_with_its_host_is_freed_by_postgres(
    stack: Stack, bus: Bus, outbox: Outbox
) -> None:
    """Its socket stays open and says nothing. The 10 s of roles.sql, shortened here, end its transaction."""
    gone = await asyncpg.connect(
        stack.addresses.database("relay_service"), server_settings={"idle_in_transaction_session_timeout": "1s"}
    )
    await gone.execute("begin")
    assert await gone.fetchval(f"select pg_try_advisory_xact_lock({LOCK_CLASS}, hashtext('{CONTEXT}'))")
    await outbox.write(new_id(), 1)
    database = stack.addresses.database("relay_service")
    async with (
        open_pool(database, size=1, name=CONTEXT) as pool,
        supervised(Relay(CONTEXT, pool, bus).run(), "relay"),
    ):
        await eventually(outbox.empty, 30)
    assert gone.is_closed()


async def read(bus: Bus, since: int) -> dict[UUID, list[int]]:
    found = await stored(bus.jetstream, ORDERS.name, since=since)
    events = [msgspec.json.decode(envelope.data, type=Told).order for envelope in found]
    return as_applied((event.id, event.version) for event in events)
