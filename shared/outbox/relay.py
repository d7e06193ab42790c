"""One outbox's way to JetStream: read, publish, mark, in one transaction. See the package for the invariants."""

import asyncio
from contextlib import suppress

import nats.js.errors
import structlog
from prometheus_client import Counter, Gauge, Histogram

from proto.streams import STREAMS
from shared.bus import Bus, ensure_stream
from shared.database import Pool, Query, transaction
from shared.outbox.publisher import Publisher

BATCH = 200
"""Rows a round. JetStream takes at most 1000 in an atomic batch."""

POLL_SECONDS = 1.0
PURGE_SECONDS = 60.0
PURGE_ROWS = 20_000
KEPT = "72 hours"
"""Published rows stay this long, for the operator who asks what was sent; the stream keeps them for ever."""

LOCK_CLASS = 0x1A4DE4
"""First key of the advisory lock; the second is the context's name, hashed."""

PUBLISHED = Counter("larder_outbox_published_total", "Events acknowledged by JetStream", ["context"])
PARKED = Gauge("larder_outbox_parked", "Events the bus refused for good, waiting for an operator", ["context"])
LAG_SECONDS = Histogram(
    "larder_outbox_lag_seconds",
    "From an event's insert to its acknowledgement",
    ["context"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60),
)

_log = structlog.get_logger("relay")


class Relay:
    """Publishes the outbox of one context. `run` ends only by cancellation."""

    def __init__(self, context: str, pool: Pool, bus: Bus) -> None:
        self.context = context
        self._pool = pool
        self._bus = bus
        self._woken = asyncio.Event()
        self.publisher = Publisher(bus)
        self._lock = Query("relay.lock", "select pg_try_advisory_xact_lock($1, hashtext($2)) as mine")
        # The context is from the settings' pattern, [a-z_]+: it can hold no SQL.
        table = f"{context}.outbox"
        self._pending = Query(
            f"relay.pending_{context}",
            f"""
            select id, event_id, key, subject, payload, ttl_seconds
            from {table} as event
            where published_at is null and parked_at is null
              and not exists (select from {table} as earlier
                              where earlier.parked_at is not null and earlier.key = event.key)
            order by id limit $1""",  # noqa: S608
        )
        self._mark = Query(
            f"relay.mark_{context}",
            f"update {table} set published_at = clock_timestamp() where id = any($1) "  # noqa: S608
            "returning extract(epoch from published_at - created_at)::float8 as seconds",
        )
        self._park = Query(
            f"relay.park_{context}",
            f"update {table} set parked_at = clock_timestamp(), error = $2 where id = $1",  # noqa: S608
        )
        self._purge = Query(
            f"relay.purge_{context}",
            f"delete from {table} where id in (select id from {table} "  # noqa: S608
            f"where published_at < clock_timestamp() - interval '{KEPT}' order by id limit $1)",
        )
        self._count_parked = Query(
            f"relay.parked_{context}",
            f"select count(*) as parked from {table} where parked_at is not null",  # noqa: S608
        )

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        await self._bus.connection()
        await self._prepare()
        housekeeping = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            self._woken.clear()
            try:
                while await self.publish_once():
                    pass
                if clock() >= housekeeping:
                    await self._housekeep()
                    housekeeping = clock() + PURGE_SECONDS
            except nats.js.errors.NoStreamResponseError:
                await self._prepare()  # the stream was deleted: a new one, under a new epoch
            except Exception as error:  # noqa: BLE001  the rows are still there: try again
                await _log.aerror("publishing failed, trying again", context=self.context, error=repr(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def publish_once(self) -> bool:
        """Publishes one batch; true when there may be more. False also while another relay is at work."""
        async with transaction(self._pool) as connection:
            lock = await self._lock.row(connection, LOCK_CLASS, self.context)
            if lock is None or not lock["mine"]:
                return False
            rows = await self._pending.rows(connection, BATCH)
            if not rows:
                return False
            outcome = await self.publisher.publish(rows)
            for row_id, error in outcome.refused.items():
                await self._park.execute(connection, row_id, repr(error))
                await _log.aerror("event parked", context=self.context, id=row_id, error=repr(error))
            if outcome.stored:
                lag = LAG_SECONDS.labels(self.context)
                for row in await self._mark.rows(connection, outcome.stored):
                    lag.observe(row["seconds"])
                PUBLISHED.labels(self.context).inc(len(outcome.stored))
        if outcome.failure is not None:
            raise outcome.failure
        return True

    async def _prepare(self) -> None:
        """The streams, as often as it takes."""
        while True:
            try:
                configs = [await ensure_stream(self._bus.jetstream, stream) for stream in STREAMS]
            except Exception as error:  # noqa: BLE001  JetStream may be starting, or electing
                await _log.awarning("streams are not ready, trying again", error=repr(error))
                await asyncio.sleep(POLL_SECONDS)
                continue
            self.publisher.atomic = all(config.allow_atomic for config in configs)
            return

    async def _housekeep(self) -> None:
        async with transaction(self._pool) as connection:
            await self._purge.execute(connection, PURGE_ROWS)
            row = await self._count_parked.row(connection)
        PARKED.labels(self.context).set(row["parked"] if row else 0)
