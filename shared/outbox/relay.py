"""One outbox's way to JetStream: read, publish, mark, in one transaction. See the package for the invariants.

The transaction holds the advisory lock that makes one relay of many the active one. The statement that reads takes it,
and reads nothing where another relay has it; its rows are as they were a moment before, so of a relay that has just let
go some may go out again. While it waits for NATS the transaction has written nothing and locks no row, yet the portal
of its read keeps a snapshot, for which vacuum would wait: so none is opened while NATS is away, and a slow one ends it
within ROUND_SECONDS. When the relay is killed its socket closes and Postgres frees the lock at once; when its host is
gone, after `idle_in_transaction_session_timeout`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter, time_ns

import nats.errors
import structlog
from prometheus_client import Counter, Histogram

from proto.streams import EPOCH, STREAMS
from shared.bus import Bus, ensure_stream
from shared.database import Connection, Pool, Query, Row, place_of, transaction
from shared.outbox.publisher import Outcome, Publisher
from shared.outbox.traces import trace
from shared.tracing import Tracer

BATCH = 200
"""Rows a round. JetStream takes at most 1000 in an atomic batch."""

POLL_SECONDS = 1.0
WATCHED_POLL_SECONDS = 15.0
"""Where somebody looks into the outbox each second and wakes the relay."""

REST_SECONDS, REST_SECONDS_AN_EVENT = 0.008, 0.0007
"""After a round the relay rests as long as that took, but no longer than so much for each event that it sent, and never
longer than 8 ms: what is written meanwhile goes out together and shares the next round's messages. At 200 events a
second a rest is 1 ms, at 1,000 it is 8; an event that comes alone does not wait."""

BEGIN = "begin; set local synchronous_commit = off"
"""Marks need not be on disk when the round ends: should Postgres lose them, their events go out again as after a crash
between acknowledgement and mark. It saves an fsync a round."""

LOCK_CLASS = 0x1A4DE4
"""First key of the advisory lock; the second is the context's name, hashed."""

