"""The relay dies, is cancelled, or loses an answer at each of its steps in turn: every event arrives, in order.

A step is a call that leaves the process: to the database or to the bus. Each test runs the same batch again and again,
and lets the first, the second, … step be the one that goes wrong, until a run has no step left to spoil.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import msgspec
import pytest
from nats.js.api import Header

from deploy.local import Stack
from proto.streams import ORDERS, STREAMS
from shared.bus import Bus, ensure_stream
from shared.database import QUEUES, Pool, open_pool
from shared.ids import new_id
from shared.outbox import publisher
from shared.outbox import relay as relay_module
from shared.outbox.relay import Relay
from shared.tasks import supervised
from tests.outbox import Outbox, own_outbox
from tests.streams import Told, as_applied, stored
from tests.support import eventually

KEYS, VERSIONS = 2, 3
Fault = Literal["killed before", "killed after", "answer lost", "cancelled"]
FAULTS: tuple[Fault, ...] = ("killed before", "killed after", "answer lost", "cancelled")


class Killed(BaseException):
    """No process is left that could catch it."""


@dataclass
class Steps:
    """Counts the calls that leave the process, and spoils the one with the number `wrong`."""

    fault: Fault
    wrong: int
    taken: int = 0
    spoilt: list[str] = field(default_factory=list)

    @property
    def died(self) -> bool:
        return bool(self.spoilt) and self.fault.startswith("killed")

    async def take(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        if self.died:
            raise Killed  # the dead do nothing more, not even a rollback
        self.taken += 1
        if self.taken != self.wrong:
            return await call()
        self.spoilt.append(name)
        if self.fault == "killed before":
            raise Killed
        if self.fault == "cancelled":
            raise asyncio.CancelledError
        await call()
        raise Killed if self.fault == "killed after" else ConnectionResetError


class Spoilt:
    """Passes everything on, the calls named in `calls` as steps."""

    def __init__(self, real: Any, steps: Steps, calls: frozenset[str]) -> None:
        self.real, self._steps, self._calls = real, steps, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in self._calls:
            return found
        return lambda *given, **named: self._steps.take(name, lambda: found(*given, **named))


class SpoiltPool:
    """Whoever is killed leaves a closed socket and an open transaction."""

    def __init__(self, pool: Pool, steps: Steps) -> None:
        self._pool, self._steps = pool, steps
        QUEUES[self] = QUEUES[pool]

    async def acquire(self) -> "Spoilt":
        return Spoilt(await self._pool.acquire(), self._steps, frozenset({"execute", "fetch", "fetchrow"}))

    async def release(self, connection: "Spoilt") -> None:
        if self._steps.died:
            connection.terminate()
        await self._pool.release(connection.real)


class Forgetful:
    """A client whose messages carry no id: JetStream stores each repeat, as it does after its two minutes."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.max_payload = client.max_payload

    async def request(self, subject: str, payload: bytes, seconds: float, headers: dict[str, str]) -> Any:
        return await self._client.request(subject, payload, seconds, headers=_without_id(headers))

    async def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        await self._client.publish(subject, payload, headers=_without_id(headers))


def _without_id(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name != Header.MSG_ID}


class SpoiltBus:
    def __init__(self, bus: Bus, steps: Steps, *, forgetful: bool) -> None:
        client: Any = Forgetful(bus.client) if forgetful else bus.client
        self.connected = True
        self.jetstream = bus.jetstream
        self.connection = bus.connection
        self.client = Spoilt(client, steps, frozenset({"request", "publish"}))


@pytest.fixture
async def outbox(stack: Stack, bus: Bus) -> AsyncIterator[Outbox]:
    for stream in STREAMS:
        await ensure_stream(bus.jetstream, stream)
    async with own_outbox(stack, "faults") as outbox:
        yield outbox


async def one_run(bus: Bus, pool: Pool, outbox: Outbox, steps: Steps, *, atomic: bool, forgetful: bool) -> int:
    """A batch, the relay that goes wrong at a step, and whoever comes after it. How many events came again."""
    since = (await bus.jetstream.stream_info(ORDERS.name)).state.last_seq + 1
    keys = [new_id() for _ in range(KEYS)]
    for version in range(1, VERSIONS + 1):
        for key in keys:
            await outbox.write(key, version)
    spoilt = cast("Bus", SpoiltBus(bus, steps, forgetful=forgetful))
    relay = Relay(outbox.context, SpoiltPool(pool, steps), spoilt)
    relay.publisher.atomic = atomic
    relay._prepared = True
    killed = steps.fault.startswith("killed")
    if killed:
        with suppress(Killed):
            await relay.publish_once()
        for key in keys:
            await outbox.write(key, VERSIONS + 1)  # it goes on while nobody publishes
        sound = cast("Bus", SpoiltBus(bus, Steps(steps.fault, wrong=0), forgetful=forgetful))
        successor = Relay(outbox.context, pool, sound)
        successor.publisher.atomic = atomic
        while await outbox.waiting():
            await successor.publish_once()
    else:
        async with supervised(relay.run(), "a relay with a fault"):
            await eventually(outbox.empty)
    found = await stored(bus.jetstream, ORDERS.name, since=since)
    events = [msgspec.json.decode(envelope.data, type=Told).order for envelope in found]
    applied = as_applied((event.id, event.version) for event in events)
    assert applied == {key: list(range(1, VERSIONS + killed + 1)) for key in keys}, steps.spoilt
    return len(events) - sum(len(versions) for versions in applied.values())


@pytest.mark.parametrize("forgetful", [False, True], ids=["repeats are refused", "repeats are stored"])
@pytest.mark.parametrize("atomic", [True, False], ids=["as one batch", "in waves"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_at_any_step_every_event_arrives_in_order(
    stack: Stack,
    bus: Bus,
    outbox: Outbox,
    fault: Fault,
    atomic: bool,
    forgetful: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(publisher, "BATCH_FROM", 2)
    names: list[str] = []
    repeats = 0
    async with open_pool(stack.addresses.database("relay_service"), size=2, name="relay") as pool:
        while True:
            steps = Steps(fault, wrong=len(names) + 1)
            repeats += await one_run(bus, pool, outbox, steps, atomic=atomic, forgetful=forgetful)
            if not steps.spoilt:
                break
            names += steps.spoilt
    # begin, rows with the lock; every event; marks, commit. One who lives on may have begun another round.
    sent = 2 + KEYS * VERSIONS
    assert names[:2] == ["execute", "fetch"]
    assert set(names[2:sent]) <= {"request", "publish"}
    assert names[sent : sent + 2] == ["fetch", "execute"]
    assert (repeats > 0) == forgetful, "the readers must have had something to skip"
