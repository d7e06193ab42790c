"""Many conversations with one gateway in this process, counted; and what must be as before when they are over.

The gateway runs on this event loop, hypothesis in a thread of its own that waits for each conversation: so tasks, open
files and gauges of the gateway can be compared, and a fault shrinks to the smallest conversation that shows it.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from hypothesis import HealthCheck, Phase, given, settings

from deploy.local import Layout, Stack
from proto import realtime
from proto.streams import STREAMS
from shared.bus import Bus, ensure_stream
from shared.identity import Identity
from shared.realtime import RealtimeClient
from tests.fuzz.strategies import Conversation, conversations
from tests.fuzz.talk import Credentials, Unexpected, converse
from tests.gateway import Gate, Life, events, open_gate, restaurant
from tests.support import eventually, sample

GAUGES = ("larder_gateway_sockets", "larder_gateway_topics")
LOOK_EVERY = 100
"""Conversations between two looks whether the bystander is served."""

POOLED_FILES = 5
SETTLE_SECONDS = 20.0
CONVERSATION_SECONDS = 30.0
RANDOM_ELSEWHERE = "Do not use the `random` module"
"""What hypothesis warns of when the gateway, in the other thread, asks for jitter meanwhile."""


@dataclass(frozen=True)
class Standing:
    """What a leak would add to."""

    sockets: float
    topics: float
    tasks: int
    files: int

    @classmethod
    def now(cls) -> "Standing":
        sockets, topics = (sample(name) or 0.0 for name in GAUGES)
        return cls(sockets, topics, len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir())))

    def within(self, other: "Standing") -> bool:
        """Whether nothing is more than in the other, but for what pools of connections hold."""
        return (
            self.sockets <= other.sockets
            and self.topics <= other.topics
            and self.tasks <= other.tasks
            and self.files <= other.files + POOLED_FILES
        )


@dataclass
class Result:
    """`kinds`: frames by what they were; `ended`: conversations by how they ended; `errors`: what was logged as one."""

    frames: int = 0
    talks: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    before: Standing | None = None
    after: Standing | None = None

    def __str__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.most_common())
        ended = ", ".join(f"{count:,} {how}" for how, count in self.ended.most_common())
        return (
            f"{self.frames:,} frames in {self.talks:,} conversations, {self.seconds:.0f} s.\nSent: {kinds}.\n"
            f"Ended: {ended}.\nBefore {self.before}\nAfter  {self.after}\n"
            f"Errors logged: {self.errors[:5] or 'none'}."
        )


class Bystander:
    """Somebody else's socket, which must not notice."""

    def __init__(self, gate: Gate, bus: Bus) -> None:
        self._gate = gate
        self._bus = bus
        self._who = restaurant()
        self._client: RealtimeClient | None = None

    async def __aenter__(self) -> "Bystander":
        self._client = await self._gate.listen(self._who)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def is_served(self) -> None:
        """An order of theirs comes. Raises when it does not."""
        assert self._client is not None
        assert self._who.restaurant_id is not None
        seq = await Life(self._bus, self._who.restaurant_id).place()
        frames: list[realtime.Event] = await events(self._client, 1)
        assert frames[0].seq == seq


class Fuzzer:
    """One gateway's."""

    def __init__(self, gate: Gate, bus: Bus, epoch: str, bystander: Bystander) -> None:
        self.result = Result()
        self._gate = gate
        self._bystander = bystander
        self._epoch = epoch
        self._who: Identity = restaurant()

    async def one(self, conversation: Conversation) -> None:
        """Raises Unexpected."""
        wanted = sum(part.wants_ticket for part in conversation.parts)
        tickets = tuple([await self._gate.ticket(self._who) for _ in range(wanted)])
        try:
            ended = await converse(self._gate.socket_url, conversation, Credentials(tickets, self._epoch))
        except TimeoutError as error:
            raise Unexpected("the conversation does not end") from error
        result = self.result
        result.ended[ended] += 1
        result.talks += 1
        for part in conversation.parts:
            result.kinds[part.kind] += part.tries
            result.frames += part.tries
        if conversation.handshake is not None:
            result.kinds["a handshake"] += 1
            result.frames += 1
        if result.talks % LOOK_EVERY == 0:
            await self._bystander.is_served()


