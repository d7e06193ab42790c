"""Reads from a replica: whoever wrote or heard of something sees it, nothing is older than a second, nothing fails."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from deploy.local import Stack, processes
from proto import realtime
from proto.streams import ORDERS, POSITION, events_of_order
from services.analytics import app as analytics
from services.catalog import app as catalog
from services.orders import app as orders
from services.orders import store
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.outbox import app as relay_app
from shared.position import NEWEST, Log, parse_position
from shared.replica import CAUGHT_UP_SECONDS, LAG_SECONDS, PRIMARY, REPLAYED, Replica
from tests.gateway import events, open_gate
from tests.pair import OLD, PATIENT_SECONDS, Counted, Pair, open_pair, reading_there
from tests.shop import Shop, open_shop
from tests.support import bearer, eventually, identity, own_stack, serving, settings_of

SENT = "X-Larder-Position"

SERVERS = {"postgres", "replicas", "nats", "valkey", "cache"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(only=SERVERS) as stack:
        yield stack


@pytest.fixture
async def pair(stack: Stack) -> AsyncIterator[Pair]:
    async with open_pair(stack) as pair:
        yield pair


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack, **reading_there(stack, "orders_service")) as shop:
        yield shop


@pytest.fixture
async def used(pair: Pair, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads go to the replica, which has everything, and is late only when it is held for long: most tests are not
    about a busy machine."""
    monkeypatch.setattr("shared.replica.LAG_SECONDS", PATIENT_SECONDS)
    monkeypatch.setattr("shared.replica.CAUGHT_UP_SECONDS", PATIENT_SECONDS)
    monkeypatch.setattr("shared.position.LOG_SECONDS", PATIENT_SECONDS)
    await is_used(pair, shop)


@pytest.fixture
async def used_as_it_is(pair: Pair, shop: Shop) -> None:
    """The same, with the seconds that count."""
    await is_used(pair, shop)


async def is_used(pair: Pair, shop: Shop) -> None:
    await pair.level()

    async def goes_there() -> bool:
        before = Counted()
        await shop.send("GET", "/api/orders?limit=1", shop.as_restaurant())
        return before.replica == 1

    assert await eventually(goes_there, seconds=PATIENT_SECONDS)


async def placed(shop: Shop) -> tuple[dict[str, Any], str]:
    """An order, and the position that came with the answer."""
    status, order, headers = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), str(new_id()))
    assert status == 201, order
    return order, headers[SENT]


async def listed(shop: Shop, **more: str) -> dict[str, int]:
    """id → version of the restaurant's newest orders."""
    status, page, _ = await shop.send("GET", "/api/orders?limit=100", {**shop.as_restaurant(), **more})
    assert status == 200, page
    return {order["id"]: order["version"] for order in page["items"]}


