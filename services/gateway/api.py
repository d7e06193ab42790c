"""The gateway's one route beside the socket."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.openapi import ResponseSpec

from services.gateway.tickets import LIFE_SECONDS, Tickets
from shared.http.guards import signed_in
from shared.http.openapi import documented


class Ticket(msgspec.Struct, frozen=True):
    """`expires_in` is in seconds."""

    ticket: str
    expires_in: int


@post(
    "/api/realtime/tickets",
    before_request=signed_in,
    responses={201: ResponseSpec(Ticket), **documented(401, 403, 413, 415, 429, 503)},
    summary="A ticket for one socket",
)
async def issue_ticket(request: Request[Any, Any, Any]) -> Ticket:
    """Single use, for the first frame of `/ws`."""
    tickets: Tickets = request.app.state.api
    return Ticket(await tickets.issue(request.user), LIFE_SECONDS)


ROUTES = (issue_ticket,)
