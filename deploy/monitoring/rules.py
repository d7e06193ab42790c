"""The alerts as Prometheus and Alertmanager take them, from the one source in services/analytics/alerts/rules.toml.

Prometheus has no word for `explains`: there it is Alertmanager's inhibition, of what fires and not of what is about to.
"""

from itertools import groupby

import yaml

from services.analytics.alerts.rules import Rule, read_rules

WRITTEN = "# Written by `just monitoring` from services/analytics/alerts/rules.toml: change that.\n"


def prometheus_rules() -> str:
    """https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"""
    groups = [
        {"name": name, "rules": [_rule(rule) for rule in rules]}
        for name, rules in groupby(read_rules(), key=lambda rule: rule.group)
    ]
    return _written({"groups": groups})


def alertmanager_inhibitions() -> str:
    """https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule"""
    inhibitions = [
        {
            "source_matchers": [f"alertname = {rule.name}"],
            "target_matchers": [f"alertname =~ {'|'.join(rule.explains)}"],
        }
        for rule in read_rules()
        if rule.explains
    ]
    return _written({"inhibit_rules": inhibitions})


def _rule(rule: Rule) -> dict[str, object]:
    lasting = {"for": rule.lasting} if rule.lasting is not None else {}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        **lasting,
        "keep_firing_for": rule.keeping,
        "labels": {"severity": rule.severity},
        "annotations": {"summary": rule.summary, "action": rule.action, "runbook": rule.runbook},
    }


def _written(document: object) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=118)
    return WRITTEN + text
