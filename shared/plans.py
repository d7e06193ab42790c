"""How Postgres would do a query of this process: its plan for any parameters, made by the service that owns the query.

Only the owner may: EXPLAIN asks for the statement's own rights, and under another role other row policies apply.
Invariants: nothing is executed and no parameter is known, so none can stand in the plan; only queries of this process
are planned, under roles that it may take on. It works from Postgres 15 on, which has no EXPLAIN (GENERIC_PLAN): what is
explained is a prepared statement whose plan must do for all parameters.
"""

import re

import asyncpg
import msgspec

from proto.vitals import PlanAnswer
from shared.database import QUERIES, Connection, Pool, transaction

STATEMENT = "larder_explained"
_ROLE = re.compile(r"[a-z_]{1,63}")

BEGIN = "begin; set local plan_cache_mode = force_generic_plan"


async def plan_of(pool: Pool, name: str, role: str) -> PlanAnswer:
    """The plan, or why there is none. Raises what a database has that does not answer."""
    query = QUERIES.get(name)
    if query is None:
        return PlanAnswer(refused=f"No query has the name {name}.")
    if _ROLE.fullmatch(role) is None:
        return PlanAnswer(refused="This is no role of ours.")
    try:
        async with transaction(pool, BEGIN) as connection:
            await connection.execute(f"set local role {role}")
            return PlanAnswer(plan=msgspec.json.decode(await _explained(connection, query.sql)))
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.SyntaxOrAccessError,
        asyncpg.InvalidParameterValueError,
    ) as error:
        return PlanAnswer(refused=str(error))


async def _explained(connection: Connection, sql: str) -> str:
    # A prepared statement outlives its transaction: a caller that was cancelled may have left one behind.
    if await connection.fetchval("select exists (select from pg_prepared_statements where name = $1)", STATEMENT):
        await connection.execute(f"deallocate {STATEMENT}")
    await connection.execute(f"prepare {STATEMENT} as {sql}")
    parameters: int = await connection.fetchval(
        "select cardinality(parameter_types) from pg_prepared_statements where name = $1", STATEMENT
    )
    values = f"({', '.join(['null'] * parameters)})" if parameters else ""
    await connection.execute("savepoint prepared")
    try:
        plan: str = await connection.fetchval(f"explain (format json) execute {STATEMENT}{values}")
    except asyncpg.PostgresError:
        await connection.execute("rollback to savepoint prepared")
        raise
    finally:
        await connection.execute(f"deallocate {STATEMENT}")
    return plan
