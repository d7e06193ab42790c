"""The operator sees what is parked, mends its cause, and takes it up again: in order, and nothing is dropped."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import Stack
from shared.bus import Bus
from shared.database import Pool, open_pool
from shared.ids import new_id
from shared.outbox import app
from shared.outbox.parked import UnknownError, list_parked, main, named, retry
from shared.outbox.relay import Relay
from tests.nats_server import NatsServer, own_nats
from tests.outbox import Outbox, own_outbox
from tests.streams import stored
from tests.support import settings_of

CONTEXT = "parked"


@pytest.fixture
async def outbox(stack: Stack) -> AsyncIterator[Outbox]:
    async with own_outbox(stack, CONTEXT) as outbox:
        yield outbox


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    async with open_pool(stack.addresses.database("relay_service"), size=1, name=CONTEXT) as pool:
        yield pool


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with own_nats(tmp_path) as server:
        yield server


async def publish_all(pool: Pool, url: str) -> list[str]:
    """A relay's life in short. What the stream then holds."""
    async with Bus(url, CONTEXT) as bus:
        await bus.connection()
        relay = Relay(CONTEXT, pool, bus)
        await relay._prepare()
        await relay.publish_once()
        await relay.publish_once()
        return [envelope.data.decode()[:90] for envelope in await stored(bus.jetstream, "ORDERS")]


async def test_what_was_too_large_follows_in_order_once_the_bus_takes_more(
    outbox: Outbox, pool: Pool, server: NatsServer
) -> None:
    key = new_id()
    await outbox.write(key, 1)
    row_id = await outbox.write(key, 2, size=2_000_000)
    await outbox.write(key, 3)
    await publish_all(pool, server.url)
    [event] = await list_parked(pool, [CONTEXT])
    assert (event.name, event.key, event.behind) == (f"{CONTEXT}/{row_id}", key, 1)
    assert event.bytes > 2_000_000
    assert "too large" in event.error
    # Nothing mended: it is parked again, and nothing behind it went out.
    await retry(pool, [event])
    assert len(await publish_all(pool, server.url)) == 1
    assert [again.name for again in await list_parked(pool, [CONTEXT])] == [event.name]
    await server.kill()
    server.max_payload = "4MB"
    await server.start()
    await retry(pool, await list_parked(pool, [CONTEXT]))
    found = await publish_all(pool, server.url)
    assert [f'"version": {number}' in text for number, text in enumerate(found, start=1)] == [True, True, True]
    assert await list_parked(pool, [CONTEXT]) == []
    assert await outbox.waiting() == 0


async def test_an_id_that_is_not_parked_is_refused(outbox: Outbox, pool: Pool) -> None:
    row_id = await outbox.write(new_id(), 1)
    with pytest.raises(UnknownError, match=f"{CONTEXT}/{row_id}"):
        named(await list_parked(pool, [CONTEXT]), [f"{CONTEXT}/{row_id}"])


async def test_the_command_lists_and_retries(
    stack: Stack, outbox: Outbox, pool: Pool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(stack, "relay", app.Settings, LARDER_OUTBOXES=CONTEXT)
    for name in list(os.environ):
        if name.startswith("LARDER_"):
            monkeypatch.delenv(name)
    for name in settings.__struct_fields__:
        monkeypatch.setenv(f"LARDER_{name.upper()}", str(getattr(settings, name)))

    async def command(*arguments: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, arguments)
        out, err = capsys.readouterr()
        return status, out + err

    assert await command() == (0, "No event is parked.\n")
    key = new_id()
    row_id = await outbox.write(key, 1, subject="nobody.takes.this")
    await publish_all(pool, stack.addresses.nats)
    status, text = await command()
    assert status == 0
    for told in (f"{CONTEXT}/{row_id}", str(key), "nobody.takes.this", "no stream takes its subject", "UTC"):
        assert told in text
    status, text = await command("--retry", f"{CONTEXT}/{row_id + 1}")
    assert (status, f"{CONTEXT}/{row_id + 1}" in text) == (1, True)
    status, text = await command("--retry", f"{CONTEXT}/{row_id}")
    assert (status, f"{CONTEXT}/{row_id}" in text) == (0, True)
    assert await command("--retry-all") == (0, "No event is parked.\n")
    with pytest.raises(SystemExit):
        await command("--retry", "17; drop table")
