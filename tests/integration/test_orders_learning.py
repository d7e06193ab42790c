"""Orders learns prices, restaurants and drivers from their owners' streams, and only ever forward."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec
import pytest

from deploy.local import Stack
from proto import streams
from proto.accounts import Person, PersonEvent, Restaurant, RestaurantEvent
from proto.catalog import Product, ProductEvent
from proto.envelope import Actor, Envelope
from proto.orders import Location
from shared.bus import Bus
from shared.database import Row
from shared.ids import new_id
from tests.shop import Shop, open_shop
from tests.support import eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SYSTEM = Actor(None, "system")


@pytest.fixture(scope="module")
async def shop(stack: Stack, relay: None) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


async def publish(bus: Bus, subject: str, event: Envelope) -> None:
    await bus.jetstream.publish(subject, msgspec.json.encode(event))


async def publish_product(bus: Bus, product_id: UUID, version: int, cents: int, active: bool = True) -> None:
    product = Product(
        id=product_id,
        sku="7",
        name="Oil",
        category="OIL",
        unit="1 l",
        price_cents=cents,
        active=active,
        version=version,
    )
    event = ProductEvent(id=new_id(), type="ProductChanged", occurred_at=NOW, actor=SYSTEM, product=product)
    await publish(bus, streams.product_subject(product_id), event)


async def book(database: asyncpg.Connection, product_id: UUID, version: int) -> Row:
    """The book's entry once it is at `version`."""

    async def entry() -> Row | None:
        row: Row | None = await database.fetchrow(
            "select price_cents, active, version from orders.price_book where product_id = $1", product_id
        )
        return row if row is not None and row["version"] == version else None

    return await eventually(entry)


async def test_a_price_change_reaches_the_next_order_and_an_older_one_changes_nothing(shop: Shop, bus: Bus) -> None:
    product = new_id()
    await publish_product(bus, product, 1, 500)
    assert (await book(shop.database, product, 1))["price_cents"] == 500
    await publish_product(bus, product, 3, 700)
    await publish_product(bus, product, 2, 600)
    marker = new_id()
    await publish_product(bus, marker, 1, 1)
    await book(shop.database, marker, 1)
    assert (await book(shop.database, product, 3))["price_cents"] == 700
    body = {"items": [{"product_id": str(product), "quantity": 2, "price_cents": 700, "version": 3}]}
    status, order, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), body, str(new_id()))
    assert (status, order["total_cents"]) == (201, 1400)


async def test_an_event_that_cannot_be_read_does_not_hold_up_the_next(shop: Shop, bus: Bus) -> None:
    product = new_id()
    await bus.jetstream.publish(streams.product_subject(new_id()), b"not an envelope")
    await publish_product(bus, product, 1, 500)
    assert (await book(shop.database, product, 1))["price_cents"] == 500


async def test_a_new_restaurant_may_order_and_a_closed_one_may_not(shop: Shop, bus: Bus) -> None:
    place = new_id()
    for version, active, expected in ((1, True, 201), (2, False, 409)):
        restaurant = Restaurant(
            id=place,
            number=9,
            name="New Kitchen",
            address="Quay 2",
            location=Location(1.0, 2.0),
            zone=5,
            credit_limit_cents=10_000,
            active=active,
            version=version,
        )
        event = RestaurantEvent(
            id=new_id(), type="RestaurantChanged", occurred_at=NOW, actor=SYSTEM, restaurant=restaurant
        )
        await publish(bus, streams.restaurant_subject(place), event)

        async def learnt(version: int = version) -> bool:
            return bool(
                await shop.database.fetchval(
                    "select true from orders.restaurants where id = $1 and version = $2", place, version
                )
            )

        await eventually(learnt)
        shop.other_restaurant = place
        status, answer, _ = await shop.send(
            "POST", "/api/orders", shop.as_restaurant(other=True), shop.basket(), str(new_id())
        )
        assert status == expected, answer


async def test_a_restaurant_nobody_has_told_of_yet_is_asked_to_come_back(shop: Shop) -> None:
    shop.other_restaurant = new_id()
    status, _, headers = await shop.send(
        "POST", "/api/orders", shop.as_restaurant(other=True), shop.basket(), str(new_id())
    )
    assert (status, headers["Retry-After"]) == (503, "1")


async def test_who_is_a_driver_no_more_cannot_be_given_an_order(shop: Shop, bus: Bus) -> None:
    person, order = new_id(), await shop.offer()
    for version, role, expected in ((1, "driver", 200), (2, "admin", 409)):
        state = Person(
            id=person,
            name="Ada",
            role="driver" if role == "driver" else "admin",
            restaurant_id=None,
            zone=3 if role == "driver" else None,
            active=True,
            tokens_valid_from=NOW,
            version=version,
        )
        event = PersonEvent(id=new_id(), type="PersonChanged", occurred_at=NOW, actor=SYSTEM, person=state)
        await publish(bus, streams.person_subject(person), event)

        async def learnt(version: int = version) -> bool:
            return bool(
                await shop.database.fetchval(
                    "select true from orders.drivers where id = $1 and version = $2", person, version
                )
            )

        await eventually(learnt)
        status, answer = await shop.move(order, "ready", shop.as_admin(), driver_id=str(person))
        assert status == expected, answer
        await shop.move(order, "ready", shop.as_admin(), driver_id=None)
