"""Two ways of doing the same work, measured in turns: A B A B, so that what the machine does meanwhile meets both.

Each side runs with the number of connections that serves it best. The ratio told is the median of the rounds' ratios,
each of two runs that were neighbours in time.
"""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import NamedTuple

from loadtests.bench.noise import Round, Watch, spin
from loadtests.bench.stage import Stage

CLIENTS = (8, 16, 32)
TRIAL_SECONDS = 2.0


class Side(NamedTuple):
    """One way. `run(clients, seconds)` returns how much was done in a second, and raises when any of it went wrong."""

    name: str
    run: Callable[[int, float], Awaitable[float]]


class Pace(NamedTuple):
    """How long is measured: so many rounds, each side so many seconds."""

    rounds: int = 5
    seconds: float = 5.0


class Result(NamedTuple):
    """What came out. `ours` and `theirs`: a second, a round each; `clients`: connections of each side."""

    ours: Sequence[float]
    theirs: Sequence[float]
    clients: tuple[int, int]

    @property
    def ratio(self) -> float:
        return median(our / their for our, their in zip(self.ours, self.theirs, strict=True))


class Meter:
    """Measures, and keeps what the noise is judged by."""

    def __init__(self, stage: Stage, pace: Pace, tell: Callable[[str], None]) -> None:
        self.stage = stage
        self.spins: list[float] = []
        self.rounds: list[Round] = []
        self._pace = pace
        self._tell = tell

    async def compare(self, ours: Side, theirs: Side) -> Result:
        """Raises what a side raises."""
        clients = (await self._best(ours), await self._best(theirs))
        pairs = []
        for number in range(1, self._pace.rounds + 1):
            pair = (await self._round(ours, clients[0]), await self._round(theirs, clients[1]))
            pairs.append(pair)
            self._tell(
                f"  round {number}: {ours.name} {pair[0]:,.0f}/s, {theirs.name} {pair[1]:,.0f}/s, "
                f"{pair[0] / pair[1]:.2f} ×"
            )
        return Result([pair[0] for pair in pairs], [pair[1] for pair in pairs], clients)

    async def _best(self, side: Side) -> int:
        rates = {clients: await side.run(clients, TRIAL_SECONDS) for clients in CLIENTS}
        return max(rates, key=rates.__getitem__)

    async def _round(self, side: Side, clients: int) -> float:
        self.spins.append(spin())
        watch = Watch(self.stage.processes)
        rate = await side.run(clients, self._pace.seconds)
        self.rounds.append(watch.end())
        return rate
