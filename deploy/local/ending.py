"""How a stack ends: in order, services first and databases last; also what a killed supervisord has left behind.

Invariant: what is ended is ours by its recorded pid, never by its name.
"""

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import processes
from deploy.local.layout import Layout
from deploy.local.programs import SERVER_STOPS, SERVICE_STOPS, Service
from deploy.local.progress import Progress
from deploy.local.replica import REPLICA
from deploy.local.supervisor import Supervisor


@dataclass(frozen=True)
class Ending:
    """Of one stack. Whoever calls holds its lock."""

    layout: Layout
    services: Mapping[str, Service]
    supervisor: Supervisor
    progress: Progress

    def repair(self) -> None:
        """supervisord does not answer: ends what an earlier one left behind, itself included."""
        if self.supervisor.process() is not None:
            self.progress.note("supervisord did not answer: stopping it.")
            self.supervisor.shutdown()
        left = self.orphans()
        if left:
            names = ", ".join(sorted(left))
            self.progress.note(f"Left behind by a supervisord that was killed, stopped now: {names}")
            self._end_orphans(left)

    def orphans(self) -> dict[str, list[processes.Process]]:
        """By program: what lives of it."""
        files = [*self.layout.pids.glob("*.pids"), *self._pid_files_at_home()]
        found = {file.stem: processes.owned(file) for file in files}
        return {name: group for name, group in found.items() if group}

    def _pid_files_at_home(self) -> list[Path]:
        note = self.layout.state_dir / "postgres.home"
        home = Path(note.read_text().strip()) if note.exists() else self.layout.state_dir / "postgres"
        return [home / "postgres.pids", home / f"{REPLICA}.pids", home / "pooler" / "pooler.pids"]

    def _end_orphans(self, left: Mapping[str, list[processes.Process]]) -> None:
        """Services first and databases last here too."""
        last = {
            REPLICA: signal.SIGINT,
            "postgres": signal.SIGINT,
            "nats": signal.SIGTERM,
            "valkey": signal.SIGTERM,
            "cache": signal.SIGTERM,
        }
        processes.end([each for name, group in left.items() if name not in last for each in group])
        for name in last:
            group = left.get(name, [])
            processes.end(group, last[name], patience=60)

    def down(self) -> bool:
        """Stops everything. False when there was nothing."""
        answers = self.supervisor.running
        if answers:
            self._stop_in_order()
        somebody = answers or self.supervisor.process() is not None
        self.supervisor.shutdown()
        left = self.orphans()
        if left:
            self.progress.note(f"Left behind by a supervisord that was killed, stopped now: {', '.join(sorted(left))}")
            self._end_orphans(left)
        for file in self.layout.pids.glob("*.pids"):
            file.unlink()
        self.layout.running.unlink(missing_ok=True)
        return somebody or bool(left)

    def _stop_in_order(self) -> None:
        states = self.supervisor.states()
        groups: dict[int, list[str]] = {}
        for name in states:
            service = self.services.get(name.rpartition("-")[0])
            number = SERVER_STOPS.get(name, service.stops if service else SERVICE_STOPS)
            groups.setdefault(number, []).append(name)
        for number in sorted(groups, reverse=True):
            began = time.monotonic()
            self.progress.waiting(groups[number])
            self.supervisor.stop(groups[number])
            self.progress.waiting([])
            for name in groups[number]:
                if states[name].pid:
                    self.progress.done(name, "stopped", time.monotonic() - began)