class Life:
    """Orders that one restaurant places and cancels, and what it must see of them."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self._shop = shop
        self._chance = chance
        self._open: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}

    async def write(self) -> str:
        """The position of the answer."""
        if not self._open or self._chance.random() < 0.5:
            order, position = await placed(self._shop)
            self._open[order["id"]] = order
        else:
            order = self._open.pop(self._chance.choice(list(self._open)))
            path, step = f"/api/orders/{order['id']}/transitions", {"to": "cancelled"}
            status, order, headers = await self._shop.send("POST", path, self._shop.as_restaurant(), step)
            assert status == 200, order
            position = headers[SENT]
        self.versions[order["id"]] = order["version"]
        return position

    async def read(self, position: str) -> None:
        """One of the reads, which shows the newest that was written."""
        order_id = self._chance.choice(list(self.versions))
        what = self._chance.choice(["", f"/{order_id}", f"/{order_id}/history", "/credit", "/credit/statement"])
        told = {**self._shop.as_restaurant(), SENT: position}
        status, found, _ = await self._shop.send("GET", f"/api/orders{what}", told)
        assert status == 200, found
        match what.rpartition("/")[2]:
            case "":
                shown = {order["id"]: order["version"] for order in found["items"]}
                newest = list(self.versions)[-len(shown) :]
                assert {one: shown.get(one) for one in newest} == {one: self.versions[one] for one in newest}
            case "history":
                assert found["items"][-1]["version"] == self.versions[order_id]
            case "credit":
                assert found["held_cents"] == await self._held()
            case "statement":
                assert found["items"][0]["held_cents"] == await self._held()
            case _:
                assert found["version"] == self.versions[order_id]

    async def _held(self) -> int:
        found: int = await self._shop.database.fetchval(
            "select held_cents from orders.credit_accounts where restaurant_id = $1", self._shop.restaurant
        )
        return found


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("seed", range(4))
async def test_who_writes_sees_it_in_every_read_whatever_the_replica_does(shop: Shop, pair: Pair, seed: int) -> None:
    chance, counted = random.Random(seed), Counted()
    life, held = Life(shop, chance), AsyncExitStack()
    newest = OLD
    async with held:
        for turn in range(50):
            if chance.random() < 0.1:
                await held.enter_async_context(pair.held())
            elif chance.random() < 0.2:
                await held.aclose()
            if turn == 0 or chance.random() < 0.4:
                position = await life.write()
                assert parse_position(position) > parse_position(newest)
                newest = position
            await life.read(newest)
    assert counted["reached"], "the replica was never asked"
    assert counted["behind"], "the primary was never asked"


@pytest.mark.usefixtures("used_as_it_is")
async def test_who_says_nothing_reads_a_second_ago_at_most_and_the_replica_is_left_until_it_has_caught_up(
    shop: Shop, pair: Pair
) -> None:
    now = asyncio.get_running_loop().time
    async with pair.held():
        order, _ = await placed(shop)
        since, counted = now(), Counted()
        while now() < since + LAG_SECONDS + 0.5:
            began = now()
            seen = order["id"] in await listed(shop)
            assert seen or began <= since + LAG_SECONDS, f"{began - since:.3f} s after it was written"
        assert counted["fresh"] > 0, "it was left at once"
        assert counted["late"] > 0
        assert not counted["failed"]

    async def goes_there() -> bool:
        again = Counted()
        assert order["id"] in await listed(shop)
        return again.replica == 1

    assert await eventually(goes_there, PATIENT_SECONDS)


@pytest.mark.usefixtures("used_as_it_is")
async def test_a_replica_that_hears_nothing_any_more_is_left_once_it_has_missed_something(
    shop: Shop, pair: Pair
) -> None:
    """Disconnected it goes on answering; nothing on it says that it is late."""
    await pair.replica.execute("alter system set primary_conninfo = 'host=127.0.0.1 port=1'")
    await pair.there("select pg_reload_conf()")
    try:

        async def alone() -> bool:
            return not await pair.there("select count(*) from pg_stat_wal_receiver where status = 'streaming'")

        assert await eventually(alone)
        order, _ = await placed(shop)

        async def left() -> bool:
            counted = Counted()
            return order["id"] in await listed(shop) and counted["late"] == 1

        assert await eventually(left, PATIENT_SECONDS)
    finally:
        await pair.replica.execute("alter system reset primary_conninfo")
        await pair.there("select pg_reload_conf()")


async def test_an_idle_primary_makes_nobody_late_and_a_lag_is_counted_from_what_was_missed(
    stack: Stack, pair: Pair
) -> None:
    """The real servers, and a clock in the test's hand."""
    clock = 1000.0
    role = "orders_service"
    written = Log(stack.addresses.database(role), PRIMARY, name="tests")
    replayed = Log(stack.addresses.replica(role), REPLAYED, name="tests")
    async with open_pool(stack.addresses.replica(role), size=1, name="tests", may_be_away=True) as pool:
        replica = Replica(pool, written, replayed, now=lambda: clock)
        assert not await replica.serves(None), "nothing is known yet"
        await pair.level()
        await replica.look()
        assert await replica.serves(None)
        clock += 60  # nobody looked, so nothing is known again
        assert not await replica.serves(None)
        await replica.look()
        assert await replica.serves(None)
        async with pair.held():
            await replica.look()
            clock += 0.1
            await pair.primary.execute("create table public.missed (); drop table public.missed")
            await replica.look()
            clock += LAG_SECONDS - 0.2
            assert await replica.serves(None)
            clock += 0.2
            assert not await replica.serves(None)
            await replica.look()
        await pair.level()
        assert not await replica.serves(None), "it is taken up again by the next look"
        clock += CAUGHT_UP_SECONDS
        await replica.look()
        assert await replica.serves(None)
        assert not await replica.serves(NEWEST)
    await written.close()
    await replayed.close()


