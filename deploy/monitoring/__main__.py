"""`python -m deploy.monitoring`: write what Prometheus, Alertmanager and Grafana load, beside this file."""

from collections.abc import Mapping
from pathlib import Path

from deploy.monitoring.rules import alertmanager_inhibitions, prometheus_rules

FOLDER = Path(__file__).parent


def generated() -> Mapping[Path, str]:
    """All that is written, by its file."""
    return {FOLDER / "alerts.yaml": prometheus_rules(), FOLDER / "inhibitions.yaml": alertmanager_inhibitions()}


if __name__ == "__main__":
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
