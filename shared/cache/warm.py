"""Keeping the most-read copies: at the start, after a deploy, and before their life ends.

What was read is counted in the cache, in a set of bounded size. A new process writes what is missing of it, so that its
readers do not have to; every ten minutes, what would run out before the next time.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

import structlog
from prometheus_client import Counter

from shared.cache.reading import UNAVAILABLE, Cache, Loaded

LoadMany = Callable[[Sequence[str]], Awaitable[Mapping[str, Loaded]]]

MOST_WARMED = 60_000
PAGE = 200
AGAIN_SECONDS = 600.0
WAIT_SECONDS = 1.0

WARMED = Counter("larder_cache_warmed_total", "Copies written before anybody asked", ["kind"])

_log = structlog.get_logger("cache")


async def keep_warm(cache: Cache, load_many: LoadMany, most: int = MOST_WARMED) -> None:
    """Until cancelled. `load_many` asks the source for these keys; what it does not have is left out."""
    while True:
        if cache.step.usable:
            times = cache.step.times
            try:
                written = await warm(cache, load_many, most)
            except UNAVAILABLE as error:
                cache.step.lose(error)
            except Exception as error:  # noqa: BLE001  nobody waits for it, and the next time is near
                await _log.awarning("not warmed", kind=cache.kind, error=repr(error))
            else:
                await _log.ainfo("warm", kind=cache.kind, written=written)
            await cache.step.reached_again(times, AGAIN_SECONDS)
        else:
            await cache.step.reached_again(cache.step.times, WAIT_SECONDS)


async def warm(cache: Cache, load_many: LoadMany, most: int = MOST_WARMED) -> int:
    """How many copies it wrote. Raises one of UNAVAILABLE, and what `load_many` raises."""
    written = 0
    for start in range(0, most, PAGE):
        keys = await cache.store.most_read(cache.kind, start, min(PAGE, most - start))
        if not keys:
            break
        until = cache.clock() + min(2 * AGAIN_SECONDS, cache.life_seconds / 3)
        written += await _write(cache, await cache.store.running_out(keys, cache.made, until), load_many)
    WARMED.labels(cache.kind).inc(written)
    return written


async def _write(cache: Cache, keys: Sequence[str], load_many: LoadMany) -> int:
    if not keys:
        return 0
    times, began = cache.step.times, monotonic()
    loaded = await load_many(keys)
    took = (monotonic() - began) / max(1, len(loaded))
    return await cache.store_many(loaded, took, times, since=began)
