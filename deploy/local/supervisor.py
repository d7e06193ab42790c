"""supervisord: its configuration, its life, and what is said to it over its unix socket (XML-RPC).

Owns the rendered configuration (mode 0600: it holds the programs' settings, passwords among them), the socket and
supervisord's own process. Programs never start by themselves (`autostart=false`): the stack starts them in order; but
whatever dies afterwards is started again by supervisord.
"""

import http.client
import os
import resource
import shlex
import signal
import socket
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import processes
from deploy.local.errors import PartError, StackError
from deploy.local.layout import REPOSITORY, Layout
from deploy.local.programs import Program, environment_of
from deploy.local.templates import write_if_changed

# The program's pid goes to its file, then the shell becomes the program: one process, whose pid is known to us even
# when supervisord is gone.
LAUNCHER = 'echo $$ $(date +%s) >>"$0" && exec "$@"'
# The same, but a second start first ends what the first left behind: the workers of a killed Nginx keep its port.
TIDY_LAUNCHER = 'test ! -s "$0" || (cd "$1" && "$2" -m deploy.local.leftovers "$0"); shift 2; ' + LAUNCHER
FILES_MAX = 16384  # descriptors a process may open; supervisord closes that many one by one before each start
ALIVE = ("RUNNING", "STARTING")
ABSENT = "ABSENT"
LOG_LINES = 20  # of a part that failed, told


@dataclass(frozen=True)
class State:
    """A program as supervisord sees it. `seconds` since its last start, 0 when it does not run."""

    name: str
    state: str
    pid: int
    seconds: int
    reason: str

    @property
    def alive(self) -> bool:
        return self.state in ALIVE


