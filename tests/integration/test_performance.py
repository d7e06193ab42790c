"""What admins see of the database and the processes: slow queries by name, file and plan, indexes, blockers, pools,
streams, yesterday, and by name what cannot be told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from deploy.local import Stack, migrate
from proto.vitals import PROCESSES
from services.analytics import app as analytics
from services.analytics.performance import report as performance_report
from services.analytics.performance import snapshots, snapshots_store
from services.analytics.performance.look import Sources
from services.orders import app as orders
from services.orders import store as orders_store
from shared.bus import Bus
from shared.database import Pool, open_pool, transaction
from shared.ids import new_id
from tests.support import bearer, eventually, free_port, identity, serving, settings_of

ROOT = "/api/performance"


@dataclass
class House:
    """Analytics and orders, running; `database` is a superuser's, `orders` the service's own pool."""

    stack: Stack
    url: str
    orders_instance: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection
    sources: Sources
    orders: Pool

    async def get(self, path: str, headers: dict[str, str] | None = None, **parameters: str) -> tuple[int, Any]:
        url = f"{self.url}{ROOT}{path}?{urlencode(parameters)}"
        async with self.session.get(url, headers=headers or self.admin()) as answer:
            return answer.status, json.loads(await answer.text())

    async def told(self, path: str, **parameters: str) -> dict[str, Any]:
        status, answer = await self.get(path, None, **parameters)
        assert status == 200, answer
        return dict(answer)

    def admin(self) -> dict[str, str]:
        return bearer(self.stack, identity("admin"))

    async def snapshot(self) -> datetime:
        """One taken now, by whoever gets to it; the next one is a moment later."""

        async def taken() -> datetime | None:
            return await snapshots.take_snapshot(self.sources, every_seconds=0)

        return await eventually(taken)


@pytest.fixture(scope="module")
async def house(stack: Stack, relay: None, bus: Bus) -> AsyncIterator[House]:
    database = await asyncpg.connect(stack.addresses.database("postgres"))
    orders_settings = settings_of(stack, "orders", orders.Settings)
    try:
        async with (
            open_pool(stack.addresses.database("analytics_service"), size=3, name="tests") as pool,
            open_pool(stack.addresses.database("orders_service"), size=2, name="tests of orders") as orders_pool,
            serving(orders_settings, orders.build),
            serving(settings_of(stack, "analytics", analytics.Settings, LARDER_POOLER_URL=""), analytics.build) as url,
            aiohttp.ClientSession() as session,
        ):
            sources = Sources(pool, bus, "", lambda: datetime.now(UTC))
            yield House(stack, url, orders_settings.instance, session, database, sources, orders_pool)
    finally:
        await database.close()


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in items if item["name"] is not None}


async def test_a_slow_query_shows_up_by_its_name_its_file_and_its_plan(house: House) -> None:
    """Under the role that ran it: it waits for a row that somebody else holds."""
    order, restaurant = new_id(), new_id()
    await house.snapshot()
    await insert_order(house, order, restaurant)
    begin = f"begin; set local role restaurant; set local app.restaurant_id = '{restaurant}'"
    holding = house.database.transaction()
    await holding.start()
    await house.database.execute("select from orders.orders where id = $1 for update", order)

    async def wait_for_the_row() -> None:
        async with transaction(house.orders, begin) as waiting:
            row = await orders_store.QUERIES["get_order_for_change"].row(waiting, order)
        assert row is not None

    waiting = asyncio.create_task(wait_for_the_row())
    blocked = await eventually(lambda: blocked_by(house))
    await asyncio.sleep(0.12)  # as long as it takes to be slow
    await holding.rollback()
    await waiting
    assert (blocked["statement"], blocked["role"]) == ("orders.get_order_for_change", "orders_service")
    assert blocked["blocker_pid"] == house.database.get_server_pid()
    assert (blocked["blocker_role"], blocked["blocker_state"]) == ("postgres", "idle in transaction")
    await house.snapshot()

    slow = by_name((await house.told("/slow-queries"))["items"])["orders.get_order_for_change"]
    assert slow["place"].startswith("services/orders/queries.sql:")
    assert slow["times"] >= 1
    assert slow["longest_ms"] > 100
    assert slow["roles"] == ["restaurant"]
    (plan,) = slow["plans"]
    assert plan["role"] == "restaurant"
    assert "LockRows" in str(plan["plan"])  # whichever way it finds a row among few
    assert str(order) not in json.dumps(slow)


async def blocked_by(house: House) -> dict[str, Any] | None:
    blocked = (await house.told("/database"))["blocked"]
    return blocked[0] if blocked else None


async def insert_order(house: House, order: UUID, restaurant: UUID) -> None:
    await house.database.execute(
        """
        insert into orders.orders (
            id, number, restaurant_id, restaurant_name, zone, status, version, total_cents, lines, items, address, lat,
            lon, created_at, updated_at
        )
        values (
            $1, nextval('orders.order_number'), $2, 'A', 1, 'pending', 1, 100, 1, '[]', 'Street', 0, 0, now(), now()
        )
        """,
        order,
        restaurant,
    )


async def test_what_queries_cost_is_told_by_name_beside_the_span_before(house: House) -> None:
    await house.snapshot()
    await ask_orders(house, 3)
    middle = await house.snapshot()
    await ask_orders(house, 7)
    end = await house.snapshot()
    told = await house.told("/queries", **{"from": middle.isoformat(), "to": end.isoformat()})
    assert told["as_of"] == end.isoformat().replace("+00:00", "Z")
    # Told by the names that it was asked by.
    assert (told["from"], told["to"]) == tuple(at.isoformat().replace("+00:00", "Z") for at in (middle, end))
    query = by_name(told["items"])["orders.get_order"]
    assert query["place"].startswith("services/orders/queries.sql:")
    assert query["roles"] == ["system"]
    # Each of the services in this process tells of all that was asked in it.
    assert (query["now"]["executed"]["calls"], query["now"]["waited"]["calls"] >= 7) == (7, True)
    assert query["before"]["executed"]["calls"] == 3
    assert query["day_before"] == {"executed": None, "waited": None}
    assert query["change"] == pytest.approx(
        query["now"]["executed"]["mean_ms"] / query["before"]["executed"]["mean_ms"]
    )
    assert 0 < query["now"]["executed"]["mean_ms"] < query["now"]["waited"]["mean_ms"]
    assert query["now"]["waited"]["p95_ms"] > 0
    assert sum(item["now"]["executed"]["share"] for item in told["items"] if item["now"]["executed"]) == pytest.approx(
        1
    )


async def ask_orders(house: House, times: int) -> None:
    async with transaction(house.orders, orders_store.SYSTEM) as reading:
        for _ in range(times):
            await orders_store.QUERIES["get_order"].row(reading, new_id())


async def test_a_reset_of_the_statistics_makes_no_negative_and_no_double(house: House) -> None:
    start = await house.snapshot()
    await ask_orders(house, 5)
    await house.snapshot()
    await house.database.execute("select pg_stat_statements_reset()")
    await ask_orders(house, 4)
    end = await house.snapshot()
    told = await house.told("/queries", **{"from": start.isoformat(), "to": end.isoformat()})
    assert by_name(told["items"])["orders.get_order"]["now"]["executed"]["calls"] == 9


async def test_a_statement_that_is_none_of_ours_is_told_by_its_text_without_values(house: House) -> None:
    await house.snapshot()
    await house.database.fetch("select pg_sleep(0.11), 'Grandma''s recipe' as secret")
    await house.snapshot()
    slow = await house.told("/slow-queries")
    (found,) = [item for item in slow["items"] if item["name"] is None and "pg_sleep" in item["text"]]
    assert found["text"] == "select pg_sleep($1), $2 as secret"
    assert found["plans"] == []
    assert found["plan_missing"] == "It is none of our queries: no service can explain it."
    assert "recipe" not in json.dumps(slow)


async def test_what_was_typed_is_not_told_where_postgres_keeps_it_whole(house: House) -> None:
    """Postgres takes the values out of queries alone."""
    await house.snapshot()
    await house.database.execute("set pg_stat_statements.track_utility = on")
    await house.database.execute("do $$ begin perform pg_sleep(0.11), 'Grandma''s recipe'; end $$")
    await house.database.execute("reset pg_stat_statements.track_utility")
    await house.snapshot()
    slow = await house.told("/slow-queries")
    assert "do" in [item["text"] for item in slow["items"]]
    assert "recipe" not in json.dumps(slow)


async def test_a_statement_keeps_its_number_and_goes_once_nobody_runs_it(house: House) -> None:
    kept = "select id, seen_at from analytics.statements where text = 'select $1 as soup'"

    async def cook() -> Any:
        await house.database.fetch("select 1 as soup")
        await house.snapshot()
        return await house.database.fetchrow(kept)

    await house.snapshot()
    first, last = await cook(), await house.database.fetchval("select max(id) from analytics.statements")
    again = await cook()
    assert again == first
    new = await house.database.fetchval("select max(id) from analytics.statements")
    numbers = await house.database.fetchval("select count(*) from analytics.statements where id > $1", last)
    assert new - last == numbers, "none was spent on what is known"
    await house.database.execute(
        "update analytics.statements set seen_at = seen_at - interval '10 days' where id = $1", first["id"]
    )
    await cook()
    await snapshots.delete_old(house.sources.pool, house.sources.now())
    assert (await house.database.fetchrow(kept))["id"] == first["id"]
    await house.database.execute(
        "update analytics.statements set seen_at = seen_at - interval '10 days' where id = $1", first["id"]
    )
    await snapshots.delete_old(house.sources.pool, house.sources.now())
    assert await house.database.fetchrow(kept) is None


async def test_a_history_has_a_thousand_points_at_most_however_many_snapshots_there_are(house: House) -> None:
    end = (house.sources.now() - timedelta(days=3)).replace(microsecond=0)
    start = end - timedelta(seconds=2000)
    await house.database.execute(
        "insert into analytics.history (at, connections, bytes, blocked, silent) "
        "select at, 1, 1, 0, 0 from generate_series($1::timestamptz, $2, interval '1 second') as at",
        start,
        end,
    )
    told = await house.told("/history", **{"from": start.isoformat(), "to": end.isoformat()})
    assert len(told["items"]) == 1000
    assert told["items"][-1]["at"] == end.isoformat().replace("+00:00", "Z")
    await house.database.execute("delete from analytics.history where at between $1 and $2", start, end)


async def test_plans_that_take_long_are_left_for_another_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(snapshots, "ask_plan", never)
    monkeypatch.setattr(snapshots, "PLANS_SECONDS", 0.01)
    monkeypatch.setattr(snapshots, "SLOW_MS", 0.0)
    await house.snapshot()
    await ask_orders(house, 1)
    async with asyncio.timeout(10):
        await house.snapshot()


async def test_an_unused_index_is_named_and_one_that_is_used_or_needed_is_not(house: House) -> None:
    await house.database.execute(
        """
        create schema performance_test;
        create table performance_test.things (id integer primary key, kind text, size integer);
        insert into performance_test.things select n, n::text, n from generate_series(1, 20000) as n;
        create index things_unused on performance_test.things (size, kind);
        create index things_used on performance_test.things (kind);
        create index things_again on performance_test.things (kind);
        analyze performance_test.things;
        """
    )
    try:
        await look_at_objects(house)
        await house.database.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        await house.database.fetch("select * from performance_test.things where kind = '7'")
        await house.database.execute("reset enable_seqscan; reset enable_bitmapscan")
        for _ in range(performance_report.OFTEN):
            await house.database.fetch("select count(*) from performance_test.things where size % 7 = 0")
        await house.database.execute("select pg_stat_force_next_flush()")
        await look_at_objects(house)
        told = await house.told("/indexes")
        unused = {index["name"]: index["why"] for index in told["unused"]}
        assert unused["performance_test.things_unused"] == "unused"
        assert "performance_test.things_pkey" not in unused
        twins = {"performance_test.things_used", "performance_test.things_again"}
        assert {unused[name] for name in twins} == {f"same as {name}" for name in twins}
        (read,) = [read for read in told["whole_reads"] if read["table"] == "performance_test.things"]
        # Making an index is a whole read, too: of as many rows, but for the primary key, made while it was empty.
        assert read["reads"] >= performance_report.OFTEN
        assert read["rows_a_read"] > performance_report.MANY_ROWS
        table = by_name((await house.told("/tables"))["items"])["performance_test.things"]
        assert (table["rows"], table["bloat_bytes"]) == (20000, 0)
    finally:
        await house.database.execute("drop schema performance_test cascade")


async def test_a_table_and_an_index_that_are_mostly_air_are_told_with_what_could_be_had_back(house: House) -> None:
    await house.database.execute(
        """
        create schema performance_test;
        create table performance_test.air (id integer primary key, filler text) with (autovacuum_enabled = off);
        insert into performance_test.air select n, repeat('x', 100) from generate_series(1, 80000) as n;
        """
    )
    try:
        await house.database.execute("analyze performance_test.air")
        full = by_name((await house.told("/tables"))["items"])["performance_test.air"]
        await house.database.execute("delete from performance_test.air where id % 10 <> 0")
        await house.database.execute("vacuum analyze performance_test.air")
        table = by_name((await house.told("/tables"))["items"])["performance_test.air"]
        index = by_name((await house.told("/indexes"))["items"])["performance_test.air_pkey"]
    finally:
        await house.database.execute("drop schema performance_test cascade")
    assert full["bloat_bytes"] == 0
    assert table["bloat_bytes"] == pytest.approx(0.9 * table["heap_bytes"], rel=0.05)
    assert index["bloat_bytes"] == pytest.approx(0.9 * index["bytes"], rel=0.05)


async def look_at_objects(house: House) -> None:
    """The hourly look, now."""
    await house.database.execute("delete from analytics.snapshots where kind = 'objects'")
    await house.snapshot()


async def test_a_process_that_does_not_answer_is_named(house: House) -> None:
    told = await house.told("/database")
    # Of these tests: no catalog, accounts, or gateway runs here.
    names = {silent["process"] for silent in told["silent"] if silent["instance"] is None}
    answering = {process["process"] for process in told["processes"]}
    assert names == set(PROCESSES) - answering
    assert {"orders", "analytics", "relay"} <= answering
    async with serving(settings_of(house.stack, "orders", orders.Settings), orders.build) as url:
        instance = f"{house.orders_instance.partition(':')[0]}:{url.rpartition(':')[2]}"

        async def known() -> bool:
            seen = await house.told("/database", at=(await house.snapshot()).isoformat())
            return instance in {process["instance"] for process in seen["processes"]}

        await eventually(known)
    silent = (await house.told("/pools"))["silent"]
    (gone,) = [one for one in silent if one["instance"] == instance]
    assert gone["process"] == "orders"
    assert gone["answered_at"] is not None


async def test_pools_streams_and_outboxes_are_told(house: House) -> None:
    await house.snapshot()
    await ask_orders(house, 1)
    pools = await house.told("/pools")
    mine = {pool["instance"]: pool for pool in pools["pools"]}[house.orders_instance]
    assert (mine["process"], mine["name"], mine["size"], mine["waiting"]) == ("orders", "orders", 10, 0)
    assert mine["acquired"] is not None
    assert pools["pooler"] is None
    assert "pooler" in {missing["what"] for missing in pools["missing"]}
    streams = await house.told("/streams")
    consumers = [(stream["name"], one) for stream in streams["streams"] for one in stream["consumers"]]
    durable = {one["name"]: (stream, one["behind"]) for stream, one in consumers if one["durable"]}
    assert durable["orders-stock"] == ("STOCK", 0)
    assert {outbox["context"]: outbox["parked"] for outbox in streams["outboxes"]}["orders"] == 0


async def test_yesterday_can_be_seen(house: House) -> None:
    at = await house.snapshot()
    told = await house.told("/database", at=(at + timedelta(milliseconds=1)).isoformat())
    assert told["as_of"] == at.isoformat().replace("+00:00", "Z")
    assert (await house.told("/tables", at=at.isoformat()))["items"]
    history = await house.told("/history")
    assert history["items"][-1]["at"] == at.isoformat().replace("+00:00", "Z")
    assert history["items"][-1]["connections"] > 0
    # The first minute of all has no rates, and later ones have what the whole snapshot says.
    rates = told["rates"] or {"hit_ratio": None}
    assert [point["hit_ratio"] for point in history["items"] if point["at"] == told["as_of"]] == [rates["hit_ratio"]]
    status, problem = await house.get("/database", at="2020-01-01T00:00:00Z")
    assert (status, problem["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/database", {"at": "yesterday"}, "at"),
        ("/tables", {"at": "2026-11-27T03:00:00"}, "at"),
        ("/queries", {"from": "2026-11-27"}, "from"),
        ("/queries", {"from": "2026-11-27T03:00:00Z", "to": "2026-11-27T03:00:00Z"}, "from"),
        ("/slow-queries", {"from": "2026-11-20T03:00:00Z", "to": "2026-11-27T03:00:00Z"}, "from"),
        ("/history", {"to": "2020-01-01T00:00:00Z"}, "from"),
        ("/queries", {"to": "0001-01-01T00:00:00Z"}, "to"),
        ("/database", {"at": "9999-12-31T23:00:00-05:00"}, "at"),
        ("/indexes", {"days": "0"}, "days"),
    ],
    ids=[
        *("no moment", "no offset", "a date", "an empty span", "too long", "too long ago"),
        *("before the calendar", "after the calendar", "no days"),
    ],
)
async def test_a_time_without_an_answer_is_refused_by_name(
    house: House, path: str, parameters: dict[str, str], field: str
) -> None:
    status, problem = await house.get(path, None, **parameters)
    assert (status, problem["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    "path",
    ["/database", "/pools", "/streams", "/queries", "/slow-queries", "/tables", "/indexes", "/history"],
)
async def test_only_admins_see_it(house: House, path: str) -> None:
    assert (await house.get(path, bearer(house.stack, identity("restaurant", restaurant_id=new_id()))))[0] == 403
    assert (await house.get(path, {"X-Nobody": "signed in"}))[0] == 401


async def test_of_two_replicas_one_takes_the_snapshot(house: House) -> None:
    await house.snapshot()
    taken = await asyncio.gather(*(snapshots.take_snapshot(house.sources, every_seconds=0) for _ in range(3)))
    assert len([at for at in taken if at is not None]) <= 1
    assert await snapshots.take_snapshot(house.sources, every_seconds=60) is None


async def test_what_was_kept_long_enough_goes_and_nothing_else(house: House) -> None:
    now = await house.snapshot()
    old = now - timedelta(days=snapshots_store.KEPT_DAYS, seconds=1)
    await house.database.execute("insert into analytics.snapshots values ('now', $1, '{}')", old)
    await house.database.execute("insert into analytics.query_minutes values ($1, 'x', '{1}', 1)", old)
    await house.database.execute("insert into analytics.statement_minutes values ($1, 1, 1, 1, 1, 1, 1, 1)", old)
    await house.database.execute("insert into analytics.slow_queries values ('i', $1, 1, 'x', $1, 1)", old)
    kept = await house.database.fetchval("select count(*) from analytics.snapshots")
    assert await snapshots.delete_old(house.sources.pool, now) == 4
    assert await house.database.fetchval("select count(*) from analytics.snapshots") == kept - 1


@asynccontextmanager
async def bare_database(stack: Stack) -> AsyncIterator[str]:
    """One that roles.sql has not been run in: without pg_stat_statements, and without widths."""
    name = "performance_bare"
    stack.postgres.psql("postgres", sql=f"create database {name} owner larder_owner template template0")
    try:
        migrate.migrate(stack.addresses, name)
        yield stack.addresses.database("analytics_service", name)
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {name} with (force)")


async def test_without_pg_stat_statements_it_works_and_says_what_is_missing(house: House, bus: Bus) -> None:
    async with bare_database(house.stack) as url:
        settings = settings_of(house.stack, "analytics", analytics.Settings, LARDER_DATABASE_URL=url)
        async with (
            open_pool(url, size=2, name="bare") as pool,
            serving(settings, analytics.build) as address,
        ):
            sources = Sources(pool, bus, "", lambda: datetime.now(UTC))
            bare = House(house.stack, address, "", house.session, house.database, sources, house.orders)

            async def counted() -> dict[str, Any] | None:
                await ask_orders(house, 2)
                await bare.snapshot()
                told = await bare.told("/queries")
                return told if "orders.get_order" in by_name(told["items"]) else None

            told = await eventually(counted)
            missing = {one["what"]: one["mend"] for one in told["missing"]}
            assert "deploy/postgres/roles.sql" in missing["pg_stat_statements"]
            query = by_name(told["items"])["orders.get_order"]
            assert query["now"]["executed"] is None
            assert query["now"]["waited"]["calls"] > 0
            tables = await bare.told("/tables")
            assert [missing["what"] for missing in tables["missing"]] == ["bloat"]
            assert {table["bloat_bytes"] for table in tables["items"]} == {None}


async def test_while_nats_is_away_the_database_is_told_all_the_same(house: House) -> None:
    nowhere = f"nats://127.0.0.1:{free_port()}"
    settings = settings_of(house.stack, "analytics", analytics.Settings, LARDER_NATS_URL=nowhere)
    async with serving(settings, analytics.build) as address:
        away = House(house.stack, address, "", house.session, house.database, house.sources, house.orders)
        told = await away.told("/database")
    assert told["server"]["connections"] > 0
    assert {"processes", "streams", "cache", "outboxes"} <= {missing["what"] for missing in told["missing"]}
    assert {silent["process"] for silent in told["silent"]} == set(PROCESSES)
