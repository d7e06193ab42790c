"""What the stacks of one machine share is made by one at a time."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local import machine, pooler


def test_who_comes_second_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SHARED_HOME", tmp_path / "larder")

    def second() -> str:
        with machine.making():
            return "made"

    with ThreadPoolExecutor(1) as other:
        with machine.making():
            waiting = other.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
        assert waiting.result(10) == "made"


def test_pgbouncer_that_another_stack_has_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "SHARED_HOME", tmp_path / "larder")
    binary = tmp_path / "pgbouncer"
    binary.write_text("#!/bin/sh\necho PgBouncer 1.24.1\n")
    binary.chmod(0o755)
    looks = iter([None, binary, binary])  # it came between the first look and our turn
    monkeypatch.setattr(pooler, "_which", lambda: next(looks))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/usr/bin/apt-get")
    monkeypatch.setattr(pooler, "_apt_get", lambda _: pytest.fail("it was installed again"))
    assert pooler.find() == pooler.Found(binary, (1, 24), fresh=True)
