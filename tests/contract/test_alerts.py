"""The alerts are a rule file that Prometheus takes, about metrics that the code has, with runbooks that are there."""

import re
from pathlib import Path

import msgspec
import promql_parser
import pytest
from prometheus_client import REGISTRY

import services.catalog.app  # registers the metrics of stock, of the edge and of the cache
import services.gateway.app  # registers the gateway's metrics
import services.orders.app  # noqa: F401  registers the orders' metrics
import shared.outbox.app  # noqa: F401  registers the relay's metrics

ROOT = Path(__file__).parents[2]


def sections(path: str) -> set[str]:
    """As GitHub links to a file's headings."""
    lines = (ROOT / path).read_text().splitlines()
    headings = [line.removeprefix("## ").lower() for line in lines if line.startswith("## ")]
    return {re.sub(r"[^a-z0-9 -]", "", heading).replace(" ", "-") for heading in headings}


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"""

    alert: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]
    lasting: str | None = msgspec.field(name="for", default=None)


class Group(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    rules: list[Rule]


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    groups: list[Group]


FILE = msgspec.yaml.decode((ROOT / "deploy" / "monitoring" / "alerts.yaml").read_bytes(), type=RuleFile)
RULES = [rule for group in FILE.groups for rule in group.rules]


def metrics(expression: str) -> set[str]:
    return set(re.findall(r"\blarder_\w+", expression))


def exported() -> set[str]:
    """The names as they stand in /metrics: a counter ends in _total, a histogram's buckets in _bucket."""
    endings = {"counter": "_total", "histogram": "_bucket"}
    return {f"{family.name}{endings.get(family.type, '')}" for family in REGISTRY.collect()}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.alert)
def test_a_rule_is_promql_about_metrics_that_exist_and_says_what_to_do(rule: Rule) -> None:
    promql_parser.parse(rule.expr)
    assert metrics(rule.expr)
    assert metrics(rule.expr) <= exported()
    assert rule.labels["severity"] in {"page", "ticket"}
    assert set(rule.annotations) == {"summary", "action", "runbook"}
    assert rule.lasting is None or re.fullmatch(r"[1-9][0-9]*[smh]", rule.lasting)
    path, _, section = rule.annotations["runbook"].partition("#")
    assert section in sections(path)


def test_each_alert_has_a_name_of_its_own() -> None:
    names = [rule.alert for rule in RULES]
    assert len(set(names)) == len(names) >= 5
