"""The rules of `rules.toml`, read and checked: what an alert is, when it holds, and what it says.

A rule's `expr` is PromQL (expressions.py says which part). It fires once it has held for `for`, and is over once
it has not held for `keep_firing_for`; both are Prometheus's fields of these names. `explains` names what follows from
it: while it is about to fire or fires, and for as long after as the other's windows reach back, those do not begin to.
The texts are Prometheus's templates, of which `$value`, `$labels.name`, humanizeDuration and humanizePercentage are
known. Refused, by name, when the file is read: anything unknown, a name that comes twice, `explains` in a circle.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from proto.alerts import Severity
from services.analytics.alerts.expressions import Expression, ExpressionError, Labels, compile_expression

FILE = Path(__file__).with_name("rules.toml")

_UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600}
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_LABEL = re.compile(r"\$labels\.([a-z_]+)")

Duration = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]*[smh]\Z")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z]+\Z")]
Runbook = Annotated[str, msgspec.Meta(pattern=r"^docs/runbooks/[a-z]+\.md#[a-z-]+\Z")]


class RuleError(Exception):
    """A rule that is wrong; the text names it."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As it stands in the file. `group` is Prometheus's group."""

    group: str
    name: Name
    expr: str
    lasting: Duration | None = msgspec.field(name="for", default=None)
    keeping: Duration = msgspec.field(name="keep_firing_for")
    severity: Severity
    summary: str
    action: str
    runbook: Runbook
    explains: tuple[Name, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alert: tuple[Rule, ...]


class Compiled(msgspec.Struct, frozen=True):
    """A rule ready to be evaluated. Times in seconds: `lasting` until it fires, `keeping` until it is over, `reach` how
    far back its longest window goes. `explained_by` are the names that keep it from beginning to fire."""

    rule: Rule
    expression: Expression
    lasting: float
    keeping: float
    reach: float
    explained_by: frozenset[str]


def read_rules(path: Path = FILE) -> tuple[Rule, ...]:
    """Raises RuleError."""
    try:
        rules = msgspec.toml.decode(path.read_bytes(), type=_File).alert
    except msgspec.DecodeError as error:
        raise RuleError(str(error)) from error
    names = [rule.name for rule in rules]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RuleError(f"{', '.join(sorted(twice))}: comes twice")
    for rule in rules:
        if unknown := set(rule.explains) - set(names):
            raise RuleError(f"{rule.name}: explains {', '.join(sorted(unknown))}, which there is not")
        if rule.name in _follows_from({one.name: one.explains for one in rules}, rule.name):
            raise RuleError(f"{rule.name}: explains itself")
        for text in (rule.summary, rule.action):
            try:
                say(text, NO_LABELS, 0.0)
            except RuleError as error:
                raise RuleError(f"{rule.name}: {error}") from error
    return rules


NO_LABELS: Labels = ()


def _follows_from(explains: Mapping[str, Sequence[str]], name: str) -> set[str]:
    found: set[str] = set()
    left = list(explains[name])
    while left:
        if (one := left.pop()) not in found:
            found.add(one)
            left += explains[one]
    return found


def compile_rules(rules: Sequence[Rule], hurry: float = 1.0) -> tuple[tuple[Compiled, ...], frozenset[str]]:
    """The rules to evaluate and the names of all samples they read. Every time is `hurry` times as short as it is
    written: a rehearsal. Raises RuleError."""
    compiled, names = [], set[str]()
    for rule in rules:
        try:
            expression, read, reach = compile_expression(rule.expr, hurry)
        except ExpressionError as error:
            raise RuleError(f"{rule.name}: {error}") from error
        names |= read
        lasting = seconds_of(rule.lasting) / hurry if rule.lasting is not None else 0.0
        compiled.append(
            Compiled(
                rule=rule,
                expression=expression,
                lasting=lasting,
                keeping=seconds_of(rule.keeping) / hurry,
                reach=reach,
                explained_by=frozenset(one.name for one in rules if rule.name in one.explains),
            )
        )
    return tuple(compiled), frozenset(names)


def seconds_of(duration: Duration) -> int:
    return int(duration[:-1]) * _UNITS[duration[-1]]


def say(text: str, labels: Labels, value: float) -> str:
    """The text with a firing alert's labels and value. Raises RuleError for a template that is not known."""
    given = dict(labels)

    def filled(match: re.Match[str]) -> str:
        name, *functions = [part.strip() for part in match[1].split("|")]
        if label := _LABEL.fullmatch(name):
            return given.get(label[1], "")
        if name == "$value" and not functions:
            return _plain(value)
        if name == "$value" and len(functions) == 1 and functions[0] in _HUMANIZED:
            return _HUMANIZED[functions[0]](value)
        raise RuleError(f"the template {match[0]} is not known")

    return _TEMPLATE.sub(filled, text)


def _plain(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) and value == round(value) else f"{value:.4g}"


def _duration(value: float) -> str:
    """As Prometheus's humanizeDuration: 250ms, 12.5s, 1m 5s, 1h 2m 3s."""
    if not math.isfinite(value):
        return f"{value:.4g}"
    if 0 < abs(value) < 1:
        return f"{value * 1000:.4g}ms"
    if abs(value) < 60:
        return f"{value:.4g}s"
    minutes, seconds = divmod(int(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    first = next(index for index, (number, _) in enumerate(parts) if number)
    return ("-" if value < 0 else "") + " ".join(f"{number}{unit}" for number, unit in parts[first:])


def _percentage(value: float) -> str:
    return f"{value * 100:.4g}%"


_HUMANIZED = {"humanizeDuration": _duration, "humanizePercentage": _percentage}
