"""What is kept of alerts: which replica judges them, what fires, and what has fired for KEPT."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from proto.alerts import FiringAlert
from shared.database import Connection, Row, load_queries

QUERIES = load_queries("analytics", Path(__file__).with_name("queries.sql"))

KEPT = timedelta(days=90)

_encoder = msgspec.json.Encoder(order="sorted")


class EndedAlert(FiringAlert, frozen=True, kw_only=True):
    """One that fired from `since` to `until`."""

    until: datetime


async def claim_judge(connection: Connection, holder: str, seconds: float) -> bool:
    """Whether `holder` is the one that judges, for so many seconds from now."""
    return await QUERIES["claim_judge"].row(connection, holder, seconds) is not None


async def note_judged(connection: Connection, holder: str, at: datetime) -> bool:
    """Whether `holder` is still the one that judges."""
    return await QUERIES["note_judged"].row(connection, holder, at) is not None


async def release_judge(connection: Connection, holder: str) -> None:
    await QUERIES["release_judge"].execute(connection, holder)


async def get_judged_at(connection: Connection) -> datetime | None:
    row = await QUERIES["get_judged_at"].row(connection)
    at: datetime | None = row["judged_at"] if row is not None else None
    return at


async def insert_alerts(connection: Connection, alerts: Sequence[FiringAlert]) -> None:
    columns = zip(*((*_values(alert),) for alert in alerts), strict=True)
    await QUERIES["insert_alerts"].execute(connection, *(list(column) for column in columns))


async def end_alerts(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Also lets go of what was over long ago."""
    await QUERIES["end_alerts"].execute(connection, list(ids), at)
    await QUERIES["forget_alerts"].execute(connection, at - KEPT)


async def list_firing(connection: Connection) -> list[FiringAlert]:
    """The newest first."""
    return [FiringAlert(**_fields(row)) for row in await QUERIES["list_firing"].rows(connection)]


async def list_ended(connection: Connection, below: UUID, limit: int) -> list[EndedAlert]:
    """The newest first."""
    return [EndedAlert(**_fields(row)) for row in await QUERIES["list_ended"].rows(connection, below, limit)]


def _values(alert: FiringAlert) -> tuple[object, ...]:
    labels = _encoder.encode(alert.labels).decode()
    return (
        *(alert.id, alert.name, labels, alert.severity, alert.summary),
        *(alert.action, alert.runbook, alert.value, alert.since),
    )


def _fields(row: Row) -> dict[str, Any]:
    return {**row, "labels": msgspec.json.decode(row["labels"])}
