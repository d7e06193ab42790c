"""The audit of the cache: what admins did with its keys. Append-only, also for the database's owner."""

from datetime import datetime
from uuid import UUID

import msgspec

from proto.cache import Deed
from services.catalog.store import QUERIES
from shared.database import Connection


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`deed` was asked for by `actor_id`, under this request; it is noted before it is done."""

    id: UUID
    at: datetime
    actor_id: UUID
    deed: Deed
    key: str
    request_id: str | None


async def insert_audit(connection: Connection, entry: AuditEntry) -> None:
    await QUERIES["insert_cache_audit"].execute(connection, *msgspec.structs.astuple(entry))


async def list_audit(connection: Connection, below: UUID, limit: int) -> list[AuditEntry]:
    """Newest first."""
    return [AuditEntry(**row) for row in await QUERIES["list_cache_audit"].rows(connection, below, limit)]
