"""The cache's Valkey frozen, killed, emptied, full, or back with what it had a while ago; and NATS away: every answer
is what the source says, soon, and afterwards the cache serves again."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proto.cache import product_key
from shared.bus import Bus
from tests.cached import Process, Rows, patient, process
from tests.nats_server import own_nats
from tests.support import eventually, free_port
from tests.valkey_server import ValkeyServer, own_valkey

SOON_SECONDS = 2.0
"""Two commands that give up, on a busy machine. Were each of a hundred readers to wait, it would be ten seconds."""


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ValkeyServer]:
    async with own_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
async def hurried(bus: Bus, server: ValkeyServer) -> AsyncIterator[Process]:
    """Waits for Valkey no longer than in earnest."""
    async with process(Rows(bus), server.url) as one:
        await one.in_step()
        yield one


@pytest.fixture
async def one(bus: Bus, server: ValkeyServer) -> AsyncIterator[Process]:
    with patient():
        async with process(Rows(bus), server.url) as one:
            await one.in_step()
            yield one


async def test_a_frozen_valkey_costs_one_wait_and_then_nothing(hurried: Process, server: ValkeyServer) -> None:
    row = hurried.rows.add()
    await hurried.get(row)
    server.freeze()
    try:
        began = time.monotonic()
        assert (await hurried.get(row)).came == "away"
        assert time.monotonic() - began < SOON_SECONDS
        await hurried.rows.change(row)
        began = time.monotonic()
        for _ in range(100):
            answer = await hurried.get(row)
            assert (answer.version, answer.came) == (2, "away")
        assert time.monotonic() - began < SOON_SECONDS
    finally:
        server.thaw()

    async def is_served_again() -> bool:
        answer = await hurried.get(row)
        assert answer.version == 2
        return answer.came == "hit"

    await eventually(is_served_again)


async def test_a_killed_valkey_comes_back_with_its_copies_and_without_what_changed(
    one: Process, server: ValkeyServer
) -> None:
    kept, changed = one.rows.add(), one.rows.add()
    for row in (kept, changed):
        await one.get(row)
    await server.kill()
    assert (await one.get(kept)).came == "away"
    await one.rows.change(changed)
    assert (await one.get(changed)).version == 2
    await server.start()
    await one.in_step()
    assert (await one.get(changed)).version == 2
    answer = await one.get(kept)
    assert (answer.version, answer.came) == (1, "hit")


async def test_copies_of_the_past_are_not_served_after_a_power_cut(
    bus: Bus, server: ValkeyServer, tmp_path: Path
) -> None:
    """The floor of a change was on no disk yet: neither who lived through it nor who starts then serves the copy."""
    rows = Rows(bus)
    row = rows.add()
    async with process(rows, server.url) as one:
        await one.in_step()
        await one.get(row)
        server.files_of(tmp_path / "then")
        await rows.change(row)
        await one.until_version(row, 2)
        await server.kill()
        server.go_back_to(tmp_path / "then")
        await server.start()
        entry = await one.cache.store.fetch(product_key(row))
        assert entry is not None
        assert (entry.version, entry.body is not None) == (1, True)  # it is there again
        for _ in range(20):
            assert (await one.get(row)).version == 2
        async with process(rows, server.url) as fresh:
            await fresh.in_step()
            assert (await fresh.get(row)).version == 2


async def test_an_emptied_valkey_is_filled_again(one: Process, server: ValkeyServer) -> None:
    row = one.rows.add()
    await one.get(row)
    await server.command("FLUSHALL")
    await one.rows.change(row)
    assert (await one.until_version(row, 2)).version == 2
    assert (await one.get(row)).came == "hit"
    async with process(one.rows, server.url) as fresh:
        await fresh.in_step()
        assert (await fresh.get(row)).version == 2


async def test_a_full_valkey_evicts(one: Process, server: ValkeyServer) -> None:
    async with server.client() as client:
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", used + 300_000)
        rows = [one.rows.add() for _ in range(1500)]
        for row in rows:
            assert (await one.get(row)).version == 1
        assert (await client.info("stats"))["evicted_keys"] > 0
    assert (await one.get(rows[-1])).came == "hit"
    assert one.cache.counts().away == 0


async def test_a_valkey_that_takes_nothing_more_is_done_without(one: Process, server: ValkeyServer) -> None:
    old, new = one.rows.add(), one.rows.add()
    await one.get(old)
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await server.command("CONFIG", "SET", "maxmemory", "1mb")
    assert (await one.get(new)).version == 1
    assert one.cache.counts().refused == 1
    assert (await one.get(old)).came == "hit"  # what is there is right
    for row in (old, new):  # a change takes the place of a copy, and is applied also where there was none
        await one.rows.change(row)
        assert (await one.until_version(row, 2)).version == 2
    await server.command("CONFIG", "SET", "maxmemory", "64mb")
    await one.in_step()
    await one.get(old)
    assert (await one.get(old)).came == "hit"


async def test_without_nats_nothing_is_served_that_may_have_changed(server: ValkeyServer, tmp_path: Path) -> None:
    async with own_nats(tmp_path) as nats, Bus(nats.url, "test") as bus:
        await bus.connection()
        rows = Rows(bus)
        row = rows.add()
        async with process(rows, server.url) as one:
            await one.in_step()
            await one.get(row)
            await nats.kill()
            await one.out_of_step()
            await rows.change(row, tell=False)
            answer = await one.get(row)
            assert (answer.version, answer.came) == (2, "away")
            await nats.start()
            await rows.bus.connection()
            await one.in_step()
            await rows.tell(row)
            assert (await one.until_version(row, 2)).version == 2


async def test_with_no_valkey_at_all_everything_comes_from_the_source(bus: Bus) -> None:
    async with process(Rows(bus), f"redis://127.0.0.1:{free_port()}/0") as one:
        row = one.rows.add()
        assert [(await one.get(row)).came for _ in range(3)] == ["away"] * 3
        await one.rows.change(row)
        assert (await one.get(row)).version == 2
