"""What a changed file of a service means to the stack that runs it."""

import os
from pathlib import Path

from deploy.local.programs import code_fingerprint


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