PUBLISHED = Counter("larder_outbox_published_total", "Events acknowledged by JetStream", ["context"])
FAILED = Counter("larder_outbox_failed_rounds_total", "Rounds that ended with rows to send again", ["context"])
LOST_STREAMS = Counter("larder_outbox_lost_streams_total", "Streams that were found gone and made anew", ["stream"])
LAG_SECONDS = Histogram(
    "larder_outbox_lag_seconds",
    "From an event's insert to its acknowledgement",
    ["context"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60),
)
BATCH_EVENTS = Histogram(
    "larder_outbox_batch_events",
    "Events that one round sent",
    ["context"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
PUBLISH_SECONDS = Histogram(
    "larder_outbox_publish_seconds",
    "Time from a round's first event sent to its last acknowledgement",
    ["context"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)

PLACE = place_of(Path(__file__))

_log = structlog.get_logger("relay")


def deliverable(table: str) -> str:
    """SQL: which rows `event` of the table may go out. Those behind a parked one of their key may not."""
    return (
        "event.published_at is null and event.parked_at is null and not exists "
        f"(select from {table} as earlier where earlier.parked_at is not null and earlier.key = event.key)"
    )


class Relay:
    """Publishes the outbox of one context, with `positions` each event with where the database's log is by then, which
    is after its commit. `watched`: upkeep's Watch wakes it each second that something waits. `run` ends only by
    cancellation."""

    def __init__(
        self,
        context: str,
        pool: Pool,
        bus: Bus,
        tracer: Tracer | None = None,
        *,
        positions: bool = False,
        watched: bool = False,
    ) -> None:
        self.context = context
        self._tracer = tracer
        self._pool = pool
        self._bus = bus
        self._watched = watched
        self._woken = asyncio.Event()
        self.publisher = Publisher(bus)
        self._prepared = False
        self._epochs: dict[str, str] = {}
        # From the start at 0: an alert on what does not grow needs a series to look at.
        self._published = PUBLISHED.labels(context)
        self._failed = FAILED.labels(context)
        for stream in STREAMS:
            LOST_STREAMS.labels(stream.name)
        # The context is from the settings' pattern, [a-z_]+: it can hold no SQL.
        table = f"{context}.outbox"
        # A subquery of its own is asked once, after the snapshot that shows the rows.
        position = "(select pg_current_wal_insert_lsn()::text)" if positions else "null::text"
        self._pending = Query(
            f"relay.pending_{context}",
            f"select id, event_id, key, subject, payload, ttl_seconds, created_at, {position} as position "  # noqa: S608
            f"from {table} as event "
            # Asked once, before the rows.
            f"where (select pg_try_advisory_xact_lock($2, hashtext($3))) and {deliverable(table)} order by id limit $1",
            PLACE,
        )
        self._mark = Query(
            f"relay.mark_{context}",
            f"update {table} set published_at = clock_timestamp() where id = any($1) "  # noqa: S608
            "returning extract(epoch from published_at - created_at)::float8 as seconds",
            PLACE,
        )
        self._park = Query(
            f"relay.park_{context}",
            f"update {table} set parked_at = clock_timestamp(), error = $2 where id = $1",  # noqa: S608
            PLACE,
        )

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        now = asyncio.get_running_loop().time
        await self._bus.connection()  # others wait for the streams, which the first round makes
        while True:
            self._woken.clear()
            began = now()
            # Without NATS the rows wait, and no transaction with them.
            sent = await self._publish_all() if self._bus.connected else 0
            rested = now() + min(now() - began, max(sent, 1) * REST_SECONDS_AN_EVENT, REST_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), WATCHED_POLL_SECONDS if self._watched else POLL_SECONDS)
            await asyncio.sleep(rested - now())

    async def _publish_all(self) -> int:
        """What there is, until it fails. The rows are still there then: the next round tries again. How many events
        that were, a full batch when it failed."""
        try:
            if not self._prepared:
                await self._prepare()
            sent = last = await self.publish_once()
            while last == BATCH:
                last = await self.publish_once()
                sent += last
        except nats.errors.NoRespondersError:
            self._prepared = False
            await _log.awarning("no stream answers", context=self.context)
        except Exception as error:  # noqa: BLE001  whatever database and bus have, the relay outlives it
            await _log.aerror("publishing failed, trying again", context=self.context, error=repr(error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not ours: a client cancelled a future of its own.
            await _log.aerror("publishing was broken off, trying again", context=self.context, error=repr(error))
        else:
            return sent
        self._failed.inc()
        return BATCH

    async def publish_once(self) -> int:
        """Publishes one batch and says of how many events: 0 also while another relay is at work. Raises what kept rows
        from being stored; those that were are marked all the same."""
        async with transaction(self._pool, BEGIN) as connection:
            rows = await self._pending.rows(connection, BATCH, LOCK_CLASS, self.context)
            if not rows:
                return 0
            BATCH_EVENTS.labels(self.context).observe(len(rows))
            started, read = perf_counter(), time_ns()
            outcome = await self.publisher.publish(rows)
            PUBLISH_SECONDS.labels(self.context).observe(perf_counter() - started)
            acknowledged = time_ns()
            await self._settle(connection, rows, outcome)
        if self._tracer is not None:
            trace(self._tracer, rows, set(outcome.stored), read, acknowledged)
        if outcome.failure is not None:
            raise outcome.failure
        return len(rows)

    async def _settle(self, connection: Connection, rows: Sequence[Row], outcome: Outcome) -> None:
        if outcome.refused:
            for row in rows:
                if (reason := outcome.refused.get(row["id"])) is not None:
                    await self._park.execute(connection, row["id"], reason)
                    told = {"context": self.context, "id": row["id"], "key": str(row["key"]), "error": reason}
                    await _log.aerror("event parked: see `just parked`", **told)
        if outcome.stored:
            lag = LAG_SECONDS.labels(self.context)
            for marked in await self._mark.rows(connection, outcome.stored):
                lag.observe(marked["seconds"])
            self._published.inc(len(outcome.stored))

    async def _prepare(self) -> None:
        """The streams, made where there are none. Raises while JetStream starts or elects."""
        configs = [await ensure_stream(self._bus.jetstream, stream) for stream in STREAMS]
        for config in configs:
            name, epoch = str(config.name), (config.metadata or {}).get(EPOCH, "")
            if self._epochs.setdefault(name, epoch) != epoch:
                self._epochs[name] = epoch
                LOST_STREAMS.labels(name).inc()
                await _log.aerror(
                    "stream was lost: `just republish --replace` builds ORDERS anew, and STOCK after it", stream=name
                )
        self.publisher.atomic = all(config.allow_atomic for config in configs)
        self._prepared = True
