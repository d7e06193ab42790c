"""Dashboards ask for what is exported, are of the form that Grafana takes, and leave out no process."""

import re
from collections.abc import Iterator

import msgspec
import pytest
import yaml

from deploy.local.programs import SERVICES, TRACES
from deploy.monitoring.__main__ import FOLDER
from deploy.monitoring.dashboards import COLUMNS, DASHBOARDS, documents
from tests.metrics import exported, unknown_to

KNOWN = exported()
ASKS = [
    pytest.param(expression, legend, id=f"{dashboard.uid}: {panel.title}: {number}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for number, (expression, legend) in enumerate(panel.asks)
]


@pytest.mark.parametrize(("expression", "legend"), ASKS)
def test_a_panel_asks_for_metrics_and_labels_that_are_exported(expression: str, legend: str) -> None:
    assert unknown_to(expression, KNOWN) == []
    grouped = {label for by in re.findall(r"by \(([a-z_, ]+)\)", expression) for label in by.split(", ")}
    raw = not grouped and "sum(" not in expression
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= grouped | ({"job", "instance"} if raw else set())


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("sum(larder_nothing_total)", ["larder_nothing_total"]),
        ('sum(larder_http_seconds_count{person="1"})', ["larder_http_seconds_count{person}"]),
        ("sum by (path) (larder_http_in_flight)", ["by (path) of larder_http_in_flight"]),
    ],
)
def test_what_is_not_exported_would_be_noticed(wrong: str, complaint: list[str]) -> None:
    assert unknown_to(wrong, KNOWN) == complaint


def test_dashboards_and_panels_can_be_told_apart_and_stand_side_by_side() -> None:
    uids = [document["uid"] for _, document in documents()]
    assert len(set(uids)) == len(uids) == 4
    for _, document in documents():
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in document["panels"]]
        assert len(set(places)) == len(places)
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS for panel in document["panels"])
        assert all(panel["targets"] and panel["title"] for panel in document["panels"])


def test_each_dashboard_is_written_and_nothing_else_stands_there() -> None:
    written = {path.name: msgspec.json.decode(path.read_bytes()) for path in (FOLDER / "dashboards").iterdir()}
    assert written == dict(documents())


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-local.yml"])
def test_prometheus_scrapes_every_process_under_the_name_that_rules_go_by(name: str) -> None:
    configuration = yaml.safe_load((FOLDER / name).read_text())
    assert [job["job_name"] for job in configuration["scrape_configs"]] == [
        service.name for service in SERVICES if service.name != TRACES
    ]


def containers() -> Iterator[tuple[str, object]]:
    compose = yaml.safe_load((FOLDER.parents[1] / "compose.yaml").read_text())
    yield from compose["services"].items()


def test_containers_are_found_by_the_names_that_compose_gives_them() -> None:
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    names = {name for job in configuration["scrape_configs"] for name in job["dns_sd_configs"][0]["names"]}
    assert names <= {name for name, _ in containers()}
