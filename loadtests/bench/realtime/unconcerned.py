"""What an event costs the gateway, for the five sockets it concerns, with 100 and with 5,000 sockets that it does not.

Two gateways hear the same events at the same time: one with FEW, one with MANY sockets of other restaurants, each with
three sockets of the restaurant that orders and two of admins. Counted is the processor time of each one's process, by
events; a ratio is of the two in the same seconds. What sockets cost without any event (pings) is measured as long
before each round, told, and taken off: it is no event's. Heartbeats are put off, for the same reason.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
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
from loadtests.bench.realtime.people import Person, crowd_of, door
from loadtests.bench.stage import Cast, Stage
from loadtests.bench.world import World
from shared.bus import Bus

FEW, MANY = 100, 5_000
OF_RESTAURANT, OF_ADMINS = 3, 2
CONCERNED = OF_RESTAURANT + OF_ADMINS
RESTAURANT = 1
BURST = 200
"""Events in flight: a tenth of what a socket's queue holds."""

SECONDS, WARM_SECONDS = 4.0, 2.0

TWO_GATEWAYS = Cast(
    "two gateways",
    services=tuple(gateway_with(service, replicas=2, LARDER_HEARTBEAT_S="3600") for service in SERVICES),
    only=("postgres", "nats", "valkey", "relay", "gateway"),
)


class MisheardError(BenchError):
    """A socket heard what does not concern it, or not all that does."""


class Cost(NamedTuple):
    """Processor time of the gateways by event, in µs, in the same seconds."""

    few: float
    many: float

    @property
    def ratio(self) -> float:
        return self.many / self.few


class Spent(NamedTuple):
    """Seconds: on the clock, and of processor time of the two gateways."""

    at: float
    few: float
    many: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.at - before.at, self.few - before.few, self.many - before.many)


class Costs(NamedTuple):
    """The rounds'. `idle_ms`: processor time a second without events, of the gateway with MANY; the median."""

    rounds: Sequence[Cost]
    idle_ms: float

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
            "idle_ms_per_second": round(self.idle_ms, 2),
        }


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

    async def rest(self, seconds: float) -> Spent:
        """While nothing happens."""
        before = self._now()
        await asyncio.sleep(seconds)
        return self._now().since(before)

    async def hear(self, bus: Bus, orders: Iterator[Published], seconds: float) -> tuple[int, Spent]:
        """How many events there were, and what was spent. Raises CrowdError, MisheardError."""
        before, count = self._now(), 0
        while monotonic() < before.at + seconds:
            burst = list(islice(orders, BURST))
            everybody = self._tally.expect(len(burst) * len(self._concerned))
            await events.publish(bus, burst)
            await crowd.heard(everybody, self._concerned)
            count += len(burst)
        spent = self._now().since(before)
        self._told += count
        self._check()
        return count, spent

    def _check(self) -> None:
        crowd.check([*self._concerned, *self._others])
        if {ear.events for ear in self._concerned} != {self._told} or any(ear.events for ear in self._others):
            raise MisheardError(f"not every socket heard what concerns it, {self._told:,} orders or none")

    def _now(self) -> Spent:
        few, many = (cpu_seconds(pid) for pid in self._pids)
        return Spent(monotonic(), few, many)


async def growth(meter: Meter) -> Costs:
    """Raises CrowdError, MisheardError."""
    stage, seconds = meter.stage, min(SECONDS, meter.pace.seconds)
    orders = events.orders_of(stage.world, RESTAURANT)
    async with Bus(stage.stack.addresses.nats, "benchmark") as bus, _gateways(stage) as gateways:
        await bus.connection()
        await gateways.hear(bus, orders, WARM_SECONDS)
        rounds, idle = [], []
        for number in range(1, meter.pace.rounds + 1):
            resting = await gateways.rest(seconds)
            (count, spent), _ = await meter.watched(lambda: gateways.hear(bus, orders, seconds))
            cost = cost_of(count, spent, resting)
            rounds.append(cost)
            idle.append(resting.many / resting.at * 1000)
            meter.tell(
                f"  round {number}: {count:,} events, {cost.few:,.0f} µs each with {FEW:,} others, {cost.many:,.0f} µs "
                f"with {MANY:,}, {cost.ratio:.2f} ×; without events {idle[-1]:,.1f} ms a second"
            )
    return Costs(rounds, median(idle))


def cost_of(count: int, busy: Spent, resting: Spent) -> Cost:
    """Of each of the events, without what was spent in as long a time of rest."""
    share = busy.at / resting.at
    return Cost((busy.few - resting.few * share) / count * 1e6, (busy.many - resting.many * share) / count * 1e6)


@asynccontextmanager
async def _gateways(stage: Stage) -> AsyncIterator[Gateways]:
    tally, stray = Tally(), Tally()
    addresses = [stage.stack.addresses.service("gateway", replica) for replica in (0, 1)]
    pids = [stage.pid(f"gateway-{replica}") for replica in (0, 1)]
    async with (
        _crowd(stage.world, addresses[0], FEW, tally, stray) as few,
        _crowd(stage.world, addresses[1], MANY, tally, stray) as many,
    ):
        concerned = [ear for crowd_ in (few, many) for ear in crowd_[0]]
        others = [ear for crowd_ in (few, many) for ear in crowd_[1]]
        yield Gateways(pids, concerned, others, tally)


@asynccontextmanager
async def _crowd(
    world: World, address: str, unconcerned: int, tally: Tally, stray: Tally
) -> AsyncIterator[tuple[list[Ear], list[Ear]]]:
    """Those whom the events concern, and the others."""
    cooks = crowd_of(world, "restaurant", OF_RESTAURANT, RESTAURANT)
    people = [Person(world, "restaurant", number) for number in range(RESTAURANT + 1, world.restaurants + 1)]
    others = [people[place % len(people)] for place in range(unconcerned)]
    async with door(address) as gateway:
        near = [gateway.ear(person, tally.hear) for person in [*cooks, *crowd_of(world, "admin", OF_ADMINS)]]
        far = [gateway.ear(person, stray.hear) for person in others]
        async with (
            crowd.gathered(gateway.socket_url, near) as concerned,
            crowd.gathered(gateway.socket_url, far) as unmoved,
        ):
            yield concerned, unmoved