class Supervisor:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def running(self) -> bool:
        """Whether our supervisord answers."""
        try:
            return bool(self._rpc().getIdentification() == f"larder-{self._layout.key}")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def process(self) -> processes.Process | None:
        """Our supervisord's process, even when it does not answer."""
        recorded = {pid for pid, _ in processes.recorded(self._layout.supervisor_pid)}
        owned = processes.owned(self._layout.supervisor_pid)
        return next((process for process in owned if process.pid in recorded), None)

    def configure(self, programs: Sequence[Program]) -> None:
        write_if_changed(self._layout.supervisor_config, _config(self._layout, programs))

    def start(self) -> None:
        """Starts supervisord in the background and returns when it answers. It outlives us and our terminal."""
        self._layout.supervisor_socket.unlink(missing_ok=True)
        done = processes.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self._layout.supervisor_config],
            directory=Path("/"),
        )
        deadline = time.monotonic() + 10
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.running:
                return
            time.sleep(0.02)
        lines = done.stderr.splitlines()[-10:] or tail(self._layout.log("supervisord"), 10)
        raise PartError("supervisord", "it does not answer", lines)

    def apply(self) -> tuple[list[str], list[str]]:
        """Makes supervisord read its configuration again and take on the new and changed programs, not started yet.
        Returns (changed, removed); a changed program is stopped, a removed one still runs: see `forget`."""
        rpc = self._rpc()
        added, changed, removed = rpc.reloadConfig()[0]
        for name in changed:
            self.stop([name])
            rpc.removeProcessGroup(name)
        for name in (*changed, *added):
            rpc.addProcessGroup(name)
        return list(changed), list(removed)

    def forget(self, name: str) -> None:
        """Drops a removed and stopped program."""
        self._rpc().removeProcessGroup(name)

    def states(self) -> dict[str, State]:
        """Every program that supervisord knows; empty when it does not run."""
        if not self.running:
            return {}
        return {
            row["name"]: State(
                name=row["name"],
                state=row["statename"],
                pid=int(row["pid"]),
                seconds=int(row["now"] - row["start"]) if row["statename"] in ALIVE else 0,
                reason="it keeps ending" if row["statename"] in ("BACKOFF", "FATAL") else "not running",
            )
            for row in self._rpc().getAllProcessInfo()
        }

    def launch(self, program: Program, state: State | None) -> None:
        """Starts a program that does not run, and counts its starts from here."""
        if state is not None and state.state == "BACKOFF":  # it waits for its next try: begin anew, now
            self.stop([program.name])
        if not processes.owned(program.pid_file):
            _truncate(program.pid_file)
        try:
            self._rpc().startProcess(program.name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise PartError(program.name, fault.faultString, tail(self._layout.log(program.name), 10)) from fault

    def stop(self, names: Sequence[str], patience: float = 90) -> None:
        """Stops programs side by side and waits for the last; supervisord kills who takes longer than its own time."""
        rpc = self._rpc()
        for name in names:
            try:
                rpc.stopProcess(name, False)
            except xmlrpc.client.Fault as fault:
                if not any(word in fault.faultString for word in ("NOT_RUNNING", "BAD_NAME")):
                    raise StackError(f"Cannot stop {name}: {fault.faultString}") from fault
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            states = self.states()
            if not any(states[name].state in (*ALIVE, "STOPPING", "BACKOFF") for name in names if name in states):
                return
            time.sleep(0.02)
        raise StackError(f"{', '.join(names)} did not stop within {patience:.0f} s.")

    def send(self, name: str, signal_name: str) -> None:
        self._rpc().signalProcess(name, signal_name)

    def shutdown(self) -> None:
        """Ends supervisord itself, answering or not; what it still runs, it stops."""
        process = self.process()
        answers = self.running
        if answers:
            self._rpc().shutdown()
        if process is not None and not (answers and processes.is_gone(process, patience=5)):
            processes.end([process], signal.SIGTERM, patience=90)
        for path in (self._layout.supervisor_socket, self._layout.supervisor_pid):
            path.unlink(missing_ok=True)

    def _rpc(self) -> Any:
        transport = _UnixTransport(self._layout.supervisor_socket)
        return xmlrpc.client.ServerProxy("http://supervisor", transport=transport).supervisor


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log, without reading all of it."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - max(65536, 400 * lines)))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def _truncate(path: Path) -> None:
    """Empties a file without changing its owner."""
    if path.exists():
        os.truncate(path, 0)


def _config(layout: Layout, programs: Sequence[Program]) -> str:
    files = min(FILES_MAX, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    head = f"""\
; Written by `just up`. It holds passwords: for this user only.
[unix_http_server]
file={_escape(layout.supervisor_socket)}
chmod=0600

[supervisord]
identifier=larder-{layout.key}
pidfile={_escape(layout.supervisor_pid)}
logfile={_escape(layout.log("supervisord"))}
logfile_maxbytes=5MB
logfile_backups=1
childlogdir={_escape(layout.logs)}
minfds={files}
umask=077
{"user=root" if os.geteuid() == 0 else ""}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_section(layout, program) for program in programs)


def _section(layout: Layout, program: Program) -> str:
    pid_file = str(program.pid_file)
    # Another user may not be able to reach our interpreter; that is Postgres, whose children end by themselves.
    tidy = [TIDY_LAUNCHER, pid_file, str(REPOSITORY), sys.executable]
    launcher = [LAUNCHER, pid_file] if program.user else tidy
    command = shlex.join(["/bin/sh", "-c", *launcher, *program.command])
    environment = ",".join(f"{name}={_quote(value)}" for name, value in sorted(environment_of(program).items()))
    group = "true" if program.group_signals else "false"
    return f"""
[program:{program.name}]
command={_escape(command)}
directory={_escape(program.directory)}
environment={environment}
{f"user={program.user}" if program.user else ""}
priority={program.stops}
autostart=false
autorestart=true
startsecs=1
startretries=60
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_seconds}
stopasgroup={group}
killasgroup=true
redirect_stderr=true
stdout_logfile={_escape(layout.log(program.name))}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def _escape(value: str | Path) -> str:
    """For supervisord's parser: % begins an expansion, and " ;" a comment."""
    text = str(value)
    if "\n" in text or " ;" in text:
        raise StackError(f"supervisord cannot express {text!r}: choose a path without ' ;' and line breaks.")
    return text.replace("%", "%%")


def _quote(value: str) -> str:
    if '"' in value or "\\" in value:
        raise StackError("A setting for supervisord holds a quote or a backslash.")
    return f'"{_escape(value)}"'


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=15)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

        self._opened: _UnixConnection | None = None

    def make_connection(self, host: object) -> http.client.HTTPConnection:  # noqa: ARG002  the socket is the host
        self._opened = _UnixConnection(self._path)
        return self._opened

    def request(self, *call: Any, **options: Any) -> Any:
        """One connection a call: none is left open behind a proxy that nobody closes."""
        try:
            return super().request(*call, **options)
        finally:
            if self._opened is not None:
                self._opened.close()
