"""The newest events in memory, so that most resumes ask nobody.

Invariant: holds every event that was added with a seq above `floor`, ascending. The oldest go when the bytes are too
many.
"""

from bisect import bisect_right

from services.gateway.entry import Entry

COMPACT_AFTER = 4096


class Ring:
    """At most `limit_bytes` of events. `floor`: everything up to it is forgotten, or was never here."""

    def __init__(self, limit_bytes: int, floor: int = 0) -> None:
        self._limit = limit_bytes
        self._entries: list[Entry] = []
        self._first = 0
        self._bytes = 0
        self.floor = floor

    def add(self, entry: Entry) -> None:
        """`entry.seq` is above every other."""
        self._entries.append(entry)
        self._bytes += entry.size
        while self._bytes > self._limit and self._first < len(self._entries):
            oldest = self._entries[self._first]
            self._bytes -= oldest.size
            self.floor = oldest.seq
            self._first += 1
        if self._first >= COMPACT_AFTER:
            del self._entries[: self._first]
            self._first = 0

    def clear(self, floor: int) -> None:
        self._entries.clear()
        self._first = self._bytes = 0
        self.floor = floor

    def after(self, seq: int, limit: int) -> list[Entry]:
        """The next `limit` events above `seq`, which must not be below `floor`."""
        if seq < self.floor:
            raise LookupError(f"{seq} is below the floor {self.floor}")
        start = bisect_right(self._entries, seq, lo=self._first, key=lambda entry: entry.seq)
        return self._entries[start : start + limit]
