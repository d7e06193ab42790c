"""Which places of the stream concern which restaurant: what a read of the past must bring, known without the server.

Invariant: holds every place that was noted above `floor`, ascending. It is kept from what came live, one after the
other, so it is right also when the server counts wrongly after it was killed. Two halves take turns: the older one goes
when the newer is full.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from uuid import UUID

import msgspec

from proto.streams import orders_of_restaurant, restaurant_of

HALF = 75_000
"""Places: twice as many take about 1.2 MB."""


class Due(msgspec.Struct, frozen=True):
    """`seqs` are all the places on `subject` (None: on any) that a read must bring, ascending."""

    subject: str | None
    seqs: Sequence[int]


class Places:
    """Of at least the last HALF events. `floor`: everything up to it is forgotten, or was never here."""

    def __init__(self, floor: int = 0) -> None:
        self.clear(floor)

    def clear(self, floor: int) -> None:
        self.floor = self._middle = floor
        self._older: dict[str, array[int]] = {}
        self._newer: dict[str, array[int]] = {}
        self._count = 0

    def note(self, seq: int, subject: str) -> None:
        """The stream's next message."""
        if self._count == HALF:
            self.floor, self._middle = self._middle, seq - 1
            self._older, self._newer, self._count = self._newer, {}, 0
        self._newer.setdefault(restaurant_of(subject), array("Q")).append(seq)
        self._count += 1

    def due(self, restaurant_id: UUID | None, after: int, until: int) -> Due:
        """What lies above `after` up to `until`: of the restaurant where it is known, else of everybody. The stream is
        kept whole, so its own places have no hole."""
        if restaurant_id is None or after < self.floor:
            return Due(None, range(after + 1, until + 1))
        named, none = str(restaurant_id), array("Q")
        seqs = self._older.get(named, none) + self._newer.get(named, none)
        return Due(orders_of_restaurant(restaurant_id), seqs[bisect_right(seqs, after) : bisect_right(seqs, until)])
