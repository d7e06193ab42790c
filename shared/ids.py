"""Identifiers: UUIDv7, made by the application, so that ids carry the order of creation in every Postgres we run on."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id(at: datetime | None = None) -> UUID:
    """A new id for now, or for the moment `at` (milliseconds count)."""
    return uuid7() if at is None else uuid7(nanoseconds=int(at.timestamp() * 1000) * 1_000_000)
