"""Copies of answers in the Valkey that caches: read through, never older than what this process has heard.

A service that keeps copies of a kind opens one `open_cache` for it. What holds is said where it is held: `reading.py`
(an answer), `step.py` and `follower.py` (when copies may be served), `store.py` (what stands in Valkey), `warm.py`,
`answers.py` (what admins ask), `ages.py` (how old a stale answer ever was). docs/cache.md tells it in order.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import msgspec

from proto.cache import KindName
from shared.bus import Bus
from shared.cache.answers import CacheAwayError, Reload, answering, ask_owner, gather_reports
from shared.cache.follower import Change, Followed, Follower, Mint
from shared.cache.reading import Answer, Cache, Loaded
from shared.cache.step import Step
from shared.cache.store import CacheStore, open_cache_store
from shared.cache.warm import LoadMany, keep_warm
from shared.tasks import supervised

E = TypeVar("E")

__all__ = [
    "Answer",
    "Cache",
    "CacheAwayError",
    "CacheStore",
    "Change",
    "Followed",
    "LoadMany",
    "Loaded",
    "Reload",
    "ask_owner",
    "gather_reports",
    "open_cache",
    "open_cache_store",
    "schema_of",
]


def schema_of(kind: Any) -> str:
    """A name for the shape of `kind`'s JSON: another shape has another name, so nobody has to remember to change it."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.schema(kind), order="sorted")).hexdigest()[:12]


@asynccontextmanager
async def open_cache(
    bus: Bus,
    store: CacheStore,
    kind: KindName,
    followed: Followed[E],
    reload: Reload,
    *,
    schema: str,
    life_seconds: float,
    instance: str,
    service: str,
    load_many: LoadMany | None = None,
    mint: Mint | None = None,
) -> AsyncIterator[Cache]:
    """The copies of one kind; kept warm where `load_many` is given. With `mint` they may be made of what a replica says
    that has the log up to `Cache.position`. While NATS or Valkey is away, everything comes from
    the source."""
    followers: list[Follower[E]] = []
    cache = Cache(
        store,
        Step(kind, lambda: followers[0].hears()),
        kind,
        schema=schema,
        life_seconds=life_seconds,
    )
    followers.append(Follower(bus, cache, followed, mint))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(cache.close)
        await stack.enter_async_context(supervised(followers[0].run(), f"changes {kind}"))
        await stack.enter_async_context(answering(bus, cache, reload, service=service, instance=instance))
        if load_many is not None:
            await stack.enter_async_context(supervised(keep_warm(cache, load_many), f"warm {kind}"))
        yield cache
