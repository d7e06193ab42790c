"""Alerts, judged from what processes answer: by one replica, kept, told, and shown to admins."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest
from nats.aio.msg import Msg
from prometheus_client import REGISTRY

from deploy.local import Stack
from proto.alerts import Alerts
from proto.envelope import Role
from proto.readings import Readings, ReadingsAsked, Sample
from proto.streams import ALERTS, READINGS
from services.analytics import app
from services.analytics.alerts.rules import Rule
from services.analytics.alerts.watch import Watch
from shared import vitals
from shared.bus import Bus
from shared.database import Pool, open_pool
from shared.plumbing import utc_now
from tests.support import bearer, identity, serving, settings_of

EVERY, HURRY = 0.2, 60.0


def rule(name: str = "TooMuch", lasting: str = "1s", keeping: str = "1s") -> Rule:
    """It holds from one round to the next."""
    return Rule(
        group="test",
        name=name,
        expr="max by (of) (test_much) > 5",
        lasting=lasting,
        keeping=keeping,
        severity="page",
        summary="{{ $value }} of {{ $labels.of }} is too much.",
        action="Take some of {{ $labels.of }} away.",
        runbook="docs/runbooks/api.md#slow",
    )


@dataclass
class Process:
    """One that answers with these values, until it is silent."""

    values: dict[str, float] = field(default_factory=dict)
    asked: list[ReadingsAsked] = field(default_factory=list)

    async def answer(self, asked: Msg) -> None:
        self.asked.append(msgspec.json.decode(asked.data, type=ReadingsAsked))
        samples = [Sample("test_much", {"of": of}, value) for of, value in self.values.items()]
        await asked.respond(msgspec.json.encode(Readings("tests", "one", samples)))


@dataclass
class World:
    stack: Stack
    bus: Bus
    pool: Pool
    process: Process
    told: "asyncio.Queue[Alerts]"

    def watch(self, holder: str = "one", rules: Sequence[Rule] = (rule(),), pool: Pool | None = None) -> Watch:
        return Watch(rules, pool or self.pool, self.bus, holder, utc_now, every=EVERY, hurry=HURRY)

    async def firing(self) -> list[str]:
        """What is told next."""
        told = await asyncio.wait_for(self.told.get(), 5)
        return sorted(alert.summary for alert in told.firing)

    async def rounds(self, watch: Watch, count: int = 1) -> list[str]:
        """What is told after so many."""
        for _ in range(count):
            assert await watch.judge()
            firing = await self.firing()
        return firing

    async def stored(self) -> list[tuple[str, bool]]:
        """Name, and whether it is over; the oldest first."""
        rows = await self.pool.fetch("select name, until from analytics.alerts order by id")
        return [(row["name"], row["until"] is not None) for row in rows]


@pytest.fixture
async def world(stack: Stack, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(vitals, "GATHER_SECONDS", EVERY / 2)
    process, told = Process(), asyncio.Queue[Alerts]()

    async def hear(envelope: Msg) -> None:
        told.put_nowait(msgspec.json.decode(envelope.data, type=Alerts))

    answering = await bus.client.subscribe(READINGS, cb=process.answer)
    hearing = await bus.client.subscribe(ALERTS, cb=hear)
    await bus.client.flush()
    async with open_pool(stack.addresses.database("analytics_service"), size=2, name="tests") as pool:
        await pool.execute("delete from analytics.alerts")
        await pool.execute("update analytics.alerts_judge set holder = '', held_until = '-infinity', judged_at = null")
        yield World(stack, bus, pool, process, told)
    await answering.unsubscribe()
    await hearing.unsubscribe()


async def test_what_holds_long_enough_fires_is_kept_and_told_and_ends(world: World) -> None:
    watch = world.watch()
    world.process.values = {"flour": 9.0, "salt": 2.0}
    assert await world.rounds(watch) == []
    assert await world.rounds(watch) == ["9 of flour is too much."]
    assert await world.stored() == [("TooMuch", False)]
    world.process.values["flour"] = 1.0
    assert await world.rounds(watch) == ["9 of flour is too much."]
    assert await world.rounds(watch) == []
    assert await world.stored() == [("TooMuch", True)]
    assert world.process.asked[-1].names == ("test_much",)


async def test_of_two_replicas_one_judges_and_the_other_goes_on_with_what_fires(world: World) -> None:
    first, second = world.watch("one"), world.watch("two")
    world.process.values = {"flour": 9.0}
    await world.rounds(first, 2)
    assert not await second.judge()
    running = asyncio.create_task(first.run())
    await world.firing()
    running.cancel()  # its lease is given back
    await asyncio.wait([running])
    while not world.told.empty():
        world.told.get_nowait()
    assert await world.rounds(second, 3) == ["9 of flour is too much."]
    assert REGISTRY.get_sample_value("larder_alerts_firing", {"severity": "page"}) == 1
    assert not await first.judge()
    # Who does not judge counts none; here both count in one process.
    assert REGISTRY.get_sample_value("larder_alerts_firing", {"severity": "page"}) == 0
    assert await world.stored() == [("TooMuch", False)]
    world.process.values = {}
    await world.rounds(second, 4)
    assert await world.stored() == [("TooMuch", True)]


async def test_a_judge_that_was_killed_is_followed_once_its_lease_has_run_out(world: World) -> None:
    first, second = world.watch("one"), world.watch("two")
    assert await first.judge()
    assert not await second.judge()
    await world.pool.execute("update analytics.alerts_judge set held_until = now() - interval '1 second'")
    assert await second.judge()
    assert not await first.judge()


async def test_what_no_rule_is_about_any_more_is_over_when_somebody_takes_over(world: World) -> None:
    world.process.values = {"flour": 9.0}
    await world.rounds(world.watch("one"), 2)
    renamed = world.watch("one", [rule("Renamed")])
    assert await world.rounds(renamed) == []
    assert await world.stored() == [("TooMuch", True)]


async def test_what_could_not_be_kept_did_not_happen_and_comes_with_the_next_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = world.watch()
    world.process.values = {"flour": 9.0}
    await world.rounds(watch)
    superuser = await asyncpg.connect(world.stack.addresses.database("postgres"))
    try:
        async with superuser.transaction():
            await superuser.execute("lock table analytics.alerts in access exclusive mode")
            running = asyncio.create_task(watch.run())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(running), 3)
            assert world.told.empty()
        assert await asyncio.wait_for(_until_told(world), 10) == ["9 of flour is too much."]
        running.cancel()
        await asyncio.wait([running])
    finally:
        await superuser.close()
    assert await world.stored() == [("TooMuch", False)]


async def _until_told(world: World) -> list[str]:
    while not (told := await world.firing()):
        pass
    return told


async def test_while_nobody_can_be_asked_nothing_begins_and_nothing_is_over(world: World) -> None:
    watch = world.watch()
    world.process.values = {"flour": 9.0}
    await world.rounds(watch, 2)
    async with AsyncExitStack() as opened:
        away = await opened.enter_async_context(Bus("nats://127.0.0.1:9", "away"))
        watch._bus = away
        for _ in range(6):
            assert not await watch.judge()
    watch._bus = world.bus
    world.process.values = {"flour": 9.0}
    assert await world.rounds(watch) == ["9 of flour is too much."]


# --- the route


@asynccontextmanager
async def reading(world: World, role: Role = "admin") -> AsyncIterator[aiohttp.ClientSession]:
    settings = settings_of(world.stack, "analytics", app.Settings, LARDER_ALERTS_EVERY_S="3600")
    headers = bearer(world.stack, identity(role))
    async with (
        serving(settings, app.build) as url,
        aiohttp.ClientSession(url, headers=headers) as session,
    ):
        yield session


async def _alerts(session: aiohttp.ClientSession, **query: str) -> tuple[int, Any]:
    async with session.get("/api/performance/alerts", params=query) as answer:
        return answer.status, await answer.json()


async def test_admins_read_what_fires_and_page_through_what_has_fired(world: World) -> None:
    watch = world.watch()
    for of in ("flour", "salt", "oil"):
        world.process.values = {of: 8.5}
        await world.rounds(watch, 2)
    assert await world.stored() == [("TooMuch", True), ("TooMuch", True), ("TooMuch", False)]
    async with reading(world) as session:
        status, first = await _alerts(session, limit="1")
        assert status == 200
        assert first["as_of"]
        [firing] = first["firing"]
        assert firing["labels"] == {"of": "oil"}
        assert firing["summary"] == "8.5 of oil is too much."
        assert firing["action"] == "Take some of oil away."
        assert (firing["severity"], firing["value"]) == ("page", 8.5)
        [ended] = first["items"]
        assert ended["labels"] == {"of": "salt"}
        assert ended["since"] <= ended["until"]
        _, second = await _alerts(session, limit="1", cursor=first["next_cursor"])
        assert [alert["labels"] for alert in second["items"]] == [{"of": "flour"}]
        assert second["next_cursor"] is None
        status, problem = await _alerts(session, cursor="rubbish")
        assert (status, problem["errors"][0]["field"]) == (400, "cursor")
        status, problem = await _alerts(session, limit="0")
        assert (status, problem["errors"][0]["field"]) == (400, "limit")


@pytest.mark.parametrize("role", ["restaurant", "driver"])
async def test_nobody_else_reads_them(world: World, role: Role) -> None:
    async with reading(world, role) as session:
        status, _ = await _alerts(session)
        assert status == 403
