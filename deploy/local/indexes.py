"""Indexes that are there and do not count: what CREATE or REINDEX CONCURRENTLY leaves behind when it fails.

Such an index is invalid: no query reads it, every write pays for it, and IF NOT EXISTS takes it for done. `repair` is
called before migrations, so that the one which failed finds the index whole; `check` after them, so that none stays.
"""

from deploy.local.errors import PartError
from deploy.local.postgres import Postgres

# `_ccnew` and `_ccold` are Postgres' own names for the copy that REINDEX CONCURRENTLY builds and the one it replaces.
_INVALID = """
select format('%I.%I', namespace.nspname, index.relname), index.relname ~ '_cc(new|old)[0-9]*$'
from pg_index
inner join pg_class as index on index.oid = pg_index.indexrelid
inner join pg_namespace as namespace on namespace.oid = index.relnamespace
where not pg_index.indisvalid and index.relkind = 'i' and namespace.nspname in ({schemas})
order by 1
"""


def repair(postgres: Postgres, database: str, schemas: list[str]) -> list[str]:
    """Builds invalid indexes again, concurrently, and drops half-made copies; returns what was done, a line each.
    Raises PartError when one cannot be built: rows that break a unique index, a full disk."""
    done = []
    for name, copy in _invalid(postgres, database, schemas):
        if copy:
            postgres.psql(database, sql=f"drop index concurrently if exists {name}")
            done.append(f"{name}: dropped, a REINDEX had left it behind")
        else:
            postgres.psql(database, sql=f"reindex index concurrently {name}")
            done.append(f"{name}: built again, its first build had failed")
    return done


def check(postgres: Postgres, database: str, schemas: list[str]) -> None:
    """Raises PartError when an index is invalid."""
    left = [name for name, _ in _invalid(postgres, database, schemas)]
    if left:
        raise PartError(
            "migrations",
            f"invalid: {', '.join(left)}",
            ["No query reads an invalid index, and each write pays for it."],
            "Apply the migrations again, which builds it anew: just migrate",
        )


def _invalid(postgres: Postgres, database: str, schemas: list[str]) -> list[tuple[str, bool]]:
    names = ", ".join(f"'{schema}'" for schema in schemas)
    rows = postgres.psql(database, sql=_INVALID.format(schemas=names)).splitlines()
    return [(name, copy == "t") for name, copy in (row.rsplit("|", 1) for row in rows)]
