"""Migrations: plain SQL, one folder a context, applied by dbmate as `larder_owner`; and the schema that comes of them.

Invariants: each context keeps its versions in its own `<context>.schema_migrations`; applying twice changes nothing.
An index whose concurrent build failed is built again before, and none is invalid after.
`dump_schemas` reads a database made for the purpose and dropped after, so that a committed schema.sql says what the
migrations make and not what somebody's database became.
"""

import re
import secrets
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from deploy.local import indexes
from deploy.local.addresses import DATABASE, Addresses
from deploy.local.errors import PartError
from deploy.local.layout import REPOSITORY
from deploy.local.postgres import Postgres
from deploy.local.processes import run

MIGRATIONS = REPOSITORY / "migrations"
# What pg_dump says about itself, its version and its session; all else is the schema.
_NOISE = re.compile(
    r"^(-- Dumped (from|by) .*|-- PostgreSQL database dump( complete)?|--|\\(un)?restrict .*|"
    r"SELECT pg_catalog\.set_config\('search_path', '', false\);|"
    r"SET (statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding|"
    r"standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security|default_tablespace|"
    r"default_table_access_method) = .*;)\n",
    re.MULTILINE,
)


def contexts(migrations: Path = MIGRATIONS) -> list[str]:
    """The folders that hold migrations, in the order in which they are applied."""
    if not migrations.is_dir():
        return []
    return sorted(folder.name for folder in migrations.iterdir() if any(folder.glob("[0-9]*.sql")))


def migrate(addresses: Addresses, database: str = DATABASE, migrations: Path = MIGRATIONS) -> list[str]:
    """Applies what is pending; returns what was done: the names of the applied files,
    "orders/20260101000000_begin.sql", after those of the indexes that had to be repaired."""
    postgres = Postgres(addresses.layout, addresses.credentials)
    schemas = contexts(migrations)
    applied = indexes.repair(postgres, database, schemas) if schemas else []
    for context in schemas:
        done = run(
            [
                *(Path(sysconfig.get_path("scripts")) / "dbmate", "--env-file", "/dev/null"),
                *("--migrations-dir", migrations / context, "--migrations-table", f"{context}.schema_migrations"),
                *("--no-dump-schema", "--migration-lock", "--migration-lock-timeout", "60s", "migrate"),
            ],
            # In the environment, not on the command line: the URL holds a password.
            environment={"DATABASE_URL": f"{addresses.database('larder_owner', database)}?sslmode=disable"},
        )
        output = done.stdout + done.stderr
        if done.returncode != 0:
            raise PartError("migrations", f"migrations/{context}", output.splitlines()[-15:])
        applied += [f"{context}/{name}" for name in re.findall(r"^Applied: (\S+)", output, re.MULTILINE)]
    if schemas:
        indexes.check(postgres, database, schemas)
    return applied


def dump_schemas(addresses: Addresses, postgres: Postgres, migrations: Path = MIGRATIONS) -> dict[str, str]:
    """The schema of each context, as the migrations make it in a fresh database of the running server."""
    scratch = f"schema_{secrets.token_hex(4)}"
    postgres.psql("postgres", sql=f"create database {scratch} owner larder_owner template template0")
    try:
        migrate(addresses, scratch, migrations)
        return {context: _dump(postgres, scratch, context) for context in contexts(migrations)}
    finally:
        postgres.psql("postgres", sql=f"drop database {scratch} with (force)")


def dump_schema(addresses: Addresses, postgres: Postgres, context: str, migrations: Path = MIGRATIONS) -> str:
    """One context's."""
    return dump_schemas(addresses, postgres, migrations)[context]


def schema_file(context: str, migrations: Path = MIGRATIONS) -> Path:
    return migrations / context / "schema.sql"


def write_schemas(schemas: dict[str, str], migrations: Path = MIGRATIONS) -> Sequence[Path]:
    """Writes the committed files; returns those that changed."""
    changed = []
    for context, text in schemas.items():
        path = schema_file(context, migrations)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(path)
    return changed


def _dump(postgres: Postgres, database: str, context: str) -> str:
    done = run(
        [postgres.binaries / "pg_dump", "--schema-only", "--no-owner", "--no-tablespaces", f"--schema={context}"],
        environment=postgres.client_environment(database),
    )
    if done.returncode != 0:
        raise PartError("postgres", f"pg_dump of {context}", done.stderr.splitlines()[-10:])
    bare = re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", done.stdout)).strip()
    return f"-- The schema {context}, as its migrations make it. Written by `just schema`; a test compares.\n\n{bare}\n"
