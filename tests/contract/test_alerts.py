"""The alerts have one source: what analytics judges is what Prometheus is given, about metrics that the code has, with
runbooks that are there."""

import re
from pathlib import Path

import pytest
import yaml

from deploy.monitoring.__main__ import generated
from services.analytics.alerts.rules import Rule, RuleError, compile_rules, read_rules, say, seconds_of
from tests.metrics import exported, unknown_to

ROOT = Path(__file__).parents[2]
RULES = read_rules()
KNOWN = exported()


def sections(path: str) -> set[str]:
    """As GitHub links to a file's headings."""
    lines = (ROOT / path).read_text().splitlines()
    headings = [line.removeprefix("## ").lower() for line in lines if line.startswith("## ")]
    return {re.sub(r"[^a-z0-9 -]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_about_metrics_that_exist_and_says_what_to_do(rule: Rule) -> None:
    _, names = compile_rules([rule])
    assert names
    assert unknown_to(rule.expr, KNOWN) == []
    assert rule.action
    path, _, section = rule.runbook.partition("#")
    assert section in sections(path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_rule_says_is_said_with_labels_that_its_value_has(rule: Rule) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", rule.summary + rule.action))
    grouped = {label for by in re.findall(r"by \(([a-z_, ]+)\)", rule.expr) for label in by.split(", ")}
    assert named <= grouped - {"le"}


def test_the_written_files_are_fresh() -> None:
    for path, text in generated().items():
        assert path.read_text() == text, f"{path.name} is stale: run `just monitoring`"


def test_prometheus_is_given_every_rule_with_its_words() -> None:
    written = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yaml").read_text())
    rules = [rule for group in written["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in rules] == [rule.name for rule in RULES]
    for said, rule in zip(rules, RULES, strict=True):
        assert said["expr"] == rule.expr
        assert said.get("for") == rule.lasting
        assert said["keep_firing_for"] == rule.keeping
        assert said["labels"] == {"severity": rule.severity}
        assert said["annotations"] == {"summary": rule.summary, "action": rule.action, "runbook": rule.runbook}


def test_every_rule_waits_before_it_is_over() -> None:
    assert all(seconds_of(rule.keeping) >= 60 for rule in RULES)


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        ("{{ $value }}", 3.0, "3"),
        ("{{ $value }}", 0.123456, "0.1235"),
        ("{{ $value | humanizeDuration }}", 0.25, "250ms"),
        ("{{ $value | humanizeDuration }}", 12.5, "12.5s"),
        ("{{ $value | humanizeDuration }}", 65.0, "1m 5s"),
        ("{{ $value | humanizeDuration }}", 90_061.0, "1d 1h 1m 1s"),
        ("{{ $value | humanizePercentage }}", 0.8125, "81.25%"),
        ("{{ $labels.job }} and {{$labels.other}}", 1.0, "orders and "),
    ],
)
def test_texts_are_filled_in_as_prometheus_does(template: str, value: float, said: str) -> None:
    assert say(template, (("job", "orders"),), value) == said


GOOD = """
[[alert]]
group = "g"
name = "Good"
expr = "max(g) > 1"
keep_firing_for = "1m"
severity = "page"
summary = "s"
action = "a"
runbook = "docs/runbooks/outbox.md#lag"
"""


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (GOOD + "page = true", "page"),
        (GOOD + GOOD, "Good: comes twice"),
        (GOOD + 'explains = ["Bad"]', "Good: explains Bad"),
        (GOOD + 'explains = ["Good"]', "Good: explains itself"),
        (GOOD.replace('"s"', '"{{ $value | humanize }}"'), "Good: the template"),
        (GOOD.replace('"1m"', '"1 minute"'), "keep_firing_for"),
        (GOOD.replace('"page"', '"shout"'), "severity"),
        (GOOD.replace("docs/runbooks/", "wiki/"), "runbook"),
        ("[[alert", "at end of document"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(tmp_path: Path, wrong: str, complaint: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(wrong)
    with pytest.raises(RuleError, match=re.escape(complaint)):
        read_rules(path)


def test_an_expression_that_is_not_known_is_refused_by_the_rules_name(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD.replace("max(g) > 1", "avg(g) > 1"))
    with pytest.raises(RuleError, match="Good: avg"):
        compile_rules(read_rules(path))