async def test_a_hundred_who_ask_at_once_cost_two_questions_and_get_a_position_after_their_commit(
    stack: Stack, pair: Pair
) -> None:
    log = Log(stack.addresses.database("orders_service"), PRIMARY, name="tests")
    await log.ask()
    asked = (
        "select coalesce(sum(calls), 0)::int from pg_stat_statements "
        "where query like 'select /* position.primary */%' and userid = 'orders_service'::regrole"
    )

    async def calls() -> int:
        return int(await pair.primary.fetchval(asked))

    before, written = await calls(), await pair.written()
    answers = await asyncio.gather(*(log.ask() for _ in range(100)))
    assert await calls() - before <= 2 + 2  # a shop of another test may look meanwhile
    assert all(parse_position(answer["written"]) >= written for answer in answers)
    await log.close()


@pytest.mark.usefixtures("used_as_it_is")
async def test_nothing_fails_while_the_replica_is_killed_or_frozen(shop: Shop, pair: Pair, stack: Stack) -> None:
    order, position = await placed(shop)
    statuses: list[int] = []
    going_on = True

    async def read(told: dict[str, str]) -> None:
        while going_on:
            for path in ("/api/orders", f"/api/orders/{order['id']}", f"/api/orders/{order['id']}/history"):
                status, _, _ = await shop.send("GET", path, {**shop.as_restaurant(), **told})
                statuses.append(status)

    counted = Counted()
    readers = [asyncio.create_task(read(told)) for told in ({}, {}, {SENT: position}, {SENT: position})]
    try:
        before = _pid(stack)
        os.kill(before, signal.SIGKILL)

        async def goes_there() -> bool:
            again = Counted()
            await asyncio.sleep(0.05)
            return again.replica > 0

        async def came_back() -> bool:
            return _pid(stack) != before and await goes_there()

        assert await eventually(came_back, PATIENT_SECONDS)
        family = [_pid(stack), *processes.children(_pid(stack))]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:

            async def left() -> bool:
                frozen = Counted()
                await asyncio.sleep(0.05)
                return frozen["late"] > 0

            assert await eventually(left, PATIENT_SECONDS)
        finally:
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        assert await eventually(goes_there, PATIENT_SECONDS)
    finally:
        going_on = False
        await asyncio.gather(*readers)
    assert set(statuses) == {200}
    assert counted["failed"] > 0, "nobody was there when it went"


@pytest.mark.parametrize(
    "garbage", ["", "0", "0/", "0/16 B3748", "0/16B3748Z", "123456789/0", "-1/0", "0/0, 0/1", "\u00e4/0"]
)
async def test_a_position_that_is_none_is_refused_by_name(shop: Shop, garbage: str) -> None:
    status, problem, _ = await shop.send("GET", "/api/orders", {**shop.as_restaurant(), SENT: garbage})
    assert status == 400
    assert [error["field"] for error in problem["errors"]] == [SENT]


@pytest.mark.usefixtures("used")
async def test_a_position_beyond_the_log_and_a_reader_who_wants_the_source_are_answered_by_the_primary(
    shop: Shop,
) -> None:
    for told in ({SENT: "FFFFFFFF/FFFFFFFF"}, {"Cache-Control": "no-cache"}):
        counted = Counted()
        await listed(shop, **told)
        assert counted.replica == 0


async def test_answers_to_writes_carry_a_position_and_so_do_conflicts_but_not_reads_or_refusals(shop: Shop) -> None:
    order, position = await placed(shop)
    path = f"/api/orders/{order['id']}/transitions"
    step = {"to": "cancelled", "expected_version": 7}
    status, _, headers = await shop.send("POST", path, shop.as_restaurant(), step)
    assert status == 409
    assert parse_position(headers[SENT]) >= parse_position(position)
    for method, asked, body in (("GET", "/api/orders", None), ("POST", path, {"to": "nowhere"})):
        _, _, headers = await shop.send(method, asked, shop.as_restaurant(), body)
        assert SENT not in headers


async def test_without_a_replica_a_position_is_taken_and_changes_nothing(stack: Stack) -> None:
    counted = Counted()
    async with open_shop(stack) as alone:
        status, order, headers = await alone.send(
            "POST", "/api/orders", alone.as_restaurant(), alone.basket(), str(new_id())
        )
        assert status == 201
        assert SENT not in headers
        seen = await listed(alone, **{SENT: "FFFFFFFF/FFFFFFFF"})
        assert seen == {order["id"]: 1}
        status, problem, _ = await alone.send("GET", "/api/orders", {**alone.as_restaurant(), SENT: "x"})
        assert status == 400, problem
    assert counted.replica == counted["late"] == counted["asked"] == 0


