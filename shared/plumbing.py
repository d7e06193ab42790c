"""What every service with a schema of its own is built on, opened in order and closed in reverse."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.bus import Bus
from shared.cache import CacheStore, open_cache_store
from shared.cursor import Cursors
from shared.database import Pool, open_pool
from shared.http.front import Front
from shared.http.health import Operations, database_answers
from shared.http.types import Routes
from shared.identity import Revocations, TokenVerifier
from shared.limits import Limiter, Limits, open_valkey
from shared.replica import Reads, Replica, open_replica
from shared.revocations import hearing_revocations
from shared.settings import ContextSettings, raw_key
from shared.tracing import Tracer, open_tracer
from shared.vitals import answering_vitals


def utc_now() -> datetime:
    """The clock. Services take it as an argument, so that a test can hold it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Plumbing:
    """The open parts of a process. `reads` is for what may be a moment old. `front` puts the request's id, identity and
    limits before a service's routes; `bodies` are the paths whose body is no JSON, with the media type that it is."""

    pool: Pool
    reads: Reads
    replica: Replica | None
    bus: Bus
    cache: CacheStore
    verifier: TokenVerifier
    limits: Limits
    cursors: Cursors
    now: Callable[[], datetime]
    tracer: Tracer | None
    slow_request_s: float

    def front(self, routes: Routes, bodies: Mapping[str, str] | None = None) -> Front:
        operations = Operations({"database": database_answers(self.pool)})
        mint = None if self.replica is None else self.replica.mint
        return Front(routes, operations, self.verifier, self.limits, self.tracer, bodies, self.slow_request_s, mint)


@asynccontextmanager
async def open_plumbing(
    settings: ContextSettings, name: str, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Plumbing]:
    """Opens the pool, the bus and both Valkeys, and the replica where there is one. Raises when Postgres is away; the
    others may come later."""
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(
            open_tracer(settings.otlp_endpoint, name, settings.instance, settings.trace_ratio)
        )
        pool = await stack.enter_async_context(
            open_pool(
                settings.database_url,
                size=settings.pool_size,
                name=name,
                statement_cache=settings.statement_cache,
            )
        )
        replica = None
        if settings.database_replica_url:
            replica = await stack.enter_async_context(
                open_replica(
                    settings.database_replica_url,
                    settings.database_url,
                    size=settings.pool_size,
                    name=name,
                    statement_cache=settings.statement_cache,
                )
            )
        bus = await stack.enter_async_context(Bus(settings.nats_url, name, tracer))
        valkey = await stack.enter_async_context(open_valkey(settings.valkey_url))
        cache = await stack.enter_async_context(open_cache_store(settings.cache_url))
        revocations = Revocations()
        await stack.enter_async_context(hearing_revocations(bus, revocations, now))
        await stack.enter_async_context(answering_vitals(bus, name, settings.instance, [pool]))
        yield Plumbing(
            pool=pool,
            reads=Reads(pool, replica),
            replica=replica,
            bus=bus,
            cache=cache,
            verifier=TokenVerifier(settings.token_public_key, revocations, now),
            limits=Limits(
                Limiter(valkey),
                anonymous_per_minute=settings.rate_anonymous_per_minute,
                person_per_hour=settings.rate_person_per_hour,
            ),
            cursors=Cursors(raw_key(settings.cursor_key)),
            now=now,
            tracer=tracer,
            slow_request_s=settings.slow_request_s,
        )
