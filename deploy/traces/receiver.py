"""The receiver: takes spans over OTLP/HTTP (protobuf) and keeps them as JSON lines.

For a person at one machine, not for production: one process, a bounded file, no index. Invariant: spans that were
answered with 200 are in the file.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.traces.spans import NoSpansError, Spans, decode
from shared.http.health import PATHS, Operations
from shared.http.types import Application, Receive, Scope, Send
from shared.process import run
from shared.settings import ProcessSettings

MOST_BYTES = 4 * 1024 * 1024
PROTOBUF = b"application/x-protobuf"


class Settings(ProcessSettings, frozen=True, kw_only=True):
    """`directory` is where the spans are kept."""

    directory: str


class Receiver:
    """An ASGI application: POST /v1/traces, and what operators ask of every process."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._operations = Operations({})

    async def drain(self) -> None:
        await self._operations.drain()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PATHS:
            await self._operations(scope, receive, send)
            return
        status = await self._take(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", PROTOBUF)]})
        await send({"type": "http.response.body", "body": b""})  # an empty message: everything was taken

    async def _take(self, scope: Scope, receive: Receive) -> int:
        """The answer's status."""
        if (scope["method"], scope["path"]) != ("POST", "/v1/traces"):
            return 404
        headers = dict(scope["headers"])
        if headers.get(b"content-type") != PROTOBUF or b"content-encoding" in headers:
            return 415
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return 400
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MOST_BYTES:
                return 413
        try:
            self._spans.add(decode(body))
        except NoSpansError:
            return 400
        return 200


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    yield Receiver(Spans(Path(settings.directory)))


def main() -> None:
    run(Settings, build)
