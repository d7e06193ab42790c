"""An answer that is JSON already: the bytes go out as they are.

Litestar's own Response is made to be changed on its way (cookies, headers of layers, background tasks) and costs about
70 µs for that. What a command or a query has encoded needs none of it.
"""

from collections.abc import Sequence

from shared.http.types import Receive, Scope, Send


class JSONAnswer:
    """`body` is JSON. What a route returns; Litestar calls it as an ASGI application."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, body: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._body = body
        self._status = status
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._body)).encode())]
        headers += self._headers
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
