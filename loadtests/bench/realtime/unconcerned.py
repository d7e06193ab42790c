"""What an event costs the gateway, for the five sockets it concerns, with 100 and with 5,000 sockets that it does not.

Two gateways hear the same events at the same time: one with FEW, one with MANY sockets of other restaurants, each with
three sockets of the restaurant that orders and two of admins. Counted is the processor time of each one's process, by
events; a ratio is of the two in the same seconds.

What a socket costs without any event is no event's cost, and taken off: heartbeats are put off, pings are counted, and
what one costs is seen while no event comes, between the rounds.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from statistics import median
from time import monotonic
from typing import NamedTuple

from deploy.local import SERVICES
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter
from loadtests.bench.process import cpu_seconds
from loadtests.bench.realtime import crowd, events
from loadtests.bench.realtime.crowd import Ear, Tally
from loadtests.bench.realtime.events import Published
from loadtests.bench.realtime.idle import gateway_with
from loadtests.bench.realtime.people import Door, Person, crowd_of, door_of_gateway
from loadtests.bench.stage import Cast, Stage
from loadtests.bench.world import World
from shared.bus import Bus

FEW, MANY = 100, 5_000
OF_RESTAURANT, OF_ADMINS = 3, 2
CONCERNED = OF_RESTAURANT + OF_ADMINS
RESTAURANT = 1
BURST = 200
"""Events in flight: a tenth of what a socket's queue holds."""

SECONDS, WARM_SECONDS, REST_SECONDS = 3.0, 2.0, 2.0
PINGS_MIN = 250
"""Fewer than these tell nothing of what one costs, nor cost anything."""

TWO_GATEWAYS = Cast(
    "two gateways",
    services=tuple(gateway_with(service, replicas=2, LARDER_HEARTBEAT_S="3600") for service in SERVICES),
    only=("postgres", "nats", "valkey", "relay", "gateway"),
)


class MisheardError(BenchError):
    """A socket heard what does not concern it, or not all that does."""


class Window(NamedTuple):
    """Some seconds: events and pings that came, processor time of the two gateways in seconds."""

    events: int
    pings: int
    few: float
    many: float


class Cost(NamedTuple):
    """Processor time of the gateways by event, in µs, in the same seconds."""

    few: float
    many: float

    @property
    def ratio(self) -> float:
        return self.many / self.few


class Costs(NamedTuple):
    """The rounds'. `ping_us`: what was taken off for each ping."""

    rounds: Sequence[Cost]
    ping_us: float

    @property
    def value(self) -> float:
        return median(cost.ratio for cost in self.rounds)

    def cells(self) -> tuple[str, str]:
        many, few = (median(cost.many for cost in self.rounds), median(cost.few for cost in self.rounds))
        return f"{many:,.0f} µs", f"{few:,.0f} µs"

    def document(self) -> dict[str, object]:
        return {
            "few_us": [round(cost.few, 1) for cost in self.rounds],
            "many_us": [round(cost.many, 1) for cost in self.rounds],
            "ping_us": round(self.ping_us, 1),
        }


def costs(busy: Sequence[Window], resting: Sequence[Window]) -> Costs:
    """The pings of a round are MANY's: those of FEW are too few to be seen."""
    pings = sum(window.pings for window in resting)
    ping = sum(window.many for window in resting) / pings if pings >= PINGS_MIN else 0.0
    rounds = [Cost(one.few / one.events * 1e6, (one.many - ping * one.pings) / one.events * 1e6) for one in busy]
    return Costs(rounds, ping * 1e6)


def need() -> None:
    crowd.need_files(FEW + MANY + 2 * CONCERNED)


