"""The servers of the local stack start, answer, start again without harm, and leave nothing behind."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Layout, Stack, StackError
from deploy.local.__main__ import main
from tests.support import own_stack, stack_port

SERVERS = {"postgres", "nats", "valkey"}


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(only=SERVERS) as stack:
        yield stack


def test_postgres_is_18_and_the_roles_bypass_no_policy(stack: Stack) -> None:
    answer = stack.postgres.psql(
        "larder",
        sql="select current_setting('server_version_num')::int / 10000, count(*) from pg_roles "
        "where rolname in ('restaurant', 'driver', 'admin', 'system', 'orders_service', 'relay_service') "
        "and not rolbypassrls and not rolsuper",
    )
    assert answer.strip() == "18|6"


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = {part.name: part.pid for part in stack.status() if part.name in SERVERS}
    stack.up(only=SERVERS, migrations=False)
    after = {part.name: part.pid for part in stack.status() if part.name in SERVERS}
    assert set(before) == SERVERS
    assert before == after


def test_down_frees_the_ports_and_up_brings_them_back(stack: Stack) -> None:
    ports = [stack.layout.port(name) for name in SERVERS]
    stack.down()
    assert not any(listening(port) for port in ports)
    stack.up(only=SERVERS, migrations=False)
    assert all(listening(port) for port in ports)


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = Stack(Layout(state_dir=tmp_path / "state", base_port=port - 2))
        with pytest.raises(StackError, match=str(port)):
            other.up(only={"nats"}, migrations=False)
        other.reset()


def test_a_directory_of_somebody_else_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(StackError):
        Stack(Layout(state_dir=tmp_path, base_port=stack_port())).reset()
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_killed_server_is_started_again(stack: Stack) -> None:
    before = next(part.pid for part in stack.status() if part.name == "valkey")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    stack.up(only=SERVERS, migrations=False)
    after = next(part.pid for part in stack.status() if part.name == "valkey")
    assert after not in (None, 0, before)


def test_the_command_line_starts_shows_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LARDER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LARDER_PORT", str(stack_port()))
    try:
        assert main(["up", "--only", "nats,valkey"]) == 0
        capfd.readouterr()
        main(["status"])
        assert "valkey" in capfd.readouterr().out
        assert main(["logs", "nats", "-n", "1"]) == 0
        assert main(["down"]) == 0
        assert main(["status"]) == 3
    finally:
        assert main(["reset", "--yes"]) == 0
