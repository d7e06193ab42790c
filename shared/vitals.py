"""What this process says of itself over core NATS when it is asked, and asking all of them at once.

What is told is what /metrics shows, typed; readings are lines of it as they are. Invariants: a question is answered
from memory, but for a plan, which is one look at the database; gathering takes a bounded time, whoever answers or not,
and who did not is missing from what comes back. A question or an answer that cannot be read is logged and counts as
none.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

import asyncpg
import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import REGISTRY, Histogram

from proto.readings import Readings, ReadingsAsked, Sample
from proto.streams import QUERY_VITALS, READINGS, VITALS, plan_subject
from proto.vitals import (
    FollowerVitals,
    OutboxVitals,
    PlanAnswer,
    PlanAsked,
    PoolVitals,
    QueryTimes,
    QueryVitals,
    Times,
    Vitals,
)
from shared.bus import BEHIND, Bus
from shared.database import POOL_WAIT_SECONDS, QUERIES, QUERY_SECONDS, QUEUES, SLOW, Pool, busy
from shared.plans import plan_of
from shared.tasks import supervised

GATHER_SECONDS = 0.5
EXPECTED_SECONDS, NEWCOMER_SECONDS = 1.0, 0.1
"""Where it is known who should answer: how long they have, and how long others have once all of them did."""

PLAN_SECONDS = 3.0

T = TypeVar("T", Vitals, QueryVitals, Readings)
Process: TypeAlias = tuple[str, str]
"""Its name and its instance."""

Outboxes: TypeAlias = Callable[[], Sequence[OutboxVitals | None]]

_encoder = msgspec.json.Encoder()
_vitals = msgspec.json.Decoder(Vitals)
_query_vitals = msgspec.json.Decoder(QueryVitals)
_readings_asked = msgspec.json.Decoder(ReadingsAsked)
_readings = msgspec.json.Decoder(Readings)
_plan_asked = msgspec.json.Decoder(PlanAsked)
_plan_answers = msgspec.json.Decoder(PlanAnswer)
_log = structlog.get_logger("vitals")


class BusAwayError(Exception):
    """Nobody can be asked; the text says why."""


@asynccontextmanager
async def answering_vitals(
    bus: Bus, process: str, instance: str, pools: Sequence[Pool] = (), outboxes: Outboxes = tuple
) -> AsyncIterator[None]:
    """During the block, also from when NATS comes. Of the pools the first is the one that plans are asked through."""
    since = datetime.now(UTC)

    async def tell_vitals(asked: Msg) -> None:
        told = Vitals(
            process=process,
            instance=instance,
            since=since,
            pools=tuple(_pool_vitals(pool) for pool in pools),
            followers=tuple(_followers()),
            outboxes=tuple(outbox for outbox in outboxes() if outbox is not None),
        )
        await asked.respond(_encoder.encode(told))

    async def tell_queries(asked: Msg) -> None:
        times = histograms(QUERY_SECONDS, "query")
        queries = [
            QueryTimes(name=name, place=QUERIES[name].place, times=took) for name, took in times.items() if took.count
        ]
        told = QueryVitals(process=process, instance=instance, since=since, queries=tuple(queries), slow=tuple(SLOW))
        await asked.respond(_encoder.encode(told))

    async def tell_readings(asked: Msg) -> None:
        try:
            names = _readings_asked.decode(asked.data).names
        except msgspec.DecodeError as error:
            await _log.aerror("a question cannot be read", subject=READINGS, error=str(error))
            return
        await asked.respond(_encoder.encode(Readings(process, instance, read(names))))

    async def tell_plan(asked: Msg) -> None:
        await asked.respond(_encoder.encode(await _plan(pools[0], asked.data)))

    async def serve() -> None:
        client = await bus.connection()
        subscriptions = [
            await client.subscribe(VITALS, cb=tell_vitals),
            await client.subscribe(QUERY_VITALS, cb=tell_queries),
            await client.subscribe(READINGS, cb=tell_readings),
        ]
        try:
            if pools:
                subject = plan_subject(process)
                subscriptions.append(await client.subscribe(subject, queue=subject, cb=tell_plan))
            await asyncio.get_running_loop().create_future()  # until the block ends
        finally:
            for subscription in subscriptions:
                with suppress(nats.errors.Error):
                    await subscription.unsubscribe()

    async with supervised(serve(), "vitals"):
        yield


async def gather_vitals(bus: Bus, expected: Collection[Process] = ()) -> list[Vitals]:
    """Of every process that answers in time; sooner, when all that are expected have. Raises BusAwayError."""
    return await _gather(bus, VITALS, _vitals, expected=expected)


async def gather_query_vitals(bus: Bus, expected: Collection[Process] = ()) -> list[QueryVitals]:
    """The same."""
    return await _gather(bus, QUERY_VITALS, _query_vitals, expected=expected)


async def gather_readings(bus: Bus, names: Sequence[str]) -> list[Readings]:
    """Of every process that answers in time, the samples of these names. Raises BusAwayError."""
    return await _gather(bus, READINGS, _readings, _encoder.encode(ReadingsAsked(tuple(names))))


async def ask_plan(bus: Bus, process: str, name: str, role: str) -> PlanAnswer:
    """Of one process of that name. Refused, too, when nobody answers, or something else than a plan."""
    asked = _encoder.encode(PlanAsked(name, role))
    try:
        answer = await _connected(bus).request(plan_subject(process), asked, timeout=PLAN_SECONDS)
        return _plan_answers.decode(answer.data)
    except (TimeoutError, nats.errors.Error, BusAwayError):
        return PlanAnswer(refused=f"{process} does not answer.")
    except msgspec.DecodeError as error:
        return PlanAnswer(refused=f"{process} answered otherwise: {error}.")


def read(names: Sequence[str]) -> list[Sample]:
    """The samples of these names, as /metrics has them now. One that is no number (yet) is left out: JSON has none."""
    return [
        Sample(sample.name, sample.labels, sample.value)
        for metric in REGISTRY.restricted_registry(names).collect()
        for sample in metric.samples
        if math.isfinite(sample.value)
    ]


def histograms(of: Histogram, label: str) -> dict[str, Times]:
    """A histogram's times by the values of its one label."""
    counts: dict[str, list[int]] = {}
    sums: dict[str, float] = {}
    for metric in of.collect():
        for sample in metric.samples:
            if sample.name.endswith("_bucket"):
                counts.setdefault(sample.labels[label], []).append(int(sample.value))
            elif sample.name.endswith("_sum"):
                sums[sample.labels[label]] = sample.value
    return {
        value: Times(
            tuple(up_to - below for up_to, below in zip(cumulative, [0, *cumulative], strict=False)), sums[value]
        )
        for value, cumulative in counts.items()
    }


