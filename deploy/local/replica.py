"""A streaming replica of the stack's Postgres, when it is asked for: how it is made, kept, and given up.

It is a copy of the whole cluster by `pg_basebackup`, and follows the primary's log through a physical slot, as whom
Postgres runs. The slot says whether the copy is of use: without one, or with one that the primary has given up
(`max_slot_wal_keep_size`), the copy cannot catch up any more and is made anew.

Invariants: a copy exists whole or not at all (made aside, then renamed). A stack that runs without a replica has no
slot, so that its log is not kept for nobody. The password stands in files that are the account's alone.
"""

import hashlib
import os
import shutil
import time
from pathlib import Path

from deploy.local.addresses import HOST, Addresses
from deploy.local.errors import PartError
from deploy.local.postgres import CONFIGURATION, Postgres
from deploy.local.processes import run
from deploy.local.templates import render, write_if_changed

REPLICA = "replicas-0"
"""The program's name."""

ROLE, SLOT = "replica_service", "larder_replica"
_KEPT = "select 1 from pg_replication_slots where slot_name = 'larder_replica' and wal_status <> 'lost'"
_LET_GO = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'larder_replica'"

COPY_SECONDS = 600.0
LET_GO_SECONDS = 10.0


class Replica:
    def __init__(self, addresses: Addresses, postgres: Postgres) -> None:
        self._addresses = addresses
        self._postgres = postgres

    @property
    def data(self) -> Path:
        return self._postgres.home / "replica"

    @property
    def pid_file(self) -> Path:
        """Written by the account itself, so it stands in its home."""
        return self._postgres.home / f"{REPLICA}.pids"

    @property
    def command(self) -> tuple[str, ...]:
        return self._postgres.serve(self.data, self._addresses.layout.port("replicas"))

    @property
    def configuration(self) -> str:
        """Its postgresql.conf: the primary's, what a replica adds, and where the primary is."""
        layout, password = self._addresses.layout, self._addresses.credentials.passwords[ROLE]
        primary = f"host={HOST} port={layout.port('postgres')} user={ROLE} password={password} application_name={SLOT}"
        parts = [render(CONFIGURATION / name, {}) for name in ("postgresql.conf", "replica.conf")]
        return "\n".join([*parts, f"primary_conninfo = '{primary}'\n"])

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.configuration.encode()).hexdigest()[:16]

    @property
    def is_stale(self) -> bool:
        """Whether there is no copy, or one that cannot catch up. The primary must be running."""
        kept = self._postgres.psql("postgres", sql=_KEPT)
        return not kept.strip() or not (self.data / "PG_VERSION").exists()

    def copy(self) -> None:
        """Makes it anew, from the running primary. The replica must be stopped."""
        fresh = self.data.with_name("replica.new")
        self.give_up()
        shutil.rmtree(fresh, ignore_errors=True)
        self._postgres.psql("postgres", sql=f"select pg_create_physical_replication_slot('{SLOT}', true)")
        try:
            self._copy_to(fresh)
        except BaseException:
            # Nobody would read what the slot keeps.
            shutil.rmtree(fresh, ignore_errors=True)
            self.give_up()
            raise
        fresh.replace(self.data)

    def _copy_to(self, fresh: Path) -> None:
        """Raises PartError."""
        done = run(
            [
                *(self._postgres.binaries / "pg_basebackup", "-D", fresh, "-S", SLOT),
                *("--wal-method=stream", "--checkpoint=fast", "--no-password"),
            ],
            environment={
                **self._postgres.client_environment(),
                "PGUSER": ROLE,
                "PGPASSWORD": self._addresses.credentials.passwords[ROLE],
            },
            user=self._postgres.ids,
            directory=self._postgres.home,
            timeout=COPY_SECONDS,
        )
        if done.returncode != 0:
            raise PartError(REPLICA, "pg_basebackup", (done.stdout + done.stderr).splitlines()[-15:])

    def configure(self) -> None:
        """Its files, as they have to be now: the ports may have moved."""
        written = {self.data / "postgresql.conf": self.configuration, self.data / "standby.signal": ""}
        for path, text in written.items():
            write_if_changed(path, text)
            if self._postgres.account is not None:
                os.chown(path, self._postgres.account.uid, self._postgres.account.gid)

    def give_up(self) -> None:
        """Deletes the copy, and the slot on the running primary. The replica must be stopped."""
        until = time.monotonic() + LET_GO_SECONDS
        while True:
            try:
                self._postgres.psql("postgres", sql=_LET_GO)
                break
            except PartError:  # the primary has yet to notice that nobody streams
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        shutil.rmtree(self.data, ignore_errors=True)

    def probe(self) -> str | None:
        """None when it takes connections and follows the primary, else the reason."""
        streams = "select 1 from pg_stat_wal_receiver where status = 'streaming'"
        environment = {
            **self._postgres.client_environment("postgres"),
            "PGPORT": str(self._addresses.layout.port("replicas")),
        }
        done = run([self._postgres.binaries / "psql", "-X", "-q", "-A", "-t", "-c", streams], environment=environment)
        if done.returncode != 0:
            return done.stderr.strip() or "no answer"
        return None if done.stdout.strip() else "it does not follow the primary"
