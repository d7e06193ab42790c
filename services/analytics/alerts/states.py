"""Whether an alert fires, over time. Pure: rounds go in, what began and what ended comes out.

An alert is a rule and the labels of one value. It begins once the value has been there for the rule's `lasting`, and is
over once it has not been there for `keeping`. Invariants: it begins at most once in any `lasting + keeping`, however
fast its value comes and goes, so nothing flaps; one that is explained by another does not begin, and its time to begin
runs only once the other is over and out of its windows; an explanation that comes later silences nothing that fires.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from services.analytics.alerts.expressions import Labels, Vector
from services.analytics.alerts.rules import Compiled


class Key(msgspec.Struct, frozen=True):
    """One alert: a rule's name and one value's labels."""

    name: str
    labels: Labels


@dataclass
class _Track:
    """`held_since`: from when on the value has been there, while it does not fire. `gone_since`: from when on it has
    not, while it fires."""

    held_since: float
    firing: bool = False
    gone_since: float | None = None


@dataclass(frozen=True)
class Began:
    key: Key
    value: float


@dataclass(frozen=True)
class Ended:
    key: Key


class States:
    """Of all rules. `firing` are the alerts that fired already when this process took over, at the moment `at`."""

    def __init__(self, rules: Iterable[Compiled], firing: Iterable[Key] = (), at: float = 0.0) -> None:
        self._rules = tuple(rules)
        self._tracks: dict[str, dict[Labels, _Track]] = {one.rule.name: {} for one in self._rules}
        self._last_active: dict[str, float] = {}
        for key in firing:
            self._tracks[key.name][key.labels] = _Track(at, firing=True)
            self._last_active[key.name] = at

    @property
    def firing(self) -> Iterator[Key]:
        for name, tracks in self._tracks.items():
            for labels, track in tracks.items():
                if track.firing:
                    yield Key(name, labels)

    def advance(self, at: float, holding: Mapping[str, Vector]) -> list[Began | Ended]:
        """One round at a moment, in seconds of a steady clock: what each rule's expression has left."""
        for one in self._rules:
            self._note(one, at, holding[one.rule.name])
        changes: list[Began | Ended] = []
        for one in self._rules:
            explained = any(at - self._last_active.get(name, -1e18) <= one.reach for name in one.explained_by)
            changes += self._decide(one, at, holding[one.rule.name], explained=explained)
        return changes

    def _note(self, one: Compiled, at: float, holding: Vector) -> None:
        tracks = self._tracks[one.rule.name]
        for labels in holding:
            tracks.setdefault(labels, _Track(at)).gone_since = None
        for labels, track in list(tracks.items()):
            if labels not in holding:
                if not track.firing:
                    del tracks[labels]
                elif track.gone_since is None:
                    track.gone_since = at
        if tracks:
            self._last_active[one.rule.name] = at

    def _decide(self, one: Compiled, at: float, holding: Vector, *, explained: bool) -> Iterator[Began | Ended]:
        name, tracks = one.rule.name, self._tracks[one.rule.name]
        for labels, track in list(tracks.items()):
            if track.firing:
                if track.gone_since is not None and at - track.gone_since >= one.keeping:
                    del tracks[labels]
                    yield Ended(Key(name, labels))
            elif explained:
                track.held_since = at
            elif at - track.held_since >= one.lasting:
                track.firing = True
                yield Began(Key(name, labels), holding[labels])
