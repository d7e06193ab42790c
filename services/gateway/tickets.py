"""Tickets: what a socket shows instead of a token, which would end up in logs of addresses.

Invariants: a ticket is 256 random bits, lives 30 s and opens one socket, whichever gateway it comes to; it is worth no
more than the session it was issued for. To redeem is never tried again: the answer may be lost and the ticket used up,
and to say that it was used would be wrong. It lives in Valkey, which therefore must be there for sockets to open; those
that are open do not need it.
"""

import secrets

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.http.problems import busy
from shared.identity import Identity, Revocations

LIFE_SECONDS = 30

_identities = msgspec.msgpack.Decoder(Identity)


PATIENCE_SECONDS = 2.0
"""For Valkey. When thousands come back at once a moment's wait is better than to be sent away."""


class TicketError(Exception):
    """The ticket is used, expired or none of ours."""


class TicketsAwayError(Exception):
    """Nobody can say what the ticket is worth. It may be used up: come back with a fresh one."""


class Tickets:
    """Issued and redeemed through Valkey."""

    def __init__(self, valkey: Redis, revocations: Revocations) -> None:
        self._valkey = valkey
        self._revocations = revocations

    async def issue(self, identity: Identity) -> str:
        """Raises a 503 Problem when Valkey is away."""
        ticket = secrets.token_urlsafe(32)
        try:
            await self._valkey.set(_key(ticket), msgspec.msgpack.encode(identity), ex=LIFE_SECONDS)
        except (RedisError, OSError) as error:
            raise busy("No tickets at the moment. Try again.") from error
        return ticket

    async def redeem(self, ticket: str) -> Identity:
        """Once. Raises TicketError, and TicketsAwayError when Valkey is away."""
        try:
            payload = await self._valkey.getdel(_key(ticket))
        except (RedisError, OSError) as error:
            raise TicketsAwayError("tickets cannot be looked up: come back") from error
        if payload is None:
            raise TicketError("the ticket is used, expired or unknown")
        identity = _identities.decode(payload.encode() if isinstance(payload, str) else payload)
        if self._revocations.revoked(identity):
            raise TicketError("the session was ended")
        return identity


def _key(ticket: str) -> str:
    return f"ticket:{ticket}"
