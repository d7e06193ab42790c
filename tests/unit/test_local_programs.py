"""What the table of programs makes of a changed file and of the pooler."""

import os
import shutil
from pathlib import Path

import pytest

from deploy.local import SERVICES, Layout, Stack
from deploy.local.__main__ import main
from deploy.local.pooler import Found, Pooler
from deploy.local.programs import TRACES, Wiring, code_fingerprint


def test_changed_code_has_another_fingerprint_and_untouched_code_the_same(tmp_path: Path) -> None:
    for folder in ("services", "shared", "proto"):
        (tmp_path / folder).mkdir()
    code, query = tmp_path / "services" / "app.py", tmp_path / "services" / "queries.sql"
    code.write_text("x = 1\n")
    query.write_text("select 1;\n")
    before = code_fingerprint(tmp_path)
    (tmp_path / "services" / "notes.txt").write_text("not code")
    assert code_fingerprint(tmp_path) == before
    os.utime(query, ns=(1, 1))
    changed = code_fingerprint(tmp_path)
    assert changed != before
    code.write_text("x = 10\n")
    assert code_fingerprint(tmp_path) not in (before, changed)


@pytest.mark.parametrize(("version", "kept"), [((1, 18), "0"), ((1, 21), "100"), ((2, 0), "100")])
def test_with_the_pooler_every_pool_goes_through_it_and_prepares_what_it_can_carry(
    tmp_path: Path, version: tuple[int, int], kept: str
) -> None:
    stack = Stack(Layout(state_dir=tmp_path / "state", base_port=20000))
    pooler = Pooler(stack.addresses, stack.postgres)
    pooler.__dict__["found"] = Found(Path("/usr/sbin/pgbouncer"), version)
    settings = {service.name: service.settings(Wiring(stack.addresses, pooler)) for service in SERVICES}
    pools = {name: each for name, each in settings.items() if "LARDER_DATABASE_URL" in each}
    assert set(pools) >= {"accounts", "catalog", "orders", "analytics", "relay"}
    for each in pools.values():
        assert "@127.0.0.1:20005/" in each["LARDER_DATABASE_URL"]
        assert each["LARDER_STATEMENT_CACHE"] == kept
    assert ("\nmax_prepared_statements =" in pooler.configuration) == (kept != "0")


def test_without_it_they_go_to_postgres(tmp_path: Path) -> None:
    stack = Stack(Layout(state_dir=tmp_path / "state", base_port=20000))
    for service in SERVICES:
        settings = service.settings(Wiring(stack.addresses))
        assert "@127.0.0.1:20001/" in settings.get("LARDER_DATABASE_URL", "@127.0.0.1:20001/")
        assert "LARDER_STATEMENT_CACHE" not in settings


def test_with_a_replica_every_context_may_read_there_and_events_say_how_far_the_log_was(tmp_path: Path) -> None:
    stack = Stack(Layout(state_dir=tmp_path / "state", base_port=20000))
    for service in SERVICES:
        alone = service.settings(Wiring(stack.addresses))
        more = set(service.settings(Wiring(stack.addresses, replica=True)).items()) - set(alone.items())
        if service.name == "relay":
            assert more == {("LARDER_POSITIONS", "1")}
        elif "LARDER_DATABASE_URL" in alone:
            ((name, url),) = more
            assert name == "LARDER_DATABASE_REPLICA_URL"
            assert url == alone["LARDER_DATABASE_URL"].replace(":20001/", ":20008/")
        else:
            assert not more


def test_where_spans_are_collected_everybody_on_the_way_of_an_event_sends_theirs(tmp_path: Path) -> None:
    stack = Stack(Layout(state_dir=tmp_path / "state", base_port=20000))
    for service in SERVICES:
        quiet = {**Wiring(stack.addresses).base(service.name, 0), **service.settings(Wiring(stack.addresses))}
        assert not {"LARDER_OTLP_ENDPOINT", "LARDER_TRACE_RATIO"} & quiet.keys()
        told = service.settings(Wiring(stack.addresses, traces=True))
        if service.name == TRACES:
            assert told == {"LARDER_DIRECTORY": str(stack.layout.traces)}
            assert service.replicas == 0
            continue
        assert told["LARDER_OTLP_ENDPOINT"] == stack.addresses.service(TRACES)
        assert told.get("LARDER_TRACE_RATIO") == (None if service.name == "relay" else "1")


def test_a_machine_without_pgbouncer_is_told_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LARDER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LARDER_PORT", "20000")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert main(["up", "pooler", "--only", "nats"]) == 1
    assert "sudo apt-get install --yes --no-install-recommends pgbouncer" in capfd.readouterr().out
    assert main(["up", "pooler=2"]) == 2
    assert "pooler=2: a number from 0 to 1" in capfd.readouterr().out
    assert main(["reset", "--yes"]) == 0
