"""How old a stale answer ever was.

A copy that is served is noted with its version. When the event of a later version comes, it says when the row changed:
had the copy been served after that, it was stale by as much. One observation for each change of what was served: of its
worst answer, and 0 where no answer came after the change. The change's moment is the writer's, before its commit, so an
age is rather too high than too low, but for the difference of two machines' clocks.
"""

from bisect import bisect_left

from prometheus_client import Histogram

from proto.cache import AGE_BOUNDS, Ages

MOST_NOTED = 20_000
"""What was served the longest ago is forgotten first."""

STALE_SECONDS = Histogram(
    "larder_cache_stale_seconds",
    "How long after its change the old copy was still served, for each change of what had been served",
    ["kind"],
    buckets=AGE_BOUNDS,
)


class StaleAges:
    """Of one kind in this process."""

    def __init__(self, kind: str) -> None:
        self._seconds = STALE_SECONDS.labels(kind)
        self._served: dict[str, tuple[int, float]] = {}
        self._counts = [0] * (len(AGE_BOUNDS) + 1)
        self._longest = 0.0

    def served(self, key: str, version: int, at: float) -> None:
        self._served.pop(key, None)
        if len(self._served) >= MOST_NOTED:
            del self._served[next(iter(self._served))]
        self._served[key] = (version, at)

    def changed(self, key: str, version: int, at: float) -> None:
        """The row became this version then."""
        version_served, last = self._served.get(key, (version, 0.0))
        if version_served >= version:
            return
        del self._served[key]
        age = max(0.0, last - at)
        self._seconds.observe(age)
        self._counts[bisect_left(AGE_BOUNDS, age)] += 1
        self._longest = max(self._longest, age)

    def report(self) -> Ages:
        return Ages(counts=tuple(self._counts), longest_seconds=self._longest)
