"""Copies of sessions in the cache: what `GET /api/accounts/me` says of a session and its person.

Only that. Tokens are never made from a copy: one that outlived a sign-out would open the session again for as long as
it lived. Of a session that has ended no copy is made.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from proto import streams
from proto.cache import ids_of, session_key
from services.accounts import store
from services.accounts.sessions import Accounts, Me
from shared.cache import Cache, CacheStore, Change, Followed, Loaded, open_cache, schema_of
from shared.database import connection

LIFE_SECONDS = 86_400.0

ENDED = 2**31 - 1
"""The version of a session that has ended: above every version of a person."""

_encoder = msgspec.json.Encoder()


class Present(msgspec.Struct, frozen=True):
    """`person` is null for who is not signed in."""

    person: Me | None


class _Head(msgspec.Struct):
    id: UUID
    version: int


class _Changed(msgspec.Struct):
    """What is read of a PersonEvent, which has a person, and of a SessionEvent, which has the two ids."""

    occurred_at: datetime
    person: _Head | None = None
    person_id: UUID | None = None
    session_id: UUID | None = None


@asynccontextmanager
async def session_copies(accounts: Accounts, cache: CacheStore, instance: str) -> AsyncIterator[Cache]:
    """Up to date by the events of people and sessions."""

    async def reload(key: str) -> Loaded | None:
        person_id, session_id = ids_of(key)
        return await load_session(accounts, person_id, session_id)

    async def changes(events: Sequence[_Changed]) -> list[Change]:
        """A person's change concerns each of their living sessions."""
        people = {event.person.id: event for event in events if event.person is not None and event.person.version > 1}
        found = [
            Change(session_key(event.person_id, event.session_id), ENDED, event.occurred_at.timestamp())
            for event in events
            if event.person_id is not None and event.session_id is not None
        ]
        if people:
            async with connection(accounts.pool) as reading:
                sessions = await store.list_living_sessions(reading, list(people), accounts.now())
            for session_id, person_id in sessions:
                event = people[person_id]
                if event.person is not None:
                    key = session_key(person_id, session_id)
                    found.append(Change(key, event.person.version, event.occurred_at.timestamp()))
        return found

    async with open_cache(
        accounts.bus,
        cache,
        "session",
        Followed(streams.ACCOUNTS, (streams.PEOPLE, streams.SESSIONS), _Changed, changes),
        reload,
        schema=schema_of(Present),
        life_seconds=LIFE_SECONDS,
        service="accounts",
        instance=instance,
    ) as copies:
        yield copies


async def load_session(accounts: Accounts, person_id: UUID, session_id: UUID) -> Loaded | None:
    """What the database says of a living session of this person; None when there is none."""
    now = accounts.now()
    async with connection(accounts.pool) as reading:
        found = await store.get_present_session(reading, person_id, session_id, now)
    if found is None:
        return None
    me = Me(found.person_id, found.name, found.role, found.restaurant_id, found.zone)
    left = (found.expires_at - now).total_seconds()
    return Loaded(version=found.person_version, body=_encoder.encode(Present(me)), at_most_seconds=left)
