"""Frames that a second of one processor delivers to 1,000 sockets: the gateway against Node's `ws` and socket.io.

Counted: frames that the client received, divided by the processor time (user and system) of the server's process
alone. One process each, the same client, the same orders in the same bytes, in turns. Orders come in bursts of BURST;
the next burst is sent when every socket has heard the last one, so that no queue fills.

What the processor time holds besides sending is in the peers' favour. The gateway reads the event from JetStream,
checks its place, decodes it, decides who may see it and keeps it for those who resume. `ws` is given the finished frame
over core NATS and sends it to everybody. socket.io is given the order through its Redis adapter, packed as its emitter
packs it, and writes it as JSON, once. NATS and Valkey themselves are not counted.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from time import monotonic
from typing import NamedTuple

import msgspec
from redis.asyncio import Redis

from deploy.local import SERVICES
from deploy.local.addresses import HOST
from loadtests.bench import node
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Result, Runs
from loadtests.bench.noise import Round
from loadtests.bench.process import cpu_seconds
from loadtests.bench.realtime import crowd, events
from loadtests.bench.realtime.crowd import Ear, Hear, PlainEar, SocketIoEar, Tally
from loadtests.bench.realtime.events import Published
from loadtests.bench.realtime.people import crowd_of, door_of_gateway
from loadtests.bench.stage import Cast, Stage
from shared.bus import Bus

SOCKETS = 1_000
BURST = 5
SECONDS = 3.0
"""Of a side's round at most: its resolution is a hundredth of a second."""

WARM_SECONDS = 2.0
RESTAURANT = 1
BYTES_MAX = 1.02
"""How much larger the frames of one side may be."""

SUBJECT = "bench.frames"
"""Core NATS, of no stream: frames ready to send."""

CHANNEL, EVENT_PACKET = "socket.io#/#", 2
"""Of the adapter for everybody in the namespace `/`; Socket.IO's packet type."""

WS, SOCKETIO = "catalog", "accounts"
"""The services whose places the peers take."""

PARTS: Mapping[str, str] = {WS: "ws", SOCKETIO: "socket.io"}

_PEERS = {
    WS: node.in_place_of(
        WS, "ws.js", lambda wiring: {"LARDER_NATS_URL": wiring.addresses.nats, "FRAMES_SUBJECT": SUBJECT}
    ),
    SOCKETIO: node.in_place_of(SOCKETIO, "socketio.js", lambda wiring: {"LARDER_VALKEY_URL": wiring.addresses.valkey}),
}


WITH_PEERS = Cast(
    "with the realtime peers",
    services=tuple(_PEERS.get(service.name, service) for service in SERVICES),
    only=("postgres", "nats", "valkey", "relay", "gateway", WS, SOCKETIO),
)


class UnevenError(BenchError):
    """The sockets did not hear the same number of frames, or the sides' frames differ."""


class Came(NamedTuple):
    """What one run came to. `cpu`: seconds of the server's process."""

    frames: int
    octets: int
    cpu: float


@dataclass
class Broadcast:
    """One server with its sockets. `tell` has it send each of these orders to all of them."""

    name: str
    pid: int
    ears: Sequence[Ear]
    tally: Tally
    tell: Callable[[Sequence[Published]], Awaitable[None]]
    _told: int = field(default=0, init=False)

    async def run(self, orders: Iterator[Published], seconds: float) -> Came:
        """Raises CrowdError, UnevenError."""
        before = self._now()
        until = monotonic() + seconds
        while monotonic() < until:
            burst = list(islice(orders, BURST))
            everybody = self.tally.expect(len(burst) * len(self.ears))
            await self.tell(burst)
            await crowd.heard(everybody, self.ears)
            check_frame(self.name, self.tally.last, burst)
            self._told += len(burst)
        crowd.check(self.ears)
        if {ear.events for ear in self.ears} != {self._told}:
            raise UnevenError(f"{self.name}: not every socket heard all {self._told:,} orders, each once")
        now = self._now()
        return Came(now.frames - before.frames, now.octets - before.octets, now.cpu - before.cpu)

    def _now(self) -> Came:
        return Came(self.tally.frames, self.tally.octets, cpu_seconds(self.pid))


def need() -> None:
    """Raises StackError."""
    node.install()
    crowd.need_files(2 * SOCKETS)


Opened = Callable[[Stage, Bus], AbstractAsyncContextManager[Broadcast]]


async def against_ws(meter: Meter) -> Result:
    return await _compare(meter, larder, ws)


async def against_socketio(meter: Meter) -> Result:
    return await _compare(meter, larder, socketio)


