"""The stack as a whole: up, down, status, reset. What the command line and the tests use.

Invariants: one command at a time works on a state directory (a lock). `up` is idempotent: it starts what is missing,
repairs what is broken, applies changed replica counts, and leaves alone what runs well. `down` leaves no process and
no taken port. What is signalled is ours by its recorded pid (`processes`), never by its name.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local import credentials, edge, migrate, processes
from deploy.local.addresses import Addresses
from deploy.local.ending import Ending
from deploy.local.errors import PartError, StackError, UsageError
from deploy.local.layout import REPLICAS_MAX, Layout
from deploy.local.parts import Parts
from deploy.local.pooler import Pooler
from deploy.local.ports import check_ports
from deploy.local.postgres import Postgres
from deploy.local.programs import (
    EDGE_WAVE,
    POOLER,
    REPLICA_WAVE,
    REPLICAS,
    SERVERS,
    SERVERS_WAVE,
    SERVICES,
    TRACES,
    Program,
    Service,
    Wiring,
    pooler_program,
    replica_program,
    replicas_of,
    servers,
    write_server_files,
)
from deploy.local.progress import Progress
from deploy.local.replica import REPLICA, Replica
from deploy.local.supervisor import LOG_LINES, State, Supervisor, tail

STARTS_MAX = 3  # as many starts without becoming ready are a crash loop, not bad luck
LOCK_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Standing:
    """One program's row in the status. `problem` is None when it is ready."""

    name: str
    state: str
    pid: int
    seconds: int
    address: str
    restarts: int
    memory_bytes: int
    problem: str | None


