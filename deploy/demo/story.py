"""The life of one order in the demo, from the kitchen's tap to the kitchen's door, with what goes wrong in between.

Most orders go straight through, claimed by one of two drivers who answer the same offer. Some do not: the mix is
fixed by the order's place in the replay, so that two runs tell the same stories.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.demo.client import Person, Refused
from deploy.demo.ledger import Frame

REJECTED_EVERY, CANCELLED_EVERY, ASSIGNED_EVERY, FAILED_EVERY = 40, 25, 10, 20
OFFER_SECONDS = 30.0
"""A driver who has not seen the offer by then never will: the report says what is missing."""


class OfferNotSeenError(Exception):
    """No driver of the zone was shown the offer in time."""


@dataclass
class Cast:
    """Who plays. `offers` resolves when a driver of the zone has seen the order as an offer."""

    admin: Person
    drivers: Mapping[int, Sequence[Person]]
    offers: dict[tuple[UUID, int], "asyncio.Future[None]"] = field(default_factory=dict)
    lost_races: int = 0

    def saw(self, _driver: Person, frame: Frame) -> None:
        if frame.topic == "offers" and not frame.left:
            offer = self._offer(frame.order_id, frame.version)
            if not offer.done():
                offer.set_result(None)

    async def until_offered(self, order: dict[str, Any]) -> None:
        """Returns when the offer is on a driver's screen. Raises OfferNotSeenError."""
        try:
            await asyncio.wait_for(self._offer(UUID(order["id"]), order["version"]), OFFER_SECONDS)
        except TimeoutError as error:
            raise OfferNotSeenError(f"order {order['number']}") from error

    def _offer(self, order_id: UUID, version: int) -> "asyncio.Future[None]":
        return self.offers.setdefault((order_id, version), asyncio.get_running_loop().create_future())


async def begin(cast: Cast, place: int, order: dict[str, Any]) -> str:
    """Leaves a placed order for a person to go on with: placed, confirmed, or an open offer."""
    for to in ("confirmed", "preparing", "ready")[: (0, 1, 3)[place % 3]]:
        order = await cast.admin.move(order, to)
    return str(order["status"])


async def live(cast: Cast, place: int, order: dict[str, Any], customer: Person) -> str:
    """Takes a placed order to its end; returns the state it ended in. `place` counts from 1."""
    admin = cast.admin
    if place % REJECTED_EVERY == 0:
        return str((await admin.move(order, "rejected", reason="The kitchen is closed."))["status"])
    order = await admin.move(order, "confirmed")
    if place % CANCELLED_EVERY == 0:
        return str((await customer.move(order, "cancelled", reason="Ordered twice."))["status"])
    order = await admin.move(order, "preparing")
    if place % ASSIGNED_EVERY == 0:
        order, driver = await _assign(cast, place, order)
    else:
        order = await admin.move(order, "ready")
        order, driver = await _claim(cast, place, order)
    if place % FAILED_EVERY == 0:
        await driver.move(order, "failed", reason="Nobody opened.")
        failed = {**order, "version": order["version"] + 1}
        order, driver = await _claim(cast, place, await admin.move(failed, "ready"))
    return str((await driver.move(order, "delivered"))["status"])


async def _assign(cast: Cast, place: int, order: dict[str, Any]) -> tuple[dict[str, Any], Person]:
    """Ready with a driver, who then loses it to another one."""
    first, second = _two(cast, place, order)
    order = await cast.admin.move(order, "ready", driver_id=str(first.listener.person_id))
    order = await cast.admin.move(order, "ready", driver_id=str(second.listener.person_id))
    return await second.move(order, "out_for_delivery"), second


async def _claim(cast: Cast, place: int, order: dict[str, Any]) -> tuple[dict[str, Any], Person]:
    """Two drivers of the zone answer the offer at once; one gets it."""
    await cast.until_offered(order)
    drivers = _two(cast, place, order)
    answers = await asyncio.gather(
        *(driver.move(order, "out_for_delivery") for driver in drivers), return_exceptions=True
    )
    won: tuple[dict[str, Any], Person] | None = None
    for answer, driver in zip(answers, drivers, strict=True):
        if isinstance(answer, Refused) and answer.code == "taken":
            cast.lost_races += 1
        elif isinstance(answer, BaseException):
            raise answer
        else:
            won = answer, driver
    if won is None:
        raise RuntimeError(f"nobody got order {order['number']}, and nobody has it")
    return won


def _two(cast: Cast, place: int, order: dict[str, Any]) -> tuple[Person, Person]:
    zone = cast.drivers[order["zone"]]
    return zone[place % len(zone)], zone[(place + 1) % len(zone)]
