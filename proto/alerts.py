"""What fires: told by analytics to all gateways, and by them to admins.

Invariant: it is the whole present state each time, so one that is lost or comes twice does no harm.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Severity = Literal["page", "ticket"]


class FiringAlert(msgspec.Struct, frozen=True, kw_only=True):
    """`summary` is what people notice, with the value as it was when it fired; `action` is what to do first; `runbook`
    has the whole of it. `since` is when it began to fire."""

    id: UUID
    name: str
    severity: Severity
    labels: dict[str, str]
    summary: str
    action: str
    runbook: str
    value: float
    since: datetime


class Alerts(msgspec.Struct, frozen=True):
    """All that fires `at` a moment, the newest first."""

    at: datetime
    firing: tuple[FiringAlert, ...]
