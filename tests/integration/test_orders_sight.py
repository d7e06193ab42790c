"""Who is told of an order is who may read it: the audience of each event against the row policies, over HTTP, and
against what the cache answers."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.accounts import Person, PersonEvent
from proto.envelope import Actor
from proto.orders import Audience, Shortage
from proto.streams import person_subject
from shared.bus import Bus
from shared.ids import new_id
from tests.cached import patient
from tests.shop import ZONE, Shop, open_shop
from tests.support import bearer, eventually, identity

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["confirmed", "rejected", "preparing", "ready", "out_for_delivery", "delivered", "failed", "cancelled"]
        ),
        st.integers(0, 3),
        st.booleans(),
    ),
    min_size=4,
    max_size=12,
)


@pytest.fixture(scope="module")
async def shop(stack: Stack, relay: None) -> AsyncIterator[Shop]:
    with patient():
        async with open_shop(stack) as shop:
            await cache_serves(shop)
            yield shop


async def cache_serves(shop: Shop) -> None:
    order = await shop.place()

    async def hit() -> bool:
        _, _, answer = await shop.send("GET", f"/api/orders/{order['id']}", shop.as_admin())
        return bool(answer["Cache-Status"] == "larder; hit")

    await eventually(hit)


def everybody(shop: Shop) -> dict[str, dict[str, str]]:
    return {
        "restaurant": shop.as_restaurant(),
        "other restaurant": shop.as_restaurant(other=True),
        **{f"driver {number}": shop.as_driver(number) for number in range(3)},
        "far driver": shop.as_far_driver(),
        "admin": shop.as_admin(),
    }


def told(shop: Shop, audience: Audience) -> tuple[set[str], set[str]]:
    """By the event's audience: who receives the order, and who is told that it is gone."""
    drivers = {f"driver {number}": (driver, ZONE) for number, driver in enumerate(shop.drivers)}
    drivers["far driver"] = (shop.far_driver, ZONE + 1)
    now = {"admin", "restaurant" if audience.restaurant_id == shop.restaurant else "other restaurant"}
    left: set[str] = set()
    for name, (driver, zone) in drivers.items():
        if driver == audience.driver_id or zone == audience.offer_zone:
            now.add(name)
        elif driver == audience.left_driver_id or zone == audience.left_offer_zone:
            left.add(name)
    return now, left


FROM_SOURCE = {"Cache-Control": "no-cache"}


async def readers(
    shop: Shop, order: Mapping[str, Any], who: Mapping[str, dict[str, str]], *, cached: bool = True
) -> set[str]:
    """By the row policies: who gets the order when they ask. With `cached`, from the cache too, which has it at this
    version: whoever is answered gets a copy, and whoever is not gets nothing."""
    seen = set()
    path = f"/api/orders/{order['id']}"
    for name, headers in who.items():
        status, found, answer = await shop.send("GET", path, {**headers, **FROM_SOURCE})
        assert status in (200, 404)
        assert answer.get("Cache-Status") in ({200: "larder; fwd=request"}.get(status), None)
        if status == 200:
            assert found["version"] == order["version"]
            seen.add(name)
    for name, headers in who.items() if cached else ():
        status, found, answer = await shop.send("GET", path, headers)
        assert (status == 200) == (name in seen), name
        if status == 200:
            assert (found["version"], answer["Cache-Status"]) == (order["version"], "larder; hit")
    return seen


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, other=st.booleans())
async def test_an_events_audience_is_who_may_select_after_and_who_only_could_before(
    shop: Shop, steps: list[tuple[str, int, bool]], other: bool
) -> None:
    who = everybody(shop)
    order = await shop.offer(other) if steps[0][2] else await shop.place(other=other)
    before = await readers(shop, order, who)
    now, _ = told(shop, (await shop.events(order))[-1].audience)
    assert before == now
    for to, driver, by_admin in steps:
        headers = shop.as_admin() if by_admin else shop.as_driver(driver) if driver < 3 else shop.as_far_driver()
        more = {"driver_id": str(shop.drivers[driver % 3])} if by_admin and to in ("ready", "out_for_delivery") else {}
        if to == "confirmed" or (to == "rejected" and not by_admin):
            short = [Shortage(shop.flour, "Flour", 2, driver)] if to == "rejected" else []
            answer = await shop.answer(order, short)
            status = 200 if answer["version"] > order["version"] else 409
        else:
            status, answer = await shop.move(order, to, headers, **more)
        if status != 200:
            continue
        order = answer
        after = await readers(shop, order, who)
        event = (await shop.events(order))[-1]
        assert event.order.version == order["version"]
        assert told(shop, event.audience) == (after, before - after)
        before = after


