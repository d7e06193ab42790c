"""wrk: many HTTP requests a second for little CPU, which it takes from the same processors as what it measures.

A closed loop: each connection sends its next request when it has the answer. Refuses to count a run in which a single
answer was not 2xx or a connection broke.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from deploy.local import StackError
from deploy.local.processes import clean_environment
from loadtests.bench.errors import BenchError

SCRIPT = Path(__file__).with_name("wrk.lua")
INSTALL = "apt-get install -y --no-install-recommends wrk"


class WrkError(BenchError):
    """An answer was not 2xx, or wrk did not run."""


class Load(msgspec.Struct, frozen=True):
    """What one run came to. `p50_us` and `p99_us`: from request to answer."""

    requests: int
    microseconds: int
    not_2xx: int
    broken: int
    p50_us: int
    p99_us: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.microseconds * 1_000_000


def request_line(method: str, target: str, headers: Mapping[str, str], body: str = "") -> str:
    """One request as `wrk.lua` reads it. `<KEY>` in it becomes a new key each time."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "<CRLF>".join([*lines, "", body])


def find() -> str:
    """wrk's path; installs it where that is possible. Raises StackError, naming the command."""
    if (found := shutil.which("wrk")) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        subprocess.run(INSTALL.split(), check=False, capture_output=True)  # noqa: S603  our own words
        if (found := shutil.which("wrk")) is not None:
            return found
    raise StackError("The benchmark's load generator, wrk, is not installed.", f"Install it: sudo {INSTALL}")


async def run(address: str, requests: Sequence[str], *, clients: int, seconds: float) -> Load:
    """Raises WrkError."""
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.writelines(f"{request}\n" for request in requests)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(find(), "-t", "1", "-c", str(clients), "-d", str(max(1, round(seconds))), "-s", str(SCRIPT), address),
            *("--", file.name, str(time.time_ns() // 1_000_000)),
            env=clean_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
    told = out.decode().strip().splitlines()
    if process.returncode != 0 or not told or not told[-1].startswith("{"):
        raise WrkError(f"wrk: {(err or out).decode().strip()}")
    load = msgspec.json.decode(told[-1], type=Load)
    if load.not_2xx or load.broken:
        raise WrkError(f"{load.not_2xx} answers were not 2xx and {load.broken} connections broke, of {load.requests}")
    return load
