"""The gauges say what stands in the table, and published rows go after 72 hours, in small batches, and no others."""

import json
from collections.abc import AsyncIterator

import pytest

from deploy.local import Stack
from shared.database import Pool, open_pool
from shared.ids import new_id
from shared.outbox import upkeep
from shared.outbox.upkeep import KEPT_SECONDS, OLDEST_SECONDS, PARKED, PURGE_ROWS, Upkeep, Watch
from tests.outbox import Outbox, own_outbox

CONTEXT = "kept"


@pytest.fixture
async def outbox(stack: Stack) -> AsyncIterator[Outbox]:
    async with own_outbox(stack, CONTEXT) as outbox:
        yield outbox


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    async with open_pool(stack.addresses.database("relay_service"), size=1, name=CONTEXT) as pool:
        yield pool


async def fill(outbox: Outbox, rows: int, published: str, parked: str = "null") -> None:
    """Rows of as many keys, an hour old."""
    await outbox.database.execute(
        f"insert into {CONTEXT}.outbox (event_id, key, subject, payload, created_at, published_at, parked_at) "  # noqa: S608
        "select gen_random_uuid(), gen_random_uuid(), 'orders.v1.a', 'x', clock_timestamp() - interval '1 hour', "
        f"{published}, {parked} from generate_series(1, {rows})"
    )


async def test_rows_go_after_72_hours_and_no_others(
    outbox: Outbox, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PURGE_PAUSE_SECONDS", 0)
    await fill(outbox, 10, "null", parked="now()")
    await fill(outbox, 2 * PURGE_ROWS + 5, "now() - interval '73 hours'")
    await fill(outbox, 20, "now() - interval '71 hours'")
    await fill(outbox, 30, "null")
    assert await Upkeep(CONTEXT, pool).purge_once() == 2 * PURGE_ROWS + 5
    assert await outbox.fetchval("count(*)") == 60
    assert KEPT_SECONDS.labels(CONTEXT)._value.get() == pytest.approx(71 * 3600, abs=600)
    assert await Upkeep(CONTEXT, pool).purge_once() == 0


async def test_a_purge_gives_way_to_events_that_wait(outbox: Outbox, pool: Pool) -> None:
    await fill(outbox, 5, "now() - interval '73 hours'")
    await fill(outbox, 1, "null")
    kept = Upkeep(CONTEXT, pool)
    watch = Watch(pool, [kept], lambda _: None)
    await watch.look()
    assert await kept.purge_once() == 0
    await outbox.database.execute(f"update {CONTEXT}.outbox set published_at = now() where published_at is null")  # noqa: S608
    await watch.look()
    assert await kept.purge_once() == 5


async def test_a_purge_looks_at_one_batch_of_a_large_table(outbox: Outbox, pool: Pool) -> None:
    """With 50,000 recent rows nothing is due; before, each look went through all of them."""
    await fill(outbox, 50_000, "now() - interval '1 hour'")
    await outbox.database.execute(f"analyze {CONTEXT}.outbox")
    plan = await outbox.database.fetchval(
        "explain (analyze, buffers, format json) " + Upkeep(CONTEXT, pool)._purge.sql, PURGE_ROWS
    )
    found = json.loads(plan)[0]["Plan"]
    assert found["Shared Hit Blocks"] + found["Shared Read Blocks"] < 100


async def test_what_waits_behind_a_parked_event_is_not_late(outbox: Outbox, pool: Pool) -> None:
    kept = Upkeep(CONTEXT, pool)
    watch = Watch(pool, [kept], lambda _: None)
    key = new_id()
    row_id = await outbox.write(key, 1)
    await outbox.write(key, 2)
    await watch.look()
    assert OLDEST_SECONDS.labels(CONTEXT)._value.get() > 0
    await outbox.database.execute(f"update {CONTEXT}.outbox set parked_at = now() where id = $1", row_id)  # noqa: S608
    await watch.look()
    assert (PARKED.labels(CONTEXT)._value.get(), OLDEST_SECONDS.labels(CONTEXT)._value.get()) == (1, 0)


async def test_who_has_something_to_send_is_woken_and_nobody_else(stack: Stack, outbox: Outbox, pool: Pool) -> None:
    async with own_outbox(stack, "empty") as _:
        woken: list[str] = []
        watch = Watch(pool, [Upkeep(CONTEXT, pool), Upkeep("empty", pool)], woken.append)
        await watch.look()
        assert woken == []
        key = new_id()
        row_id = await outbox.write(key, 1)
        await watch.look()
        assert woken == [CONTEXT]
        await outbox.database.execute(f"update {CONTEXT}.outbox set parked_at = now() where id = $1", row_id)  # noqa: S608
        await watch.look()
        assert woken == [CONTEXT]
