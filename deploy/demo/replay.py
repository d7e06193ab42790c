"""Real baskets, one after the other, as orders of their stores, on an accelerated clock."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, get_args

import aiohttp
from rich.progress import Progress

from deploy.demo import source
from deploy.demo.client import Person, Refused, Restart
from deploy.demo.ledger import Frame, Kind, Ledger, Listener, Topic, Verdict, expected, judge
from deploy.demo.load import World
from deploy.demo.people import ADMIN, DRIVERS, driver_email, restaurant_email
from deploy.demo.source import Basket
from deploy.demo.story import Cast, NotSeenError, begin, live
from shared.tasks import supervised

AT_ONCE = 48
"""Orders on their way at the same time."""

SIGN_INS_AT_ONCE = 4
ADMIN_SCREENS = 2
LEFT_OPEN = 9
"""The last orders are left for whoever opens the page afterwards."""

SETTLE_SECONDS = 15.0


class Result(NamedTuple):
    """`mispriced`: orders whose total is not what the source's own numbers add up to. `unaccounted_cents`: what the
    restaurants' credit accounts hold and owe for these orders beyond the totals of those that still stand. `broken`:
    stories that ended by an answer they did not ask for, by its text. `closed`: close codes of sockets that should
    have stayed open. `restarts`: those that a gateway closed and that came back, of who is returning."""

    orders: int
    seconds: float
    speed: float
    requests: int
    ended: Counter[str]
    broken: Counter[str]
    lost_races: int
    mispriced: int
    unaccounted_cents: int
    verdicts: dict[Kind, Verdict]
    closed: list[int]
    restarts: list[Restart]

    @property
    def flawless(self) -> bool:
        return not (self.mispriced or self.unaccounted_cents or self.closed or self.broken) and all(
            verdict.flawless for verdict in self.verdicts.values()
        )


@dataclass
class Replay:
    """One run. `rate` is the orders placed in a second, on average, until `hurry` is set: then no moment is waited for
    any more. `returning`: who listens comes back after a gateway's restart, which else is a fault."""

    edge: str
    world: World
    baskets: Sequence[Basket]
    rate: float
    progress: Progress
    returning: bool = False
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    ledger: Ledger = field(default_factory=Ledger)
    ended: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    totals: dict[int, int] = field(default_factory=dict)
    standing_cents: int = 0

    async def run(self) -> Result:
        async with AsyncExitStack() as stack:
            connector = aiohttp.TCPConnector(limit=AT_ONCE * 2, keepalive_timeout=30)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            admins, drivers, restaurants = await self._sign_in(session)
            cast = Cast(admins[0], self._by_zone(drivers))
            people = [*admins, *drivers, *restaurants.values()]
            for person in drivers:
                person.heard = cast.saw
            cast.admin.heard = cast.saw_answer
            await self._listen(stack, people)
            committed = await self._committed(restaurants)
            began = perf_counter()
            span = (self.baskets[-1].at - self.baskets[0].at).total_seconds()
            speed = max(1.0, span * self.rate / len(self.baskets))
            await self._play(cast, restaurants, speed)
            seconds = perf_counter() - began
            listeners = [person.listener for person in people]
            must = expected(self.ledger.versions, listeners)
            await self._settle(listeners, must)
            committed = await self._committed(restaurants) - committed
            # Before we hang up ourselves.
            closed = [person.closed for person in people if person.closed is not None]
        prices = {sku: price for sku, (_, price, _) in self.world.products.items()}
        oracle = source.oracle(prices, [basket.basket_id for basket in self.baskets])
        return Result(
            orders=len(self.totals),
            seconds=seconds,
            speed=speed,
            requests=len(self.ledger.sent) + cast.lost_races,
            ended=self.ended,
            broken=self.broken,
            lost_races=cast.lost_races,
            mispriced=sum(total != oracle.get(basket) for basket, total in self.totals.items()),
            unaccounted_cents=committed - self.standing_cents,
            verdicts={kind: judge(self.ledger, kind, listeners, must) for kind in get_args(Kind)},
            closed=closed,
            restarts=[restart for person in people for restart in person.restarts],
        )

    async def _sign_in(self, session: aiohttp.ClientSession) -> tuple[list[Person], list[Person], dict[int, Person]]:
        stores = sorted({basket.store_id for basket in self.baskets})

        def person(email: str) -> Person:
            return Person(session, self.edge, email, self.ledger, returning=self.returning)

        admins = [person(ADMIN) for _ in range(ADMIN_SCREENS)]
        drivers = [person(driver_email(number)) for number in range(DRIVERS)]
        restaurants = {store: person(restaurant_email(store)) for store in stores}
        everybody = [*admins, *drivers, *restaurants.values()]
        task = self.progress.add_task("people sign in", total=len(everybody))
        gate = asyncio.Semaphore(SIGN_INS_AT_ONCE)

        async def sign_in(one: Person) -> None:
            async with gate:
                await one.sign_in()
            self.progress.advance(task)

        await asyncio.gather(*(sign_in(one) for one in everybody))
        return admins, drivers, restaurants

    @staticmethod
    async def _committed(restaurants: dict[int, Person]) -> int:
        return sum(await asyncio.gather(*(person.committed_cents() for person in restaurants.values())))

    @staticmethod
    def _by_zone(drivers: Sequence[Person]) -> dict[int, list[Person]]:
        zones: dict[int, list[Person]] = {}
        for driver in drivers:
            zones.setdefault(driver.listener.zone or 0, []).append(driver)
        return zones

    async def _listen(self, stack: AsyncExitStack, people: Sequence[Person]) -> None:
        task = self.progress.add_task("sockets open", total=len(people))
        for person in people:
            topics: tuple[Topic, ...] = ("orders", "offers") if person.listener.kind == "driver" else ("orders",)
            client = await person.listen(*topics)
            stack.push_async_callback(person.leave)
            await stack.enter_async_context(supervised(person.hear(client, *topics), "hear"))
            await stack.enter_async_context(supervised(person.stay_signed_in(), "stay signed in"))
            self.progress.advance(task)

    async def _play(self, cast: Cast, restaurants: dict[int, Person], speed: float) -> None:
        """Each basket is ordered at its own moment, on the accelerated clock, when there is room."""
        task = self.progress.add_task("orders", total=len(self.baskets))
        gate = asyncio.Semaphore(AT_ONCE)
        first, began = self.baskets[0].at, perf_counter()

        async def one(place: int, basket: Basket) -> None:
            customer = restaurants[basket.store_id]
            try:
                order = await customer.place(str(basket.basket_id), self.world.items_of(basket))
                self.totals[basket.basket_id] = order["total_cents"]
                left = place > len(self.baskets) - LEFT_OPEN
                end = await (begin(cast, place, order) if left else live(cast, place, order, customer))
                self.ended[end] += 1
                if end not in ("rejected", "cancelled"):
                    self.standing_cents += order["total_cents"]
            except (Refused, NotSeenError, aiohttp.ClientError, TimeoutError) as error:
                self.broken[f"{type(error).__name__} {error}"] += 1
            finally:
                gate.release()
                self.progress.advance(task)

        async with asyncio.TaskGroup() as group:
            for place, basket in enumerate(self.baskets, start=1):
                due = began + (basket.at - first).total_seconds() / speed
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.hurry.wait(), due - perf_counter())
                await gate.acquire()
                group.create_task(one(place, basket))

    @staticmethod
    async def _settle(listeners: Sequence[Listener], must: Sequence[set[Frame]]) -> None:
        """Waits until everybody has as many frames as they must get, at most for a while: the report tells the rest."""
        until = perf_counter() + SETTLE_SECONDS
        while perf_counter() < until:
            if all(len(one.received) >= len(frames) for one, frames in zip(listeners, must, strict=True)):
                return
            await asyncio.sleep(0.05)
