"""The browser client: built from `web/` when it is missing or older than its sources, and placed where Nginx serves it.

Owns `web/dist`: `site/` is what is served, `csp.conf` the policy that goes with it, `weights.txt` what its parts weigh,
`built` the fingerprint of the sources; and `client/` in the home of each Nginx, a copy by fingerprint. Invariants:
`dist` is whole and of one build, replaced in one step; one process builds at a time. What a Nginx serves never changes
under it: a page and its policy are of one build, whatever is built meanwhile, and parts of earlier builds stay for the
tabs that are open.
"""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import PartError, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.node import NODE, alone, environment, install

WEB = REPOSITORY / "web"
DIST = WEB / "dist"
BUILD_SECONDS = 180.0
ASSET_SECONDS = 30 * 24 * 3600.0
"""So long a tab may be open, and still find a part of its own build that it never loaded."""
_SOURCES = (
    *("src", "public", "build", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"),
)
_SETTINGS = ("LARDER_TILE_URL", "LARDER_TILE_ATTRIBUTION")
"""What the build reads of its environment (web/build/tiles.ts)."""
_LINES = 20


@dataclass(frozen=True)
class Placed:
    """One build as a Nginx serves it. `assets` holds `/assets/`, of this build and of earlier ones."""

    site: Path
    assets: Path
    policy: str


def build() -> bool:
    """Brings `dist` up to its sources; false when it was. Raises StackError."""
    with alone(WEB / ".lock"):
        wanted = fingerprint()
        if _built() == wanted:
            return False
        install(WEB)
        fresh = WEB / "dist.new"
        shutil.rmtree(fresh, ignore_errors=True)
        run("build/build.ts", str(fresh), seconds=BUILD_SECONDS)
        (fresh / "built").write_text(wanted)
        shutil.rmtree(WEB / "dist.old", ignore_errors=True)
        if DIST.exists():
            DIST.rename(WEB / "dist.old")
        fresh.rename(DIST)
        shutil.rmtree(WEB / "dist.old", ignore_errors=True)
        return True


def weights() -> str:
    """What each part of the present build weighs, compressed, and may weigh: a line each."""
    return (DIST / "weights.txt").read_text()


def place(home: Path, dist: Path = DIST) -> Placed:
    """Copies the build to below `home`, where it stays as it is. Builds before the last two are removed there."""
    with alone(WEB / ".lock"):
        builds, assets = home / "client" / "builds", home / "client" / "kept"
        placed = builds / (dist / "built").read_text()[:16]
        if not placed.exists():
            fresh = builds / "new"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(dist, fresh)
            fresh.rename(placed)
            shutil.copytree(dist / "site" / "assets", assets / "assets", dirs_exist_ok=True, copy_function=shutil.copy)
        placed.touch()
        _forget(builds, assets / "assets")
        return Placed(placed / "site", assets, (placed / "csp.conf").read_text().strip())


def _forget(builds: Path, assets: Path) -> None:
    """A Nginx that was told of a new build still answers of the one before for a moment."""
    for old in sorted(builds.iterdir(), key=lambda each: each.stat().st_mtime)[:-2]:
        shutil.rmtree(old)
    current = {path.name for path in builds.glob("*/site/assets/*")}
    for asset in assets.iterdir():
        if asset.name not in current and time.time() - asset.stat().st_mtime > ASSET_SECONDS:
            asset.unlink()


def run(*words: str, seconds: float) -> None:
    """Node on a file of `web/`. Raises PartError with the last that it said."""
    try:
        done = subprocess.run(  # noqa: S603  our own words
            [str(NODE), *words],
            cwd=WEB,
            env={**environment(), "NODE_ENV": "production"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{words[0]} in {WEB} took more than {seconds:.0f} s.") from error
    if done.returncode != 0:
        raise PartError(
            "The browser client", "it could not be built", done.stdout.splitlines()[-_LINES:], "Try: just web"
        )


def fingerprint() -> str:
    """Of all that the build reads."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(WEB)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _SETTINGS:
        digest.update(f"{name}={os.environ.get(name, '')}\0".encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        path = WEB / name
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else (path,)


def _built() -> str | None:
    mark = DIST / "built"
    return mark.read_text() if mark.exists() else None
