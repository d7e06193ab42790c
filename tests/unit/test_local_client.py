"""What a Nginx serves of the browser client, and what stays there when another one is built."""

import os
import time
from pathlib import Path

import pytest

from deploy.local import Layout, StackError
from deploy.local.client import ASSET_SECONDS, place


def built(dist: Path, name: str) -> None:
    """As the build leaves it: a page, its policy, and a part that is named after its content."""
    assets = dist / "site" / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    for old in assets.iterdir():
        old.unlink()
    (assets / f"{name}.js").write_text(name)
    (dist / "site" / "index.html").write_text(f"page of {name}")
    (dist / "csp.conf").write_text(f"policy of {name}\n")
    (dist / "built").write_text(name * 40)


def test_a_page_keeps_its_own_policy_whatever_is_built_meanwhile(tmp_path: Path) -> None:
    home, dist = tmp_path / "home", tmp_path / "dist"
    built(dist, "a")
    before = place(home, dist)
    built(dist, "b")
    assert (before.policy, (before.site / "index.html").read_text()) == ("policy of a", "page of a")
    after = place(home, dist)
    assert (after.policy, (after.site / "index.html").read_text()) == ("policy of b", "page of b")
    assert (before.site / "index.html").read_text() == "page of a"
    assert place(home, dist) == after


def test_parts_of_earlier_builds_stay_for_open_tabs_and_go_when_none_can_be_open(tmp_path: Path) -> None:
    home, dist = tmp_path / "home", tmp_path / "dist"
    for name in "abc":
        built(dist, name)
        placed = place(home, dist)
    assert {path.name for path in (placed.assets / "assets").iterdir()} == {"a.js", "b.js", "c.js"}
    assert len(list((home / "client" / "builds").iterdir())) == 2
    long_ago = time.time() - ASSET_SECONDS - 1
    for name in "ac":
        os.utime(placed.assets / "assets" / f"{name}.js", (long_ago, long_ago))
    place(home, dist)
    assert {path.name for path in (placed.assets / "assets").iterdir()} == {"b.js", "c.js"}


def test_that_something_ends_tls_before_the_edge_is_said_by_a_setting_that_is_checked() -> None:
    assert Layout.from_environment({"LARDER_TLS_IN_FRONT": "1"}).tls_in_front
    assert not Layout.from_environment({}).tls_in_front
    with pytest.raises(StackError, match="LARDER_TLS_IN_FRONT is 'yes'; it must be 0 or 1"):
        Layout.from_environment({"LARDER_TLS_IN_FRONT": "yes"})
