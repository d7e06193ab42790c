"""compose.yaml gives each program what it takes, publishes Nginx alone, holds no secret, and can be scaled."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from deploy.compose import secrets
from deploy.compose.verify import read_access_log
from deploy.demo.load import Place
from deploy.local.templates import render
from services.accounts import app as accounts
from services.analytics import app as analytics
from services.catalog import app as catalog
from services.gateway import app as gateway
from services.orders import app as orders
from shared.outbox import app as relay
from shared.settings import load

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = {"migrate", "demo"}
"""They do their work and end."""

SETTINGS: dict[str, type[msgspec.Struct]] = {
    "accounts": accounts.Settings,
    "catalog": catalog.Settings,
    "orders": orders.Settings,
    "analytics": analytics.Settings,
    "realtime-gateway": gateway.Settings,
    "relay": relay.Settings,
    "demo": Place,
}
TEMPLATES = {
    "nginx": "deploy/nginx/nginx.conf",
    "nats": "deploy/nats/nats.conf",
    "pgbouncer": "deploy/pgbouncer/pgbouncer.ini",
    "postgres": "deploy/postgres/pg_hba.conf",
}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """The variables that `just compose-secrets` writes."""
    path = tmp_path / ".env"
    secrets.fill(path)
    return secrets.read(path)


def filled(text: str, variables: dict[str, str]) -> str:
    """As Docker Compose fills `${NAME:?…}` and `${NAME:-default}` in, the innermost first."""
    while (hole := re.search(r"\$\{(\w+)(?::([?-])([^{}]*))?\}", text)) is not None:
        name, kind, rest = hole.groups()
        value = variables[name] if kind != "-" else variables.get(name, rest)
        text = text[: hole.start()] + value + text[hole.end() :]
    return text


@pytest.mark.parametrize("name", SETTINGS)
def test_each_program_gets_exactly_the_settings_that_it_takes(name: str, made: dict[str, str]) -> None:
    environment = {key: filled(str(value), made) for key, value in SERVICES[name]["environment"].items()}
    load(SETTINGS[name], environment)


def test_services_go_through_the_pooler_and_what_holds_sessions_goes_to_postgres() -> None:
    def hosts(name: str) -> set[str]:
        texts = [str(value) for value in SERVICES[name]["environment"].values()]
        return {host for text in texts for host in re.findall(r"@([\w-]+):\d+/larder", text)}

    for name in ("accounts", "catalog", "orders", "analytics"):
        assert hosts(name) == {"pgbouncer", "postgres-replica"}, name
    assert hosts("relay") == {"pgbouncer"}
    assert hosts("demo") == {"postgres"}
    assert SERVICES["migrate"]["environment"]["PGHOST"] == "postgres"


def test_nginx_alone_is_published_on_loopback_and_away_from_the_databases() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["nginx"]
    assert all(port.startswith("127.0.0.1:") for port in published["nginx"])
    assert SERVICES["nginx"]["networks"] == ["edge"]
    assert yaml.safe_load(TEXT)["networks"]["data"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_can_be_scaled_restarts_is_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert "container_name" not in service
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    if name in ONCE:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]
        assert service["stop_grace_period"]


def test_no_password_stands_in_the_file_and_without_one_nothing_starts(made: dict[str, str]) -> None:
    required = set(re.findall(r"\$\{(\w+):\?run just compose-secrets\}", TEXT))
    assert required == set(made)
    optional = set(re.findall(r"\$\{(\w+):-", TEXT))
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == required | optional
    assert not re.findall(r"//\w+:(?!\$\{)\w[^/@\s]*@", TEXT)


def test_the_secrets_are_private_and_never_change(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("LARDER_PORT=9000\nORDERS_SERVICE_PASSWORD=chosen")
    assert "ORDERS_SERVICE_PASSWORD" not in secrets.fill(path)
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert secrets.read(path)["ORDERS_SERVICE_PASSWORD"] == "chosen"
    assert secrets.read(path)["LARDER_PORT"] == "9000"
    assert secrets.fill(path) == []
    assert path.read_text() == first


@pytest.mark.parametrize("image", TEMPLATES)
def test_each_image_fills_every_slot_of_its_template_and_no_other(image: str) -> None:
    slots = tomllib.loads((ROOT / "deploy" / "images" / image / "slots.toml").read_text())
    assert "{{" not in render(ROOT / TEMPLATES[image], slots)


def test_every_image_is_built_from_the_two_allowed_bases() -> None:
    for path in (ROOT / "deploy" / "images").glob("*/Dockerfile"):
        stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", path.read_text(), re.MULTILINE)
        names = {name for _, name in stages}
        assert {base for base, _ in stages} - names <= {"debian:13-slim", "python:3.13-slim"}, path


def test_the_log_of_the_edge_tells_who_answered_and_what_failed() -> None:
    lines = [
        '{"uri":"/api/orders?limit=1","status":200,"upstream":"10.0.0.1:8000"}',
        '{"uri":"/api/orders/1","status":201,"upstream":"10.0.0.2:8000, 10.0.0.1:8000"}',
        '{"uri":"/api/orders","status":503,"upstream":"10.0.0.2:8000"}',
        '{"uri":"/api/health","status":503,"upstream":""}',
        "2026/11/24 15:34:44 [warn] not an entry",
    ]
    served, failed = read_access_log(lines)
    assert served == {"10.0.0.1:8000": 2, "10.0.0.2:8000": 1}
    assert failed == [lines[2]]
