"""The relay's composition root: one process for all outboxes. A second one waits, and takes over within a second."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

import msgspec

from shared.bus import Bus
from shared.database import open_pool
from shared.http.health import Operations, database_answers
from shared.http.types import Application
from shared.outbox import EVERY_WAKE, wake_subject
from shared.outbox.relay import Relay
from shared.outbox.upkeep import Upkeep, Watch
from shared.process import run
from shared.settings import BusSettings, StatementCache
from shared.tasks import supervised
from shared.tracing import open_tracer
from shared.vitals import answering_vitals

SPARE_CONNECTIONS = 2
"""Beside one a context, which a slow NATS keeps busy: for the gauges, the purge and /readyz."""


class Settings(BusSettings, frozen=True, kw_only=True):
    """`outboxes`: the contexts to publish for, separated by commas. `positions`: whether events say how far the
    database's log was, for readers of a replica."""

    database_url: str
    outboxes: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+(,[a-z_]+)*$")]
    positions: bool = False
    statement_cache: StatementCache = 100


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    contexts = settings.outboxes.split(",")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(
                settings.database_url,
                size=len(contexts) + SPARE_CONNECTIONS,
                name="relay",
                statement_cache=settings.statement_cache,
            )
        )
        bus = await stack.enter_async_context(Bus(settings.nats_url, "relay"))
        tracer = await stack.enter_async_context(open_tracer(settings.otlp_endpoint, "relay", settings.instance))
        relays = {
            context: Relay(context, pool, bus, tracer, positions=settings.positions, watched=True)
            for context in contexts
        }
        upkeeps = [Upkeep(context, pool) for context in contexts]
        watch = Watch(pool, upkeeps, lambda context: relays[context].wake())
        for relay, upkeep in zip(relays.values(), upkeeps, strict=True):
            await stack.enter_async_context(supervised(relay.run(), f"relay {relay.context}"))
            await stack.enter_async_context(supervised(upkeep.purge(), f"purge {relay.context}"))
        await stack.enter_async_context(supervised(watch.run(), "watch"))
        await stack.enter_async_context(supervised(_wake(bus, relays.values()), "wake"))
        await stack.enter_async_context(
            answering_vitals(bus, "relay", settings.instance, [pool], lambda: [upkeep.vitals for upkeep in upkeeps])
        )
        yield Operations({"database": database_answers(pool)})


async def _wake(bus: Bus, relays: Iterable[Relay]) -> None:
    """Passes a writer's nudge on to the relay of its context."""
    by_subject = {wake_subject(relay.context): relay for relay in relays}
    client = await bus.connection()
    subscription = await client.subscribe(EVERY_WAKE)
    async for nudge in subscription.messages:
        if (relay := by_subject.get(nudge.subject)) is not None:
            relay.wake()
    await asyncio.Event().wait()


def main() -> None:
    run(Settings, build)
