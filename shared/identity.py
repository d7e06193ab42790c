"""Who is asking: access tokens that every service verifies by itself.

Invariants: a token is signed by accounts alone (Ed25519) and lives 15 minutes; an Identity exists only for a token
that was verified, has not expired and was not revoked. Refuses every other algorithm, issuer and audience, and a token
whose claims are not all there. A verified token is remembered, so that the signature is checked once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proto.envelope import Role
from shared.settings import raw_key

TOKEN_LIFE = timedelta(minutes=15)
ISSUER = "larder"
ALGORITHM = "EdDSA"
REMEMBERED = 20_000
"""Verified tokens kept in memory; the whole is forgotten when full, which costs one check (~100 µs) each."""


class InvalidTokenError(Exception):
    """The token is forged, expired, revoked or not a token at all."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person. `issued_at` and `expires_at` are Unix seconds with fractions."""

    person_id: UUID = msgspec.field(name="sub")
    session_id: UUID = msgspec.field(name="sid")
    name: str
    role: Role
    restaurant_id: UUID | None = msgspec.field(name="rid", default=None)
    zone: int | None = None
    issued_at: float = msgspec.field(name="iat")
    expires_at: float = msgspec.field(name="exp")


class Revocations:
    """Sessions and people whose tokens are void, as heard from accounts."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, float] = {}
        self._people: dict[UUID, float] = {}

    def revoke_session(self, session_id: UUID, at: datetime) -> None:
        """The entry is dropped once every token of the session has expired by itself."""
        self._sessions[session_id] = at.timestamp() + TOKEN_LIFE.total_seconds()

    def revoke_before(self, person_id: UUID, at: datetime) -> None:
        """Tokens of the person issued before `at` are void. A late, older event changes nothing."""
        self._people[person_id] = max(at.timestamp(), self._people.get(person_id, 0.0))

    def forget(self, now: datetime) -> None:
        """Drops what can match no living token."""
        oldest = now.timestamp() - TOKEN_LIFE.total_seconds()
        self._sessions = {session: until for session, until in self._sessions.items() if until > now.timestamp()}
        self._people = {person: at for person, at in self._people.items() if at > oldest}

    def revoked(self, identity: Identity) -> bool:
        return identity.session_id in self._sessions or identity.issued_at < self._people.get(identity.person_id, 0.0)


class TokenSigner:
    """Signs tokens; held by accounts alone. `private_key`: 32 raw bytes, base64url without padding."""

    def __init__(self, private_key: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(raw_key(private_key))

    def sign(self, identity: Identity) -> str:
        claims: dict[str, Any] = {**msgspec.to_builtins(identity), "iss": ISSUER}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)


class TokenVerifier:
    """Verifies tokens with the public key alone. `now` is the clock."""

    def __init__(self, public_key: str, revocations: Revocations, now: Callable[[], datetime]) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw_key(public_key))
        self._revocations = revocations
        self._now = now
        self._remembered: dict[str, Identity] = {}

    def verify(self, token: str) -> Identity:
        """Who the token speaks for. Raises InvalidTokenError."""
        identity = self._remembered.get(token)
        if identity is None:
            identity = self._check(token)
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = identity
        if identity.expires_at <= self._now().timestamp():
            raise InvalidTokenError("the token has expired")
        if self._revocations.revoked(identity):
            raise InvalidTokenError("the session was ended")
        return identity

    def _check(self, token: str) -> Identity:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                # time is judged by our own clock, above
                options={"verify_exp": False, "verify_iat": False, "require": ["sub", "sid", "iat", "exp", "iss"]},
            )
            return msgspec.convert(claims, Identity)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise InvalidTokenError("the token is not valid") from error
