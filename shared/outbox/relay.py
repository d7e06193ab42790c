"""One outbox's way to JetStream. See the package for the invariants.

A batch goes out as one atomic publish where the server has it (NATS 2.12): all stored or none, five times as fast as
single acknowledgements under `sync_interval: always`. Where it has not, and after an unclear failure (a repeated id
refuses a whole batch), it goes out in waves that hold one event a key.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import Header
from prometheus_client import Counter, Gauge, Histogram

from proto.streams import STREAMS
from shared.bus import Bus, ensure_stream
from shared.database import Pool, Query, Row, transaction
from shared.ids import new_id

BATCH = 200
"""Rows a round. JetStream takes at most 1000 in an atomic batch."""

HEADER_BYTES = 512
"""More than our headers take."""

ACKNOWLEDGE_SECONDS = 5.0
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

# Errors that the same bytes will meet again: too large, or a stream that takes no such subject.
_FOR_GOOD = (nats.errors.MaxPayloadError, nats.errors.BadSubjectError)

_log = structlog.get_logger("relay")


@dataclass
class Outcome:
    """What became of a batch: the ids of the rows that JetStream has stored, those it never will, and the error that
    ended it early."""

    stored: list[int]
    refused: dict[int, BaseException] = field(default_factory=dict)
    failure: BaseException | None = None


class BatchRefusedError(Exception):
    """JetStream stored nothing of the batch."""


class Relay:
    """Publishes the outbox of one context. `run` ends only by cancellation."""

    def __init__(self, context: str, pool: Pool, bus: Bus) -> None:
        self.context = context
        self._pool = pool
        self._bus = bus
        self._woken = asyncio.Event()
        self._atomic = False
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
            outcome = await self._publish(rows)
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
            self._atomic = all(config.allow_atomic for config in configs)
            return

    async def _publish(self, rows: Sequence[Row]) -> "Outcome":
        if len(rows) > 1 and self._atomic and not any(row["ttl_seconds"] for row in rows):
            try:
                await self._publish_batch(rows)
            except BatchRefusedError as refusal:
                await _log.ainfo("batch refused, going on one by one", context=self.context, reason=str(refusal))
            else:
                return Outcome([row["id"] for row in rows])
        outcome, held_back = Outcome([]), set[UUID]()
        for wave in waves(rows):
            going = [row for row in wave if row["key"] not in held_back]
            answers = await asyncio.gather(*(self._publish_row(row) for row in going), return_exceptions=True)
            for row, answer in zip(going, answers, strict=True):
                if answer is None:
                    outcome.stored.append(row["id"])
                elif isinstance(answer, _FOR_GOOD):
                    outcome.refused[row["id"]] = answer
                    held_back.add(row["key"])
                else:
                    outcome.failure = answer
            if outcome.failure is not None:
                break  # nothing of a later wave may overtake: the rest comes again
        return outcome

    def _fits(self, row: Row) -> bool:
        """The server ends the whole connection over a message above its limit, headers included."""
        return len(row["payload"]) + HEADER_BYTES <= self._bus.client.max_payload

    async def _publish_row(self, row: Row) -> None:
        if not self._fits(row):
            raise nats.errors.MaxPayloadError
        future = await self._bus.jetstream.publish_async(
            row["subject"],
            row["payload"],
            headers={Header.MSG_ID: str(row["event_id"])},
            msg_ttl=row["ttl_seconds"],
        )
        await asyncio.wait_for(future, ACKNOWLEDGE_SECONDS)

    async def _publish_batch(self, rows: Sequence[Row]) -> None:
        """All or nothing. Raises BatchRefusedError when it was nothing, TimeoutError when that is not known."""
        if not all(self._fits(row) for row in rows):
            raise BatchRefusedError("one of the events is too large")
        client, batch = self._bus.client, str(new_id())
        for place, row in enumerate(rows[:-1], start=1):
            headers = _batch_headers(batch, place, row["event_id"])
            if place > 1:
                await client.publish(row["subject"], row["payload"], headers=headers)
                continue
            # The first is acknowledged by itself: it tells whether the server takes batches at all.
            _refuse(await client.request(row["subject"], row["payload"], ACKNOWLEDGE_SECONDS, headers=headers))
        last = rows[-1]
        headers = {**_batch_headers(batch, len(rows), last["event_id"]), "Nats-Batch-Commit": "1"}
        _refuse(await client.request(last["subject"], last["payload"], ACKNOWLEDGE_SECONDS, headers=headers))

    async def _housekeep(self) -> None:
        async with transaction(self._pool) as connection:
            await self._purge.execute(connection, PURGE_ROWS)
            row = await self._count_parked.row(connection)
        PARKED.labels(self.context).set(row["parked"] if row else 0)


def waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in order, cut so that no wave holds two of one key."""
    wave: list[Row] = []
    keys: set[UUID] = set()
    for row in rows:
        if row["key"] in keys:
            yield wave
            wave, keys = [], set()
        wave.append(row)
        keys.add(row["key"])
    if wave:
        yield wave


def _batch_headers(batch: str, place: int, event_id: UUID) -> dict[str, str]:
    return {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(place), Header.MSG_ID: str(event_id)}


def _refuse(answer: Msg) -> None:
    """Raises BatchRefusedError for an answer with an error; the first message's answer is empty."""
    error = msgspec.json.decode(answer.data).get("error") if answer.data else None
    if error:
        raise BatchRefusedError(error.get("description", str(error)))
