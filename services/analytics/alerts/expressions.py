"""The part of PromQL that the alerts are written in, over what the processes answer.

The text is Prometheus's own and is read by its grammar (promql-parser), so one rule serves both. Known here: selectors
with matchers; `sum`, `max` and `min`, with `by`; `sum by (…) (rate(…))` and `increase`, nowhere but under a sum;
`histogram_quantile`; `absent`; numbers, + - * /, comparisons and `and` between equal labels. Anything else is refused
when the rules are read.

Differences that are meant: growth is what was seen to grow, never extrapolated, so a window that is not full yet says
less and not more; and a series that appears at a process we know has grown from 0, where Prometheus misses its first.
Invariant: of a counter only its last value is kept and of a window only its sums, so a round costs what was answered
and memory grows with the groups of the rules, not with the length of their windows.
"""

import math
import operator
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import promql_parser as promql

from proto.readings import Readings

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Sorted by name."""

Vector: TypeAlias = dict[Labels, float]
Value: TypeAlias = Vector | float
Series: TypeAlias = tuple[str, Labels]

NOTHING: Labels = ()
MISSED_ROUNDS = 3
"""A process that was silent for one round or two still says what it said; then it is gone."""

FORGET_SECONDS = 3600.0
"""What counters of a silent process were last is kept so long, in case that it comes back."""


class ExpressionError(Exception):
    """What is no PromQL, or none of the part that is known here."""


@dataclass(frozen=True)
class Round:
    """What is known at a moment, in seconds of any steady clock: the values, and how much each counter has grown since
    the round before."""

    at: float
    values: Mapping[str, Sequence[tuple[Labels, float]]]
    grown: Mapping[str, Sequence[tuple[Labels, float]]]


@dataclass
class _Process:
    """One process, as it answered last."""

    at: float
    values: dict[Series, float] = field(default_factory=dict)


class Memory:
    """The last answers of all processes. `every` is the time between rounds, in seconds."""

    def __init__(self, every: float) -> None:
        self._patience = every * (MISSED_ROUNDS - 0.5)
        self._processes: dict[tuple[str, str], _Process] = {}

    def take(self, at: float, answers: Iterable[Readings]) -> Round:
        """The next round, from what came of it."""
        grown: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
        for answer in answers:
            told: dict[Series, float] = {}
            for sample in answer.samples:
                labels = {**sample.labels, "job": answer.job, "instance": answer.instance}
                told[sample.name, tuple(sorted(labels.items()))] = sample.value
            before = self._processes.get((answer.job, answer.instance))
            for (name, series), value in told.items():
                # A process that is new to us may have counted for days; one that began anew counts from 0 again.
                last = value if before is None else before.values.get((name, series), 0.0)
                grown[name].append((series, value - last if value >= last else value))
            self._processes[answer.job, answer.instance] = _Process(at, told)
        self._processes = {key: one for key, one in self._processes.items() if at - one.at <= FORGET_SECONDS}
        values: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
        for process in self._processes.values():
            if at - process.at <= self._patience:
                for (name, series), value in process.values.items():
                    values[name].append((series, value))
        return Round(at, values, grown)


class Expression(Protocol):
    def value(self, now: Round) -> Value:
        """Once a round, in every round: windows go on with it."""


def compile_expression(text: str, hurry: float = 1.0) -> tuple[Expression, frozenset[str], float]:
    """What to evaluate, the names of the samples that it reads, and its longest window in seconds. Windows are
    `hurry` times as short as they are written. Raises ExpressionError."""
    try:
        parsed = promql.parse(text)
    except ValueError as error:
        raise ExpressionError(f"no PromQL: {error}") from error
    compiler = _Compiler(hurry)
    return compiler.compile(parsed), frozenset(compiler.names), compiler.longest


class _Compiler:
    def __init__(self, hurry: float) -> None:
        self._hurry = hurry
        self.names: set[str] = set()
        self.longest = 0.0

    def compile(self, node: object) -> Expression:
        match node:
            case promql.NumberLiteral():
                return _Number(node.val)
            case promql.ParenExpr():
                return self.compile(node.expr)
            case promql.VectorSelector():
                return _Instant(self._selector(node))
            case promql.AggregateExpr():
                return self._aggregate(node)
            case promql.Call():
                return self._call(node)
            case promql.BinaryExpr():
                return self._binary(node)
        raise ExpressionError(f"{type(node).__name__} is not known here")

    def _selector(self, node: promql.VectorSelector) -> "_Selector":
        if node.name is None or node.offset is not None or node.at is not None or node.matchers.or_matchers:
            raise ExpressionError("a selector has a name, and no offset, @ or `or`")
        self.names.add(node.name)
        return _Selector(node.name, tuple(_matching(matcher) for matcher in node.matchers.matchers))

    def _aggregate(self, node: promql.AggregateExpr) -> Expression:
        modifier = node.modifier
        if modifier is not None and modifier.type != promql.AggModifierType.By:
            raise ExpressionError("`without` is not known here")
        by = tuple(sorted(modifier.labels)) if modifier is not None else ()
        kind, inner = str(node.op), node.expr
        if kind == "sum" and isinstance(inner, promql.Call) and inner.func.name in {"rate", "increase"}:
            matrix = inner.args[0]
            if not isinstance(matrix, promql.MatrixSelector):
                raise ExpressionError("subqueries are not known here")
            seconds = matrix.range.total_seconds()
            self.longest = max(self.longest, seconds / self._hurry)
            divisor = seconds if inner.func.name == "rate" else 1.0
            return _Growth(self._selector(matrix.vector_selector), by, seconds / self._hurry, divisor)
        if kind not in _AGGREGATES:
            raise ExpressionError(f"{kind} is not known here")
        return _Aggregate(_AGGREGATES[kind], by, self.compile(inner))

    def _call(self, node: promql.Call) -> Expression:
        match node.func.name, node.args:
            case "histogram_quantile", [promql.NumberLiteral() as part, buckets]:
                return _Quantile(part.val, self.compile(buckets))
            case "absent", [promql.VectorSelector() as selector]:
                return _Absent(self._selector(selector))
        raise ExpressionError(f"{node.func.name} is not known here; rate and increase stand under a sum")

    def _binary(self, node: promql.BinaryExpr) -> Expression:
        modifier, kind = node.modifier, str(node.op)
        if modifier is not None and (modifier.matching is not None or modifier.return_bool):
            raise ExpressionError("`on`, `ignoring` and `bool` are not known here")
        left, right = self.compile(node.lhs), self.compile(node.rhs)
        if kind == "and":
            return _Both(left, right)
        if kind in _COMPARISONS:
            return _Compared(_COMPARISONS[kind], left, right)
        if kind in _ARITHMETIC:
            return _Computed(_ARITHMETIC[kind], left, right)
        raise ExpressionError(f"`{kind}` is not known here")


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 else math.copysign(math.inf, left)


_AGGREGATES: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": math.fsum, "max": max, "min": min}
_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

Matching: TypeAlias = tuple[str, Callable[[str], bool]]


def _matching(matcher: promql.Matcher) -> Matching:
    wanted = matcher.value
    if matcher.op == promql.MatchOp.Equal:
        return matcher.name, lambda text: text == wanted
    if matcher.op == promql.MatchOp.NotEqual:
        return matcher.name, lambda text: text != wanted
    pattern = re.compile(wanted)
    if matcher.op == promql.MatchOp.Re:
        return matcher.name, lambda text: pattern.fullmatch(text) is not None
    return matcher.name, lambda text: pattern.fullmatch(text) is None


@dataclass(frozen=True)
class _Selector:
    """A name, and what its labels must be. A label that is not there is empty."""

    name: str
    matchers: tuple[Matching, ...]

    def of(self, series: Mapping[str, Sequence[tuple[Labels, float]]]) -> Iterable[tuple[Labels, float]]:
        for labels, value in series.get(self.name, ()):
            if self._fits(labels):
                yield labels, value

    def _fits(self, labels: Labels) -> bool:
        if not self.matchers:
            return True
        given = dict(labels)
        return all(fits(given.get(name, "")) for name, fits in self.matchers)


@dataclass(frozen=True)
class _Number:
    number: float

    def value(self, now: Round) -> Value:  # noqa: ARG002  the same in every round
        return self.number


@dataclass(frozen=True)
class _Instant:
    selector: _Selector

    def value(self, now: Round) -> Value:
        return dict(self.selector.of(now.values))


@dataclass(frozen=True)
class _Absent:
    selector: _Selector

    def value(self, now: Round) -> Value:
        return {} if any(True for _ in self.selector.of(now.values)) else {NOTHING: 1.0}


class _Growth:
    """`sum by (…)` of what counters grew by within a window: of each round only the sums are kept."""

    def __init__(self, selector: _Selector, by: tuple[str, ...], seconds: float, divisor: float) -> None:
        self._selector, self._by, self._seconds, self._divisor = selector, by, seconds, divisor
        self._rounds: deque[tuple[float, Vector]] = deque()
        self._totals: Vector = {}

    def value(self, now: Round) -> Value:
        came: Vector = defaultdict(float)
        for labels, growth in self._selector.of(now.grown):
            came[_group(labels, self._by)] += growth
        self._rounds.append((now.at, {group: growth for group, growth in came.items() if growth}))
        for group, growth in came.items():
            self._totals[group] = self._totals.get(group, 0.0) + growth
        while self._rounds[0][0] <= now.at - self._seconds:
            for group, growth in self._rounds.popleft()[1].items():
                self._totals[group] = max(0.0, self._totals[group] - growth)
        present = {_group(labels, self._by) for labels, _ in self._selector.of(now.values)}
        self._totals = {group: total for group, total in self._totals.items() if total or group in present}
        return {group: total / self._divisor for group, total in self._totals.items()}


@dataclass(frozen=True)
class _Aggregate:
    aggregate: Callable[[Iterable[float]], float]
    by: tuple[str, ...]
    inner: Expression

    def value(self, now: Round) -> Value:
        groups: dict[Labels, list[float]] = defaultdict(list)
        for labels, value in _vector(self.inner.value(now)).items():
            groups[_group(labels, self.by)].append(value)
        return {group: self.aggregate(values) for group, values in groups.items()}


@dataclass(frozen=True)
class _Quantile:
    """Of a histogram's buckets, as Prometheus has it: linear within a bucket, and the last bound for what is above."""

    part: float
    buckets: Expression

    def value(self, now: Round) -> Value:
        histograms: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
        for labels, count in _vector(self.buckets.value(now)).items():
            rest = tuple(label for label in labels if label[0] != "le")
            histograms[rest].append((float(dict(labels)["le"]), count))
        return {labels: self._of(sorted(buckets)) for labels, buckets in histograms.items()}

    def _of(self, buckets: Sequence[tuple[float, float]]) -> float:
        total = buckets[-1][1]
        if not total or buckets[-1][0] != math.inf:
            return math.nan
        rank, lower, below = self.part * total, 0.0, 0.0
        for bound, count in buckets:
            if count >= rank:
                if bound == math.inf:
                    return lower
                return lower + (bound - lower) * (_divide(rank - below, count - below) if count > below else 1.0)
            lower, below = bound, count
        return lower


