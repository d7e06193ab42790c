"""NATS is away, frozen, slow, full or empty: events wait, the relay goes on by itself, and the gauge says how long.

LARDER_OUTAGE_SECONDS says how long an outage lasts: 300 for five minutes of it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import nats.errors
import pytest
from nats.js.api import StreamInfo
from nats.js.errors import APIError

from deploy.local import Stack
from proto.streams import ORDERS, STREAMS
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.outbox import publisher, upkeep
from shared.outbox.relay import FAILED, LOST_STREAMS, PUBLISH_SECONDS, Relay
from shared.outbox.upkeep import OLDEST_SECONDS, PARKED, Upkeep, Watch
from shared.tasks import supervised
from tests.nats_server import Line, NatsServer, line_to, own_nats
from tests.outbox import Outbox, own_outbox
from tests.streams import Told, as_applied, stored
from tests.support import eventually

CONTEXT = "outages"
OUTAGE_SECONDS = float(os.environ.get("LARDER_OUTAGE_SECONDS", "1"))
PATIENCE = OUTAGE_SECONDS + 20


@pytest.fixture
async def outbox(stack: Stack) -> AsyncIterator[Outbox]:
    async with own_outbox(stack, CONTEXT) as outbox:
        yield outbox


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with own_nats(tmp_path) as server:
        yield server


@pytest.fixture
async def line(server: NatsServer) -> AsyncIterator[Line]:
    async with line_to(server.port) as line:
        yield line


@asynccontextmanager
async def running(stack: Stack, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bus]:
    """A relay with its upkeep, in this process, on a NATS of the test's own."""
    monkeypatch.setattr(upkeep, "WATCH_SECONDS", 0.05)
    database = stack.addresses.database("relay_service")
    async with AsyncExitStack() as opened:
        pool = await opened.enter_async_context(open_pool(database, size=2, name=CONTEXT))
        bus = await opened.enter_async_context(Bus(url, CONTEXT))
        publishing = Relay(CONTEXT, pool, bus, watched=True)
        watch = Watch(pool, [Upkeep(CONTEXT, pool)], lambda _: publishing.wake())
        await opened.enter_async_context(supervised(publishing.run(), "relay"))
        await opened.enter_async_context(supervised(watch.run(), "watch"))
        yield bus


def oldest() -> float:
    return float(OLDEST_SECONDS.labels(CONTEXT)._value.get())


async def caught_up(outbox: Outbox) -> None:
    """All is published, and the gauge has heard of it."""
    await eventually(outbox.empty, PATIENCE)

    async def at_rest() -> bool:
        return oldest() == 0

    await eventually(at_rest)


async def waits_at_least(seconds: float) -> None:
    async def risen() -> bool:
        return oldest() >= seconds

    await eventually(risen, PATIENCE)


async def failed_rounds(more: int) -> None:
    wanted = FAILED.labels(CONTEXT)._value.get() + more

    async def failed() -> bool:
        return bool(FAILED.labels(CONTEXT)._value.get() >= wanted)

    await eventually(failed, PATIENCE)


async def write(outbox: Outbox, keys: list[UUID], versions: range) -> None:
    for version in versions:
        for key in keys:
            await outbox.write(key, version)


async def applied(bus: Bus) -> dict[UUID, list[int]]:
    found = await stored(bus.jetstream, ORDERS.name)
    events = [msgspec.json.decode(envelope.data, type=Told).order for envelope in found]
    return as_applied((event.id, event.version) for event in events)


async def open_transactions(outbox: Outbox) -> list[object]:
    """The transactions of the relay that wait for it: of each the id that Postgres gave it, None as long as it wrote
    nothing."""
    rows = await outbox.database.fetch(
        "select backend_xid from pg_stat_activity where application_name = $1 and state like 'idle in transaction%'",
        CONTEXT,
    )
    return [row["backend_xid"] for row in rows]


