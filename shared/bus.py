"""The bus: one NATS connection a process, and the loops that follow a stream.

Invariants: a process starts and serves while NATS is away; the connection is made and remade in the background for
ever. A durable follower acknowledges after its handler returned, so a crash repeats events and loses none: handlers
are idempotent. What a handler could not do comes again a second later, what a crashed process held after the wait for
its acknowledgement. An event that cannot be decoded is logged, counted and ended; it never jams the ones behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from time import time_ns
from typing import Generic, TypeAlias, TypeVar

import msgspec
import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError, ServerError
from prometheus_client import Counter, Gauge

from proto.streams import EPOCH, StreamDefinition
from shared.ids import new_id
from shared.pull import pulling
from shared.tasks import supervised
from shared.tracing import Attributes, Tracer, context_of

E = TypeVar("E")

REFUSED = Counter("larder_events_refused_total", "Events that could not be decoded", ["stream"])
FAILING = Counter("larder_events_failing_total", "Times that an event applied by itself failed", ["stream"])
FOLLOWED = Counter("larder_events_followed_total", "Events applied by a follower", ["stream"])
BEHIND = Gauge("larder_follower_behind_events", "Events that a durable follower has yet to read", ["durable"])
CONNECTED = Gauge("larder_bus_connected", "Whether NATS is connected")

BATCH = 500
FETCH_SECONDS = 5.0
RETRY_SECONDS = 1.0
ACK_WAIT_SECONDS = 30.0
"""Longer than a batch may take: a statement has 5 s. A follower whose work people wait for asks for less."""

TRIES_TOGETHER = 3
"""An event that comes for the fourth time is applied by itself: it may be what its batch failed for."""

RESTS = 20
"""Under load a follower that rests has few large batches instead of many small ones, each of which would cost the disk
two more syncs beside those of what people wait for."""

EPHEMERAL_LIVES_SECONDS = 60.0
DEDUPE_SECONDS = 120.0
"""JetStream's own default. Consumers are idempotent anyway: this keeps a quick repeat off the wire."""

CLEARING_SECONDS, CLEARING_REST_SECONDS = 60.0, 0.5

STREAM_EXISTS = 10058
"""JetStream's err_code for a name that is taken with another configuration: our epoch makes each one another."""

_log = structlog.get_logger("bus")


class Received(Generic[E]):
    """An event with its place in the stream."""

    __slots__ = ("at", "event", "seq", "subject")

    def __init__(self, event: E, seq: int, subject: str, at: datetime) -> None:
        self.event, self.seq, self.subject, self.at = event, seq, subject, at


Apply: TypeAlias = Callable[[Sequence[Received[E]]], Awaitable[None]]