def _pool_vitals(pool: Pool) -> PoolVitals:
    queue = QUEUES[pool]
    return PoolVitals(
        name=queue.name,
        size=pool.get_max_size(),
        open=pool.get_size(),
        busy=busy(pool),
        waiting=queue.waiting,
        waits=histograms(POOL_WAIT_SECONDS, "pool")[queue.name],
    )


def _followers() -> list[FollowerVitals]:
    samples = [sample for metric in BEHIND.collect() for sample in metric.samples]
    return [FollowerVitals(name=sample.labels["durable"], behind=int(sample.value)) for sample in samples]


async def _plan(pool: Pool, data: bytes) -> PlanAnswer:
    try:
        asked = _plan_asked.decode(data)
        return await plan_of(pool, asked.name, asked.role)
    except msgspec.DecodeError as error:
        return PlanAnswer(refused=f"The question cannot be read: {error}")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        return PlanAnswer(refused=f"The database does not answer: {type(error).__name__}.")


async def _gather(
    bus: Bus,
    subject: str,
    decoder: "msgspec.json.Decoder[T]",
    question: bytes = b"",
    expected: Collection[Process] = (),
) -> list[T]:
    client = _connected(bus)
    inbox, answers, missing = client.new_inbox(), [], set(expected)
    now = asyncio.get_running_loop().time
    try:
        subscription = await client.subscribe(inbox)
        try:
            began = now()
            await client.publish(subject, question, reply=inbox)
            while (left := began + _patience(expected, missing) - now()) > 0:
                answer = await subscription.next_msg(timeout=left)
                if not answer.data:
                    break  # NATS says that nobody listens
                try:
                    told = decoder.decode(answer.data)
                except msgspec.DecodeError as error:
                    await _log.aerror("an answer cannot be read", subject=subject, error=str(error))
                else:
                    answers.append(told)
                    missing.discard((told.job if isinstance(told, Readings) else told.process, told.instance))
        except (TimeoutError, nats.errors.TimeoutError):
            pass  # whoever has not answered by now is missing
        finally:
            await subscription.unsubscribe()
    except nats.errors.Error as error:
        raise BusAwayError("NATS does not answer.") from error
    return answers


def _patience(expected: Collection[Process], missing: Collection[Process]) -> float:
    """How many seconds after the question there may still be an answer."""
    if not expected:
        return GATHER_SECONDS
    return EXPECTED_SECONDS if missing else NEWCOMER_SECONDS


def _connected(bus: Bus) -> Client:
    if not bus.connected:
        raise BusAwayError("NATS does not answer.")
    return bus.client
