"""Who asks, and under which request: what a command needs of HTTP, and no more."""

from typing import Any, cast

import msgspec
from litestar import Request

from shared.identity import Identity
from shared.tracing import OpenSpan


class Caller(msgspec.Struct, frozen=True):
    """A signed-in person, with what logs and events tell of their request. `span` is None when it is not traced."""

    identity: Identity
    request_id: str
    traceparent: str | None
    span: OpenSpan | None = None


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Behind a guard: somebody is signed in."""
    scope = scope_of(request)
    return Caller(scope["user"], scope["request_id"], scope["traceparent"], scope["span"])


def scope_of(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The ASGI scope with what `Front` put into it, for which Litestar's type has no names."""
    return cast("dict[str, Any]", request.scope)