class Bus:
    """The connection. `name` is what NATS shows for it. With a `tracer` durable followers tell how long they took with
    events that are traced."""

    def __init__(self, url: str, name: str, tracer: Tracer | None = None) -> None:
        self._url = url
        self._name = name
        self.tracer = tracer
        self._ready = asyncio.Event()
        self._closing = False
        self._stack = AsyncExitStack()
        self.client = Client()

    async def __aenter__(self) -> "Bus":
        await self._stack.enter_async_context(supervised(self._connect(), "connecting"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        self._closing = True
        # Also one whose connecting was broken off: its socket is open.
        with suppress(OSError):  # NATS is away: what was not sent yet cannot be
            await self.client.close()
        CONNECTED.set(0)

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    @property
    def jetstream(self) -> JetStreamContext:
        return self.client.jetstream(timeout=FETCH_SECONDS)

    async def connection(self) -> Client:
        """The client, once it has connected for the first time."""
        await self._ready.wait()
        return self.client

    async def nudge(self, subject: str) -> None:
        """Tells whoever listens now that there is something to fetch. Best effort by design: they poll besides."""
        if self.client.is_connected:
            with suppress(nats.errors.Error):
                await self.client.publish(subject, b"")

    async def _connect(self) -> None:
        await self.client.connect(
            self._url,
            name=self._name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            ping_interval=10,
            error_cb=_on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=_on_connected,
        )
        await _on_connected()
        self._ready.set()

    async def _on_disconnected(self) -> None:
        CONNECTED.set(0)
        if not self._closing:
            await _log.awarning("bus disconnected")


async def ensure_stream(jetstream: JetStreamContext, definition: StreamDefinition, replicas: int = 1) -> StreamConfig:
    """Creates the stream with a fresh epoch where there is none; an existing one is left as it is."""
    with suppress(NotFoundError):
        return (await jetstream.stream_info(definition.name)).config
    wanted = StreamConfig(
        name=definition.name,
        subjects=list(definition.subjects),
        max_msgs_per_subject=definition.per_subject,
        num_replicas=replicas,
        duplicate_window=DEDUPE_SECONDS,
        allow_direct=True,
        allow_msg_ttl=True,
        allow_atomic=True,
        # What is kept whole is kept from mistakes too. The whole stream can be deleted, and then has another epoch.
        deny_delete=definition.per_subject == -1,
        deny_purge=definition.per_subject == -1,
        metadata={EPOCH: str(new_id())},
    )
    try:
        created = await jetstream.add_stream(wanted)
    except BadRequestError as error:
        if error.err_code != STREAM_EXISTS:
            raise
        return (await jetstream.stream_info(definition.name)).config  # somebody else was faster: theirs is the epoch
    await _log.ainfo("stream created", stream=definition.name, epoch=(created.config.metadata or {}).get(EPOCH))
    return created.config


async def remake_stream(jetstream: JetStreamContext, definition: StreamDefinition) -> StreamConfig:
    """The stream anew and empty, under a fresh epoch. Nobody else may write to it meanwhile. Raises TimeoutError.

    NATS 2.15 answers a deletion before the files are gone. Until they are it may refuse to make the stream again, and a
    second deletion leaves its own files to the next stream of that name: seen as events in a stream that is new.
    """
    async with asyncio.timeout(CLEARING_SECONDS):
        while True:
            with suppress(NotFoundError):
                await jetstream.delete_stream(definition.name)
            try:
                config = await ensure_stream(jetstream, definition)
                left = (await jetstream.stream_info(definition.name)).state.messages
            except ServerError as error:
                await _log.awarning("the stream cannot be made yet", stream=definition.name, error=repr(error))
            else:
                if left == 0:
                    return config
                await _log.awarning("the new stream holds the old one's events", stream=definition.name, events=left)
            await asyncio.sleep(CLEARING_REST_SECONDS)


async def follow(
    bus: Bus,
    stream: StreamDefinition,
    kind: type[E],
    apply: Apply[E],
    *,
    durable: str | None = None,
    subjects: Sequence[str] | None = None,
    ack_wait_seconds: float = ACK_WAIT_SECONDS,
    rest_seconds: float = 0.0,
) -> None:
    """Feeds `apply` with batches of a stream's events, in order, until cancelled.

    With `durable`, replicas share the work and an event is gone only after `apply` returned. Without, each process
    hears everything from the last event of each subject on, again after each break. After a batch it rests RESTS times
    as long as that took, but no longer than `rest_seconds`: what comes meanwhile is applied together. Runs as a task;
    whatever fails is logged, and tried again after a second.
    """
    now = asyncio.get_running_loop().time
    decoder = msgspec.json.Decoder(kind)
    await bus.connection()
    while True:
        try:
            consumer = await _consumer(bus, stream, durable, list(subjects or stream.subjects), ack_wait_seconds)
            async with pulling(bus.client, stream.name, consumer, BATCH) as pull:
                while True:
                    envelopes = await pull.next()
                    if durable is not None:
                        BEHIND.labels(durable).set(envelopes[-1].metadata.num_pending if envelopes else 0)
                    began = now()
                    if durable is None:
                        await _apply_together(envelopes, stream, decoder, apply)
                    elif not await _apply_batch(envelopes, stream, decoder, _traced(apply, bus.tracer, durable)):
                        # Others may be on their way here: who stops listening now lets them lie unacknowledged.
                        await asyncio.sleep(RETRY_SECONDS)
                    await asyncio.sleep(min(RESTS * (now() - began), rest_seconds))
        except NotFoundError:
            # The stream is made by the relay, and a consumer may be lost with its server's memory.
            await asyncio.sleep(RETRY_SECONDS)
        except Exception as error:  # noqa: BLE001  a follower outlives whatever its database or bus has
            await _log.aerror("following failed, trying again", stream=stream.name, error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)


async def _consumer(
    bus: Bus, stream: StreamDefinition, durable: str | None, subjects: list[str], ack_wait_seconds: float
) -> str:
    """The name of the stream's consumer, made where there is none."""
    config = ConsumerConfig(
        durable_name=durable,
        name=durable,
        filter_subjects=subjects,
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT if durable is None else DeliverPolicy.ALL,
        ack_policy=AckPolicy.NONE if durable is None else AckPolicy.EXPLICIT,
        ack_wait=None if durable is None else ack_wait_seconds,
        max_ack_pending=None if durable is None else 4 * BATCH,
        inactive_threshold=EPHEMERAL_LIVES_SECONDS if durable is None else None,
    )
    return str((await bus.jetstream.add_consumer(stream.name, config)).name)


async def _apply_batch(
    envelopes: Sequence[Msg],
    stream: StreamDefinition,
    decoder: msgspec.json.Decoder[E],
    apply: Apply[E],
) -> bool:
    """False when they were given back together, to come again."""
    fresh = [envelope for envelope in envelopes if envelope.metadata.num_delivered <= TRIES_TOGETHER]
    suspects = [envelope for envelope in envelopes if envelope.metadata.num_delivered > TRIES_TOGETHER]
    try:
        await _apply_together(fresh, stream, decoder, apply)
    except Exception as error:  # noqa: BLE001  a follower outlives whatever its database has
        await _log.aerror("following failed, trying again", stream=stream.name, error=repr(error))
        await _give_back(envelopes)
        return False
    await _acknowledge(fresh)
    for suspect in suspects:
        try:
            await _apply_together([suspect], stream, decoder, apply)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are not to wait for it
            FAILING.labels(stream.name).inc()
            told = {"stream": stream.name, "seq": suspect.metadata.sequence.stream, "subject": suspect.subject}
            await _log.aerror("an event fails by itself, trying again", **told, error=repr(error))
            await _give_back([suspect])
        else:
            await _acknowledge([suspect])
    return True


def _traced(apply: Apply[E], tracer: Tracer | None, durable: str) -> Apply[E]:
    """`apply`, which tells of each traced event how long it took, together with the others of its batch."""
    if tracer is None:
        return apply

    async def applied(batch: Sequence[Received[E]]) -> None:
        began = time_ns()
        await apply(batch)
        ended = time_ns()
        for received in batch:
            if (under := context_of(getattr(received.event, "traceparent", None))) is not None:
                told: Attributes = {
                    "messaging.destination.name": received.subject,
                    "messaging.batch.message_count": len(batch),
                    "larder.durable": durable,
                }
                tracer.add(under, "apply", began, ended, kind="consumer", attributes=told)

    return applied


async def _apply_together(
    envelopes: Sequence[Msg],
    stream: StreamDefinition,
    decoder: msgspec.json.Decoder[E],
    apply: Apply[E],
) -> None:
    batch = [received for envelope in envelopes if (received := await _decode(envelope, stream, decoder)) is not None]
    if batch:
        await apply(batch)
        FOLLOWED.labels(stream.name).inc(len(batch))


async def _acknowledge(envelopes: Sequence[Msg]) -> None:
    for envelope in envelopes:
        await envelope.ack()


async def _give_back(envelopes: Sequence[Msg]) -> None:
    for envelope in envelopes:
        await envelope.nak(RETRY_SECONDS)


async def _decode(envelope: Msg, stream: StreamDefinition, decoder: msgspec.json.Decoder[E]) -> Received[E] | None:
    place = envelope.metadata
    try:
        return Received(decoder.decode(envelope.data), place.sequence.stream, envelope.subject, place.timestamp)
    except msgspec.DecodeError as error:
        REFUSED.labels(stream.name).inc()
        await _log.aerror("event refused", stream=stream.name, seq=place.sequence.stream, error=str(error))
        return None


async def _on_connected() -> None:
    CONNECTED.set(1)
    await _log.ainfo("bus connected")


async def _on_error(error: Exception) -> None:
    await _log.awarning("bus error", error=repr(error))
