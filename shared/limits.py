"""How often somebody may ask: GCRA in Valkey, one round trip, the server's clock.

Invariants: a limit of 0 is none and costs nothing. The limits of requests fail open (Valkey away: everybody is let
in, and it is counted); a limit of failures, which guards passwords, fails closed. Valkey is given 100 ms, and after
a failure it is left alone for a second.
"""

from time import monotonic

import structlog
from prometheus_client import Counter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.http.problems import Problem
from shared.identity import Identity

TIMEOUT_SECONDS = 0.1
REST_SECONDS = 1.0
MINUTE, HOUR = 60.0, 3600.0

UNLIMITED = Counter("larder_limits_skipped_total", "Requests let in because Valkey did not answer")

# KEYS[1] the bucket; ARGV: interval between requests (µs), burst (µs). Returns the µs to wait, 0 when admitted. The
# theoretical arrival time is kept and expires when it is past.
_GCRA = """
local now = redis.call('TIME')
local at = now[1] * 1000000 + now[2]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), at)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = due + interval
if after - at > burst then return math.ceil(after - at - burst) end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - at) / 1000))
return 0
"""

# The same bucket, one less: what was admitted is to count no more.
_GIVE_BACK = """
local now = redis.call('TIME')
local at = now[1] * 1000000 + now[2]
local before = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[1])
if before <= at then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], string.format('%.0f', before), 'PX', math.ceil((before - at) / 1000))
"""

_log = structlog.get_logger("limits")


def open_valkey(url: str, patience: float = TIMEOUT_SECONDS, retries: int = 1) -> Redis:
    """A client that gives up after 100 ms, or `patience` in seconds, instead of the library's 5 s and 10 retries."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=50,
        timeout=patience,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), retries),
    )
    return Redis.from_pool(pool)


class Limiter:
    """The buckets."""

    def __init__(self, valkey: Redis) -> None:
        self._admit = valkey.register_script(_GCRA)
        self._return = valkey.register_script(_GIVE_BACK)

    async def wait(self, key: str, *, count: int, seconds: float) -> float:
        """Seconds until one more of `count` in `seconds` fits; 0 when it did and was counted. Raises RedisError or
        OSError."""
        interval = seconds * 1_000_000 / count
        arguments = [round(interval), round(seconds * 1_000_000)]
        return int(await self._admit(keys=[f"limit:{key}"], args=arguments)) / 1_000_000

    async def give_back(self, key: str, *, count: int, seconds: float) -> None:
        """One that was counted is to count no more. Raises RedisError or OSError."""
        await self._return(keys=[f"limit:{key}"], args=[round(seconds * 1_000_000 / count)])


class Limits:
    """The limits on requests: so many a minute for an address, so many an hour for a person. Those of some kind, which
    `name` names, are counted by themselves."""

    def __init__(self, limiter: Limiter, *, anonymous_per_minute: int, person_per_hour: int, name: str = "") -> None:
        self._limiter = limiter
        self._name = name
        self._anonymous = anonymous_per_minute
        self._person = person_per_hour
        self._resting_until = 0.0

    async def admit(self, identity: Identity | None, address: str) -> None:
        """Raises a 429 Problem with Retry-After for who asks too often."""
        count, seconds = (self._anonymous, MINUTE) if identity is None else (self._person, HOUR)
        if count == 0 or monotonic() < self._resting_until:
            return
        who = f"address:{address}" if identity is None else f"person:{identity.person_id}"
        key = f"{self._name}:{who}" if self._name else who
        try:
            wait = await self._limiter.wait(key, count=count, seconds=seconds)
        except (RedisError, OSError) as error:
            self._resting_until = monotonic() + REST_SECONDS
            UNLIMITED.inc()
            await _log.awarning("limits are off: Valkey does not answer", error=repr(error))
            return
        if wait > 0:
            raise too_often(wait)


def too_often(wait: float) -> Problem:
    """429 with the seconds to wait."""
    seconds = max(1, round(wait + 0.5))
    return Problem(429, f"Too many requests: try again in {seconds} s.", code="too_often", retry_after_s=seconds)
