"""What a route raised, as a problem document."""

import re
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from shared.cursor import CursorError
from shared.http.problems import MEDIA_TYPE, FieldError, Problem, busy, invalid, invalid_field
from shared.http.validation import field_error

_log = structlog.get_logger("http")

# Litestar's words for a parameter that is not there: it has no fields for them.
_MISSING = re.compile(r".*Missing required \w+ parameter '(?P<name>[^']+)'", re.DOTALL)

# Postgres says "not now": a lock that took 2 s, a statement that took 5, no connection, a primary that went away.
_NOT_NOW = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server has said that it ends the connection, and has not ended it yet
    ConnectionError,
    TimeoutError,
)


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of every service's routes."""
    problem = _problem_of(request, error)
    request_id: str = request.scope.get("request_id", "")  # type: ignore[assignment]
    return Response(
        problem.document(request_id),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.all_headers(),
    )


def _problem_of(request: Request[Any, Any, Any], error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, CursorError):
        return invalid_field("cursor", str(error))
    if isinstance(error, ValidationException):
        return _invalid(request, error)
    if isinstance(error, HTTPException):
        return Problem(error.status_code, _detail(error), headers=_allow(error))
    if isinstance(error, _NOT_NOW):
        _log.warning("not now", path=request.scope["path"], error=repr(error))
        return busy()
    _log.error("unexpected error", path=request.scope["path"], exc_info=error)
    return Problem(500, "Something went wrong on our side. Tell us the request_id.", code="internal")


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> Problem:
    """Parameters and headers by the names that callers know; bodies are decoded by shared.http.routes."""
    if missing := _MISSING.match(error.detail):
        return invalid_field(missing["name"], "is required", "required")
    parameters = request.scope["route_handler"].parsed_fn_signature.parameters
    errors = []
    for one in error.extra if isinstance(error.extra, list) else []:
        name = str(one["key"])
        if name == "data":
            errors.append(FieldError("body", "is missing; send a JSON object", "required"))
            continue
        declared = parameters[name].kwarg_definition if name in parameters else None
        errors.append(field_error(getattr(declared, "name", None) or name, one["message"]))
    return invalid(*errors) if errors else Problem(400, error.detail, code="invalid")


def _detail(error: HTTPException) -> str:
    if error.status_code == 400:
        return f"The body is not valid JSON: {error.detail}"
    return {404: "There is nothing at this address.", 405: "This address does not take this method."}.get(
        error.status_code, error.detail
    )


def _allow(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
