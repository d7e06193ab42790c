"""The benchmark's own stack, beside any other: its state, its ports, and which parts of it run now.

Invariant: nothing of a row's stack outlives the row that needs another one; the whole is gone when the benchmark ends,
its data too, unless it was asked to stay.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import SERVICES, Layout, Service, Stack, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.progress import Progress
from deploy.local.supervisor import Supervisor
from loadtests.bench.world import World

BASE_PORT = 18080


@dataclass(frozen=True)
class Cast:
    """Which parts run: all of `services` and the servers, or `only` the named ones. `empty_bus`: with no event of an
    earlier row. Another name is another start, so that a row may ask for processes that have done nothing yet."""

    name: str
    services: Sequence[Service] = SERVICES
    only: tuple[str, ...] = ()
    empty_bus: bool = False


EVERYTHING = Cast("everything")
"""What `just up` runs."""

BARE = Cast("bare", only=("postgres", "nginx", "orders"))
"""What taking an order cannot do without."""


class Stage:
    """`stack` is the one that runs now; ask for it anew after `set_up`."""

    def __init__(self, progress: Progress) -> None:
        self._layout = layout()
        self._progress = progress
        self._cast: Cast | None = None
        self.stack = Stack(self._layout, progress=progress)
        self.stack.reset()  # what an interrupted run left
        self._world: World | None = None

    @property
    def world(self) -> World:
        if self._world is None:
            raise StackError("Nothing runs yet: a row must be set up first.")
        return self._world

    @property
    def processes(self) -> dict[int, str]:
        """The part that each running program belongs to, by pid: orders-0 and orders-1 are orders."""
        states = Supervisor(self._layout).states().values()
        return {state.pid: state.name.rstrip("-0123456789") for state in states if state.alive}

    def pid(self, program: str) -> int:
        """Of a program that runs now, "gateway-0". Raises StackError."""
        state = Supervisor(self._layout).states().get(program)
        if state is None or not state.alive:
            raise StackError(f"{program} does not run.")
        return state.pid

    async def set_up(self, cast: Cast) -> None:
        """Runs exactly this cast, on data that is loaded once."""
        if cast == self._cast:
            return
        self.stack.down()
        if cast.empty_bus:
            shutil.rmtree(self._layout.state_dir / "nats" / "store", ignore_errors=True)  # there may be none yet
        self.stack = Stack(self._layout, services=cast.services, progress=self._progress)
        self.stack.up(only=cast.only)
        self._cast = cast
        if self._world is None:
            self._world = World(self.stack)
            self._progress.note("Loading the demo's restaurants, its catalogue and 50,000 orders.")
            await self._world.load()

    def clear(self) -> None:
        """Stops everything and deletes the data."""
        self.stack.reset()


def layout() -> Layout:
    """LARDER_BENCH_STATE and LARDER_BENCH_PORT, or .larder-bench and the ports from 18080 on."""
    state = os.environ.get("LARDER_BENCH_STATE") or str(REPOSITORY / ".larder-bench")
    port = os.environ.get("LARDER_BENCH_PORT", str(BASE_PORT))
    if not port.isdecimal():
        raise StackError(f"LARDER_BENCH_PORT is {port!r}; it must be a number.")
    return Layout(Path(state).expanduser(), int(port))
