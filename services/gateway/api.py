"""The gateway's routes beside the socket: a ticket for it, what it says, and what pages report of themselves."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from proto.documents import socket_document
from services.gateway import reports
from services.gateway.tickets import LIFE_SECONDS, Tickets
from shared.http.caller import scope_of
from shared.http.front import address_of
from shared.http.guards import signed_in
from shared.http.openapi import documented
from shared.limits import Limits


@dataclass(frozen=True)
class Api:
    """What the routes work with. `reports` limits what pages report, which counts as a request besides."""

    tickets: Tickets
    reports: Limits


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
    return Ticket(await _api(request).tickets.issue(request.user), LIFE_SECONDS)


@post(
    "/api/realtime/reports",
    status_code=204,
    responses={204: ResponseSpec(None), **documented(400, 413, 415, 429)},
    summary="What a page reports of itself",
)
async def report_page(request: Request[Any, Any, Any], data: JSONBody[reports.PageReport]) -> None:
    """Errors, web vitals and how soon events came; from anybody, at most so often. Counted, and errors are logged."""
    scope = scope_of(request)
    await _api(request).reports.admit(request.user, address_of(scope, dict(scope["headers"])))
    reports.take(data, request.user)


@get(
    "/api/realtime/asyncapi.json",
    responses={200: ResponseSpec(dict[str, Any]), **documented(401, 429)},
    summary="What the socket says",
)
async def describe_socket() -> dict[str, Any]:
    """The frames of `/ws` as an AsyncAPI 3.0 document."""
    return _SOCKET


def _api(request: Request[Any, Any, Any]) -> Api:
    api: Api = request.app.state.api
    return api


_SOCKET = socket_document()

ROUTES = (issue_ticket, report_page, describe_socket)
