"""What the processes export, by the code alone: sample names with their labels, as Prometheus stores them."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import promql_parser as promql
from prometheus_client import REGISTRY

for _process in ("accounts", "analytics", "catalog", "gateway", "orders"):
    import_module(f"services.{_process}.app")  # registers its metrics
for _process in ("outbox.app", "tracing.export"):
    import_module(f"shared.{_process}")

TARGET = {"job", "instance"}
"""Labels that Prometheus gives by where it scraped, and analytics by who answered."""

ENDINGS = {
    "counter": {"_total": set[str]()},
    "histogram": {"_bucket": {"le"}, "_count": set[str](), "_sum": set[str]()},
}


def exported() -> Mapping[str, set[str]]:
    """Sample name → its labels."""
    found: dict[str, set[str]] = {}
    for collector in set(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            for ending, more in ENDINGS.get(family.type, {"": set[str]()}).items():
                found[family.name + ending] = labels | more | TARGET
    return found


def selectors(node: Any) -> Iterator[promql.VectorSelector]:
    """Every selector in an expression."""
    match node:
        case promql.VectorSelector():
            yield node
        case promql.MatrixSelector():
            yield node.vector_selector
        case promql.Call():
            for argument in node.args:
                yield from selectors(argument)
        case promql.BinaryExpr():
            yield from selectors(node.lhs)
            yield from selectors(node.rhs)
        case promql.AggregateExpr() | promql.ParenExpr():
            yield from selectors(node.expr)


def aggregations(node: Any) -> Iterator[promql.AggregateExpr]:
    """Every aggregation in an expression."""
    match node:
        case promql.AggregateExpr():
            yield node
            yield from aggregations(node.expr)
        case promql.Call():
            for argument in node.args:
                yield from aggregations(argument)
        case promql.BinaryExpr():
            yield from aggregations(node.lhs)
            yield from aggregations(node.rhs)
        case promql.ParenExpr():
            yield from aggregations(node.expr)


def unknown_to(expression: str, known: Mapping[str, set[str]]) -> list[str]:
    """The metrics and labels that the expression names and that no process exports."""
    parsed = promql.parse(expression)
    wrong = []
    for selector in selectors(parsed):
        labels = known.get(str(selector.name))
        if labels is None:
            wrong.append(str(selector.name))
        else:
            named = {matcher.name for matcher in selector.matchers.matchers}
            wrong += [f"{selector.name}{{{label}}}" for label in sorted(named - labels)]
    for aggregation in aggregations(parsed):
        by = set(aggregation.modifier.labels) if aggregation.modifier is not None else set()
        for selector in selectors(aggregation):
            wrong += [f"by ({label}) of {selector.name}" for label in sorted(by - known.get(str(selector.name), by))]
    return wrong
