"""`python -m deploy.monitoring`: write what Prometheus, Alertmanager and Grafana load, beside this file."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.monitoring import dashboards, scraping
from deploy.monitoring.rules import alertmanager_inhibitions, prometheus_rules

FOLDER = Path(__file__).parent


def generated() -> Mapping[Path, str]:
    """All that is written, by its file."""
    return {
        FOLDER / "alerts.yaml": prometheus_rules(),
        FOLDER / "inhibitions.yaml": alertmanager_inhibitions(),
        FOLDER / "prometheus.yml": scraping.in_containers(),
        FOLDER / "prometheus-local.yml": scraping.on_this_machine(),
        **{FOLDER / "dashboards" / name: _json(document) for name, document in dashboards.documents()},
    }


def _json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


if __name__ == "__main__":
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
