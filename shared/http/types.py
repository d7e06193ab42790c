"""The shapes of ASGI, and of an application that knows how to stop."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Routes: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""A framework's application: it has narrower words for the same three arguments."""
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Application(Protocol):
    """An ASGI application that can be told to stop."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    async def drain(self) -> None:
        """Says that it is not ready any more, and returns when nothing is in flight."""
