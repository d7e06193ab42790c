"""Whether the machine was ours while we measured.

Three witnesses: a loop of fixed work, timed between rounds, when nothing of ours runs; the time that the hypervisor
took (steal); and processor time that went to processes that are not ours while a round ran. Above a bound, a ratio is
not told: who reads a number takes it for one.

The same look at the processes tells what each part of ours spent. Linux only: it reads /proc.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

SPIN_SPREAD_MAX = 1.15
"""One loop over the next. A quiet machine stays below 1.05."""

STEAL_MAX = 0.02
FOREIGN_MAX = 0.06
"""Of all processors' time. A quiet machine shows 0.01 to 0.03: the kernel's own work is nobody's."""

SETTLED_MAX = 0.1
"""Of all processors' time, for the length of a sample."""

SETTLE_SECONDS = 20.0
SETTLE_SAMPLE_SECONDS = 0.5

GENERATOR = "load"
_SPINS = 5


class Round(NamedTuple):
    """`steal` and `foreign`: shares of all processors' time during a round. `spent`: seconds of processor time by part,
    where the load generator and the benchmark itself are GENERATOR."""

    steal: float
    foreign: float
    spent: Mapping[str, float]


class Noise(NamedTuple):
    """What was seen over a run."""

    spin_spread: float
    steal: float
    foreign: float

    @property
    def reasons(self) -> list[str]:
        """Why nothing should be told; empty on a quiet machine."""
        found = []
        if self.spin_spread > SPIN_SPREAD_MAX:
            found.append(
                f"the same loop took {self.spin_spread:.2f} × that of the one before (at most {SPIN_SPREAD_MAX:.2f})"
            )
        if self.steal > STEAL_MAX:
            found.append(f"the hypervisor took {self.steal:.1%} of the processors' time (at most {STEAL_MAX:.0%})")
        if self.foreign > FOREIGN_MAX:
            found.append(f"other processes took {self.foreign:.1%} of the processors' time (at most {FOREIGN_MAX:.0%})")
        return found


def judge(spins: Sequence[float], rounds: Sequence[Round]) -> Noise:
    """`spins`: seconds of each loop, in the order of time. What counts is how much one differs from the next: a machine
    that slows down over minutes meets both sides of a ratio. Of all the middle one counts, as of the ratios: one bad
    round is what medians are for."""
    return Noise(
        spin_spread=_median([max(pair) / min(pair) for pair in pairwise(spins)]),
        steal=_median([one.steal for one in rounds]),
        foreign=_median([one.foreign for one in rounds]),
    )


async def settle() -> None:
    """Returns when the processors rest: what the round before left to do (events, vacuum) is done. After SETTLE_SECONDS
    at the latest: what goes on for longer is noise, and is judged as such."""
    until = perf_counter() + SETTLE_SECONDS
    before = _Times.read({})
    while perf_counter() < until:
        await asyncio.sleep(SETTLE_SAMPLE_SECONDS)
        now = _Times.read({})
        if now.busy - before.busy <= SETTLED_MAX * (now.total - before.total):
            return
        before = now


def spin() -> float:
    """Seconds of the fixed loop: the best of a few tries, so that a single interrupt does not count."""
    best = float("inf")
    for _ in range(_SPINS):
        began, total = perf_counter(), 0
        for number in range(400_000):
            total += number
        best = min(best, perf_counter() - began)
    return best


class Watch:
    """Measures one round, from its making to `end`. `parts`: to which part each of our processes belongs, by pid, with
    all below it."""

    def __init__(self, parts: Mapping[int, str]) -> None:
        self._roots = {os.getpid(): GENERATOR, **parts}
        self._before = _Times.read(self._roots)

    def end(self) -> Round:
        now = _Times.read(self._roots)
        total = max(1, now.total - self._before.total)
        spent = {part: ticks - self._before.ours.get(part, 0) for part, ticks in now.ours.items()}
        foreign = now.busy - self._before.busy - sum(spent.values())
        hertz = os.sysconf("SC_CLK_TCK")
        return Round(
            steal=(now.steal - self._before.steal) / total,
            foreign=max(0, foreign) / total,
            spent={part: ticks / hertz for part, ticks in spent.items()},
        )


class _Times(NamedTuple):
    """Ticks since the start of the machine. `ours`: by part, of its living processes and those they have waited for."""

    total: int
    busy: int
    steal: int
    ours: Mapping[str, int]

    @classmethod
    def read(cls, roots: Mapping[int, str]) -> "_Times":
        user, nice, system, idle, iowait, irq, softirq, steal = (
            int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        )
        busy = user + nice + system + irq + softirq
        return cls(busy + idle + iowait + steal, busy, steal, _ticks_of(roots))


def _ticks_of(roots: Mapping[int, str]) -> dict[str, int]:
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue  # it has just ended; its parent counts it
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = sum(int(field) for field in fields[11:15])
    spent = dict.fromkeys(roots.values(), 0)
    for pid, count in ticks.items():
        root = pid
        while root not in roots and root in parents:
            root = parents[root]
        if root in roots:
            spent[roots[root]] += count
    return spent


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
