"""Who moves orders and people: kitchens, admins and drivers over HTTP, in every legal way, and an admin who gives
people other zones and roles while they work.

Refusals are part of it: of two drivers one wins, and whoever was moved to another zone sees the order no more.
"""

import asyncio
import random
from typing import Any
from uuid import UUID

from tests.adversary.world import RESTAURANTS, ZONES, Away, Person, Refused, World, fresh_key, viewer_of

PAUSE_SECONDS = (0.05, 0.5)
LEFT_OPEN = 0.02
"""The chance, at each step, that an order is left as it is: so that boards are never empty."""

UNREST_SECONDS = (0.5, 2.5)
ENDED = frozenset({"delivered", "cancelled", "rejected"})
ROLES_MAY_REFUSE = frozenset({400, 403, 404, 409})
"""What a step may be answered with when somebody else was faster, or the driver is none any more."""


class Writer:
    """Takes one order after the other through its life."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            customer = self._dice.choice(self._world.restaurants)
            basket = self._world.basket(self._dice)
            order = await customer.insist("POST", "/api/orders", basket, fresh_key())
            self._world.story.counts["orders"] += 1
            while not stop.is_set() and order["status"] not in ENDED and self._dice.random() > LEFT_OPEN:
                await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))
                order = await self._step(order, customer)

    async def _step(self, order: dict[str, Any], customer: Person) -> dict[str, Any]:
        """The order after one try, by whoever."""
        steps = self._steps(order, customer)
        actors, body = self._dice.choices([step[1] for step in steps], [step[0] for step in steps])[0]
        answers = await asyncio.gather(*(self._move(order, actor, body) for actor in actors))
        moved: list[dict[str, Any]] = [answer for answer in answers if answer is not None]
        if moved:
            return moved[0]
        now: dict[str, Any] = await self._world.root.insist("GET", f"/api/orders/{order['id']}")
        return now

    async def _move(self, order: dict[str, Any], actor: Person, body: dict[str, Any]) -> dict[str, Any] | None:
        path = f"/api/orders/{order['id']}/transitions"
        try:
            moved: dict[str, Any] = await actor.insist("POST", path, body, fresh_key())
        except Refused as refused:
            if refused.status not in ROLES_MAY_REFUSE:
                self._world.story.wrong[str(refused)] += 1
            self._world.story.counts["steps refused"] += 1
            return None
        self._world.story.counts["steps"] += 1
        return moved

    def _steps(self, order: dict[str, Any], customer: Person) -> list[tuple[int, tuple[list[Person], dict[str, Any]]]]:
        """What may be tried now: (weight, (who, body))."""
        root = [self._world.root]
        cancel = (3, (root, {"to": "cancelled", "reason": "Sold out."}))
        taken_back = (3, ([customer], {"to": "cancelled", "reason": "Ordered twice."}))
        match order["status"]:
            case "pending":
                # The stock confirms it meanwhile: looking on is what is done mostly.
                return [(90, ([], {})), (4, (root, {"to": "rejected"})), cancel, taken_back]
            case "confirmed":
                return [(94, (root, {"to": "preparing"})), cancel, taken_back]
            case "preparing":
                return [(60, (root, {"to": "ready"})), (37, (root, self._given("ready"))), cancel]
            case "ready" if order["driver_id"] is None:
                return [
                    (55, (self._two_of(order["zone"]), {"to": "out_for_delivery"})),
                    (32, (root, self._given("ready"))),
                    (10, (root, self._given("out_for_delivery"))),
                    cancel,
                ]
            case "ready":
                return [
                    (35, (root, self._given("ready"))),
                    (15, (root, {"to": "ready", "driver_id": None})),
                    (47, (self._carrier(order), {"to": "out_for_delivery"})),
                    cancel,
                ]
            case "out_for_delivery":
                carrier = self._carrier(order)
                return [
                    (75, (carrier, {"to": "delivered"})),
                    (25, (carrier, {"to": "failed", "reason": "Nobody there."})),
                ]
            case _:
                return [(80, (root, {"to": "ready"})), (20, (root, {"to": "cancelled", "reason": "Given up."}))]

    def _given(self, to: str) -> dict[str, Any]:
        """To any driver; wanderers may be none at the moment, and are never sent out."""
        among = self._world.drivers + (self._world.wanderers if to == "ready" else [])
        return {"to": to, "driver_id": str(self._dice.choice(among).who.person_id)}

    def _two_of(self, zone: int) -> list[Person]:
        """Two drivers who claim the same offer at once."""
        drivers = self._world.drivers_of(zone) or self._world.drivers
        return self._dice.sample(drivers, min(2, len(drivers)))

    def _carrier(self, order: dict[str, Any]) -> list[Person]:
        somebody = UUID(order["driver_id"])
        return [one for one in (*self._world.drivers, *self._world.wanderers) if one.who.person_id == somebody]


class Unrest:
    """Accounts gives drivers other zones and wanderers other roles, and ends sessions."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._present = {one: one.who for one in (*world.drivers, *world.wanderers)}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(self._dice.uniform(*UNREST_SECONDS))
            await self._dice.choices((self._rezone, self._recast, self._sign_out), (5, 3, 2))[0]()

    async def _rezone(self) -> None:
        await self._change(self._dice.choice(self._world.drivers), {"zone": self._dice.randrange(ZONES)})

    async def _recast(self) -> None:
        kitchen = self._world.restaurants[self._dice.randrange(RESTAURANTS)].who.restaurant_id
        roles = (
            {"role": "driver", "zone": self._dice.randrange(ZONES), "restaurant_id": None},
            {"role": "restaurant", "zone": None, "restaurant_id": str(kitchen)},
            {"role": "admin", "zone": None, "restaurant_id": None},
        )
        await self._change(self._dice.choice(self._world.wanderers), self._dice.choice(roles))

    async def _change(self, person: Person, body: dict[str, Any]) -> None:
        before = self._present[person]
        path = f"/api/accounts/people/{before.person_id}"
        changed = viewer_of(await self._world.root.insist("PATCH", path, body))
        self._world.note_change(before, changed)
        self._present[person] = person.viewer = changed
        self._world.story.counts["people changed"] += before != changed

    async def _sign_out(self) -> None:
        somebody = self._dice.choice((*self._world.restaurants, *self._world.admins, *self._world.drivers))
        try:
            await somebody.ask("DELETE", "/api/accounts/sessions/current")
        except Away:
            return  # it may have been done or not: their next request tells
        self._world.story.counts["sessions ended"] += 1
