"""The relay loses nothing, repeats nothing that a reader would see, and keeps the order of each key."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import nats.js.errors
import pytest
from nats.js.api import StreamConfig

from deploy.local import Stack
from proto.streams import EPOCH, STREAMS, order_subject, stock_subject
from shared.bus import Bus, ensure_stream
from shared.database import open_pool, transaction
from shared.ids import new_id
from shared.outbox import publisher
from shared.outbox.publisher import BATCH_FROM, waves
from shared.outbox.relay import LOCK_CLASS, Relay
from tests.outbox import own_outbox
from tests.streams import stored


@pytest.fixture
async def owner(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser, and an outbox that no relay of other tests publishes."""
    async with own_outbox(stack, "outbox_tests"):
        connection = await asyncpg.connect(stack.addresses.database("postgres"))
        yield connection
        await connection.close()


@asynccontextmanager
async def one_relay(stack: Stack, bus: Bus) -> AsyncIterator[Relay]:
    async with open_pool(stack.addresses.database("relay_service"), size=1, name="relay") as pool:
        for stream in STREAMS:
            await ensure_stream(bus.jetstream, stream)
        relay = Relay("outbox_tests", pool, bus)
        yield relay


async def write(owner: asyncpg.Connection, key: UUID, number: int, subject: str | None = None) -> UUID:
    """One row; its payload says which of its key it is."""
    event_id = new_id()
    await owner.execute(
        "insert into outbox_tests.outbox (event_id, key, subject, payload) values ($1, $2, $3, $4)",
        event_id,
        key,
        subject or order_subject(UUID(int=1), key, "OrderPlaced"),
        json.dumps({"number": number}).encode(),
    )
    return event_id


async def published(bus: Bus, key: UUID) -> list[int]:
    """The numbers of a key in the stream, in its order."""
    found = await stored(bus.jetstream, "ORDERS", f"orders.v1.*.{key}.*")
    return [json.loads(envelope.data)["number"] for envelope in found]


async def waiting(owner: asyncpg.Connection) -> int:
    found: int = await owner.fetchval("select count(*) from outbox_tests.outbox where published_at is null")
    return found


@pytest.mark.parametrize("atomic", [True, False], ids=["as one batch", "in waves"])
async def test_events_leave_in_the_order_of_their_rows(
    stack: Stack, bus: Bus, owner: asyncpg.Connection, atomic: bool
) -> None:
    keys = [new_id() for _ in range(3)]
    for number in range(40):
        await write(owner, keys[number % 3], number)
    async with one_relay(stack, bus) as relay:
        relay.publisher.atomic = atomic
        while await relay.publish_once():
            pass
    assert await waiting(owner) == 0
    for place, key in enumerate(keys):
        assert await published(bus, key) == list(range(place, 40, 3))


