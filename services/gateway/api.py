"""The gateway's routes beside the socket: a ticket for it, and what it says."""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.openapi import ResponseSpec

from proto.documents import socket_document
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


@get(
    "/api/realtime/asyncapi.json",
    responses={200: ResponseSpec(dict[str, Any]), **documented(401, 429)},
    summary="What the socket says",
)
async def describe_socket() -> dict[str, Any]:
    """The frames of `/ws` as an AsyncAPI 3.0 document."""
    return _SOCKET


_SOCKET = socket_document()

ROUTES = (issue_ticket, describe_socket)
