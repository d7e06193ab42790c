"""What stands in the Valkey that caches, and the only way to it.

A copy is a hash: the version of the row it was made of, the answer's bytes, when it was written and when it runs out,
how long it took to make, and what it was made under (`made`). Without a body it is a floor: nothing older than its
version may be stored. Invariants: a copy is stored only over what is not newer, in one script; no command takes longer
than 100 ms. Beside the copies of a kind stand its place in the stream (every change up to there has been applied to
what stands here, in the same script, so that what a restart brings back is behind at worst, and says how far) and how
often each was read.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from redis.asyncio import Redis

from shared.limits import open_valkey

TIMEOUT_SECONDS = 0.1
FLOOR_SECONDS = 60.0
"""A floor lives longer than any reader that began before it: see STORE_WITHIN_SECONDS in reading.py."""

MOST_COUNTED = 100_000
"""So many are counted; the least read fall out."""

HALVED_SECONDS = 7 * 86_400
"""Counts are halved so often: what was read last year does not outweigh this month."""

LEAST_COUNT = 0.02

# KEYS[1] the copy; ARGV: version, made, body, life (ms), written (ms), expires (ms), took (µs).
_PUT = """
local has = redis.call('HGET', KEYS[1], 'version')
if has and tonumber(has) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'made', ARGV[2], 'body', ARGV[3],
    'written', ARGV[5], 'expires', ARGV[6], 'took', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""

# The deletion comes first: after a write, Valkey takes the rest of a script also when it is full.
_RAISE = """
local function raise(key, version, life)
    local has = redis.call('HGET', key, 'version')
    if has and tonumber(has) >= tonumber(version) then return end
    redis.call('DEL', key)
    redis.call('HSET', key, 'version', version)
    redis.call('PEXPIRE', key, life)
end
"""

# KEYS[1] the place, then the keys whose floors rise; ARGV: generation, from, to, life of a floor (ms), the versions.
# Nothing is done where the place is another generation's or behind `from`: then it is returned. Where there is none,
# everything was forgotten, and ours is right.
_STEP = (
    _RAISE
    + """
local at = redis.call('HMGET', KEYS[1], 'generation', 'seq')
if at[1] and (at[1] ~= ARGV[1] or tonumber(at[2]) < tonumber(ARGV[2])) then return at end
for i = 2, #KEYS do raise(KEYS[i], ARGV[i + 3], ARGV[4]) end
if not at[1] or tonumber(at[2]) < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'seq', ARGV[3])
end
return {}
"""
)

# KEYS the keys; ARGV: life of a floor (ms), then the versions.
_FLOORS = _RAISE + "for i = 1, #KEYS do raise(KEYS[i], ARGV[i + 1], ARGV[1]) end"

# KEYS[1] the place; ARGV: the generation that was seen there ('' for none), the new one, its seq. Returns the place.
_BEGIN = """
local has = redis.call('HGET', KEYS[1], 'generation')
if (has or '') == ARGV[1] then redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'seq', ARGV[3]) end
return redis.call('HMGET', KEYS[1], 'generation', 'seq')
"""

# KEYS[1] a copy. What stood there is gone; its version stays as a floor.
_INVALIDATE = """
local has = redis.call('HGET', KEYS[1], 'version')
if not has then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', has)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""

# KEYS: the counts, the note of when they were halved; ARGV: most to keep, halving (s), least count, then count and key.
_COUNT = """
for i = 4, #ARGV, 2 do redis.call('ZINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -(tonumber(ARGV[1]) + 1))
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then
    redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[1], 'WEIGHTS', '0.5')
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
end
"""

_FIELDS = ("version", "made", "body", "written", "expires", "took")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A copy, or with a `body` of None a floor. Times are Unix seconds."""

    version: int
    made: str = ""
    body: bytes | None = None
    written_at: float = 0.0
    expires_at: float = 0.0
    took_seconds: float = 0.0


class Place(msgspec.Struct, frozen=True):
    """How far a kind's stream has been applied. Copies of another generation count for nothing."""

    generation: str
    seq: int


