"""`python -m services.orders.republish`: a new ORDERS stream from the history, should the old one be lost.

Invariants: the new stream holds every committed version of every order once, each with the bytes of its first time, per
order in the order of the versions, under a new epoch: whoever held a position is told to fetch. The relay is held
while it runs, and afterwards publishes what was committed meanwhile. An order with an event that the bus refuses for
good is left out from that version on, and said. Refuses to replace a stream that is there unless told to. Broken off,
it is run again.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from uuid import UUID

import msgspec
import structlog
import uvloop
from nats.js.errors import NotFoundError

from proto.streams import EPOCH, ORDERS
from services.orders import store
from services.orders.app import Settings
from services.orders.domain import HAS_A_REASON, Changed, audience
from services.orders.events import event_of
from services.orders.store import Origin
from shared import log
from shared.bus import Bus, remake_stream
from shared.database import Connection, Pool, Row, open_pool, transaction
from shared.outbox import Event
from shared.outbox.publisher import Publisher
from shared.outbox.relay import BATCH, LOCK_CLASS
from shared.settings import SettingsError, load

REPLACE = "--replace"
TRIES = 3
"""A moment's slowness of the bus does not cost all that was done so far."""

BEGIN = "; set local ".join(
    [store.SYSTEM, "statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0"]
)
"""It may take minutes, and nobody waits for an answer."""

_log = structlog.get_logger("republish")


class StreamExistsError(Exception):
    """There is a stream, and nobody said to replace it."""


class Republished(msgspec.Struct, frozen=True):
    """`left_out`: orders of which a version is too much for the bus, and why."""

    events: int
    epoch: str
    left_out: dict[UUID, str]


async def republish(
    pool: Pool, bus: Bus, *, replace: bool, progress: Callable[[int], None] = lambda _: None
) -> Republished:
    """Makes the stream. Raises StreamExistsError, and whatever ended it early: run it again, with `replace`."""
    jetstream = bus.jetstream
    async with transaction(pool, BEGIN) as connection:
        await store.QUERIES["hold_relay"].execute(connection, LOCK_CLASS)
        with suppress(NotFoundError):
            await jetstream.stream_info(ORDERS.name)
            if not replace:
                raise StreamExistsError(f"There is a stream {ORDERS.name}. To build it anew: {REPLACE}")
        config = await remake_stream(jetstream, ORDERS)
        publisher, published = Publisher(bus), 0
        publisher.atomic = bool(config.allow_atomic)
        left_out: dict[UUID, str] = {}
        async for batch in _batches(connection):
            published += await _publish(publisher, batch, left_out)
            progress(published)
    return Republished(published, (config.metadata or {}).get(EPOCH, ""), left_out)


async def _publish(publisher: Publisher, batch: list[Row], left_out: dict[UUID, str]) -> int:
    """Until each row is stored or its order left out. Raises what went wrong when TRIES in a row stored nothing."""
    stored, failures, rows = set[int](), 0, batch
    while rows := [row for row in rows if row["id"] not in stored and row["key"] not in left_out]:
        outcome = await publisher.publish(rows)
        stored.update(outcome.stored)
        for row in rows:
            if row["id"] in outcome.refused:
                left_out[row["key"]] = outcome.refused[row["id"]]
        failures = 0 if outcome.failure is None or outcome.stored else failures + 1
        if outcome.failure is not None and failures == TRIES:
            raise outcome.failure
    return len(stored)


async def _batches(connection: Connection) -> AsyncIterator[list[Row]]:
    """Rows as the publisher takes them."""
    batch: list[Row] = []
    async for row in connection.cursor(store.QUERIES["list_all_history"].sql, prefetch=BATCH):
        event = rebuilt(row)
        batch.append(
            {
                "id": len(batch),
                "event_id": event.id,
                "key": row["id"],
                "subject": event.subject,
                "payload": event.payload,
                "ttl_seconds": None,
                "position": None,  # of changes so old that every server has them
            }
        )
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def rebuilt(row: Row) -> Event:
    """The event of one version, the same bytes as when it happened. `row` is one of `list_all_history`."""
    order = store.order_of(row)
    if order.status not in HAS_A_REASON:
        order = msgspec.structs.replace(order, reason=None)  # the step's, which the history alone keeps
    if order.status != "rejected":
        order = msgspec.structs.replace(order, shortages=msgspec.Raw(b"[]"))  # no version before had any
    before = None
    if row["before_status"] is not None:
        before = msgspec.structs.replace(order, status=row["before_status"], driver_id=row["before_driver_id"])
    origin = Origin(row["actor_id"], row["actor_role"], row["request_id"], row["traceparent"])
    return event_of(Changed(order, row["event"], audience(before, order)), origin, row["event_id"])


async def _run(settings: Settings, *, replace: bool) -> None:
    async with (
        open_pool(settings.database_url, size=1, name="republish") as pool,
        Bus(settings.nats_url, "republish") as bus,
    ):
        async with asyncio.timeout(10):
            await bus.connection()
        done = await republish(pool, bus, replace=replace, progress=_tell)
    sys.stdout.write(f"\r{done.events:,} events are in {ORDERS.name} again, under epoch {done.epoch}.\n")
    for order_id, reason in done.left_out.items():
        sys.stdout.write(f"Order {order_id} is left out from one of its versions on: {reason}. See `just parked`.\n")


def _tell(events: int) -> None:
    sys.stdout.write(f"\r{events:,} events")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 failed or refused, 2 wrong settings or arguments."""
    if set(arguments) - {REPLACE}:
        sys.stderr.write(f"republish: the only argument is {REPLACE}\n")
        return 2
    try:
        settings = load(Settings, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"republish: {error}\n")
        return 2
    log.configure(settings.log, "republish", level=logging.WARNING)
    try:
        uvloop.run(_run(settings, replace=REPLACE in arguments))
    except StreamExistsError as error:
        sys.stderr.write(f"republish: {error}\n")
        return 1
    except Exception as error:  # noqa: BLE001  said in words, with the rest in the log
        _log.error("republish failed", exc_info=error)
        sys.stderr.write(f"republish: {error!r}. Run it again with {REPLACE}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
