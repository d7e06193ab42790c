"""Who kills: gateways (killed, or told to stop), NATS (killed, or frozen and then killed) and the relay, in turn.

Only processes of the test's own stack, by the pids that its supervisord tells; it starts each again. Beside that the
gateways' counters are read each second, since they begin anew with every start.
"""

import asyncio
import os
import random
import re
import signal
from collections import Counter
from contextlib import suppress

import aiohttp

from deploy.local import Stack
from tests.adversary.world import Story

PAUSE_SECONDS = (1.5, 5.0)
FROZEN_SECONDS = (1.0, 5.0)
READ_SECONDS = 1.0
STARTED = "process_start_time_seconds"
SAMPLE = re.compile(r'^(larder_gateway_(?:resumes|closed)_total)\{\w+="(\w+)"\} ([0-9.e+]+)$', re.MULTILINE)


class Chaos:
    """Of one stack with these gateways."""

    def __init__(self, stack: Stack, dice: random.Random, story: Story, gateways: int) -> None:
        self._stack = stack
        self._dice = dice
        self._story = story
        self._gateways = [f"gateway-{number}" for number in range(gateways)]

    async def run(self, stop: asyncio.Event) -> None:
        deeds = (
            self._kill_gateway,
            self._drain_gateway,
            self._kill_all_gateways,
            self._kill_nats,
            self._freeze_nats,
            self._kill_relay,
        )
        while not stop.is_set():
            await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))
            await self._dice.choices(deeds, (30, 25, 8, 17, 8, 12))[0]()

    async def _kill_gateway(self) -> None:
        await self._signal(self._dice.choice(self._gateways), signal.SIGKILL, "gateways killed")

    async def _drain_gateway(self) -> None:
        await self._signal(self._dice.choice(self._gateways), signal.SIGTERM, "gateways drained")

    async def _kill_all_gateways(self) -> None:
        for name in self._gateways:
            await self._signal(name, signal.SIGKILL, "gateways killed")

    async def _kill_nats(self) -> None:
        await self._signal("nats", signal.SIGKILL, "NATS killed")

    async def _freeze_nats(self) -> None:
        """It holds its connections and says nothing; then it dies."""
        if await self._signal("nats", signal.SIGSTOP, "NATS frozen"):
            await asyncio.sleep(self._dice.uniform(*FROZEN_SECONDS))
            await self._signal("nats", signal.SIGKILL, "NATS killed")

    async def _kill_relay(self) -> None:
        await self._signal("relay-0", signal.SIGKILL, "relays killed")

    async def _signal(self, name: str, number: signal.Signals, what: str) -> bool:
        """Whether there was one to tell; one that is just being started again is left alone."""
        states = await asyncio.to_thread(self._stack._supervisor.states)
        state = states.get(name)
        if state is None or not state.pid:
            return False
        try:
            os.kill(state.pid, number)
        except ProcessLookupError:
            return False  # it had ended by itself
        self._story.killed[what] += 1
        return True


class Meters:
    """What the gateways counted, over all their lives: resumes by where they were served, closes by code."""

    def __init__(self, stack: Stack, gateways: int) -> None:
        self._addresses = [stack.addresses.service("gateway", number) for number in range(gateways)]
        self._lives: dict[str, dict[tuple[str, str], float]] = {}

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            for address in self._addresses:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{address}/metrics") as answer:
                        self._note(address, await answer.text())

    def _note(self, address: str, text: str) -> None:
        started = re.search(rf"^{STARTED} (\S+)$", text, re.MULTILINE)
        life = self._lives.setdefault(f"{address} {started[1] if started else ''}", {})
        for name, label, value in SAMPLE.findall(text):
            life[name, label] = float(value)

    def totals(self, name: str) -> Counter[str]:
        """By label. What a gateway counted in its last second before it was killed is not among them."""
        found: Counter[str] = Counter()
        for life in self._lives.values():
            for (metric, label), value in life.items():
                if metric == f"larder_gateway_{name}_total":
                    found[label] += round(value)
        return found