async def test_a_copy_is_for_whoever_has_the_order_now(shop: Shop) -> None:
    """Reassigned again and again, with the old driver asking in between."""
    order = await shop.offer()
    for number in (0, 1, 2, 0):
        status, order = await shop.move(order, "ready", shop.as_admin(), driver_id=str(shop.drivers[number]))
        assert status == 200, order
        seen = await readers(shop, order, everybody(shop))
        assert seen == {"admin", "restaurant", f"driver {number}"}
    status, order = await shop.move(order, "ready", shop.as_admin(), driver_id=None)
    assert await readers(shop, order, everybody(shop)) == {"admin", "restaurant", "driver 0", "driver 1", "driver 2"}


async def test_a_copy_is_judged_by_who_asks_now_and_not_by_who_asked_before(shop: Shop) -> None:
    """A driver who drives another zone since, and a person whose tokens are void."""
    order = await shop.offer()
    path = f"/api/orders/{order['id']}"
    driver = identity("driver", person_id=shop.drivers[0], zone=ZONE)
    before = bearer(shop.stack, driver)
    for _ in range(2):
        status, _, answer = await shop.send("GET", path, before)
    assert (status, answer["Cache-Status"]) == (200, "larder; hit")
    elsewhere = bearer(shop.stack, identity("driver", person_id=shop.drivers[0], zone=ZONE + 1))
    assert (await shop.send("GET", path, elsewhere))[0] == 404
    assert (await shop.send("GET", path, shop.as_admin()))[2]["Cache-Status"] == "larder; hit"


async def test_a_copy_is_for_nobody_whose_tokens_are_void(shop: Shop, bus: Bus) -> None:
    order, somebody = await shop.place(), identity("admin")
    headers, path = bearer(shop.stack, somebody), f"/api/orders/{order['id']}"
    assert (await shop.send("GET", path, headers))[0] == 200
    assert (await shop.send("GET", path, headers))[2]["Cache-Status"] == "larder; hit"
    at = datetime.now(UTC)
    person = Person(
        id=somebody.person_id,
        name="Gone",
        role="admin",
        restaurant_id=None,
        zone=None,
        active=False,
        tokens_valid_from=at,
        version=2,
    )
    event = PersonEvent(id=new_id(), type="PersonChanged", occurred_at=at, actor=Actor(None, "system"), person=person)
    await bus.jetstream.publish(person_subject(person.id), msgspec.json.encode(event))

    async def refused() -> bool:
        return (await shop.send("GET", path, headers))[0] == 401

    await eventually(refused)


async def test_whoever_takes_a_step_sees_it_and_so_does_whoever_asks_for_the_source(shop: Shop) -> None:
    order = await shop.answer(await shop.place())
    path = f"/api/orders/{order['id']}"
    for to in ("preparing", "ready"):
        await shop.send("GET", path, shop.as_restaurant())
        status, order = await shop.move(order, to, shop.as_admin())
        assert status == 200
        for more in ({}, FROM_SOURCE):
            _, found, _ = await shop.send("GET", path, {**shop.as_restaurant(), **more})
            assert (found["status"], found["version"]) == (to, order["version"])


async def test_a_copy_is_what_the_database_answers_byte_for_byte(shop: Shop) -> None:
    order = await shop.place()
    path = f"{shop.url}/api/orders/{order['id']}"
    answers = []
    for more in (FROM_SOURCE, {}):
        async with shop.session.get(path, headers={**shop.as_restaurant(), **more}) as answer:
            answers.append((await answer.read(), answer.headers["Content-Type"]))
    assert answers[0] == answers[1]
