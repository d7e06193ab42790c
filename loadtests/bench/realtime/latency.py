"""From a restaurant's request to the frame on the screens: orders placed over HTTP, RATE a second whatever the answers
take, everything running, requests and sockets through Nginx.

An order concerns five sockets: three of its restaurant, two of admins. The other sockets are of drivers who have none
of these orders; they are connected past Nginx, which has connections for fewer on a small machine. Measured: from the
moment at which the request was due to when the frame has been read, for each of the five frames, all in this process
and by its clock. So what this process waits for itself counts too, against us. Checked: every order was answered with
201 and heard exactly five times.

What it is made of is told beside it, as the parts measure it themselves: until the answer; the relay, from the row in
the outbox to JetStream's acknowledgement; the gateway, from the order's moment to the frames on the queues and, where
it tells so, to the frames written. The parts' quantiles are read from histograms and as fine as their buckets.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import perf_counter
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import msgspec

from loadtests.bench import metrics
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Reading
from loadtests.bench.metrics import Histogram
from loadtests.bench.realtime import crowd
from loadtests.bench.realtime.people import Door, Person, crowd_of, door_of_edge, door_of_gateway
from loadtests.bench.stage import Stage
from loadtests.bench.world import World

RATE = 200.0
SOCKETS_MAX = 5_000
SECONDS, WARM_SECONDS = 10.0, 2.0
OF_RESTAURANT, OF_ADMINS = 3, 2
_PLACED, _NOTE = b'"event":"OrderPlaced"', b'"note":"bench '
_DIGITS = 8


class LoadError(BenchError):
    """The load was not what the row says: a refusal, a frame too many or too few."""


class Times(NamedTuple):
    """Seconds. `frames`: from request to frame, each; `answers`: from request to answer; `late`: how long after its
    moment each request left."""

    frames: Sequence[float]
    answers: Sequence[float]
    late: Sequence[float]


def percentile(times: Sequence[float], share: float) -> float:
    """The smallest of them that so large a share does not pass."""
    return sorted(times)[max(0, -int(-share * len(times) // 1) - 1)]


def told(times: Sequence[float]) -> str:
    """In milliseconds."""
    return " · ".join(f"{percentile(times, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99))


class Heard:
    """When each order was due and heard. Orders are numbered in their note."""

    def __init__(self) -> None:
        self.due: dict[int, float] = {}
        self.frames: dict[int, list[float]] = {}
        self._missing = 0
        self._complete = asyncio.Event()

    def expect(self, numbers: Sequence[int]) -> None:
        self.frames = {number: [] for number in numbers}
        self._missing = len(numbers) * (OF_RESTAURANT + OF_ADMINS)
        self._complete.clear()

    def hear(self, payload: memoryview) -> None:
        at, frame = perf_counter(), bytes(payload)
        place = frame.find(_NOTE)
        if place >= 0 and _PLACED in frame[:200]:
            start = place + len(_NOTE)
            self.frames[int(frame[start : start + _DIGITS])].append(at)
            self._missing -= 1
            if self._missing == 0:
                self._complete.set()

    async def complete(self) -> bool:
        return await self._complete.wait()

    def latencies(self) -> list[float]:
        """Raises LoadError unless each order was heard as often as it concerns somebody."""
        uneven = [number for number, at in self.frames.items() if len(at) != OF_RESTAURANT + OF_ADMINS]
        if uneven:
            raise LoadError(f"{len(uneven)} orders were not heard exactly {OF_RESTAURANT + OF_ADMINS} times")
        return [at - self.due[number] for number, times in self.frames.items() for at in times]


class Kitchens:
    """Restaurants that place orders."""

    def __init__(self, world: World, people: Sequence[Person], session: aiohttp.ClientSession, heard: Heard) -> None:
        self._session = session
        self._heard = heard
        self._chance = random.Random(4)  # noqa: S311  the same orders each time
        self._people = people
        self._lines = [
            [
                {"product_id": one.id, "quantity": self._chance.randint(1, 9), "price_cents": one.price_cents}
                for one in world.basket(self._chance)
            ]
            for _ in range(500)
        ]
        self._number = 0

    async def order(self, seconds: float, ears: Sequence[crowd.Ear]) -> Times:
        """RATE a second. Returns once all has been heard. Raises LoadError, CrowdError."""
        numbers = range(self._number, self._number + round(RATE * seconds))
        self._number = numbers.stop
        bodies = [self._body(number) for number in numbers]
        self._heard.expect(numbers)
        began, late = perf_counter() + 0.05, []
        async with asyncio.TaskGroup() as group:
            tasks = []
            for place, number in enumerate(numbers):
                due = self._heard.due[number] = began + place / RATE
                await asyncio.sleep(max(0.0, due - perf_counter()))
                late.append(perf_counter() - due)
                tasks.append(group.create_task(self._place(due, bodies[place])))
        await crowd.heard(self._heard.complete(), ears)
        return Times(self._heard.latencies(), [task.result() for task in tasks], late)

    async def _place(self, due: float, body: bytes) -> float:
        headers = {
            "Authorization": f"Bearer {self._chance.choice(self._people).token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        async with self._session.post("/api/orders", data=body, headers=headers) as answer:
            text = await answer.read()
        if answer.status != 201:
            raise LoadError(f"an order was answered with {answer.status}: {text.decode(errors='replace')[:200]}")
        return perf_counter() - due

    def _body(self, number: int) -> bytes:
        return msgspec.json.encode({"items": self._chance.choice(self._lines), "note": f"bench {number:0{_DIGITS}d}"})


def at(sockets: int) -> Callable[[Meter], Awaitable[Reading]]:
    """The row with so many sockets."""

    async def measure(meter: Meter) -> Reading:
        return await _measure(meter, sockets)

    return measure


def need() -> None:
    crowd.need_files(SOCKETS_MAX + round(RATE))


async def _measure(meter: Meter, sockets: int) -> Reading:
    stage = meter.stage
    edge, heard = stage.stack.addresses.edge, Heard()
    people = [Person(stage.world, "restaurant", number) for number in _restaurants(stage.world, sockets)]
    concerned = [person for person in people for _ in range(OF_RESTAURANT)]
    concerned += crowd_of(stage.world, "admin", OF_ADMINS)
    others = crowd_of(stage.world, "driver", sockets - len(concerned))
    async with (
        _listening(door_of_edge(stage.stack), concerned, heard) as ears,
        _listening(door_of_gateway(stage.stack), others, heard) as other_ears,
        aiohttp.ClientSession(edge, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        kitchens = Kitchens(stage.world, people, session, heard)
        await kitchens.order(WARM_SECONDS, ears)
        before = await _parts(stage, session)
        times, _ = await meter.watched(lambda: kitchens.order(min(SECONDS, 2 * meter.pace.seconds), ears))
        after = await _parts(stage, session)
        crowd.check([*ears, *other_ears])
    parts = {name: part.since(before.get(name)) for name, part in after.items()}
    _tell(meter, sockets, times, parts)
    p50, p95, p99 = (percentile(times.frames, share) * 1000 for share in (0.5, 0.95, 0.99))
    return Reading(p99, f"{p50:.1f} · {p95:.1f} ms", _document(times, parts))


def _restaurants(world: World, sockets: int) -> Sequence[int]:
    """Those that order: as many as have their sockets among so many."""
    return range(1, min(world.restaurants, (sockets - OF_ADMINS) // OF_RESTAURANT) + 1)


@asynccontextmanager
async def _listening(
    entrance: AbstractAsyncContextManager[Door], people: Sequence[Person], heard: Heard
) -> AsyncIterator[Sequence[crowd.Ear]]:
    async with (
        entrance as door,
        crowd.gathered(door.socket_url, [door.ear(person, heard.hear) for person in people]) as ears,
    ):
        yield ears


async def _parts(stage: Stage, session: aiohttp.ClientSession) -> Mapping[str, Histogram]:
    """By what each histogram tells."""
    addresses = stage.stack.addresses
    relay, gateway = [await metrics.scrape(session, addresses.service(name)) for name in ("relay", "gateway")]
    found = {
        "relay, outbox to acknowledged": metrics.histogram(relay, "larder_outbox_lag_seconds", context="orders"),
        "gateway, event to queued": metrics.histogram(gateway, "larder_gateway_queued_seconds"),
        "gateway, event to written": metrics.histogram(gateway, "larder_gateway_written_seconds"),
    }
    return {name: part for name, part in found.items() if part is not None}


def _quantiles(part: Histogram) -> list[float]:
    """p50, p95 and p99 in ms."""
    return [part.quantile(share) * 1000 for share in (0.5, 0.95, 0.99)]


def _tell(meter: Meter, sockets: int, times: Times, parts: Mapping[str, Histogram]) -> None:
    meter.tell(
        f"  {sockets:,} sockets, {len(times.answers):,} orders, {len(times.frames):,} frames; ms, p50 · p95 · p99: "
        f"request to frame {told(times.frames)}; request to answer {told(times.answers)}; "
        + "; ".join(f"{name} {' · '.join(f'{one:.1f}' for one in _quantiles(part))}" for name, part in parts.items())
        + f"; requests left late by {told(times.late)}"
    )


def _document(times: Times, parts: Mapping[str, Histogram]) -> Mapping[str, object]:
    measured = {"request to frame": times.frames, "request to answer": times.answers, "left late": times.late}
    return {
        "orders": len(times.answers),
        "frames": len(times.frames),
        "p50_p95_p99_ms": {
            **{
                name: [round(percentile(of, share) * 1000, 2) for share in (0.5, 0.95, 0.99)]
                for name, of in measured.items()
            },
            **{name: [round(one, 2) for one in _quantiles(part)] for name, part in parts.items()},
        },
    }
