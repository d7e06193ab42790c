"""Sign-in, renewal, sign-out and one's own password: what makes and ends tokens.

Invariants: a wrong password and an unknown address cost the same and read the same; failures are counted per address
of e-mail and network, per address of e-mail, and per network, and without the counter nobody signs in. A session ends
after 24 hours, or with its person's change. A password takes time to check: what it opens is written under a lock on
its person, and refused if they changed meanwhile, so nobody comes in as who they were.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from proto.envelope import Actor
from services.accounts import domain, events, passwords, store
from services.accounts.domain import Email, Password, Person, PersonRole
from services.accounts.events import SESSION_LIFE, WAKE, Origin
from services.accounts.store import Credentials, LivingSession
from shared.bus import Bus
from shared.database import Connection, Pool, connection, transaction
from shared.http.problems import FieldError, Problem, busy
from shared.identity import TOKEN_LIFE, Identity, TokenSigner
from shared.ids import new_id
from shared.limits import HOUR, Limiter, too_often

T = TypeVar("T")

WIDER = 10
"""One address of e-mail from many networks, or one network with many addresses, may fail so many times as often."""

FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Accounts:
    """What the commands work with. `failures_per_hour` of 0 is no limit."""

    pool: Pool
    bus: Bus
    signer: TokenSigner
    limiter: Limiter
    failures_per_hour: int
    now: Callable[[], datetime]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: str


class ChangePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current_password: str
    new_password: Password


class Me(msgspec.Struct, frozen=True):
    """Who is signed in."""

    id: UUID
    name: str
    role: PersonRole
    restaurant_id: UUID | None
    zone: int | None


class Session(msgspec.Struct, frozen=True):
    """A token and who it speaks for. `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    person: Me


class Opened(msgspec.Struct, frozen=True):
    """A session with the secret that renews it, for the browser's cookie; None when it has it already."""

    session: Session
    secret: str | None


class WrongPasswordError(Problem):
    """The one outcome of an attempt that counts."""


async def sign_in(accounts: Accounts, wanted: SignIn, address: str) -> Opened:
    """Raises Problem 401, in the same words whatever is wrong; 429 after too many failures; 503 without the counter, in
    a storm, and for who is being changed at this moment."""
    email = wanted.email.lower()
    async with _attempt(accounts, email, address):
        async with connection(accounts.pool) as reading:
            found = await store.get_credentials(reading, email)
        matches = await passwords.verify_password(found.password_hash if found is not None else None, wanted.password)
        if found is None or not matches or not found.person.active:
            raise WrongPasswordError(401, "The address or the password is wrong.", code="wrong_credentials")
    outdated = passwords.is_outdated(found.password_hash)
    newer_hash = await passwords.hash_password(wanted.password) if outdated else None
    now, secret, session_id = accounts.now(), secrets.token_urlsafe(32), new_id()
    async with transaction(accounts.pool) as writing:
        person = await _lock_unchanged(writing, found)
        if person is None:
            raise busy()
        if newer_hash is not None:
            await store.update_hash(writing, person.id, newer_hash)
        await store.insert_session(writing, session_id, person.id, _hash(secret), now, now + SESSION_LIFE)
        await store.forget_sessions(writing, now - FORGET_AFTER)
    living = _living(person, session_id, now + SESSION_LIFE)
    return Opened(_session(accounts, living, now), secret)


async def renew(accounts: Accounts, identity: Identity | None, secret: str | None) -> Opened:
    """A fresh token for a living session, by a valid token or by the browser's secret. Raises Problem 401."""
    now = accounts.now()
    living = await _find(accounts, identity, secret, now)
    if living is None:
        raise Problem(401, "The session has ended. Sign in again.", code="not_signed_in")
    return Opened(_session(accounts, living, now), None)


async def sign_out(accounts: Accounts, identity: Identity | None, secret: str | None, origin: Origin) -> None:
    """Ends the session everywhere. Ending one that has ended is no error; Problem 401 for who has none."""
    if identity is None and secret is None:
        raise Problem(401, "Nobody is signed in.", code="not_signed_in")
    living = await _find(accounts, identity, secret, origin.at)
    session_id = living.session_id if living is not None else identity.session_id if identity is not None else None
    if session_id is None:
        return
    if living is not None:
        # The browser's secret alone names its person too.
        origin = msgspec.structs.replace(origin, actor=Actor(living.person_id, living.role))
    async with transaction(accounts.pool) as writing:
        person_id = await store.revoke_session(writing, session_id, origin.at)
        if person_id is not None:
            await store.insert_events(writing, [events.session_revoked(session_id, person_id, origin)])
    await accounts.bus.nudge(WAKE)


async def change_password(
    accounts: Accounts, identity: Identity, wanted: ChangePassword, address: str, origin: Origin
) -> Opened:
    """Ends the person's other sessions, and every token from before. Raises Problem 403 for a wrong current password,
    429 after too many, 409 when they were changed meanwhile, 503 in a storm."""
    async with _attempt(accounts, f"password {identity.person_id}", address):
        async with connection(accounts.pool) as reading:
            person = await store.get_person(reading, identity.person_id)
            found = await store.get_credentials(reading, person.email) if person is not None else None
        if found is None or not await passwords.verify_password(found.password_hash, wanted.current_password):
            error = FieldError("current_password", "is wrong", "wrong")
            raise WrongPasswordError(403, "current_password: is wrong", code="wrong_password", errors=[error])
    password_hash = await passwords.hash_password(wanted.new_password)
    async with transaction(accounts.pool) as writing:
        unchanged = await _lock_unchanged(writing, found)
        if unchanged is None:
            raise Problem(409, "You were changed a moment ago. Look again.", code="version")
        changed = domain.change_password(unchanged, origin.at)
        await store.update_password(writing, changed, password_hash, origin.at)
        await end_sessions(writing, changed, origin, spared=identity.session_id)
        await store.insert_events(writing, [events.person_changed(changed, origin)])
    await accounts.bus.nudge(WAKE)
    return await renew(accounts, identity, None)


async def end_sessions(writing: Connection, person: Person, origin: Origin, spared: UUID | None = None) -> None:
    """All that are alive, each with its event: a token may be in the making beside this change, later than
    `tokens_valid_from` and of a session that was alive when it was looked up."""
    ended = await store.revoke_sessions(writing, person.id, origin.at, spared)
    await store.insert_events(writing, [events.session_revoked(one, person.id, origin) for one in ended])


async def _lock_unchanged(writing: Connection, found: Credentials) -> Person | None:
    """The person, locked; None when what their tokens may say, or their password, changed since they were found."""
    locked = await store.get_credentials_by_id(writing, found.person.id)
    if locked is None or locked.person.tokens_valid_from != found.person.tokens_valid_from:
        return None
    return locked.person


async def _find(
    accounts: Accounts, identity: Identity | None, secret: str | None, now: datetime
) -> LivingSession | None:
    async with connection(accounts.pool) as reading:
        if identity is not None:
            return await store.get_session(reading, identity.session_id, now)
        return await store.get_session_by_secret(reading, _hash(secret), now) if secret is not None else None


def _session(accounts: Accounts, living: LivingSession, now: datetime) -> Session:
    expires_at = min(now + TOKEN_LIFE, living.expires_at)
    identity = Identity(
        person_id=living.person_id,
        session_id=living.session_id,
        name=living.name,
        role=living.role,
        restaurant_id=living.restaurant_id,
        zone=living.zone,
        issued_at=domain.issue_time(now, living.tokens_valid_from).timestamp(),
        expires_at=expires_at.timestamp(),
    )
    me = Me(living.person_id, living.name, living.role, living.restaurant_id, living.zone)
    return Session(accounts.signer.sign(identity), int((expires_at - now).total_seconds()), me)


def _living(person: Person, session_id: UUID, expires_at: datetime) -> LivingSession:
    return LivingSession(
        session_id=session_id,
        expires_at=expires_at,
        tokens_valid_from=person.tokens_valid_from,
        person_id=person.id,
        name=person.name,
        role=person.role,
        restaurant_id=person.restaurant_id,
        zone=person.zone,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@asynccontextmanager
async def _attempt(accounts: Accounts, name: str, address: str) -> AsyncIterator[None]:
    """Counts an attempt before it is made, so that guesses sent at once are counted too, and gives it back unless it
    ends by WrongPasswordError. Raises Problem 429 after too many failures, 503 without the counter."""
    count = accounts.failures_per_hour
    buckets = ((f"{name} {address}", count), (name, count * WIDER), (address, count * WIDER)) if count else ()
    taken: list[tuple[str, int]] = []
    try:
        for bucket, most in buckets:
            key = f"sign-in:{hashlib.sha256(bucket.encode()).hexdigest()}"
            wait = await _counter(accounts.limiter.wait(key, count=most, seconds=HOUR))
            if wait > 0:
                raise too_often(wait)
            taken.append((key, most))
        yield
    except WrongPasswordError:
        taken.clear()
        raise
    finally:
        for key, most in taken:
            await _counter(accounts.limiter.give_back(key, count=most, seconds=HOUR))


async def _counter(asked: Awaitable[T]) -> T:
    """Raises Problem 503 when Valkey does not answer."""
    try:
        return await asked
    except (RedisError, OSError) as error:
        raise busy("Nobody can sign in at the moment. Try again.") from error
