"""An outbox of a test's own, beside those that other tests' relays publish: the same table in another schema."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from deploy.local import Stack
from proto.streams import order_subject
from shared.database import Pool, open_pool
from shared.ids import new_id

RESTAURANT = UUID(int=1)


@dataclass
class Outbox:
    """`database` is a superuser's."""

    context: str
    database: Pool

    async def write(self, key: UUID, version: int, size: int = 0, subject: str | None = None, **more: object) -> int:
        """One event with `more` in its envelope; the row's id."""
        payload = json.dumps({"order": {"id": str(key), "version": version}, "filler": "x" * size, **more})
        row_id: int = await self.database.fetchval(
            f"insert into {self.context}.outbox (event_id, key, subject, payload) values ($1, $2, $3, $4) returning id",  # noqa: S608
            new_id(),
            key,
            subject if subject is not None else order_subject(RESTAURANT, key, "OrderPlaced"),
            payload.encode(),
        )
        return row_id

    async def fetchval(self, what: str, *parameters: object) -> object:
        """`what` from the table."""
        return await self.database.fetchval(f"select {what} from {self.context}.outbox", *parameters)  # noqa: S608

    async def waiting(self) -> int:
        return int(str(await self.fetchval("count(*) filter (where published_at is null)")))

    async def empty(self) -> bool:
        return await self.waiting() == 0


@asynccontextmanager
async def own_outbox(stack: Stack, context: str) -> AsyncIterator[Outbox]:
    async with open_pool(stack.addresses.database("postgres"), size=3, name="tests") as database:
        await database.execute(
            f"create schema {context}; create table {context}.outbox (like orders.outbox including all); "
            f"grant usage on schema {context} to relay_service; "
            f"grant select, update, delete on {context}.outbox to relay_service"
        )
        try:
            yield Outbox(context, database)
        finally:
            await database.execute(f"drop schema if exists {context} cascade")
