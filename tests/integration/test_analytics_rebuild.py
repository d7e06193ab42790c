"""A rebuild ends in the tables that a group-by makes, while orders flow; broken off, it has changed nothing."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import Stack
from services.analytics.projection import projector
from services.analytics.projection.domain import Order
from services.analytics.rebuild import __main__ as command_line
from services.analytics.rebuild import commands as rebuild
from services.analytics.rebuild import store as rebuild_store
from services.analytics.rebuild.commands import RunningError
from shared.database import transaction
from tests.support import eventually
from tests.tallies import Desk, open_desk

BERLIN = "Europe/Berlin"

OBJECTS = """
select relation.relname, relation.relkind::text, pg_get_userbyid(relation.relowner) as owner, relation.relacl::text,
    relation.reloptions::text, array(
        select attname || ' ' || atttypid::regtype || ' ' || attnotnull from pg_attribute
        where attrelid = relation.oid and attnum > 0 order by attnum
    ) as columns, array(
        select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid = relation.oid order by 1
    ) as constraints, array(
        select pg_get_indexdef(indexrelid) from pg_index where indrelid = relation.oid order by 1
    ) as indexes
from pg_class as relation
where relation.relnamespace = 'analytics'::regnamespace
order by 1
"""


@pytest.fixture
async def desk(stack: Stack, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(stack, tmp_path, "rebuilds") as desk:
        await desk.publish_catalogue()
        luck = random.Random(4)
        desk.lives += [desk.world.life(luck) for _ in range(300)]
        yield desk


def in_turns(desk: Desk) -> list[Order]:
    """All events, an order's in their order."""
    return [order for version in range(9) for life in desk.lives for order in life[version : version + 1]]


async def told(desk: Desk, numbers: str = "sum(orders), sum(revenue_cents)") -> object:
    return await desk.database.fetch(f"select {numbers} from analytics.totals")  # noqa: S608


async def test_a_rebuild_while_orders_flow_ends_in_equal_tables(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(rebuild, "BATCH", 50)
    monkeypatch.setattr(projector, "BATCH", 50)
    events = in_turns(desk)
    before = await desk.database.fetch(OBJECTS)
    async with desk.projecting():
        await desk.publish(events[:400])
        await desk.caught_up()
        # What nothing but a rebuild can mend.
        await desk.database.execute("update analytics.totals set orders = orders + 1; truncate analytics.histograms")
        publishing = asyncio.create_task(desk.publish(events[400:]))
        done = await rebuild.rebuild(desk.pool, desk.bus, BERLIN)
        await publishing
        await desk.caught_up()
    assert done.events >= 400
    assert await desk.wrong(BERLIN) == {}
    assert (await desk.position())[2] == 1
    assert await desk.database.fetch(OBJECTS) == before, "tables, indexes, constraints and grants are what they were"
    assert await desk.database.fetchval("select to_regnamespace('analytics_rebuild')") is None


async def test_it_is_repeated_without_harm_and_by_its_zone(desk: Desk) -> None:
    await desk.publish(in_turns(desk))
    async with desk.projecting():
        await desk.caught_up()
    for zone in ("UTC", BERLIN, "UTC"):
        await rebuild.rebuild(desk.pool, desk.bus, zone)
        assert await desk.wrong(zone) == {}


async def test_products_count_under_what_they_are_in_now_once_it_is_rebuilt(desk: Desk) -> None:
    moved, *_ = desk.world.products
    async with desk.projecting():
        await desk.publish(in_turns(desk))
        await desk.caught_up()
    await desk.database.execute(
        "update analytics.products set current_category = 'DELI', version = 2 where id = $1", moved
    )
    assert await desk.wrong() == {}
    await rebuild.rebuild(desk.pool, desk.bus, "UTC")
    monday = await desk.database.fetchval("select count(*) from analytics.category_sales where category = 'DELI'")
    assert monday > 0
    assert await desk.database.fetchval("select category from analytics.products where id = $1", moved) == "DELI"


async def test_broken_off_it_leaves_the_live_tables_alone_and_is_run_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 20)
    async with desk.projecting():
        await desk.publish(in_turns(desk))
        await desk.caught_up()
    before = await told(desk)

    def enough(done: int, _: int) -> None:
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild.rebuild(desk.pool, desk.bus, "UTC", enough)
    assert await told(desk) == before
    assert await desk.database.fetchval("select count(*) from analytics_rebuild.orders") > 0
    await rebuild.rebuild(desk.pool, desk.bus, "UTC")
    assert await desk.wrong() == {}


async def test_one_runs_at_a_time(desk: Desk) -> None:
    async with transaction(desk.pool) as connection:
        assert await rebuild_store.hold_rebuild(connection)
        with pytest.raises(RunningError):
            await rebuild.rebuild(desk.pool, desk.bus, "UTC")


async def test_it_waits_for_who_reads_and_swaps_then(desk: Desk) -> None:
    await desk.publish(in_turns(desk)[:100])
    desk.lives = [[life[0]] for life in desk.lives[:100]]
    async with desk.projecting():
        await desk.caught_up()
    reader = desk.database
    reading = reader.transaction()
    await reading.start()
    await told(desk)
    rebuilding = asyncio.create_task(rebuild.rebuild(desk.pool, desk.bus, "UTC"))

    async def refused() -> bool:
        """It has waited once, and stands back."""
        blocked = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return int(await reader.fetchval(blocked)) > 0

    await eventually(refused)
    assert not rebuilding.done()
    await reading.rollback()
    await rebuilding
    assert await desk.wrong() == {}


def test_it_takes_no_arguments_and_names_the_setting_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["--now"]) == 2
    monkeypatch.delenv("LARDER_DATABASE_URL", raising=False)
    assert command_line.main([]) == 2
    assert "LARDER_DATABASE_URL is missing" in capsys.readouterr().err


async def test_the_service_can_make_and_drop_no_other_table(desk: Desk) -> None:
    for statement in (
        "create table analytics.mine (id int)",
        "drop table analytics.totals",
        "truncate analytics.totals",
        "create schema mine",
        "select analytics.rebuilt_tables()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await desk.pool.execute(statement)
