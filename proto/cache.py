"""What contexts tell each other of their copies in the cache: keys, and what is asked over core NATS.

Every context keeps its own copies; whoever watches the cache asks the owner. `report` is answered by each process,
the others by one of the kind's. Nothing here is stored in a stream.
"""

import re
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

KindName = Literal["product", "order", "session"]
Deed = Literal["read", "refresh", "invalidate"]

KINDS: tuple[KindName, ...] = ("product", "order", "session")
DEEDS: tuple[Deed, ...] = ("read", "refresh", "invalidate")

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEYS: dict[KindName, re.Pattern[str]] = {
    "product": re.compile(f"product:({_UUID})"),
    "order": re.compile(f"order:({_UUID})"),
    "session": re.compile(f"user:({_UUID}):session:({_UUID})"),
}

AGE_BOUNDS = (0.0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Upper bounds of the ages in a report, in seconds; one more count holds all that is above."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Reads of one process since it started. `away`: the cache could not be used; `asked`: the reader wanted the
    source. `early`: hits that were refreshed before they ran out. `refused`: copies that Valkey did not take."""

    hit: int
    miss: int
    away: int
    asked: int
    early: int
    refused: int


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """How long after its change an old copy was still served: one observation for each change of what had been
    served. `counts` are those up to each of AGE_BOUNDS, and above; not cumulative."""

    counts: tuple[int, ...]
    longest_seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One process's. `in_step`: it has heard every change, and so it may serve copies."""

    service: str
    instance: str
    kind: KindName
    since: datetime
    in_step: bool
    counts: Counts
    ages: Ages


class KeyAsked(msgspec.Struct, frozen=True):
    key: str


class KeyState(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a key. `held`: a copy that may be served; otherwise `version` is the lowest that may be stored, or
    null. `found`: after a refresh, whether the source has it."""

    key: str
    kind: KindName
    held: bool
    version: int | None
    written_at: datetime | None
    expires_in_seconds: float | None
    body: msgspec.Raw
    found: bool | None = None


class KeyRefused(msgspec.Struct, frozen=True):
    """The owner could not: `detail` says why."""

    detail: str


class KeyAnswer(msgspec.Struct, frozen=True):
    """One of the two."""

    state: KeyState | None = None
    refused: KeyRefused | None = None


def product_key(product_id: UUID) -> str:
    return f"product:{product_id}"


def order_key(order_id: UUID) -> str:
    return f"order:{order_id}"


def session_key(person_id: UUID, session_id: UUID) -> str:
    return f"user:{person_id}:session:{session_id}"


def kind_of(key: str) -> KindName | None:
    """Whose key it is; None for what is none."""
    return next((kind for kind, pattern in _KEYS.items() if pattern.fullmatch(key)), None)


def ids_of(key: str) -> tuple[UUID, ...]:
    """The ids in a key, in their order. Raises ValueError for what is no key."""
    kind = kind_of(key)
    match = None if kind is None else _KEYS[kind].fullmatch(key)
    if match is None:
        raise ValueError(f"{key!r} is no key of the cache")
    return tuple(UUID(part) for part in match.groups())
