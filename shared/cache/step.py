"""Whether this process may serve copies of a kind: whether it is in step with what changes.

Invariant: in step is who has heard every change up to now from the bus, and has seen it applied to what Valkey holds.
One failure of Valkey, or one break of the bus, and it is out of step: the source is asked, and Valkey is left alone,
until the follower, once a second and beside the requests, has found all in order again. That is the circuit breaker.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from prometheus_client import Gauge

IN_STEP = Gauge("larder_cache_in_step", "Whether copies may be served: every change was heard and applied", ["kind"])

_log = structlog.get_logger("cache")


class Step:
    """`hears`: whether the bus has been connected without a break since the follower began. `times` grows whenever it
    comes into step: what began under another number may have missed something."""

    def __init__(self, kind: str, hears: Callable[[], bool]) -> None:
        self.generation = ""
        self.times = 0
        self._kind = kind
        self._hears = hears
        self._in_step = False
        self._reached = asyncio.Event()
        self._gauge = IN_STEP.labels(kind)
        self._gauge.set(0)

    @property
    def usable(self) -> bool:
        return self._in_step and self._hears()

    def reach(self, generation: str) -> None:
        """Everything up to now was heard and applied."""
        if self._in_step and generation == self.generation:
            return
        _log.info("in step", kind=self._kind, generation=generation)
        self.generation = generation
        self.times += 1
        self._in_step = True
        self._gauge.set(1)
        self._reached.set()

    async def reached_again(self, times: int, seconds: float) -> None:
        """Returns once it has come into step more often than that, and after so long at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.times <= times:
                    self._reached.clear()
                    await self._reached.wait()

    def lose(self, why: object) -> None:
        if not self._in_step:
            return
        _log.warning("out of step: the source is asked", kind=self._kind, error=repr(why))
        self._in_step = False
        self._gauge.set(0)