async def test_the_streams_are_made_as_soon_as_nats_is_there_though_nothing_waits(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows one is not ready before."""
    await server.kill()
    async with running(stack, server.url, monkeypatch) as bus:
        await server.start()
        await bus.connection()

        async def made() -> bool:
            return {stream.name for stream in STREAMS} <= {found.config.name for found in await streams(bus)}

        await eventually(made)


async def streams(bus: Bus) -> list[StreamInfo]:
    """None while JetStream starts."""
    try:
        return list(await bus.jetstream.streams_info())
    except (nats.errors.Error, APIError):
        return []


async def test_nats_is_away_for_a_while_and_comes_back_with_its_store(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [new_id() for _ in range(3)]
    async with running(stack, server.url, monkeypatch) as bus:
        await write(outbox, keys, range(1, 3))
        await caught_up(outbox)
        await server.kill()
        await write(outbox, keys, range(3, 100))
        await waits_at_least(OUTAGE_SECONDS)
        assert await open_transactions(outbox) == []
        await server.start()
        await caught_up(outbox)
        assert await applied(bus) == {key: list(range(1, 100)) for key in keys}


async def test_a_frozen_nats_keeps_no_transaction_open_for_long(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ROUND_SECONDS", 0.5)
    keys = [new_id() for _ in range(3)]
    async with running(stack, server.url, monkeypatch) as bus:
        await write(outbox, keys, range(1, 2))
        await caught_up(outbox)
        server.freeze()
        try:
            await write(outbox, keys, range(2, 20))

            async def waiting_for_nats() -> list[object] | None:
                return await open_transactions(outbox) or None

            async def let_go() -> bool:
                return not await open_transactions(outbox)

            assert await eventually(waiting_for_nats) == [None]
            await eventually(let_go)
            await failed_rounds(2)
            await waits_at_least(OUTAGE_SECONDS)
        finally:
            server.thaw()
        await caught_up(outbox)
        assert await applied(bus) == {key: list(range(1, 20)) for key in keys}


@pytest.mark.parametrize("atomic", [True, False], ids=["as one batch", "in waves"])
async def test_a_frozen_nats_with_a_full_socket_ends_the_round_as_well(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch, atomic: bool
) -> None:
    monkeypatch.setattr(publisher, "ROUND_SECONDS", 0.5)
    monkeypatch.setattr(publisher.Publisher, "atomic", property(lambda _: atomic, lambda _, __: None), raising=False)
    keys = [new_id() for _ in range(40)]
    async with running(stack, server.url, monkeypatch) as bus:
        monkeypatch.setattr(bus.client, "_flush_timeout", 3600)
        await outbox.write(new_id(), 1)
        await caught_up(outbox)
        server.freeze()
        try:
            for version in (1, 2):
                for key in keys:
                    await outbox.write(key, version, size=200_000)
            await failed_rounds(3)
        finally:
            server.thaw()
        monkeypatch.setattr(publisher, "ROUND_SECONDS", 8.0)
        await caught_up(outbox)
        told = await applied(bus)
        assert {key: told[key] for key in keys} == {key: [1, 2] for key in keys}


async def test_a_round_is_over_before_postgres_ends_its_transaction(stack: Stack) -> None:
    async with open_pool(stack.addresses.database("relay_service"), size=1, name=CONTEXT) as pool:
        patience = await pool.fetchval(
            "select extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval)"
        )
    assert publisher.ROUND_SECONDS < patience <= 10


async def test_a_nats_too_slow_for_a_round_is_followed_in_parts(
    stack: Stack, outbox: Outbox, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ROUND_SECONDS", 0.3)
    key = new_id()
    async with running(stack, line.url, monkeypatch) as bus:
        await outbox.write(key, 1)
        await caught_up(outbox)
        line.delay = 0.2
        before = PUBLISH_SECONDS.labels(CONTEXT)._sum.get()
        await write(outbox, [key], range(2, 8))
        await caught_up(outbox)
        assert PUBLISH_SECONDS.labels(CONTEXT)._sum.get() - before > 6 * 0.2
        line.delay = 0.0
        assert await applied(bus) == {key: list(range(1, 8))}


async def test_lost_acknowledgements_cost_a_repeat_and_nothing_else(
    stack: Stack, outbox: Outbox, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ACKNOWLEDGE_SECONDS", 0.5)
    keys = [new_id() for _ in range(2)]
    async with running(stack, line.url, monkeypatch) as bus:
        await write(outbox, keys, range(1, 2))
        await caught_up(outbox)
        line.deaf = True
        await write(outbox, keys, range(2, 10))
        await asyncio.wait_for(line.swallowed.wait(), PATIENCE)
        line.cut()
        line.deaf = False
        await caught_up(outbox)
        assert await applied(bus) == {key: list(range(1, 10)) for key in keys}


async def test_a_full_store_is_waited_for(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.kill()
    server.limit = "200KB"
    await server.start()
    keys = [new_id() for _ in range(3)]
    async with running(stack, server.url, monkeypatch) as bus:
        for version in range(1, 21):
            for key in keys:
                await outbox.write(key, version, size=10_000)
        await failed_rounds(2)
        assert await outbox.waiting() > 0
        assert await outbox.fetchval("count(*) filter (where parked_at is not null)") == 0
        await server.kill()
        server.limit = "8GB"
        await server.start()
        await caught_up(outbox)
        assert await applied(bus) == {key: list(range(1, 21)) for key in keys}


@pytest.mark.parametrize("events", [1, 20], ids=["one event waits", "a batch waits"])
async def test_a_stream_that_is_gone_is_made_again_and_told_of(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    key = new_id()
    lost = LOST_STREAMS.labels(ORDERS.name)
    async with running(stack, server.url, monkeypatch) as bus:
        await outbox.write(new_id(), 1)
        await caught_up(outbox)
        before = lost._value.get()
        await server.kill()
        server.lose_everything()
        await write(outbox, [key], range(1, events + 1))
        await server.start()
        await caught_up(outbox)
        assert await applied(bus) == {key: list(range(1, events + 1))}
        assert lost._value.get() == before + 1


async def test_rows_that_no_bus_will_ever_take_are_parked_and_the_others_go_on(
    stack: Stack, outbox: Outbox, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = ["", "orders.v1.", "orders.v1..x", "orders.v1.a b", "orders.v1.*", "orders.v1.a.>", "orders.v1.a\r\nPING"]
    wrong += ["nothing.v1.a", f"orders.v1.{'x' * 5000}"]
    bad, fine = [new_id() for _ in wrong], [new_id() for _ in range(2)]
    async with running(stack, server.url, monkeypatch) as bus:
        for key, subject in zip(bad, wrong, strict=True):
            await outbox.write(key, 1, subject=subject)
            await outbox.write(key, 2)
        await write(outbox, fine, range(1, 20))

        async def parked() -> bool:
            return PARKED.labels(CONTEXT)._value.get() == len(wrong) and oldest() == 0

        await eventually(parked)
        assert await applied(bus) == {key: list(range(1, 20)) for key in fine}
        assert await outbox.waiting() == 2 * len(wrong)
        assert bus.client.stats["reconnects"] == 0