class Gateways:
    """Both, with their sockets."""

    def __init__(self, pids: Sequence[int], concerned: Sequence[Ear], others: Sequence[Ear], tally: Tally) -> None:
        self._pids = pids
        self._concerned = concerned
        self._others = others
        self._tally = tally
        self._told = 0

    async def rest(self, seconds: float) -> Window:
        """Nothing happens."""
        before = self._now(0)
        await asyncio.sleep(seconds)
        return self._since(before, 0)

    async def hear(self, bus: Bus, orders: Iterator[Published], seconds: float) -> Window:
        """Raises CrowdError, MisheardError."""
        before, count, until = self._now(0), 0, monotonic() + seconds
        while monotonic() < until:
            burst = list(islice(orders, BURST))
            everybody = self._tally.expect(len(burst) * len(self._concerned))
            await events.publish(bus, burst)
            await crowd.heard(everybody, self._concerned)
            count += len(burst)
        window = self._since(before, count)
        self._told += count
        self._check()
        return window

    def _check(self) -> None:
        crowd.check([*self._concerned, *self._others])
        if {ear.events for ear in self._concerned} != {self._told} or any(ear.events for ear in self._others):
            raise MisheardError(f"not every socket heard what concerns it, {self._told:,} orders or none")

    def _now(self, count: int) -> Window:
        pings = sum(ear.pings for ear in (*self._concerned, *self._others))
        few, many = (cpu_seconds(pid) for pid in self._pids)
        return Window(count, pings, few, many)

    def _since(self, before: Window, count: int) -> Window:
        now = self._now(count)
        return Window(count, now.pings - before.pings, now.few - before.few, now.many - before.many)


async def growth(meter: Meter) -> Costs:
    """Raises CrowdError, MisheardError."""
    stage, seconds = meter.stage, min(SECONDS, meter.pace.seconds)
    orders = events.orders_of(stage.world, RESTAURANT)
    busy, resting = [], []
    async with Bus(stage.stack.addresses.nats, "benchmark") as bus, _gateways(stage) as gateways:
        await bus.connection()
        await gateways.hear(bus, orders, WARM_SECONDS)
        for number in range(1, meter.pace.rounds + 1):
            resting.append(await gateways.rest(REST_SECONDS))
            one, _ = await meter.watched(lambda: gateways.hear(bus, orders, seconds))
            busy.append(one)
            meter.tell(
                f"  round {number}: {one.events:,} events and {one.pings:,} pings took {one.few * 1000:,.0f} ms with "
                f"{FEW:,} others, {one.many * 1000:,.0f} ms with {MANY:,}"
            )
    found = costs(busy, resting)
    meter.tell(f"  a ping took {found.ping_us:,.0f} µs, and is taken off")
    return found


@asynccontextmanager
async def _gateways(stage: Stage) -> AsyncIterator[Gateways]:
    tally, stray = Tally(), Tally()
    pids = [stage.pid(f"gateway-{replica}") for replica in (0, 1)]
    async with (
        _crowd(stage.world, door_of_gateway(stage.stack, 0), FEW, tally, stray) as few,
        _crowd(stage.world, door_of_gateway(stage.stack, 1), MANY, tally, stray) as many,
    ):
        concerned = [ear for crowd_ in (few, many) for ear in crowd_[0]]
        others = [ear for crowd_ in (few, many) for ear in crowd_[1]]
        yield Gateways(pids, concerned, others, tally)


@asynccontextmanager
async def _crowd(
    world: World, entrance: AbstractAsyncContextManager[Door], unconcerned: int, tally: Tally, stray: Tally
) -> AsyncIterator[tuple[list[Ear], list[Ear]]]:
    """Those whom the events concern, and the others."""
    cooks = crowd_of(world, "restaurant", OF_RESTAURANT, RESTAURANT)
    people = [Person(world, "restaurant", number) for number in range(RESTAURANT + 1, world.restaurants + 1)]
    others = [people[place % len(people)] for place in range(unconcerned)]
    async with entrance as gateway:
        near = [gateway.ear(person, tally.hear) for person in [*cooks, *crowd_of(world, "admin", OF_ADMINS)]]
        far = [gateway.ear(person, stray.hear) for person in others]
        async with (
            crowd.gathered(gateway.socket_url, near) as concerned,
            crowd.gathered(gateway.socket_url, far) as unmoved,
        ):
            yield concerned, unmoved
