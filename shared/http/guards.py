"""Who may use a route, said beside the route: `guards=[only("admin")]`."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from proto.envelope import Role
from shared.http.problems import Problem

# Coroutines: Litestar hands a plain function to a thread for each request.
Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """401 for nobody."""
    if connection.scope.get("user") is None:
        raise Problem(401, "Sign in first.", code="not_signed_in")


def only(*roles: Role) -> Guard:
    """401 for nobody, 403 for every other role."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await signed_in(connection, handler)
        if connection.scope["user"].role not in roles:
            raise Problem(403, f"Only {' or '.join(roles)} may do this.", code="forbidden")

    return guard