async def test_an_outbox_of_two_streams_leaves_as_a_batch_for_each(
    stack: Stack, bus: Bus, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An atomic publish is of one stream: mixed, it would be refused and go out one by one."""
    orders, answered = [new_id() for _ in range(3)], [new_id() for _ in range(3)]
    for number in range(12):
        await write(owner, orders[number % 3], number)
        await write(owner, answered[number % 3], number, stock_subject(answered[number % 3], f"Answer{number}"))
    async with one_relay(stack, bus) as relay:
        relay.publisher.atomic = True

        async def never(*_: object) -> None:
            raise AssertionError("published by itself")

        monkeypatch.setattr(relay.publisher, "_publish_row", never)
        while await relay.publish_once():
            pass
    assert await waiting(owner) == 0
    for place, key in enumerate(orders):
        assert await published(bus, key) == list(range(place, 12, 3))
    for place, key in enumerate(answered):
        found = await stored(bus.jetstream, "STOCK", f"stock.v1.{key}.*")
        assert [json.loads(one.data)["number"] for one in found] == list(range(place, 12, 3))


async def test_a_relay_that_dies_between_publish_and_mark_repeats_nothing(
    stack: Stack, bus: Bus, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "BATCH_FROM", 2)
    key = new_id()
    for number in range(5):
        await write(owner, key, number)
    async with one_relay(stack, bus) as relay:
        relay.publisher.atomic = True

        class Dying:
            async def rows(self, *_: object) -> None:
                raise ConnectionResetError

        with monkeypatch.context() as patched:
            patched.setattr(relay, "_mark", Dying())
            with pytest.raises(ConnectionResetError):
                await relay.publish_once()
        assert await waiting(owner) == 5
        await write(owner, key, 5)
        while await relay.publish_once():
            pass
    assert await waiting(owner) == 0
    assert await published(bus, key) == [0, 1, 2, 3, 4, 5]


async def test_two_relays_publish_each_row_once(stack: Stack, bus: Bus, owner: asyncpg.Connection) -> None:
    key = new_id()
    for number in range(300):
        await write(owner, key, number)
    async with one_relay(stack, bus) as first, one_relay(stack, bus) as second:
        for relay in (first, second):
            relay.publisher.atomic = True

        async def publish(relay: Relay) -> None:
            for _ in range(20):
                await relay.publish_once()

        await asyncio.gather(publish(first), publish(second))
    assert await waiting(owner) == 0
    assert await published(bus, key) == list(range(300))


@pytest.mark.parametrize("rows", [1, 2, BATCH_FROM - 1, BATCH_FROM])
async def test_few_rows_go_out_one_by_one_and_many_as_one_batch(
    stack: Stack, bus: Bus, owner: asyncpg.Connection, rows: int
) -> None:
    keys = [new_id() for _ in range(rows)]
    for key in keys:
        await write(owner, key, 0)
    async with one_relay(stack, bus) as relay:
        relay.publisher.atomic = True
        assert await relay.publish_once() == rows
        assert await relay.publish_once() == 0
    found = [await stored(bus.jetstream, "ORDERS", f"orders.v1.*.{key}.*") for key in keys]
    batches = {(envelope.headers or {}).get("Nats-Batch-Id") for [envelope] in found}
    assert len(batches) == 1
    assert (batches == {None}) == (rows < BATCH_FROM)


async def test_a_look_at_what_waits_never_reads_what_is_published(
    stack: Stack, bus: Bus, owner: asyncpg.Connection
) -> None:
    """Also not when the statement was prepared, and used often, while the table was known to be empty."""
    await owner.execute("vacuum (analyze) outbox_tests.outbox")
    async with one_relay(stack, bus) as relay:
        for _ in range(10):
            assert await relay.publish_once() == 0
        await owner.execute(
            "insert into outbox_tests.outbox (event_id, key, subject, payload, published_at) "
            "select gen_random_uuid(), gen_random_uuid(), 'orders.v1.a.b.c', repeat('x', 2000)::bytea, now() "
            "from generate_series(1, 3000)"
        )
        async with transaction(relay._pool) as connection:
            assert await relay._pending.rows(connection, 200, LOCK_CLASS, relay.context) == []
            read = await connection.fetchval(
                "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables "
                "where schemaname = 'outbox_tests' and relname = 'outbox'"
            )
    assert read == 0


async def test_what_the_bus_refuses_for_good_parks_its_own_key_alone(
    stack: Stack, bus: Bus, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "BATCH_FROM", 2)
    refused, fine = new_id(), new_id()
    await owner.execute(
        "insert into outbox_tests.outbox (event_id, key, subject, payload) values ($1, $2, $3, $4)",
        new_id(),
        refused,
        order_subject(UUID(int=1), refused, "OrderPlaced"),
        b"x" * 2_000_000,
    )
    await write(owner, refused, 1)
    await write(owner, fine, 0)
    await write(owner, fine, 1)
    async with one_relay(stack, bus) as relay:
        relay.publisher.atomic = True
        while await relay.publish_once():
            pass
    assert await published(bus, fine) == [0, 1]
    assert await published(bus, refused) == []
    rows = await owner.fetch(
        "select parked_at is not null as parked, error from outbox_tests.outbox where key = $1 order by id", refused
    )
    assert [row["parked"] for row in rows] == [True, False]
    assert "max_payload" in rows[0]["error"]


async def test_a_stream_keeps_its_epoch_and_a_new_one_gets_another(bus: Bus) -> None:
    jetstream = bus.jetstream
    definition = type(STREAMS[0])("EPOCHS", ("epochs.>",), -1)
    first = await ensure_stream(jetstream, definition)
    assert (await ensure_stream(jetstream, definition)).metadata == first.metadata
    await jetstream.delete_stream("EPOCHS")
    second = await ensure_stream(jetstream, definition)
    await jetstream.delete_stream("EPOCHS")
    assert epoch(first)
    assert epoch(first) != epoch(second)


async def test_of_many_who_make_a_stream_at_once_one_gives_it_its_epoch(bus: Bus) -> None:
    definition = type(STREAMS[0])("AT_ONCE", ("atonce.>",), -1)
    for _ in range(5):
        made = await asyncio.gather(*(ensure_stream(bus.jetstream, definition) for _ in range(5)))
        assert len({epoch(config) for config in made}) == 1
        await bus.jetstream.delete_stream("AT_ONCE")


async def test_a_stream_that_is_kept_whole_cannot_be_emptied(bus: Bus) -> None:
    definition = type(STREAMS[0])("WHOLE", ("whole.>",), -1)
    await ensure_stream(bus.jetstream, definition)
    await bus.jetstream.publish("whole.one", b"{}")
    with pytest.raises(nats.js.errors.APIError):
        await bus.jetstream.purge_stream("WHOLE")
    with pytest.raises(nats.js.errors.APIError):
        await bus.jetstream.delete_msg("WHOLE", 1)
    await bus.jetstream.delete_stream("WHOLE")


def epoch(config: StreamConfig) -> str | None:
    return (config.metadata or {}).get(EPOCH)


def test_a_wave_holds_one_event_of_a_key() -> None:
    rows = [{"key": key, "id": place} for place, key in enumerate("aabcab")]
    assert [[row["id"] for row in wave] for wave in waves(rows)] == [[0], [1, 2, 3], [4, 5]]
