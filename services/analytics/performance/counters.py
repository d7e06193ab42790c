"""What happened between two looks at counters that only ever grow, and are set back to zero now and then. Pure.

Counters are pg_stat_statements', the processes' and those of tables and indexes; each belongs to a source that tells
since when it counts. Invariants: no difference is negative; what happened is counted at most once. It is counted whole
but for what a source counted between a look and its reset: that is lost, and never made up. The first look at a source
counts nothing, for what came before it is nobody's minute; a counter that is new in a source we know counts from zero.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

Numbers: TypeAlias = tuple[float, ...]


class Source(msgspec.Struct, frozen=True):
    """`since`: when it began to count from zero; None where it does not say. `counters`: by what they count, each of
    them several numbers."""

    since: datetime | None
    counters: dict[str, Numbers]


Counters: TypeAlias = dict[str, Source]
"""By the source: `statements`, `usage`, and for each process its instance."""


def differences(before: Source | None, now: Source) -> dict[str, Numbers]:
    """What each counter of `now` counted since `before`, without those that counted nothing."""
    if before is None:
        return {}
    came = {
        key: grown(before.counters.get(key) if before.since == now.since else None, numbers)
        for key, numbers in now.counters.items()
    }
    return {key: numbers for key, numbers in came.items() if any(numbers)}


def grown(before: Numbers | None, now: Numbers) -> Numbers:
    """A number that is smaller than it was shows that all of them began anew."""
    if before is None or any(later < earlier for earlier, later in zip(before, now, strict=True)):
        return now
    return tuple(later - earlier for earlier, later in zip(before, now, strict=True))


def started_between(before: Mapping[str, Source], now: Counters, known_at: datetime | None) -> Counters:
    """`before`, and an empty source for each that is new and began to count after the last snapshot: it was not there
    then, so all that it counted came since."""
    if known_at is None:
        return dict(before)
    new = {
        name: Source(source.since, {})
        for name, source in now.items()
        if name not in before and source.since is not None and source.since > known_at
    }
    return {**before, **new}
