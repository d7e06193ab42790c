"""The tables of analytics are what a group-by over all orders says, whatever happens to the one who keeps them."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from pathlib import Path

import msgspec
import pytest
from prometheus_client import REGISTRY

from deploy.local import Stack
from proto.streams import ORDERS, order_subject
from services.analytics.projection import projector
from services.analytics.projection.domain import Order
from services.analytics.projection.store import LIVE, Tables
from shared.bus import BEHIND, REFUSED, remake_stream
from shared.ids import new_id
from shared.plumbing import utc_now
from shared.tasks import supervised
from tests.support import eventually
from tests.tallies import Desk, open_desk

BERLIN = "Europe/Berlin"


@pytest.fixture
async def desk(stack: Stack, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(stack, tmp_path, "tallies") as desk:
        await desk.publish_catalogue()
        yield desk


def lives(desk: Desk, count: int, seed: int = 1) -> list[list[Order]]:
    luck = random.Random(seed)
    made = [desk.world.life(luck) for _ in range(count)]
    desk.lives += made
    return made


def in_turns(orders: list[list[Order]]) -> list[Order]:
    """All first versions, then all second ones: each order's in their order."""
    return [order for order in chain(*zip_longest(*orders)) if order is not None]


async def test_every_table_is_a_group_by_over_the_orders(desk: Desk) -> None:
    async with desk.projecting(zone=BERLIN):
        await desk.publish(in_turns(lives(desk, 120)))
        await desk.caught_up()
    assert await desk.wrong(BERLIN) == {}
    row = await desk.database.fetchrow("select zone, as_of, now() - as_of as age from analytics.projection")
    assert row["zone"] == BERLIN
    assert row["age"].total_seconds() < 10


async def test_an_order_of_which_a_version_is_missing_counts_as_its_last_one(desk: Desk) -> None:
    counted = "select version, status, entered_at from analytics.orders"
    placed, _, third, fourth = next(
        life for life in lives(desk, 200) if len(life) == 4 and life[2].status != "delivered"
    )
    async with desk.projecting():
        await desk.publish([placed, third])
        await desk.caught_up()
        assert tuple(await desk.database.fetchrow(counted)) == (3, third.status, None)
        await desk.publish([fourth])
        await desk.caught_up()
    version, status, entered_at = await desk.database.fetchrow(counted)
    assert (version, status) == (4, fourth.status)
    assert entered_at == (None if third.status == fourth.status else fourth.updated_at)


async def test_an_empty_stream_is_as_of_now(desk: Desk) -> None:
    async def told() -> object:
        return await desk.database.fetchval("select as_of from analytics.projection where as_of > $1", since)

    since = await desk.database.fetchval("select now()")
    async with desk.projecting():
        await eventually(told)
        assert seconds_old() < 5


async def test_numbers_that_nobody_keeps_say_how_old_they_are(desk: Desk) -> None:
    def hours_later() -> datetime:
        return utc_now() + timedelta(hours=3)

    await desk.database.execute("update analytics.projection set epoch = 'lost', as_of = now(), moved_at = now()")
    BEHIND.labels(projector.NAME).set(3)
    idle = projector.Projector(desk.pool, desk.bus, Tables(LIVE), "UTC", hours_later)
    async with supervised(idle.run(), "one that waits for its turn"):
        await eventually(_told_as_old)
    # Nor does who waits say how far the one is whose turn it was before.
    assert REGISTRY.get_sample_value("larder_follower_behind_events", {"durable": projector.NAME}) is None


async def _told_as_old() -> bool:
    return seconds_old() > 2 * 3600


def seconds_old() -> float:
    (metric,) = projector.OLD_SECONDS.collect()
    return metric.samples[0].value


async def test_a_projector_that_is_stopped_again_and_again_counts_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "REST_SECONDS", 0.02)
    monkeypatch.setattr(projector, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(projector, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(projector, "BATCH", 40)
    events, luck = in_turns(lives(desk, 150)), random.Random(2)
    publishing = asyncio.create_task(desk.publish(events))
    for _ in range(15):
        async with desk.projecting():
            await asyncio.sleep(luck.uniform(0, 0.2))  # anywhere in a batch
    await publishing
    async with desk.projecting():
        await desk.caught_up()
    assert await desk.wrong() == {}


async def test_of_two_projectors_one_works_and_the_other_takes_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "RETRY_SECONDS", 0.05)
    events = in_turns(lives(desk, 60))
    async with desk.projecting() as first:
        await desk.publish(events[:50])
        await desk.caught_up()
        async with desk.projecting():
            await desk.publish(events[50:100])
            await desk.caught_up()
            first.cancel()
            await desk.publish(events[100:])
            await desk.caught_up()
    assert await desk.wrong() == {}


async def test_a_stream_made_anew_repeats_all_and_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "RETRY_SECONDS", 0.05)
    events = in_turns(lives(desk, 60))
    async with desk.projecting():
        await desk.publish(events[:90])
        await desk.caught_up()
        before = await desk.position()
        await remake_stream(desk.bus.jetstream, ORDERS)
        await desk.publish(events)
        await desk.caught_up()
    assert (await desk.position())[0] != before[0]
    assert await desk.wrong() == {}


async def test_a_bad_event_is_refused_and_the_others_count(desk: Desk) -> None:
    good = in_turns(lives(desk, 20))
    (bad,) = desk.world.life(random.Random(3), steps=0)
    refused = REFUSED.labels(ORDERS.name)
    before = refused._value.get()
    subject = order_subject(bad.restaurant_id, bad.id, "OrderPlaced")
    await desk.publish(good[:30])
    for wrong in (
        b"no JSON",
        {"order": {"id": bad.id}},
        {"order": msgspec.structs.replace(bad, status="cancelled", reason="NUL \0")},
        {"order": msgspec.structs.replace(bad, id=new_id(), total_cents=2**70)},
        {"order": msgspec.structs.replace(bad, id=new_id(), number=2**63)},
    ):
        if isinstance(wrong, bytes):
            await desk.bus.jetstream.publish(subject, wrong)
        else:
            await desk.tell(subject, wrong)
    await desk.tell(subject, {"order": {**msgspec.to_builtins(bad), "created_at": "9999-12-31T23:30:00Z"}})
    await desk.publish(good[30:])
    async with desk.projecting(zone="Asia/Tokyo"):
        await desk.caught_up()
    assert refused._value.get() - before == 6
    assert await desk.wrong("Asia/Tokyo") == {}


async def test_an_order_counts_under_what_its_products_were_in_at_first(desk: Desk) -> None:
    """Though the catalogue's own events were not followed yet, or never come."""
    async with desk.projecting():
        await desk.publish(in_turns(lives(desk, 10)))
        await desk.caught_up()
    rows = await desk.database.fetch("select id, sku, category from analytics.products")
    unknown = desk.world.products[-1]
    assert {row["id"]: row["category"] for row in rows} == {**desk.world.categories, unknown: ""}
    assert {row["sku"] for row in rows if row["id"] == unknown} == {""}
