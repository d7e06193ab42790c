"""What tests of services stand on: a service on a free port in this process, tokens for anybody, waiting for a fact."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from deploy.local import SERVICES, Stack
from deploy.local.programs import Wiring
from proto.envelope import Role
from shared.http.server import listening
from shared.http.types import Application
from shared.identity import TOKEN_LIFE, Identity, TokenSigner
from shared.ids import new_id
from shared.settings import ProcessSettings, load

S = TypeVar("S", bound=ProcessSettings)
T = TypeVar("T")
PATIENCE_SECONDS = 10.0


TEST_PORT = int(os.environ.get("LARDER_TEST_PORT", "19600"))
"""The first of the ports that a run takes, below those that the system gives to clients. Two runs at once need two."""

_ports = itertools.count(TEST_PORT + 300)


def free_port() -> int:
    """One that nobody listens on, and that no other call of this run was given."""
    for port in _ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("ports do not end")


POOLED = os.environ.get("LARDER_TEST_POOLED", "") == "1"
"""Whether this run's services go through PgBouncer (`just test-pooled`)."""


def settings_of(stack: Stack, name: str, kind: type[S], **overrides: str) -> S:
    """The settings that the stack would give the service, on a free port: `LARDER_POOL_SIZE="2"` overrides one."""
    service = next(service for service in SERVICES if service.name == name)
    wiring = Wiring(stack.addresses, stack.pooler if POOLED else None)
    ports = {setting: str(free_port()) for setting in ("LARDER_PORT", *service.other_ports)}
    return load(kind, {**wiring.base(name, 0), **service.settings(wiring), **ports, **overrides})


@asynccontextmanager
async def serving(settings: S, build: Callable[[S], AbstractAsyncContextManager[Application]]) -> AsyncIterator[str]:
    """The service's address, while it listens in this process."""
    async with build(settings) as application, listening(application, settings.host, settings.port):
        yield f"http://{settings.host}:{settings.port}"


def identity(
    role: Role, *, person_id: UUID | None = None, restaurant_id: UUID | None = None, zone: int | None = None
) -> Identity:
    """Somebody signed in now."""
    now = datetime.now(UTC).timestamp()
    return Identity(
        person_id=person_id or new_id(),
        session_id=new_id(),
        name=f"a {role}",
        role=role,
        restaurant_id=restaurant_id,
        zone=zone,
        issued_at=now,
        expires_at=now + TOKEN_LIFE.total_seconds(),
    )


def bearer(stack: Stack, somebody: Identity) -> dict[str, str]:
    """The header that speaks for them."""
    token = TokenSigner(stack.addresses.credentials.token_private_key).sign(somebody)
    return {"Authorization": f"Bearer {token}"}


async def eventually(ask: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer that is not None or False: for facts that come over the bus. Fails when none came in time."""
    until = time.monotonic() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"nothing came within {seconds} s")
        await asyncio.sleep(0.01)