class Stack:
    """One stack. `services` is the table to run; `settings` changes single settings: {"orders": {"LARDER_X": "1"}}."""

    def __init__(
        self,
        layout: Layout,
        *,
        services: Sequence[Service] = SERVICES,
        settings: Mapping[str, Mapping[str, str]] | None = None,
        progress: Progress | None = None,
        patience: float = 60,
    ) -> None:
        self.layout = layout
        self.services = {service.name: service for service in services}
        self._settings = settings or {}
        self._progress = progress or Progress()
        self._patience = patience
        self._supervisor = Supervisor(layout)
        self._ending = Ending(layout, self.services, self._supervisor, self._progress)

    # What tests and tools ask.

    @cached_property
    def addresses(self) -> Addresses:
        """URLs of every part. The credentials are made on first use."""
        self.layout.create()
        return Addresses(self.layout, credentials.load(self.layout.credentials))

    @cached_property
    def postgres(self) -> Postgres:
        return Postgres(self.layout, self.addresses.credentials)

    @cached_property
    def pooler(self) -> Pooler:
        """PgBouncer, whether it runs or not."""
        return Pooler(self.addresses, self.postgres)

    @cached_property
    def replica(self) -> Replica:
        """The replica of Postgres, whether it runs or not."""
        return Replica(self.addresses, self.postgres)

    @property
    def _parts(self) -> Parts:
        return Parts(
            self.layout,
            self.addresses,
            self.postgres,
            self.pooler,
            self.replica,
            self._supervisor,
            self._progress,
        )

    @property
    def running(self) -> bool:
        return self._supervisor.running

    @property
    def parts(self) -> list[str]:
        """The names that `up` and `logs` take."""
        return [*SERVERS, POOLER, REPLICAS, *self.services]

    @property
    def orphans(self) -> list[str]:
        """Programs that outlived their supervisord; `up` and `down` end them."""
        return [] if self.running else sorted(self._ending.orphans())

    def dump_schema(self, context: str) -> str:
        """What `migrations/<context>/schema.sql` has to hold; Postgres must be running."""
        return migrate.dump_schema(self.addresses, self.postgres, context)

    # Commands.

    def up(
        self, replicas: Mapping[str, int] | None = None, *, only: Collection[str] = (), migrations: bool = True
    ) -> float:
        """Starts what is missing and returns, in seconds, once all is ready.

        `replicas`: how many of a service, 1 or 0 of the pooler, of `replicas` (of Postgres) and of `traces`; what is
        not named keeps its number. `only`: these parts and no others (what runs already keeps running). Raises
        StackError; PartError when a part did not become ready.
        """
        began = time.monotonic()
        asked = replicas or {}
        self._check_names(asked, only)
        self.layout.create()
        with self._locked():
            self.layout.check_disk()
            fresh = not self._supervisor.running
            if fresh:
                self._ending.repair()
            try:
                self._up(self._wanted(asked, only, {} if fresh else self._read_replicas()), migrations=migrations)
            except KeyboardInterrupt:
                if fresh:
                    self._progress.note("Interrupted: stopping what was started.")
                    self._ending.down()
                raise
        return time.monotonic() - began

    def down(self) -> bool:
        """Stops everything, services first and databases last. False when nothing was running."""
        if not self.layout.marker.exists():
            return False
        self.layout.check_owner()
        with self._locked():
            return self._ending.down()

    def reset(self) -> None:
        """Stops the stack and deletes its state. Refuses a directory that is not a stack's."""
        self.layout.check_owner()
        if not self.layout.state_dir.exists():
            return
        self.down()
        self.postgres.wipe()
        shutil.rmtree(self.layout.state_dir)
        self.__dict__.pop("addresses", None)  # the next stack here has other credentials
        self.__dict__.pop("postgres", None)
        self.__dict__.pop("pooler", None)
        self.__dict__.pop("replica", None)

    def migrate(self) -> list[str]:
        """Applies pending migrations to the running stack."""
        self._needs_postgres()
        with self._locked():
            self.postgres.apply_roles()
            return migrate.migrate(self.addresses)

    def write_schemas(self) -> Sequence[Path]:
        """Writes each context's schema.sql; returns the changed files."""
        self._needs_postgres()
        return migrate.write_schemas(migrate.dump_schemas(self.addresses, self.postgres))

    def status(self) -> list[Standing]:
        """A row a program, each asked whether it is ready. Empty when the stack is stopped."""
        states = self._supervisor.states()
        programs = self._programs(self._read_replicas()) if states else []
        return [self._standing(program, states.get(program.name)) for program in programs]

    def logs(self, part: str = "") -> list[Path]:
        """The log files of a part, a program or everything."""
        if part and part not in self.parts and not self.layout.log(part).exists():
            raise UsageError(f"There is no {part!r}.", f"One of: {', '.join(self.parts)}, access, supervisord")
        found = [log for log in sorted(self.layout.logs.glob("*.log")) if not part or log.stem == part]
        return found or sorted(self.layout.logs.glob(f"{part}-[0-9].log"))

    # How `up` works.

    def _check_names(self, replicas: Mapping[str, int], only: Collection[str]) -> None:
        for name, count in replicas.items():
            if name not in (*self.services, POOLER, REPLICAS):
                known = ", ".join((*self.services, POOLER, REPLICAS))
                raise UsageError(f"There is no service {name!r}.", f"One of: {known}")
            most = 1 if name in (POOLER, REPLICAS, TRACES) else REPLICAS_MAX
            if not 0 <= count <= most:
                raise UsageError(f"{name}={count}: a number from 0 to {most}.")
        unknown = set(only) - set(self.parts)
        if unknown:
            raise UsageError(f"There is no {', '.join(sorted(unknown))}.", f"One of: {', '.join(self.parts)}")

    def _wanted(self, asked: Mapping[str, int], only: Collection[str], running: Mapping[str, int]) -> dict[str, int]:
        """Each part that shall run, with its number: as asked, else as it runs, else as the table says (servers: 1;
        the pooler, the replica, `traces`: only when named)."""
        numbers = {**dict.fromkeys(SERVERS, 1), **{name: each.replicas for name, each in self.services.items()}}
        if only:
            more = dict.fromkeys((POOLER, REPLICAS, TRACES), 1)
            numbers = {name: number for name, number in {**numbers, **more}.items() if name in only}
        wanted = {**numbers, **running, **asked}
        return {"postgres": 1, **wanted} if wanted.get(POOLER) or wanted.get(REPLICAS) else wanted

    def _up(self, wanted: Mapping[str, int], *, migrations: bool) -> None:
        self._prepare(wanted)
        write_server_files(self.layout)
        programs = self._programs(wanted)
        states = self._supervisor.states()
        missing = [program for program in programs if program.name not in states or not states[program.name].alive]
        check_ports(missing, self.layout.base_port)
        if not missing and set(states) == {program.name for program in programs}:
            self._progress.note("Already running.")
        self._reconcile(programs, wanted)
        for wave in sorted({program.wave for program in programs}):
            if wave == EDGE_WAVE:
                self._parts.configure_edge(wanted)
            if wave == REPLICA_WAVE and wanted.get(REPLICAS):
                self._parts.prepare_replica()
            self._start([program for program in programs if program.wave == wave])
            if wave == SERVERS_WAVE and "postgres" in wanted and migrations:
                self._parts.migrate()
        self._retire(programs)
        if "postgres" in wanted and not wanted.get(REPLICAS) and self.replica.data.exists():
            self.replica.give_up()

    def _prepare(self, wanted: Mapping[str, int]) -> None:
        """Before anything is started: what may have to be installed or built, which may not be possible."""
        if wanted.get(POOLER):
            self._parts.find_pooler()
        if wanted.get("nginx"):
            self._parts.build_client()
        if "postgres" in wanted:
            self._parts.prepare_postgres()
        if wanted.get(POOLER):
            self.pooler.prepare()

    def _reconcile(self, programs: Sequence[Program], wanted: Mapping[str, int]) -> None:
        """supervisord knows exactly these programs afterwards, but for those on their way out (see `_retire`)."""
        began = time.monotonic()
        self._supervisor.configure(programs)
        self._note_running(wanted)
        if not self._supervisor.running:
            self._supervisor.start()
            self._progress.done("supervisord", "", time.monotonic() - began)
            return
        changed, _ = self._supervisor.apply()
        if changed:
            self._progress.note(f"Started anew, because their settings changed: {', '.join(changed)}")

    def _start(self, programs: Sequence[Program]) -> None:
        states = self._supervisor.states()
        began = time.monotonic()
        waiting = list(programs)
        started = set()
        for program in waiting:
            state = states.get(program.name)
            if state is None or not state.alive:
                if program.name == "postgres":
                    self.postgres.clear_stale_lock()
                elif program.name == REPLICA:
                    self.postgres.clear_stale_lock(self.replica.data)
                self._supervisor.launch(program, state)
                started.add(program.name)
        while waiting:
            self._progress.waiting([program.name for program in waiting])
            states = self._supervisor.states()
            for program in list(waiting):
                if self._is_ready(program, states.get(program.name), began):
                    waiting.remove(program)
                    if program.name in started:
                        self._progress.done(program.name, f"127.0.0.1:{program.port}", time.monotonic() - began)
            time.sleep(0.02 if waiting else 0)
        self._progress.waiting([])

    def _is_ready(self, program: Program, state: State | None, began: float) -> bool:
        """Raises when waiting any longer makes no sense."""
        if state is None:
            raise PartError(program.name, "supervisord lost it", tail(self.layout.log("supervisord"), LOG_LINES))
        reason = program.probe() if state.alive else state.reason
        if reason is None:
            return True
        if state.state == "FATAL" or processes.starts(program.pid_file) > STARTS_MAX:
            self._supervisor.stop([program.name])
            raise PartError(
                program.name,
                f"it ended {STARTS_MAX} times instead of becoming ready",
                tail(self.layout.log(program.name), LOG_LINES),
                "The other parts keep running. Once mended: just up",
            )
        if time.monotonic() - began > self._patience:
            raise PartError(
                program.name,
                f"not ready after {self._patience:.0f} s ({reason})",
                tail(self.layout.log(program.name), LOG_LINES),
                f"It keeps running. Look: just logs {program.name}",
            )
        return False

    def _retire(self, programs: Sequence[Program]) -> None:
        """Stops what is no longer wanted, after Nginx has stopped sending requests there."""
        kept = {program.name for program in programs}
        states = self._supervisor.states()
        leaving = [name for name in states if name not in kept]
        if leaving:
            if "nginx" in states and states["nginx"].alive:
                edge.drained(states["nginx"].pid)
            self._supervisor.stop(leaving)
            for name in leaving:
                self._supervisor.forget(name)
                self._progress.done(name, "stopped")

    # Small things.

    def _programs(self, wanted: Mapping[str, int]) -> list[Program]:
        found = servers(self.layout, self.postgres, list(wanted))
        pooler = self.pooler if wanted.get(POOLER) else None
        if pooler is not None:
            found.append(pooler_program(self.layout, pooler))
        if wanted.get(REPLICAS):
            found.append(replica_program(self.layout, self.postgres, self.replica))
        wiring = Wiring(self.addresses, pooler, bool(wanted.get(REPLICAS)), bool(wanted.get(TRACES)))
        for name, service in self.services.items():
            found += replicas_of(service, wiring, wanted.get(name, 0), self._settings.get(name, {}))
        return found

    def _standing(self, program: Program, state: State | None) -> Standing:
        alive = state is not None and state.alive
        pid = state.pid if state is not None else 0
        return Standing(
            name=program.name,
            state=state.state if state is not None else "MISSING",
            pid=pid,
            seconds=state.seconds if state is not None else 0,
            address=f"127.0.0.1:{program.port}",
            restarts=max(0, processes.starts(program.pid_file) - 1),
            memory_bytes=processes.memory(pid) if pid else 0,
            problem=program.probe() if alive else (state.reason if state is not None else "not started"),
        )

    def _note_running(self, replicas: Mapping[str, int]) -> None:
        """For later commands: what was started, and on which ports."""
        self.layout.running.write_text(json.dumps({"base_port": self.layout.base_port, "replicas": dict(replicas)}))

    def _read_replicas(self) -> dict[str, int]:
        """What the running stack was started with. Refuses to speak of a stack that runs on other ports than ours."""
        try:
            noted = json.loads(self.layout.running.read_text())
            base, replicas = int(noted["base_port"]), {str(name): int(n) for name, n in noted["replicas"].items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return {}
        if base != self.layout.base_port:
            raise StackError(
                f"This stack runs on the ports from {base} on, not from {self.layout.base_port} on.",
                f"Use LARDER_PORT={base}, or move it: just down, then just up",
            )
        return replicas

    def _needs_postgres(self) -> None:
        state = self._supervisor.states().get("postgres")
        if state is None or not state.alive:
            raise StackError("Postgres is not running.", "Start it: just up")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One command at a time."""
        with self.layout.lock.open("a+") as file:
            deadline = time.monotonic() + LOCK_PATIENCE_S
            said = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not said:
                        self._progress.note("Another command is at work on this stack: waiting for it.")
                        said = True
                    if time.monotonic() > deadline:
                        raise StackError("Another command holds this stack for too long.", "Try again.") from None
                    time.sleep(0.1)
            yield
