"""What tests of services stand on: a service on a free port in this process, tokens for anybody, waiting for a fact."""

import asyncio
import itertools
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from prometheus_client import REGISTRY

from deploy.local import SERVICES, Layout, Stack
from deploy.local.programs import Service, Wiring
from proto.envelope import Role
from shared.http.server import listening
from shared.http.types import Application
from shared.identity import TOKEN_LIFE, Identity, TokenSigner
from shared.ids import new_id
from shared.settings import ProcessSettings, load

S = TypeVar("S", bound=ProcessSettings)
T = TypeVar("T")
PATIENCE_SECONDS = 10.0


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKER_PORTS = 2000
TEST_PORT = int(os.environ.get("LARDER_TEST_PORT", "19600")) + WORKER * WORKER_PORTS
"""The first of the ports that are this worker's, below those that the system gives to clients: a hundred for the stack
of its whole run, from OWN_STACK_PORT on for the stacks of single modules, and then those of `free_port`. Two runs at
once need two LARDER_TEST_PORT."""

OWN_STACK_PORT, FREE_PORT = TEST_PORT + 100, TEST_PORT + 600
_stacks = itertools.cycle(range(OWN_STACK_PORT, FREE_PORT, 100))
_ports = iter(range(FREE_PORT, TEST_PORT + WORKER_PORTS))


def stack_port() -> int:
    """The first of a hundred ports for one more stack. Five may run at once beside the worker's own."""
    return next(_stacks)


@contextmanager
def own_stack(
    replicas: Mapping[str, int] | None = None,
    *,
    only: Collection[str] = (),
    services: Sequence[Service] = SERVICES,
    settings: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Stack]:
    """A stack beside the worker's, for who kills its parts or needs more of them; it is up, and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Layout(Path(folder) / "state", stack_port()), services=services, settings=settings)
        try:
            stack.up(replicas, only=only)
            yield stack
        finally:
            stack.reset()


def free_port() -> int:
    """One that nobody listens on, and that no other call in this worker was given."""
    for port in _ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("this worker has no port left")


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


def sample(name: str, **labels: str) -> float | None:
    """What this process has counted so far under that name and these labels; None when nothing is. Only the metric that
    has it is asked: all of them, late in a long run, take a second."""
    for metric in REGISTRY.restricted_registry([name]).collect():
        for one in metric.samples:
            if (one.name, one.labels) == (name, labels):
                return one.value
    return None


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
