"""What the orders service says to Postgres for one request: its own code runs, and each message is written down.

pgbench then says the same (`pgbench.py`). Nothing is copied by hand, so nothing can drift: a statement that the service
adds is in the next benchmark.

Refuses a request that was not answered 2xx, and a way of asking that it does not know: a message missed would make
the comparison a lie.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from deploy.local import Stack
from loadtests.bench.errors import BenchError
from services.orders.api import ROUTES, Api
from services.orders.commands import Orders
from services.orders.domain import DomainError
from services.orders.errors import answer_domain_error
from shared.bus import Bus
from shared.cache import Cache, CacheStore
from shared.cache.step import Step
from shared.cursor import Cursors
from shared.database import QUEUES, Queue
from shared.http.routes import routes_of
from shared.identity import Identity
from shared.limits import open_valkey
from shared.plumbing import utc_now
from shared.replica import Reads
from shared.settings import raw_key


class Said(NamedTuple):
    """One message. `parameters` is None for the simple protocol, which may hold several statements. `row` is the first
    row of the answer."""

    sql: str
    parameters: tuple[Any, ...] | None
    row: Mapping[str, Any]


class Request(NamedTuple):
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class RefusedError(BenchError):
    """The service did not answer 2xx: there is nothing to measure."""


class _Connection:
    """What `shared.database` uses of a connection, and no more: anything else raises AttributeError."""

    def __init__(self, connection: asyncpg.Connection, said: list[Said]) -> None:
        self._connection = connection
        self._said = said
        self.is_closed = connection.is_closed

    async def execute(self, sql: str) -> Any:
        self._said.append(Said(sql, None, {}))
        return await self._connection.execute(sql)

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(sql, *parameters)
        self._said.append(Said(sql, parameters, dict(rows[0]) if rows else {}))
        return rows

    async def fetchrow(self, sql: str, *parameters: Any) -> Any:
        row = await self._connection.fetchrow(sql, *parameters)
        self._said.append(Said(sql, parameters, dict(row) if row else {}))
        return row


class _Pool:
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def acquire(self) -> _Connection:
        return self._connection

    async def release(self, connection: _Connection) -> None:
        """It stays ours."""


async def record(stack: Stack, identity: Identity, request: Request) -> Sequence[Said]:
    """What the service says to answer this. Postgres must be running. Raises RefusedError."""
    said: list[Said] = []
    connection = await asyncpg.connect(stack.addresses.database("orders_service"))
    pool = _Pool(_Connection(connection, said))
    QUEUES[pool] = Queue("bench")
    try:
        # Never in step, so everything is asked of the database.
        copies = Cache(CacheStore(open_valkey(stack.addresses.cache)), Step("order", lambda: False), "order")
        orders = Orders(pool, Bus(stack.addresses.nats, "bench"), utc_now)
        routes = routes_of(
            ROUTES,
            Api(orders, Reads(pool), Cursors(raw_key(stack.addresses.credentials.cursor_key)), copies),
            title="Larder orders",
            path="/api/orders",
            exception_handlers={DomainError: answer_domain_error},
        )
        status, body = await _call(routes, identity, request)
    finally:
        del QUEUES[pool]
        await connection.close()
    if not 200 <= status < 300:
        raise RefusedError(f"{request.method} {request.path} was answered {status}: {body.decode()}")
    return said


async def _call(routes: Any, identity: Identity, request: Request) -> tuple[int, bytes]:
    """One request, as the front hands it to the routes."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "user": identity,
        "position": None,
        "request_id": "00000000-0000-7000-8000-000000000000",
        "traceparent": None,
        "span": None,
    }
    status, answered = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            answered += message.get("body", b"")

    await routes(scope, receive, send)
    return status, answered
