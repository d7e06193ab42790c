"""What tests of plans stand on: a large database seeded like the real one, and plans as lines for people to read."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local import Stack, migrate
from deploy.seed.generator import seed
from deploy.seed.shape import Shape, read_shape
from deploy.seed.world import make_world
from shared.database import Connection, Query

SEEDBED = "seedbed"


@dataclass(frozen=True)
class Seedbed:
    """The demo's people and prices in a database that each large one is a copy of, and what orders are drawn from: one
    for a worker's whole run, since reading the source takes longer than copying."""

    stack: Stack
    shape: Shape

    @asynccontextmanager
    async def seeded(self, name: str, orders: int) -> AsyncIterator[Connection]:
        """A database of its own beside the stack's, vacuumed; the connection is a superuser's."""
        with _database(self.stack, name, SEEDBED):
            async with _superuser(self.stack, name) as connection:
                await seed(connection, self.shape, orders)
                await connection.execute("vacuum (analyze)")
                yield connection


@asynccontextmanager
async def open_seedbed(stack: Stack) -> AsyncIterator[Seedbed]:
    with _database(stack, SEEDBED, "template0"):
        migrate.migrate(stack.addresses, SEEDBED)
        async with _superuser(stack, SEEDBED) as connection:
            book = await make_world(stack.addresses.database("accounts_service", SEEDBED), connection)
        yield Seedbed(stack, read_shape(book))


@contextmanager
def _database(stack: Stack, name: str, template: str) -> Iterator[None]:
    stack.postgres.psql("postgres", sql=f"create database {name} owner larder_owner template {template}")
    try:
        yield
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {name} with (force)")


@asynccontextmanager
async def _superuser(stack: Stack, name: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(
        stack.addresses.database("postgres", name),
        statement_cache_size=0,  # prepared statements are the tests' own
    )
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class Plan:
    """`lines`: what was executed, a node a line, indented, with its index. `buffers`: shared ones, hit or read."""

    lines: list[str]
    buffers: int
    rows: int
    heap_fetches: int


async def plan_of(
    connection: Connection, query: Query, parameters: Sequence[object], begin: str, *, generic: bool
) -> Plan:
    """As prepared statements are planned: for these values, or `generic` for any. Run, and rolled back."""
    mode = "force_generic_plan" if generic else "force_custom_plan"
    await connection.execute(f"{begin}; set local plan_cache_mode = {mode}; prepare plan as {query.sql}")
    try:
        values = f"({', '.join(_literal(value) for value in parameters)})" if parameters else ""
        for _ in range(2):  # the first time also reads the catalogs
            await connection.execute("savepoint before")
            found = await connection.fetchval(f"explain (analyze, buffers, format json) execute plan{values}")
            await connection.execute("rollback to before")
        return _plan(json.loads(found)[0]["Plan"])
    finally:
        await connection.execute("rollback; deallocate all")


def _plan(root: dict[str, Any]) -> Plan:
    lines: list[str] = []
    fetches = _render(root, 0, lines)
    return Plan(lines, root["Shared Hit Blocks"] + root["Shared Read Blocks"], root["Actual Rows"], fetches)


def _render(node: dict[str, Any], depth: int, lines: list[str]) -> int:
    """Appends the node and those beneath. What was never executed, and what only computes, is left out."""
    fetches = int(node.get("Heap Fetches", 0))
    if node["Actual Loops"] == 0:
        return 0
    if node["Node Type"] != "Result":
        name = " ".join(str(node[part]) for part in ("Node Type", "Operation", "Index Name") if part in node)
        if "Scan" in node["Node Type"] and "Index Name" not in node and "Relation Name" in node:
            name += f" {node['Relation Name']}"
        lines.append("  " * depth + re.sub(r"^ModifyTable ", "", name))
        depth += 1
    for child in node.get("Plans", []):
        fetches += _render(child, depth, lines)
    return fetches


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'"
        case list() if value and isinstance(value[0], bytes):
            return "array[" + ", ".join(_literal(each) for each in value) + "]::bytea[]"
        case list():
            return "array[" + ", ".join(_literal(each) for each in value) + "]" if value else "'{}'"
        case UUID():
            return f"'{value}'::uuid"
        case datetime():
            return f"'{value.isoformat()}'::timestamptz"
        case timedelta():
            return f"'{value.total_seconds()} seconds'::interval"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