class CacheStore:
    """Every call raises RedisError, OSError or TimeoutError when Valkey does not do it within 100 ms."""

    def __init__(self, valkey: Redis) -> None:
        self._valkey = valkey
        self._put = valkey.register_script(_PUT)
        self._step = valkey.register_script(_STEP)
        self._floors = valkey.register_script(_FLOORS)
        self._begin = valkey.register_script(_BEGIN)
        self._invalidate = valkey.register_script(_INVALIDATE)
        self._count = valkey.register_script(_COUNT)

    async def fetch(self, key: str) -> Entry | None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return _entry(await self._valkey.hmget(key, *_FIELDS))

    async def put(self, key: str, entry: Entry) -> bool:
        """False when what stands there is newer."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return bool(await self._put(keys=[key], args=_put_arguments(entry)))

    async def put_many(self, entries: Mapping[str, Entry]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async with self._valkey.pipeline(transaction=False) as pipeline:
                for key, entry in entries.items():
                    await self._put(keys=[key], args=_put_arguments(entry), client=pipeline)
                await pipeline.execute()

    async def running_out(self, keys: Sequence[str], made: str, before: float) -> list[str]:
        """Those of the keys that hold no copy made so, or one that runs out before then."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async with self._valkey.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hmget(key, "made", "expires")
                found = await pipeline.execute()
        return [
            key
            for key, (its_made, expires) in zip(keys, found, strict=True)
            if its_made is None or its_made.decode() != made or int(expires) / 1000 < before
        ]

    async def step(self, kind: str, generation: str, since: int, to: int, floors: Mapping[str, int]) -> Place | None:
        """Raises the floors and moves the place on; None. Or the place, where it is another: nothing was done."""
        arguments: list[str | int] = [generation, since, to, round(FLOOR_SECONDS * 1000), *floors.values()]
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return _place(await self._step(keys=[_place_key(kind), *floors], args=arguments))

    async def raise_floor(self, key: str, version: int) -> None:
        """By whoever just wrote that version: the event that follows does the same, and is the one that counts."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self._floors(keys=[key], args=[round(FLOOR_SECONDS * 1000), version])

    async def place(self, kind: str) -> Place | None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return _place(await self._valkey.hmget(_place_key(kind), "generation", "seq"))

    async def begin(self, kind: str, seen: Place | None, generation: str, seq: int) -> Place:
        """A new generation, unless somebody else began one since: the place then."""
        arguments: list[str | int] = [seen.generation if seen else "", generation, seq]
        async with asyncio.timeout(TIMEOUT_SECONDS):
            place = _place(await self._begin(keys=[_place_key(kind)], args=arguments))
        return place or Place(generation, seq)

    async def invalidate(self, key: str) -> bool:
        """The copy is gone and nothing older will be stored; False when there was nothing."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return bool(await self._invalidate(keys=[key], args=[round(FLOOR_SECONDS * 1000)]))

    async def count_reads(self, kind: str, counts: Mapping[str, int]) -> None:
        told = [value for key, count in counts.items() for value in (count, key)]
        arguments: list[str | int | float] = [MOST_COUNTED, HALVED_SECONDS, LEAST_COUNT, *told]
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self._count(keys=[f"reads:{kind}", f"reads:{kind}:halved"], args=arguments)

    async def most_read(self, kind: str, start: int, count: int) -> list[str]:
        """From the `start`th on, the most read first."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            keys: list[Any] = await self._valkey.zrevrange(f"reads:{kind}", start, start + count - 1)
        return [key.decode() for key in keys]

    async def info(self) -> dict[str, Any]:
        """What Valkey says of itself."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            told: dict[str, Any] = await self._valkey.info()
        return told


@asynccontextmanager
async def open_cache_store(url: str) -> AsyncIterator[CacheStore]:
    """Also while Valkey is away."""
    async with open_valkey(url, TIMEOUT_SECONDS) as valkey:
        yield CacheStore(valkey)


def _put_arguments(entry: Entry) -> list[Any]:
    written, expires = round(entry.written_at * 1000), round(entry.expires_at * 1000)
    return [
        *(entry.version, entry.made, entry.body, max(1, expires - written)),
        *(written, expires, round(entry.took_seconds * 1_000_000)),
    ]


def _entry(fields: Sequence[Any]) -> Entry | None:
    version, made, body, written, expires, took = fields
    if version is None:
        return None
    if body is None:
        return Entry(version=int(version))
    return Entry(
        version=int(version),
        made=made.decode(),
        body=body,
        written_at=int(written) / 1000,
        expires_at=int(expires) / 1000,
        took_seconds=int(took) / 1_000_000,
    )


def _place_key(kind: str) -> str:
    return f"place:{kind}"


def _place(fields: Sequence[Any]) -> Place | None:
    return Place(fields[0].decode(), int(fields[1])) if fields and fields[0] is not None else None
