"""Who is told of an order is who may read it: the audience of each event against the row policies, over HTTP."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.orders import Audience, Shortage
from tests.shop import ZONE, Shop, open_shop

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
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


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


async def readers(shop: Shop, order: Mapping[str, Any], who: Mapping[str, dict[str, str]]) -> set[str]:
    """By the row policies: who gets the order when they ask."""
    seen = set()
    for name, headers in who.items():
        status, _, _ = await shop.send("GET", f"/api/orders/{order['id']}", headers)
        assert status in (200, 404)
        if status == 200:
            seen.add(name)
    return seen


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
