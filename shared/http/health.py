"""`/livez`, `/readyz` and `/metrics`, the same on every process.

Alive: the event loop turns. Ready: not draining, and the database answers within a second. NATS and Valkey are not
asked: orders are taken without them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.database import Pool
from shared.http.types import Receive, Scope, Send

PATHS = frozenset({"/livez", "/readyz", "/metrics"})
READY_SECONDS = 1.0

Check = Callable[[], Awaitable[object]]


def database_answers(pool: Pool) -> Check:
    async def check() -> object:
        return await pool.fetchval("select 1")

    return check


class Operations:
    """Answers operators. `checks` maps a name to what must succeed within a second for the process to be ready."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._draining = False

    async def drain(self) -> None:
        """Not ready from now on: the balancer sends nobody any more."""
        self._draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/metrics":
            await _answer(send, 200, generate_latest(), CONTENT_TYPE_LATEST)
        elif path == "/livez":
            await _answer(send, 200, b'{"status":"ok"}')
        elif path == "/readyz":
            problem = await self._unready()
            body = {"status": problem or "ok"}
            await _answer(send, 503 if problem else 200, msgspec.json.encode(body))
        else:
            await _answer(send, 404, b'{"status":"nothing here"}')

    async def _unready(self) -> str | None:
        """What is missing, or None."""
        if self._draining:
            return "draining"
        for name, check in self._checks.items():
            try:
                await asyncio.wait_for(check(), READY_SECONDS)
            except Exception as error:  # noqa: BLE001  whatever it is, we are not ready
                return f"{name}: {type(error).__name__}"
        return None


async def _answer(send: Send, status: int, body: bytes, media_type: str = "application/json") -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
