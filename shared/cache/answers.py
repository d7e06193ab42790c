"""What a process answers of its copies, over core NATS: a report to whoever gathers them, and what an admin asks of one
key. A report comes from every process; a key is answered by one of its kind's owners."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from proto.cache import DEEDS, Deed, KeyAnswer, KeyAsked, KeyRefused, KeyState, KindName, Report, kind_of
from proto.streams import CACHE_REPORTS, cache_subject
from shared.bus import Bus
from shared.cache.reading import UNAVAILABLE, Cache, Loaded
from shared.tasks import supervised

Reload = Callable[[str], Awaitable[Loaded | None]]

GATHER_SECONDS = 0.3
ANSWER_SECONDS = 5.0
MOST_REPORTS = 200

_encoder = msgspec.json.Encoder()
_reports = msgspec.json.Decoder(Report)
_asked = msgspec.json.Decoder(KeyAsked)
_answers = msgspec.json.Decoder(KeyAnswer)


class CacheAwayError(Exception):
    """The owner did not answer, or could not do it; the text says what."""


@asynccontextmanager
async def answering(bus: Bus, cache: Cache, reload: Reload, *, service: str, instance: str) -> AsyncIterator[None]:
    """During the block. `reload` asks the source for a key of the kind."""
    since = datetime.now(UTC)

    async def report(asked: Msg) -> None:
        told = Report(
            service=service,
            instance=instance,
            kind=cache.kind,
            since=since,
            in_step=cache.step.usable,
            counts=cache.counts(),
            ages=cache.ages.report(),
        )
        await asked.respond(_encoder.encode(told))

    def does(deed: Deed) -> Callable[[Msg], Awaitable[None]]:
        async def answer(asked: Msg) -> None:
            await asked.respond(_encoder.encode(await _do(cache, reload, deed, asked.data)))

        return answer

    async def serve() -> None:
        client = await bus.connection()
        subscriptions = [await client.subscribe(CACHE_REPORTS, cb=report)]
        try:
            for deed in DEEDS:
                subject, queue = cache_subject(cache.kind, deed), f"cache-{cache.kind}"
                subscriptions.append(await client.subscribe(subject, queue=queue, cb=does(deed)))
            await asyncio.get_running_loop().create_future()  # until the block ends
        finally:
            for subscription in subscriptions:
                with suppress(nats.errors.Error):
                    await subscription.unsubscribe()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(supervised(serve(), f"cache answers {cache.kind}"))
        yield


async def gather_reports(bus: Bus) -> list[Report]:
    """Of every process that answers in time. Raises CacheAwayError while NATS is away."""
    client = _connected(bus)
    inbox = client.new_inbox()
    reports: list[Report] = []
    try:
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(CACHE_REPORTS, b"", reply=inbox)
            async with asyncio.timeout(GATHER_SECONDS):
                while len(reports) < MOST_REPORTS:
                    answer = await subscription.next_msg(timeout=GATHER_SECONDS)
                    if not answer.data:
                        break  # NATS says that nobody listens
                    reports.append(_reports.decode(answer.data))
        except (TimeoutError, nats.errors.TimeoutError):
            pass  # whoever has not answered by now is missing, and `processes` shows it
        finally:
            await subscription.unsubscribe()
    except nats.errors.Error as error:
        raise CacheAwayError("NATS does not answer.") from error
    return reports


async def ask_owner(bus: Bus, kind: KindName, deed: Deed, key: str) -> KeyState:
    """Of the key's owner. Raises CacheAwayError."""
    client = _connected(bus)
    try:
        answer = await client.request(cache_subject(kind, deed), _encoder.encode(KeyAsked(key)), timeout=ANSWER_SECONDS)
    except (TimeoutError, nats.errors.Error) as error:
        raise CacheAwayError(f"Nobody who owns this kind ({kind}) answers.") from error
    told = _answers.decode(answer.data)
    if told.state is None:
        raise CacheAwayError(told.refused.detail if told.refused is not None else "The owner said nothing.")
    return told.state


def _connected(bus: Bus) -> Client:
    if not bus.connected:
        raise CacheAwayError("NATS does not answer.")
    return bus.client


async def _do(cache: Cache, reload: Reload, deed: Deed, data: bytes) -> KeyAnswer:
    try:
        key = _asked.decode(data).key
        if kind_of(key) != cache.kind:
            return KeyAnswer(refused=KeyRefused(f"This is no key of the kind {cache.kind}."))
        found = None
        if deed == "refresh":
            found = await cache.reload(key, lambda: reload(key)) is not None
            if not found:
                await cache.store.invalidate(key)
        elif deed == "invalidate":
            await cache.store.invalidate(key)
        return KeyAnswer(state=await _state(cache, key, found))
    except msgspec.DecodeError as error:
        return KeyAnswer(refused=KeyRefused(f"The question cannot be read: {error}"))
    except UNAVAILABLE as error:
        return KeyAnswer(refused=KeyRefused(f"The cache or the source does not answer: {type(error).__name__}."))


async def _state(cache: Cache, key: str, found: bool | None) -> KeyState:
    entry = await cache.store.fetch(key)
    held = entry is not None and cache.servable(key, entry)
    return KeyState(
        key=key,
        kind=cache.kind,
        held=held,
        version=None if entry is None else entry.version,
        written_at=datetime.fromtimestamp(entry.written_at, UTC) if entry is not None and held else None,
        expires_in_seconds=entry.expires_at - cache.clock() if entry is not None and held else None,
        body=msgspec.Raw((entry.body if entry is not None and held else None) or b"null"),
        found=found,
    )
