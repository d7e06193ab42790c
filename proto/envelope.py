"""What every published event carries around its payload.

Invariants: `id` is the JetStream message id, so publishing twice stores once; `version` is the version of the shape,
not of the payload; `occurred_at` is UTC. Refuses unknown shapes: consumers check `version` before they read on.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Role = Literal["restaurant", "driver", "admin", "system"]


class Actor(msgspec.Struct, frozen=True):
    """Who caused the event. `id` is None for role `system`."""

    id: UUID | None
    role: Role


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that all events share; each context adds its payload under its own noun.

    `request_id` is the X-Request-ID of the request that caused the event, `traceparent` its W3C trace context, where
    there was one.
    """

    id: UUID
    type: str
    version: int = 1
    occurred_at: datetime
    request_id: str | None = None
    traceparent: str | None = None
    actor: Actor
