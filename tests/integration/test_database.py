"""The committed schemas are what the migrations make, and every query fits them."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import Stack, migrate
from deploy.local.layout import REPOSITORY
from shared.database import Query, load_queries

SERVICES = sorted(path.parent for path in (REPOSITORY / "services").glob("*/queries.sql"))
QUERIES = [query for folder in SERVICES for query in load_queries(folder.name, folder / "queries.sql").values()]


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    yield connection
    await connection.close()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
async def test_a_query_fits_the_migrated_database(database: asyncpg.Connection, query: Query) -> None:
    await database.prepare(query.sql)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_names_its_columns_and_pages_by_keyset(query: Query) -> None:
    words = query.sql.lower().split()
    assert "offset" not in words
    assert "select *" not in query.sql.lower().replace("select * from unnest(", "")


def test_a_fresh_database_and_the_committed_schemas_agree(stack: Stack) -> None:
    made = migrate.dump_schemas(stack.addresses, stack.postgres)
    committed = {context: _read(migrate.schema_file(context)) for context in made}
    assert made == committed


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
