"""Two ways of doing the same work, measured in turns: A B A B, so that what the machine does meanwhile meets both.

Each side runs with the number of connections that serves it best. The ratio told is the median of the rounds' ratios,
each of two runs that were neighbours in time. What is no ratio is measured under the same watch.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple, Protocol, TypeVar

from loadtests.bench.noise import Round, Watch, settle, spin
from loadtests.bench.stage import Stage

CLIENTS = (8, 16, 32)
TRIAL_SECONDS = 2.0

T = TypeVar("T")


class Outcome(Protocol):
    """What came out of a row."""

    @property
    def value(self) -> float:
        """What the row's `reach` bounds, in its unit."""

    def cells(self) -> tuple[str, str]:
        """For people: what Larder did, and what it is measured against did (empty where there is no such thing)."""

    def document(self) -> Mapping[str, object]:
        """For machines."""


async def _nothing() -> None:
    """What most sides need before a run."""


class Side(NamedTuple):
    """One way. `run(clients, seconds)` returns how much was done in a second, and raises when any of it went wrong.
    `prepare` comes before each turn and is not measured."""

    name: str
    run: Callable[[int, float], Awaitable[float]]
    prepare: Callable[[], Awaitable[None]] = _nothing


class Pace(NamedTuple):
    """How long is measured: so many rounds, each side so many seconds."""

    rounds: int = 5
    seconds: float = 5.0


class Runs(NamedTuple):
    """One side's. `rates`: how much a second, a round each; `clients`: connections; `cost`: processor time by part of
    one piece of work, in µs, the median of the rounds."""

    rates: Sequence[float]
    clients: int
    cost: Mapping[str, float]

    def document(self) -> Mapping[str, object]:
        return {
            "per_second": [round(rate, 1) for rate in self.rates],
            "connections": self.clients,
            "processor_us": {part: round(cost, 1) for part, cost in self.cost.items()},
        }


class Result(NamedTuple):
    """Of two sides."""

    ours: Runs
    theirs: Runs

    @property
    def value(self) -> float:
        """The ratio."""
        return median(our / their for our, their in zip(self.ours.rates, self.theirs.rates, strict=True))

    def cells(self) -> tuple[str, str]:
        return f"{median(self.ours.rates):,.0f}/s", f"{median(self.theirs.rates):,.0f}/s"

    def document(self) -> Mapping[str, object]:
        return {"larder": self.ours.document(), "against_it": self.theirs.document()}


class Reading(NamedTuple):
    """Of one thing that is no ratio to another's."""

    value: float
    larder: str
    details: Mapping[str, object]
    against: str = ""

    def cells(self) -> tuple[str, str]:
        return self.larder, self.against

    def document(self) -> Mapping[str, object]:
        return self.details


class Meter:
    """Measures, and keeps what the noise is judged by. `tell` says something to who waits."""

    def __init__(self, stage: Stage, pace: Pace, tell: Callable[[str], None]) -> None:
        self.stage = stage
        self.pace = pace
        self.tell = tell
        self.spins: list[float] = []
        self.rounds: list[Round] = []

    async def watched(self, run: Callable[[], Awaitable[T]]) -> tuple[T, Round]:
        """What `run` returned, and what was seen meanwhile. It begins when the processors rest."""
        await settle()
        self.spins.append(spin())
        watch = Watch(self.stage.processes)
        came = await run()
        seen = watch.end()
        self.rounds.append(seen)
        return came, seen

    async def compare(self, ours: Side, theirs: Side) -> Result:
        """Raises what a side raises."""
        clients = (await self._best(ours), await self._best(theirs))
        rounds = []
        for number in range(1, self.pace.rounds + 1):
            our, their = await self._round(ours, clients[0]), await self._round(theirs, clients[1])
            rounds.append((our, their))
            self.tell(
                f"  round {number}: {ours.name} {our.rate:,.0f}/s, {theirs.name} {their.rate:,.0f}/s, "
                f"{our.rate / their.rate:.2f} ×"
            )
        result = Result(
            _runs([our for our, _ in rounds], clients[0]), _runs([their for _, their in rounds], clients[1])
        )
        for name, runs in ((ours.name, result.ours), (theirs.name, result.theirs)):
            spent = ", ".join(f"{part} {cost:,.0f}" for part, cost in runs.cost.items() if cost >= 1)
            self.tell(f"  µs of processor time for one with {runs.clients} connections, {name}: {spent}")
        return result

    async def _best(self, side: Side) -> int:
        await side.prepare()
        rates = {clients: await side.run(clients, TRIAL_SECONDS) for clients in CLIENTS}
        return max(rates, key=rates.__getitem__)

    async def _round(self, side: Side, clients: int) -> "_Round":
        await side.prepare()
        rate, seen = await self.watched(lambda: side.run(clients, self.pace.seconds))
        return _Round(rate, {part: spent / (rate * self.pace.seconds) * 1e6 for part, spent in seen.spent.items()})


class _Round(NamedTuple):
    rate: float
    cost: Mapping[str, float]


def _runs(rounds: Sequence[_Round], clients: int) -> Runs:
    parts = rounds[0].cost
    return Runs(
        rates=[one.rate for one in rounds],
        clients=clients,
        cost={part: median(one.cost[part] for one in rounds) for part in parts},
    )
