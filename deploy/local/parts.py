"""What single parts need before they are started, and what is brought up to date while they run: each a step, with its
line of progress.

Invariant: each step may be taken again and again, and does only what is missing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import client, edge, migrate, processes
from deploy.local.addresses import Addresses
from deploy.local.errors import PartError
from deploy.local.layout import Layout
from deploy.local.pooler import Pooler
from deploy.local.postgres import Postgres
from deploy.local.progress import Progress
from deploy.local.replica import REPLICA, Replica
from deploy.local.supervisor import LOG_LINES, Supervisor, tail


@dataclass(frozen=True)
class Parts:
    """Those of one stack, whether they run or not."""

    layout: Layout
    addresses: Addresses
    postgres: Postgres
    pooler: Pooler
    replica: Replica
    supervisor: Supervisor
    progress: Progress

    def find_pooler(self) -> None:
        with self._step("PgBouncer") as took:
            found = self.pooler.found
        if found.fresh:
            version = ".".join(map(str, found.version))
            self.progress.done("apt-get", f"installed PgBouncer {version}", took())

    def build_client(self) -> None:
        """What Nginx serves, when it is missing or older than its sources."""
        with self._step("the browser client") as took:
            built = client.build()
        if built:
            self.progress.done("web", "built", took())

    def prepare_postgres(self) -> None:
        with self._step() as took:
            fresh = self.postgres.prepare()
        if fresh:
            self.progress.done("initdb", "a new cluster", took())

    def migrate(self) -> None:
        """Roles and schema of the running Postgres."""
        with self._step() as took:
            self.postgres.apply_roles()
            applied = migrate.migrate(self.addresses)
        self.progress.done("migrations", f"{len(applied)} applied" if applied else "nothing to apply", took())

    def prepare_replica(self) -> None:
        """A copy that can follow the running Postgres, made where there is none."""
        if self.replica.is_stale:
            self.supervisor.stop([REPLICA])
            with self._step(REPLICA) as took:
                self.replica.copy()
            self.progress.done(REPLICA, "a new copy of Postgres", took())
        self.replica.configure()

    def configure_edge(self, wanted: Mapping[str, int]) -> None:
        """Writes Nginx's configuration; a running Nginx takes it before this returns, so that replicas may go."""
        changed = edge.write(self.layout, wanted)
        rotated = edge.rotate_access_log(self.layout)
        state = self.supervisor.states().get("nginx")
        if state is None or not state.alive:
            return
        if rotated:
            self.supervisor.send("nginx", "USR1")
        if changed:
            workers = processes.children(state.pid)
            self.supervisor.send("nginx", "HUP")
            if not edge.reloaded(state.pid, workers):
                lines = tail(self.layout.log("nginx"), LOG_LINES)
                raise PartError("nginx", "it did not take its new configuration", lines)

    @contextmanager
    def _step(self, *waiting: str) -> Iterator[Callable[[], float]]:
        """How long it took, in seconds, is asked once it is over."""
        began = time.monotonic()
        if waiting:
            self.progress.waiting(list(waiting))
        yield lambda: time.monotonic() - began
        if waiting:
            self.progress.waiting([])