@pytest.mark.usefixtures("used")
async def test_what_is_not_on_the_replica_yet_is_found_on_the_primary(shop: Shop, pair: Pair) -> None:
    async with pair.held():
        order, _ = await placed(shop)
        for path in (f"/api/orders/{order['id']}", f"/api/orders/{order['id']}/history"):
            status, _, _ = await shop.send("GET", path, {**shop.as_restaurant(), SENT: OLD})
            assert status == 200, path


@pytest.mark.usefixtures("used")
async def test_the_replica_shows_everybody_what_the_primary_would_and_takes_no_writes(shop: Shop, pair: Pair) -> None:
    theirs, mine = await shop.place(other=True), await shop.place()
    await pair.level()
    counted = Counted()
    for somebody, sees in ((shop.as_restaurant(), {mine["id"]}), (shop.as_restaurant(other=True), {theirs["id"]})):
        status, page, _ = await shop.send("GET", "/api/orders?limit=100", somebody)
        assert status == 200
        assert {order["id"] for order in page["items"]} & {mine["id"], theirs["id"]} == sees
        status, _, _ = await shop.send("GET", f"/api/orders/{theirs['id']}/history", somebody)
        assert status == (200 if theirs["id"] in sees else 404)
    assert counted.replica == 4
    there = await asyncpg.connect(shop.stack.addresses.replica("orders_service"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await there.fetch("select id from orders.orders")
        await there.execute(store.begin_as(identity("restaurant", restaurant_id=shop.restaurant)))
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await there.execute("update orders.orders set version = version + 1")
    finally:
        await there.close()


@pytest.mark.usefixtures("used")
async def test_copies_are_made_of_what_the_replica_says_once_it_has_all_that_was_heard(shop: Shop, pair: Pair) -> None:
    """Another process writes, so that nothing but the event says so."""
    relay = settings_of(shop.stack, "relay", relay_app.Settings, LARDER_POSITIONS="1")
    elsewhere = settings_of(shop.stack, "orders", orders.Settings, **reading_there(shop.stack, "orders_service"))
    async with relay_app.build(relay), serving(elsewhere, orders.build) as url:
        order, first = await placed(shop)
        path, mine = f"/api/orders/{order['id']}", shop.as_restaurant()

        async def is_a_copy() -> bool:
            _, _, headers = await shop.send("GET", path, mine)
            return bool(headers["Cache-Status"] == "larder; hit")

        assert await eventually(is_a_copy, PATIENT_SECONDS)
        async with pair.held():
            async with shop.session.post(f"{url}{path}/transitions", json={"to": "cancelled"}, headers=mine) as answer:
                assert answer.status == 200, await answer.text()

            async def is_heard() -> bool:
                _, now, _ = await shop.send("GET", path, mine)
                return bool(now["version"] == 2)

            assert await eventually(is_heard, PATIENT_SECONDS)
            for told in ({}, {SENT: first}, {}):
                _, now, _ = await shop.send("GET", path, {**mine, **told})
                assert now["version"] == 2, "what the replica said is older than what was heard"
        await pair.level()
        other, _ = await placed(shop)

        async def comes_from_there() -> bool:
            counted = Counted()
            await shop.send("GET", f"/api/orders/{other['id']}", {**mine, SENT: OLD})
            return counted["reached"] == 1

        assert await eventually(comes_from_there, PATIENT_SECONDS)
        assert await eventually(is_a_copy, PATIENT_SECONDS)


@pytest.mark.usefixtures("used")
async def test_a_writers_own_process_never_answers_below_what_it_wrote(shop: Shop, pair: Pair) -> None:
    order, first = await placed(shop)
    path, mine = f"/api/orders/{order['id']}", shop.as_restaurant()
    await pair.level()
    async with pair.held():
        status, _ = await shop.move(order, "cancelled", mine)
        assert status == 200
        for told in ({}, {SENT: first}, {SENT: OLD}):
            _, now, _ = await shop.send("GET", path, {**mine, **told})
            assert now["version"] == 2


@pytest.mark.usefixtures("used")
async def test_who_hears_an_event_reads_it_with_its_position(shop: Shop, pair: Pair) -> None:
    settings = settings_of(shop.stack, "relay", relay_app.Settings, LARDER_POSITIONS="1")
    admin = identity("admin")
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(relay_app.build(settings))
        gate = await opened.enter_async_context(open_gate(shop.stack))
        client = await opened.enter_async_context(await gate.listen(admin))
        async with pair.held():
            order, _ = await placed(shop)
            frame = await _event_of(order, client)
            assert isinstance(frame.position, str)
            seen = await listed(shop, **{SENT: frame.position})
            assert seen[order["id"]] == 1
            # Whoever begins to listen now is told of no event of before, and fetches.
            await client.subscribe("orders")
            while not isinstance(subscribed := await client.receive(), realtime.Subscribed):
                pass
            assert isinstance(subscribed.position, str)
            assert parse_position(subscribed.position) >= parse_position(frame.position)
            found = await bus_message(shop, order)
            assert found == frame.position


async def _event_of(order: dict[str, Any], client: Any) -> realtime.Event:
    while True:
        (frame,) = await events(client, 1)
        if order["id"].encode() in bytes(frame.order):
            return frame


async def bus_message(shop: Shop, order: dict[str, Any]) -> str | None:
    """The position that stands on the order's event in the stream."""
    async with Bus(shop.stack.addresses.nats, "tests") as bus:
        await bus.connection()
        message = await bus.jetstream.get_last_msg(ORDERS.name, events_of_order(UUID(order["id"])))
    return (message.headers or {}).get(POSITION)


@pytest.mark.usefixtures("used")
async def test_what_the_edge_keeps_for_an_hour_is_made_of_what_the_primary_says(stack: Stack, pair: Pair) -> None:
    settings = settings_of(stack, "catalog", catalog.Settings, **reading_there(stack, "catalog_service"))
    admin = bearer(stack, identity("admin"))
    async with serving(settings, catalog.build) as url, aiohttp.ClientSession(url) as session:
        category = f"C{new_id()}"
        made = {"sku": str(new_id()), "name": "Flour", "category": category, "unit": "1 kg", "price_cents": 100}
        async with session.post("/api/catalog/products", json=made, headers=admin) as answer:
            product = await answer.json()
            assert answer.status == 201, product
        first_page = {"category": category}
        await pair.level()

        async def price(**headers: str) -> list[int]:
            async with session.get("/api/catalog/products", params=first_page, headers=headers) as answer:
                assert answer.status == 200
                return [item["price_cents"] for item in (await answer.json())["items"]]

        async def goes_there() -> bool:
            counted = Counted()
            return await price() == [100] and counted.replica == 1

        assert await eventually(goes_there, PATIENT_SECONDS)
        async with pair.held():
            async with session.patch(
                f"/api/catalog/products/{product['id']}", json={"price_cents": 200}, headers=admin
            ) as answer:
                assert answer.status == 200
                position = answer.headers[SENT]
            assert await price() == [100], "the replica was not asked"
            assert await price(**{"X-Edge-Keep": "3600"}) == [200]
            assert await price(**{SENT: position}) == [200]
            async with session.get(f"/api/catalog/products/{product['id']}", headers={"X-Edge-Keep": "3600"}) as answer:
                assert (await answer.json())["price_cents"] == 200


@pytest.mark.usefixtures("used")
async def test_analytics_reads_from_the_replica(stack: Stack, pair: Pair) -> None:
    settings = settings_of(stack, "analytics", analytics.Settings, **reading_there(stack, "analytics_service"))
    async with serving(settings, analytics.build) as url, aiohttp.ClientSession(url) as session:

        async def asked(what: str, **told: str) -> list[str]:
            """Why it was answered where it was."""
            counted = Counted()
            headers = {**bearer(stack, identity("admin")), **told}
            async with session.get(f"/api/analytics/{what}", headers=headers) as answer:
                assert answer.status == 200
                await answer.read()
            return [why for why in ("fresh", "reached", "asked", "behind", "late", "failed") if counted[why]]

        for what in ("projection", "kpis"):
            for told, why in (({}, "fresh"), ({SENT: OLD}, "reached"), ({SENT: "FFFFFFFF/FFFFFFFF"}, "behind")):

                async def is_answered_so(what: str = what, told: dict[str, str] = told, why: str = why) -> bool:
                    return await asked(what, **told) == [why]

                assert await eventually(is_answered_so, PATIENT_SECONDS), (what, why)
        assert await asked("exports/orders.csv") == [], "it lasts too long for a replica"


def _pid(stack: Stack) -> int:
    """Of the replica as it was started last."""
    return processes.recorded(stack.replica.pid_file)[-1][0]
