"""What is told: orders of ten lines being placed, as orders publishes them, and the frame that the gateway makes of it.

The orders exist in the stream alone. Each is another one, so that none is skipped as known.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from loadtests.bench.world import World, id_of
from proto.orders import Item, Location, RoutedOrderEvent
from proto.realtime import Event
from services.orders import domain
from services.orders.events import event_of
from services.orders.store import Origin
from shared.bus import Bus
from shared.ids import new_id


class Published(NamedTuple):
    """`frame` is what a socket is sent of it, but for the number of its place in the stream."""

    id: UUID
    subject: str
    envelope: bytes
    frame: bytes


def orders_of(world: World, restaurant: int) -> Iterator[Published]:
    """Without an end."""
    chance = random.Random(restaurant)  # noqa: S311  the same orders each time
    customer = domain.Customer(
        id=id_of(restaurant),
        name="Kitchen of the benchmark",
        address="1200 Vine Street, Cincinnati",
        location=Location(39.11, -84.51),
        zone=0,
        active=True,
    )
    baskets = [
        tuple(Item(one.id, one.name, one.unit, chance.randint(1, 9), one.price_cents) for one in world.basket(chance))
        for _ in range(100)
    ]
    number = 0
    while True:
        number += 1
        yield _placed(customer, baskets[number % len(baskets)], number)


def _placed(customer: domain.Customer, items: Sequence[Item], number: int) -> Published:
    placed = domain.place(new_id(), number, customer, items, "Leave it at the back door, please.", datetime.now(UTC))
    event = event_of(placed, Origin(new_id(), "restaurant", str(new_id()), None))
    routed = msgspec.json.decode(event.payload, type=RoutedOrderEvent)
    frame = msgspec.json.encode(Event("orders", number, routed.type, routed.occurred_at, routed.order))
    return Published(event.id, event.subject, event.payload, frame)


async def publish(bus: Bus, events: Sequence[Published]) -> None:
    """All at once, as the relay does; returns when JetStream has stored them."""
    jetstream = bus.jetstream
    headers = [{"Nats-Msg-Id": str(event.id)} for event in events]
    await asyncio.gather(
        *(
            jetstream.publish(event.subject, event.envelope, headers=header)
            for event, header in zip(events, headers, strict=True)
        )
    )
