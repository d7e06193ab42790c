"""Which processes are ours, who holds a port, and how a command is run.

Each program is started through a shell line that appends its pid and the time to a file of ours and then becomes the
program. That file tells, without names and without guessing, what is left when supervisord itself was killed.

Invariants: a pid counts as ours only when its process began before its line was written (a pid that was given out again
began later), or sits in the process group that this pid led. Nothing else is ever signalled.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psutil  # type: ignore[import-untyped]  # the only module that imports it

from deploy.local.addresses import HOST

Process: TypeAlias = psutil.Process
CLOCK_TOLERANCE_S = 2.0  # psutil derives a start time from the boot time, which is kept in whole seconds


def clean_environment() -> dict[str, str]:
    """What every child starts from: no LARDER_*, PG*, DBMATE_* or PYTHON* of the caller reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME", "VIRTUAL_ENV") if name in os.environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", **kept, "LANG": "C.UTF-8"}


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    user: tuple[int, int] | None = None,
    directory: Path | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Runs a command of ours to its end, with a clean environment, as (uid, gid) if given. Any status is returned."""
    return subprocess.run(  # noqa: S603  every command line is put together here, none comes from outside
        [str(word) for word in command],
        env={**clean_environment(), **(environment or {})},
        cwd=directory,
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        user=None if user is None else user[0],
        group=None if user is None else user[1],
        extra_groups=None if user is None else [],
    )


def recorded(pid_file: Path) -> list[tuple[int, float]]:
    """The starts of a program, oldest first: (pid, when in seconds since 1970). supervisord's own file has no time in
    it; it is written once, so its modification time is that."""
    try:
        lines = [line.split() for line in pid_file.read_text().splitlines()]
        written = pid_file.stat().st_mtime
    except OSError:
        return []
    return [(int(words[0]), float(words[1]) if len(words) > 1 else written) for words in lines if words]


def starts(pid_file: Path) -> int:
    """How many times the program was started since `up` started it."""
    return len(recorded(pid_file))


def owned(pid_file: Path) -> list[Process]:
    """The living processes of the program that the pid file records: itself and the rest of its process groups."""
    everybody = [(process, _group(process.pid)) for process in _processes()]
    found: list[Process] = []
    for leader, written in recorded(pid_file):
        members = [process for process, group in everybody if group == leader]
        if any(process.pid == leader and began(leader) > written + CLOCK_TOLERANCE_S for process in members):
            continue  # the pid was given out again: this group is somebody else's
        found += [process for process in members if began(process.pid) > 0]
    return found


def began(pid: int) -> float:
    """When the process with this pid was started, in seconds since 1970; 0 when there is none, or only a zombie."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def anybody_works_in(directory: Path) -> bool:
    """Whether the working directory of any process that we may look at is this one."""
    for process in _processes():
        try:
            if Path(process.cwd()) == directory:
                return True
        except (psutil.Error, OSError):
            continue
    return False


def children(pid: int) -> dict[int, str]:
    """The pids of a process's children, with what each calls itself."""
    found = {}
    try:
        for child in psutil.Process(pid).children():
            found[child.pid] = " ".join(child.cmdline())
    except psutil.Error:
        return found
    return found


def is_gone(process: Process, patience: float) -> bool:
    """Waits for the process to end; false when it did not."""
    return not _still_there([process], patience)


def end(processes: Iterable[Process], first: signal.Signals = signal.SIGTERM, patience: float = 10) -> None:
    """Ends processes of ours: asks, waits, then insists."""
    asked = list(processes)
    for process in asked:
        _send(process, first)
    left = _still_there(asked, patience)
    for process in left:
        _send(process, signal.SIGKILL)
    _still_there(left, 5)


@dataclass(frozen=True)
class Holder:
    """Who listens on a port. `pid` is None when the system does not tell (another user's process)."""

    pid: int | None
    command: str


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a server
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> Holder:
    """Best effort: the process that listens on a taken port."""
    try:
        listening = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    except (psutil.AccessDenied, OSError):
        return Holder(None, "")
    for each in listening:
        if each.laddr and each.laddr[1] == port and each.pid is not None:
            try:
                return Holder(each.pid, " ".join(psutil.Process(each.pid).cmdline()).strip()[:80])
            except psutil.Error:
                return Holder(each.pid, "")
    return Holder(None, "")


def memory(pid: int) -> int:
    """Bytes that a process and its children use; shared pages are split among them where the system tells."""
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_memory(process) for process in family)


def _memory(process: Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError, OSError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _still_there(asked: Iterable[Process], patience: float) -> list[Process]:
    """Waits for processes to end and returns those that did not. A zombie has ended, though in a container nobody may
    ever fetch its status."""
    deadline = time.monotonic() + patience
    left = [process for process in asked if _lives(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if _lives(process)]
    return left


def _lives(process: Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _processes() -> list[Process]:
    found = []
    for pid in psutil.pids():
        try:
            found.append(psutil.Process(pid))
        except psutil.Error:
            continue
    return found


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _send(process: Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil checks that the pid is still the same process
    except psutil.Error:
        return
