"""The cache over a real Valkey and a real NATS: what is served, what is asked, and what never comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from proto.cache import ids_of, kind_of, order_key, product_key, session_key
from shared.bus import Bus
from shared.cache.warm import warm
from shared.ids import new_id
from shared.limits import open_valkey
from tests.cached import Process, Rows, patient, process
from tests.support import eventually
from tests.valkey_server import ValkeyServer, own_valkey


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with patient():
        yield


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ValkeyServer]:
    async with own_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
async def valkey(server: ValkeyServer) -> AsyncIterator[Redis]:
    async with open_valkey(server.url, 1.0) as client:
        yield client


@pytest.fixture
def rows(bus: Bus) -> Rows:
    return Rows(bus)


@pytest.fixture
async def one(rows: Rows, server: ValkeyServer) -> AsyncIterator[Process]:
    async with process(rows, server.url) as one:
        await one.in_step()
        yield one


@pytest.fixture
async def other(rows: Rows, server: ValkeyServer) -> AsyncIterator[Process]:
    async with process(rows, server.url) as other:
        await other.in_step()
        yield other


async def test_what_was_read_once_is_read_from_the_cache_by_every_process(one: Process, other: Process) -> None:
    row = one.rows.add()
    assert [(await each.get(row)).came for each in (one, one, other)] == ["miss", "hit", "hit"]
    assert one.rows.loads == 1


async def test_who_asks_for_the_source_gets_it_and_leaves_a_copy(one: Process) -> None:
    row = one.rows.add()
    await one.get(row)
    await one.rows.change(row, tell=False)
    fresh = await one.get(row, from_source=True)
    assert (fresh.version, fresh.came) == (2, "asked")
    assert (await one.get(row)).version == 2


async def test_many_who_miss_at_once_ask_the_source_once(one: Process) -> None:
    row, gate = one.rows.add(), asyncio.get_running_loop().create_future()
    one.rows.slow = lambda: gate
    asking = [asyncio.create_task(one.get(row)) for _ in range(50)]

    async def asked() -> bool:
        return one.rows.loads > 0

    await eventually(asked)
    asking[0].cancel()  # whoever asked first goes away: the others wait on
    gate.set_result(None)
    answers = await asyncio.gather(*asking[1:])
    assert {answer.version for answer in answers} == {1}
    assert one.rows.loads == 1


async def test_an_error_of_the_source_is_told_to_all_who_wait_and_kept_for_nobody(one: Process) -> None:
    row = one.rows.add()

    async def broken() -> None:
        raise ConnectionError("the database is away")

    async def load() -> None:
        await asyncio.sleep(0)
        await broken()

    asking = [one.cache.get(product_key(row), load) for _ in range(3)]
    assert all(isinstance(error, ConnectionError) for error in await asyncio.gather(*asking, return_exceptions=True))
    assert (await one.get(row)).version == 1


async def test_a_change_reaches_every_process_by_its_event(one: Process, other: Process) -> None:
    row = one.rows.add()
    await one.get(row)
    await one.rows.change(row)
    for each in (one, other):
        assert (await each.until_version(row, 2)).version == 2


async def test_who_read_before_a_change_never_puts_that_back_after_it(one: Process, other: Process) -> None:
    row, gate = one.rows.add(), asyncio.get_running_loop().create_future()
    one.rows.slow = lambda: gate
    asking = asyncio.create_task(one.get(row))

    async def asked() -> bool:
        return one.rows.loads > 0

    await eventually(asked)
    one.rows.slow = None
    await one.rows.change(row)

    async def heard() -> bool:
        entries = [await each.cache.store.fetch(product_key(row)) for each in (one, other)]
        return all(entry is not None and entry.version == 2 for entry in entries)

    await eventually(heard)
    gate.set_result(None)
    assert (await asking).version == 1  # it asked before the change
    for each in (one, other):
        assert (await each.get(row)).version == 2


async def test_nothing_older_is_stored_even_by_a_process_that_has_not_heard(one: Process, valkey: Redis) -> None:
    row = one.rows.add()
    key = product_key(row)
    old = one.cache.entry_of((await one.rows.load(row)), 0.0)  # type: ignore[arg-type]
    await one.rows.change(row)
    await one.until_version(row, 2)
    assert not await one.cache.store.put(key, old)
    await one.cache.store.invalidate(key)
    assert not await one.cache.store.put(key, old)
    assert await valkey.hget(key, "version") == b"2"
    assert 0 < await valkey.pttl(key) <= 60_000


async def test_an_event_that_comes_late_or_twice_takes_nothing_away(one: Process) -> None:
    row = one.rows.add()
    await one.rows.change(row)
    await one.until_version(row, 2)
    await one.rows.tell(row)
    one.rows.versions[row] = 1
    await one.rows.tell(row)
    one.rows.versions[row] = 2
    marker = one.rows.add()
    await one.rows.change(marker)
    await one.until_version(marker, 2)
    answer = await one.get(row)
    assert (answer.version, answer.came) == (2, "hit")


async def test_a_writers_hint_is_heard_at_once_here_and_soon_elsewhere(one: Process, other: Process) -> None:
    row = one.rows.add()
    await one.get(row)
    version = await one.rows.change(row, tell=False)
    one.cache.hint(product_key(row), version)
    assert (await one.get(row)).version == 2
    assert (await other.until_version(row, 2)).version == 2


async def test_a_copy_of_another_shape_is_none(one: Process, server: ValkeyServer) -> None:
    row = one.rows.add()
    await one.get(row)
    async with process(one.rows, server.url, schema="2") as newer:
        await newer.in_step()
        assert (await newer.get(row)).came == "miss"
        assert (await newer.get(row)).came == "hit"


async def test_a_copy_is_refreshed_before_its_life_ends_by_one_of_its_readers(rows: Rows, server: ValkeyServer) -> None:
    async with process(rows, server.url, life_seconds=3600) as one:
        await one.in_step()
        row = rows.add()
        key = product_key(row)
        rows.slow = lambda: asyncio.ensure_future(asyncio.sleep(0.01))
        await one.get(row)
        entry = await one.cache.store.fetch(key)
        assert entry is not None
        one.cache.clock = lambda: entry.expires_at - 0.1
        one.cache.chance = lambda: 0.5  # 0.7 times what the load took: too early
        assert (await one.get(row)).came == "hit"
        assert one.cache.counts().early == 0
        one.cache.chance = lambda: 1.0 - 1e-12  # 28 times
        assert (await one.get(row)).came == "hit"

        async def refreshed() -> bool:
            now = await one.cache.store.fetch(key)
            return now is not None and now.expires_at > entry.expires_at + 3000

        await eventually(refreshed)
        assert (rows.loads, one.cache.counts().early) == (2, 1)


async def test_a_copy_is_not_served_after_its_life(rows: Rows, server: ValkeyServer, valkey: Redis) -> None:
    async with process(rows, server.url, life_seconds=0.2) as one:
        await one.in_step()
        row = rows.add()
        await one.get(row)
        assert 0 < await valkey.pttl(product_key(row)) <= 200

        async def gone() -> bool:
            return not await valkey.exists(product_key(row))

        await eventually(gone)
        assert (await one.get(row)).came == "miss"


async def test_the_age_of_a_stale_answer_is_from_its_change_to_when_it_was_served(one: Process) -> None:
    row, unread = one.rows.add(), one.rows.add()
    await one.get(row)
    await one.get(row)
    one.rows.versions[row] += 1
    changed = one.cache.clock()
    one.cache.clock = lambda: changed + 0.7
    assert (await one.get(row)).version == 1  # its event has not come
    one.cache.hear(product_key(row), 2, changed)
    one.cache.hear(product_key(unread), 2, changed)
    assert (await one.get(row)).version == 2
    ages = one.cache.ages.report()
    assert sum(ages.counts) == 1
    assert ages.longest_seconds == pytest.approx(0.7, abs=0.001)


async def test_a_new_process_writes_what_was_read_most_before_anybody_asks(
    rows: Rows, server: ValkeyServer, valkey: Redis
) -> None:
    read = [rows.add() for _ in range(30)]
    async with process(rows, server.url) as one:
        await one.in_step()
        for place, row in enumerate(read):
            for _ in range(1 + place % 3):
                await one.get(row)

        async def counted() -> bool:
            return await valkey.zcard("reads:product") == len(read)

        await eventually(counted)
        assert (await valkey.zscore("reads:product", product_key(read[2])) or 0.0) >= 1.0
        await valkey.delete(*(product_key(row) for row in read))
        most = await one.cache.store.most_read("product", 0, 10)
        assert await warm(one.cache, _loading(rows), most=10) == 10
        assert {key for key in most if await valkey.exists(key)} == set(most)
        assert await warm(one.cache, _loading(rows), most=10) == 0  # they are there
    async with process(rows, server.url, warm=True) as new:

        async def warmed() -> bool:
            return await valkey.exists(*(product_key(row) for row in read)) == len(read)

        await eventually(warmed)
        assert {(await new.get(row)).came for row in read} == {"hit"}


async def test_the_counts_of_reads_are_bounded_and_the_least_read_go(
    one: Process, valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.cache.store.MOST_COUNTED", 5)
    store = one.cache.store
    await store.count_reads("product", {f"key {count}": count for count in range(1, 10)})
    assert await store.most_read("product", 0, 10) == [f"key {count}" for count in range(9, 4, -1)]
    # Halved once, when it was counted first; what is left of a single read falls out after some weeks.
    assert (await valkey.zscore("reads:product", "key 9") or 0.0) == 4.5
    for _ in range(6):
        await valkey.delete("reads:product:halved")
        await store.count_reads("product", {"key 9": 10})
    assert (await valkey.zscore("reads:product", "key 5") or 0.0) < 0.1


async def test_a_process_that_starts_hears_first_what_changed_while_nobody_followed(
    rows: Rows, server: ValkeyServer
) -> None:
    row = rows.add()
    async with process(rows, server.url) as before:
        await before.in_step()
        await before.get(row)
    await rows.change(row)
    async with process(rows, server.url) as after:
        await after.in_step()
        assert (await after.get(row)).version == 2


async def test_another_stream_begins_without_copies(rows: Rows, server: ValkeyServer) -> None:
    row = rows.add()
    async with process(rows, server.url) as one:
        await one.in_step()
        await one.get(row)
    rows.versions[row] = 2  # told of on a stream that was lost
    rows.stream = Rows(rows.bus).stream
    async with process(rows, server.url) as after:
        await after.in_step()
        assert (await after.get(row)).version == 2


def _loading(rows: Rows):  # type: ignore[no-untyped-def]
    async def load_many(keys):  # type: ignore[no-untyped-def]
        wanted = {product_key(row): row for row in rows.versions}
        return {key: await rows.load(wanted[key]) for key in keys}

    return load_many


def test_keys_are_of_one_kind_or_none() -> None:
    one, other = new_id(), new_id()
    for key, kind, ids in (
        (product_key(one), "product", (one,)),
        (order_key(one), "order", (one,)),
        (session_key(one, other), "session", (one, other)),
    ):
        assert (kind_of(key), ids_of(key)) == (kind, ids)
    for key in ("", "product:", "place:product", f"product:{one} ", f"order:{one}\n", f"user:{one}:session:"):
        assert kind_of(key) is None