@dataclass(frozen=True)
class _Both:
    left: Expression
    right: Expression

    def value(self, now: Round) -> Value:
        left, right = _vector(self.left.value(now)), _vector(self.right.value(now))
        return {labels: value for labels, value in left.items() if labels in right}


@dataclass(frozen=True)
class _Compared:
    """Keeps of the left what compares so with the right."""

    holds: Callable[[float, float], bool]
    left: Expression
    right: Expression

    def value(self, now: Round) -> Value:
        pairs = _paired(self.left.value(now), self.right.value(now))
        return {labels: left for labels, left, right in pairs if self.holds(left, right)}


@dataclass(frozen=True)
class _Computed:
    compute: Callable[[float, float], float]
    left: Expression
    right: Expression

    def value(self, now: Round) -> Value:
        left, right = self.left.value(now), self.right.value(now)
        if isinstance(left, float) and isinstance(right, float):
            return self.compute(left, right)
        return {labels: self.compute(one, other) for labels, one, other in _paired(left, right)}


def _paired(left: Value, right: Value) -> Iterable[tuple[Labels, float, float]]:
    """Values with equal labels; a number goes with each."""
    if isinstance(left, float):
        return [(labels, left, other) for labels, other in _vector(right).items()]
    if isinstance(right, float):
        return [(labels, one, right) for labels, one in left.items()]
    return [(labels, one, right[labels]) for labels, one in left.items() if labels in right]


def _vector(value: Value) -> Vector:
    """A number alone says nothing of anything."""
    return {} if isinstance(value, float) else value


def _group(labels: Labels, by: tuple[str, ...]) -> Labels:
    return tuple(label for label in labels if label[0] in by) if by else NOTHING
