"""The life of one order in the demo, from the kitchen's tap to the kitchen's door, with what goes wrong in between.

The stock answers each order before anybody does. Most go straight through then, claimed by one of two drivers who
answer the same offer. Some do not: the mix is fixed by the order's place in the replay, so that two runs tell the same
stories.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.demo.client import Person, Refused
from deploy.demo.ledger import Frame

CLOSED_EVERY, CANCELLED_EVERY, ASSIGNED_EVERY, FAILED_EVERY = 40, 25, 10, 20
SEEN_SECONDS = 30.0
"""Who has not seen the answer or the offer by then never will: the report says what is missing."""

ANSWERED = 2
"""The version that the stock's answer makes of a placed order."""


class NotSeenError(Exception):
    """No driver of the zone was shown the offer in time, or the admin not the stock's answer."""


@dataclass
class Cast:
    """Who plays. `seen` resolves when the admin has seen the order's version that the stock made, or a driver of the
    zone an offer's."""

    admin: Person
    drivers: Mapping[int, Sequence[Person]]
    seen: dict[tuple[UUID, int], "asyncio.Future[None]"] = field(default_factory=dict)
    lost_races: int = 0

    def saw(self, _driver: Person, frame: Frame) -> None:
        if frame.topic == "offers" and not frame.left:
            self._show(frame)

    def saw_answer(self, _admin: Person, frame: Frame) -> None:
        if frame.version == ANSWERED:
            self._show(frame)

    async def until_answered(self, order: dict[str, Any]) -> dict[str, Any]:
        """The order as the stock's answer left it. Raises NotSeenError."""
        await self._until_seen(order, ANSWERED)
        return await self.admin.read(order)

    async def until_offered(self, order: dict[str, Any]) -> None:
        """Returns when the offer is on a driver's screen. Raises NotSeenError."""
        await self._until_seen(order, order["version"])

    async def _until_seen(self, order: dict[str, Any], version: int) -> None:
        try:
            await asyncio.wait_for(self._sight(UUID(order["id"]), version), SEEN_SECONDS)
        except TimeoutError as error:
            raise NotSeenError(f"order {order['number']}, version {version}") from error

    def _show(self, frame: Frame) -> None:
        sight = self._sight(frame.order_id, frame.version)
        if not sight.done():
            sight.set_result(None)

    def _sight(self, order_id: UUID, version: int) -> "asyncio.Future[None]":
        return self.seen.setdefault((order_id, version), asyncio.get_running_loop().create_future())


async def begin(cast: Cast, place: int, order: dict[str, Any]) -> str:
    """Leaves an order for a person to go on with: confirmed, being prepared, or an open offer."""
    order = await cast.until_answered(order)
    for to in ("preparing", "ready")[: place % 3]:
        order = await cast.admin.move(order, to)
    return str(order["status"])


async def live(cast: Cast, place: int, order: dict[str, Any], customer: Person) -> str:
    """Takes a placed order to its end; returns the state it ended in. `place` counts from 1."""
    admin = cast.admin
    order = await cast.until_answered(order)
    if place % CLOSED_EVERY == 0:
        return str((await admin.move(order, "cancelled", reason="The kitchen is closed."))["status"])
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
