"""PgBouncer, when it is asked for: where it is found, how it is configured, what its version can carry.

It is Debian's package; there is no wheel. `find` installs it where that is possible and says what to type where not.
It refuses to run as root, and runs as whom Postgres does; its files stand in a home beside the cluster's, where that
account can read them. The userlist holds passwords: mode 0600.

Invariant: before 1.21 it carries no prepared statements, and the services behind it are told to prepare none.
"""

import csv
import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local.addresses import DATABASE, HOST, Addresses
from deploy.local.errors import PartError, StackError
from deploy.local.layout import REPOSITORY
from deploy.local.machine import making
from deploy.local.postgres import Postgres
from deploy.local.processes import run
from deploy.local.templates import render, write_if_changed

TEMPLATE = REPOSITORY / "deploy" / "pgbouncer" / "pgbouncer.ini"
PREPARES_FROM = (1, 21)
PREPARED_STATEMENTS = 200
"""A server connection's, and twice what a client keeps: PgBouncer counts a statement once, however many ask for it."""

USERLIST = ("pooler_service", "pooler_admin", "pooler_stats")
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "pgbouncer")


@dataclass(frozen=True)
class Found:
    """An installed PgBouncer. `fresh`: it was not there before."""

    binary: Path
    version: tuple[int, int]
    fresh: bool = False

    @property
    def prepares(self) -> bool:
        """Whether it carries prepared statements from one server connection to another."""
        return self.version >= PREPARES_FROM


def find() -> Found:
    """The first on the PATH, or where Debian puts it. As root it is installed when it is missing; raises StackError
    with the command to type when it cannot be."""
    binary = _which()
    fresh = binary is None
    if fresh:
        _install()
        binary = _which()
    if binary is None:
        raise StackError("PgBouncer was installed, and is not on the PATH.", "Look: dpkg -L pgbouncer")
    told = run([binary, "--version"]).stdout
    match = re.match(r"PgBouncer (\d+)\.(\d+)", told)
    if match is None:
        raise StackError(f"{binary} does not tell its version: {told[:80]!r}")
    return Found(binary, (int(match[1]), int(match[2])), fresh)


def _which() -> Path | None:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin")
    return Path(found) if found else None


def _install() -> None:
    by_hand = f"sudo {' '.join(INSTALL)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StackError("PgBouncer is not installed, and installing it takes root and apt-get.", f"Type: {by_hand}")
    with making():
        if _which() is None:  # else another stack was quicker
            _apt_get(by_hand)


def _apt_get(by_hand: str) -> None:
    options = {"DEBIAN_FRONTEND": "noninteractive"}
    done = run(INSTALL, environment=options, timeout=300)
    if done.returncode != 0:  # the lists may be old, or not there at all
        run(["apt-get", "update"], environment=options, timeout=300)
        done = run(INSTALL, environment=options, timeout=300)
    if done.returncode != 0:
        raise PartError("pooler", "apt-get install pgbouncer", (done.stdout + done.stderr).splitlines()[-10:], by_hand)


class Pooler:
    def __init__(self, addresses: Addresses, postgres: Postgres) -> None:
        self._addresses = addresses
        self._postgres = postgres

    @cached_property
    def found(self) -> Found:
        return find()

    @property
    def statement_cache(self) -> int:
        """What its clients may keep of prepared statements."""
        return PREPARED_STATEMENTS // 2 if self.found.prepares else 0

    @property
    def home(self) -> Path:
        return self._postgres.home / "pooler"

    @property
    def pid_file(self) -> Path:
        """Written by the account itself, so it stands in its home."""
        return self.home / "pooler.pids"

    @property
    def command(self) -> tuple[str, ...]:
        return (str(self.found.binary), str(self.home / "pgbouncer.ini"))

    @property
    def user(self) -> str:
        """The account to run as; empty for an ordinary user."""
        return self._postgres.account.name if self._postgres.account else ""

    @property
    def configuration(self) -> str:
        layout = self._addresses.layout
        return render(
            TEMPLATE,
            {
                "server": f"host={HOST} port={layout.port('postgres')}",
                "listen_addr": HOST,
                "listen_port": str(layout.port("pooler")),
                "auth_file": str(self.home / "userlist.txt"),
                "prepared_statements": f"max_prepared_statements = {PREPARED_STATEMENTS}"
                if self.found.prepares
                else "",
            },
        )

    def prepare(self) -> None:
        """Writes its configuration and its userlist, for the account that it runs as."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = self._addresses.credentials.passwords
        users = "".join(f'"{name}" "{words[name]}"\n' for name in USERLIST)  # letters that need no escape
        files = {self.home / "userlist.txt": users, self.home / "pgbouncer.ini": self.configuration}
        for path, text in files.items():
            write_if_changed(path, text)
        account = self._postgres.account
        if account is not None:
            for path in (self.home, *files):
                os.chown(path, account.uid, account.gid)

    def console(self, command: str, user: str = "pooler_stats") -> list[dict[str, str]]:
        """What SHOW POOLS and the like answer: a row each, the columns by their names. `pooler_admin` may also act.
        Raises PartError."""
        done = self._psql(user, "pgbouncer", command, "--csv")
        if done.returncode != 0:
            raise PartError("pooler", command, done.stderr.splitlines()[-5:])
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def probe(self) -> str | None:
        """None when a query comes through it to Postgres, else the reason."""
        done = self._psql("pooler_service", DATABASE, "select")
        return None if done.returncode == 0 else done.stderr.strip() or "no answer"

    def _psql(self, user: str, database: str, sql: str, *options: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            **self._postgres.client_environment(database),
            "PGPORT": str(self._addresses.layout.port("pooler")),
            "PGUSER": user,
            "PGPASSWORD": self._addresses.credentials.passwords[user],
        }
        return run([self._postgres.binaries / "psql", "-X", "-q", *options, "-c", sql], environment=environment)
