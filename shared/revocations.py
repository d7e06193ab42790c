"""How every process hears that a token is void: the sessions and people on the ACCOUNTS stream.

After a start it takes the milliseconds of one fetch until all is heard, and while NATS is away nothing new is: a
token then still ends by itself after 15 minutes.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from proto import streams
from proto.accounts import PersonEvent, SessionEvent
from shared.bus import Bus, Received, follow
from shared.identity import Revocations
from shared.tasks import supervised

Heard = Callable[[PersonEvent | SessionEvent], None]


@asynccontextmanager
async def hearing_revocations(
    bus: Bus, revocations: Revocations, now: Callable[[], datetime], heard: Heard | None = None
) -> AsyncIterator[None]:
    """Keeps `revocations` up to date during the block; `heard` is told of each event after that."""

    async def sessions(batch: Sequence[Received[SessionEvent]]) -> None:
        for received in batch:
            revocations.revoke_session(received.event.session_id, received.event.occurred_at)
            if heard is not None:
                heard(received.event)
        revocations.forget(now())

    async def people(batch: Sequence[Received[PersonEvent]]) -> None:
        for received in batch:
            person = received.event.person
            revocations.revoke_before(person.id, person.tokens_valid_from)
            if heard is not None:
                heard(received.event)
        revocations.forget(now())

    following_sessions = follow(bus, streams.ACCOUNTS, SessionEvent, sessions, subjects=[streams.SESSIONS])
    following_people = follow(bus, streams.ACCOUNTS, PersonEvent, people, subjects=[streams.PEOPLE])
    async with supervised(following_sessions, "sessions"), supervised(following_people, "people"):
        yield