@contextmanager
def _errors(result: Result):  # type: ignore[no-untyped-def]
    """What structlog, the libraries and the event loop call an error, meanwhile."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            result.errors.append(f"{record.name}: {record.getMessage()}")

    handler, loop = Keep(logging.ERROR), asyncio.get_running_loop()
    names = ["", "uvicorn.error", "uvicorn", "asyncio"]
    for name in names:
        logging.getLogger(name).addHandler(handler)
    loop.set_exception_handler(lambda _, context: result.errors.append(str(context.get("message"))))
    with structlog.testing.capture_logs() as logged:
        try:
            yield
        finally:
            loop.set_exception_handler(None)
            for name in names:
                logging.getLogger(name).removeHandler(handler)
            result.errors += [str(entry) for entry in logged if entry["log_level"] in {"error", "critical"}]


async def fuzz(stack: Stack, bus: Bus, frames: int, *, talk: bool = False) -> Result:
    """At least so many frames. Raises hypothesis's report of the smallest conversation that went wrong."""
    async with open_gate(stack) as gate:
        who = restaurant()
        async with await gate.connect(who) as first:
            epoch = first.welcome.epoch
        async with Bystander(gate, bus) as bystander:
            fuzzer = Fuzzer(gate, bus, epoch, bystander)
            result = fuzzer.result
            with _errors(result):
                await _some(fuzzer, 20)  # whatever is made once, is made now
                await bystander.is_served()
                before = await _settled(None)
                result.before = before
                began = told = time.monotonic()
                while result.frames < frames:
                    await _some(fuzzer, min(2000, max(50, (frames - result.frames) // 4)))
                    if talk and time.monotonic() - told > 10:
                        told = time.monotonic()
                        sys.stdout.write(f"{result.frames:,} frames in {result.talks:,} conversations\n")
                        sys.stdout.flush()
                result.seconds = time.monotonic() - began
                await bystander.is_served()
                result.after = await _settled(before)
    return result


async def _settled(target: Standing | None) -> Standing:
    """What stands, once it is no more than the target; or what is left when it does not come to that."""
    last = Standing.now()

    async def calm() -> bool:
        nonlocal last
        was, last = last, Standing.now()
        if target is not None:
            return last.within(target)
        await asyncio.sleep(0.3)
        return last == was

    try:
        await eventually(calm, SETTLE_SECONDS)
    except AssertionError:
        return Standing.now()
    return last


async def _some(fuzzer: Fuzzer, count: int) -> None:
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(conversations)
    def hold(conversation: Conversation) -> None:
        asyncio.run_coroutine_threadsafe(fuzzer.one(conversation), loop).result(CONVERSATION_SECONDS)

    await asyncio.to_thread(hold)


@asynccontextmanager
async def _bus(stack: Stack) -> AsyncIterator[Bus]:
    async with Bus(stack.addresses.nats, "fuzz") as bus:
        await bus.connection()
        for stream in STREAMS:
            await ensure_stream(bus.jetstream, stream)
        yield bus


async def _run(stack: Stack, frames: int) -> Result:
    async with AsyncExitStack() as opened:
        return await fuzz(stack, await opened.enter_async_context(_bus(stack)), frames, talk=True)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when all held, 1 when something leaked or was logged. What ends otherwise is raised."""
    parser = argparse.ArgumentParser(prog="just fuzz", description="Frames of any kind against a gateway.")
    parser.add_argument("frames", nargs="?", type=int, default=5_000)
    frames = parser.parse_args(arguments).frames
    warnings.filterwarnings("ignore", RANDOM_ELSEWHERE)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", int(os.environ.get("LARDER_PORT", "8080"))))
        try:
            stack.up(only={"postgres", "nats", "valkey"})
            result = asyncio.run(_run(stack, frames))
        finally:
            stack.reset()
    sys.stdout.write(f"{result}\n")
    assert result.before is not None
    assert result.after is not None
    return 0 if not result.errors and result.after.within(result.before) else 1
