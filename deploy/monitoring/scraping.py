"""Where Prometheus finds every process: by name in containers, by port beside the local stack.

Invariant: a service of the table of programs is in both; its name is the `job` that rules and dashboards go by.
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from deploy.local.addresses import HOST
from deploy.local.layout import Layout
from deploy.local.programs import SERVICES, TRACES, Service

EVERY = "15s"
CONTAINERS: Mapping[str, str] = {"gateway": "realtime-gateway"}
"""compose.yaml's name of a service, where it is another one."""

CONTAINER_PORT = 8000

_HEAD = "# Written by `just monitoring`. Load it with --config.file; the rules stand beside it.\n"


def in_containers() -> str:
    """Every replica has an address of its own under its service's name."""

    def found(service: Service) -> dict[str, Any]:
        names = [CONTAINERS.get(service.name, service.name)]
        return {"dns_sd_configs": [{"names": names, "type": "A", "port": CONTAINER_PORT, "refresh_interval": "5s"}]}

    return _configuration(found)


def on_this_machine() -> str:
    """As `just up` starts them without being asked for more replicas."""
    layout = Layout()

    def found(service: Service) -> dict[str, Any]:
        ports = [layout.port(service.name, replica) for replica in range(service.replicas)]
        return {"static_configs": [{"targets": [f"{HOST}:{port}" for port in ports]}]}

    return _configuration(found)


def _configuration(found: Callable[[Service], dict[str, Any]]) -> str:
    jobs = [{"job_name": service.name, **found(service)} for service in SERVICES if service.name != TRACES]
    document = {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": ["alerts.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]},
        "scrape_configs": jobs,
    }
    text: str = yaml.safe_dump(document, sort_keys=False)
    return _HEAD + text
