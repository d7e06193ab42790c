"""The browser client as Nginx serves it: built from `web/` when it is missing or older than its sources.

Owns `web/dist`: `site/` is the root that Nginx serves, `csp.conf` the policy that goes with it, `built` the fingerprint
of the sources. Invariants: `dist` is whole and of one build, replaced in one step; one process builds at a time.
"""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import PartError, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.node import NODE, alone, environment, install

WEB = REPOSITORY / "web"
DIST = WEB / "dist"
SITE = DIST / "site"
POLICY = DIST / "csp.conf"
BUILD_SECONDS = 180.0
_SOURCES = (
    *("src", "public", "build", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"),
)
_LINES = 20


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
        # Nginx may be serving: it misses its root for the moment between these two.
        shutil.rmtree(WEB / "dist.old", ignore_errors=True)
        if DIST.exists():
            DIST.rename(WEB / "dist.old")
        fresh.rename(DIST)
        shutil.rmtree(WEB / "dist.old", ignore_errors=True)
        return True


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
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        path = WEB / name
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else (path,)


def _built() -> str | None:
    mark = DIST / "built"
    return mark.read_text() if mark.exists() else None