async def _compare(meter: Meter, ours: Opened, theirs: Opened) -> Result:
    """Raises CrowdError, UnevenError."""
    stage = meter.stage
    orders = events.orders_of(stage.world, RESTAURANT)
    async with Bus(stage.stack.addresses.nats, "benchmark") as bus:
        await bus.connection()
        async with ours(stage, bus) as our, theirs(stage, bus) as their:
            compare_sizes(await our.run(orders, WARM_SECONDS), await their.run(orders, WARM_SECONDS))
            rounds = []
            for number in range(1, meter.pace.rounds + 1):
                pair = await _round(meter, our, orders), await _round(meter, their, orders)
                rounds.append(pair)
                meter.tell(
                    f"  round {number}: {our.name} {pair[0].rate:,.0f}, {their.name} {pair[1].rate:,.0f} frames/s and "
                    f"core, {pair[0].rate / pair[1].rate:.2f} ×"
                )
    result = Result(_runs([one for one, _ in rounds]), _runs([one for _, one in rounds]))
    for name, runs in ((our.name, result.ours), (their.name, result.theirs)):
        spent = ", ".join(f"{part} {cost:,.1f}" for part, cost in runs.cost.items() if cost >= 0.1)
        meter.tell(f"  µs of processor time for one frame, {name}: {spent}")
    return result


def check_frame(name: str, frame: bytes, burst: Sequence[Published]) -> None:
    """Raises UnevenError unless the frame is an event of the burst, whole, in whatever the protocol puts around it."""
    heard = msgspec.json.decode(frame[frame.index(b"{") : frame.rindex(b"}") + 1])["order"]
    if heard not in [msgspec.json.decode(one.frame)["order"] for one in burst]:
        raise UnevenError(f"{name} sent another order than it was given")


def compare_sizes(one: Came, other: Came) -> None:
    """Raises UnevenError unless both sent the same bytes, but for what each protocol puts around them."""
    sizes = sorted((one.octets / one.frames, other.octets / other.frames))
    if sizes[1] > BYTES_MAX * sizes[0]:
        raise UnevenError(f"a frame has {sizes[0]:,.0f} bytes on one side and {sizes[1]:,.0f} on the other")


class _Round(NamedTuple):
    rate: float
    cost: Mapping[str, float]


async def _round(meter: Meter, side: Broadcast, orders: Iterator[Published]) -> _Round:
    came, seen = await meter.watched(lambda: side.run(orders, min(SECONDS, meter.pace.seconds)))
    return _Round(came.frames / came.cpu, _cost(seen, came.frames))


def _cost(seen: Round, frames: int) -> Mapping[str, float]:
    return {PARTS.get(part, part): spent / frames * 1e6 for part, spent in seen.spent.items()}


def _runs(rounds: Sequence[_Round]) -> Runs:
    cost = {part: median(one.cost[part] for one in rounds) for part in rounds[0].cost}
    return Runs([one.rate for one in rounds], SOCKETS, cost)


@asynccontextmanager
async def larder(stage: Stage, bus: Bus) -> AsyncIterator[Broadcast]:
    """The gateway, with the sockets of one restaurant's people. It hears of an order from JetStream."""
    tally = Tally()
    people = crowd_of(stage.world, "restaurant", SOCKETS, RESTAURANT)
    async with door_of_gateway(stage.stack) as gateway:
        makers = [gateway.ear(person, tally.hear) for person in people]
        async with crowd.gathered(gateway.socket_url, makers) as ears:
            yield Broadcast("Larder", stage.pid("gateway-0"), ears, tally, lambda burst: events.publish(bus, burst))


@asynccontextmanager
async def ws(stage: Stage, bus: Bus) -> AsyncIterator[Broadcast]:
    async def tell(burst: Sequence[Published]) -> None:
        for order in burst:
            await bus.client.publish(SUBJECT, order.frame)
        await bus.client.flush()

    async with _peer(stage, WS, "ws", PlainEar, "/", tell) as broadcast:
        yield broadcast


@asynccontextmanager
async def socketio(stage: Stage, _bus: Bus) -> AsyncIterator[Broadcast]:
    async with Redis.from_url(stage.stack.addresses.valkey) as valkey:

        async def tell(burst: Sequence[Published]) -> None:
            async with valkey.pipeline(transaction=False) as pipeline:
                for order in burst:
                    pipeline.publish(CHANNEL, emitted(order.frame))
                await pipeline.execute()

        path = "/socket.io/?EIO=4&transport=websocket"
        async with _peer(stage, SOCKETIO, "socket.io", SocketIoEar, path, tell) as broadcast:
            yield broadcast


def emitted(frame: bytes) -> bytes:
    """What socket.io's emitter publishes for `emit("event", frame)`: who it is, the packet, and for whom."""
    packet = {"type": EVENT_PACKET, "data": ["event", msgspec.json.decode(frame)], "nsp": "/"}
    return msgspec.msgpack.encode(["emitter", packet, {"rooms": [], "except": [], "flags": {}}])


@asynccontextmanager
async def _peer(
    stage: Stage,
    part: str,
    name: str,
    kind: Callable[[Hear], Ear],
    path: str,
    tell: Callable[[Sequence[Published]], Awaitable[None]],
) -> AsyncIterator[Broadcast]:
    tally = Tally()

    async def make() -> Ear:
        return kind(tally.hear)

    url = f"ws://{HOST}:{stage.stack.layout.port(part)}{path}"
    async with crowd.gathered(url, [make] * SOCKETS) as ears:
        yield Broadcast(name, stage.pid(f"{part}-0"), ears, tally, tell)
