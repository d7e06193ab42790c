"""The tables of a rebuild, made beside the live ones and put in their place: one function a query of queries.sql."""

from pathlib import Path

from shared.database import Connection, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("queries.sql"))


async def hold_rebuild(connection: Connection) -> bool:
    """False when another one runs. None begins until the transaction ends."""
    row = await QUERIES["hold_rebuild"].row(connection)
    return row is not None and bool(row["held"])


async def begin_rebuild(connection: Connection, zone: str) -> None:
    """Empty tables, in the place of what a rebuild that was broken off has left."""
    await QUERIES["begin_rebuild"].execute(connection, zone)


async def analyze_rebuild(connection: Connection) -> None:
    """Lets Postgres know what is in the new tables."""
    await QUERIES["analyze_rebuild"].execute(connection)


async def hold_projection(connection: Connection) -> None:
    """Nobody moves the live position until the transaction ends."""
    await QUERIES["hold_projection"].execute(connection)


async def finish_rebuild(connection: Connection) -> None:
    """Swaps the tables when the transaction ends. Behind `hold_projection`."""
    await QUERIES["finish_rebuild"].execute(connection)
