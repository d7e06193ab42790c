"""A service's routes as one Litestar application, the same for all: strict bodies, problems, an OpenAPI document.

Invariant: a body is decoded once, straight into the handler's type and strictly: "2" is no number and true is none.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from shared.http.errors import answer_error
from shared.http.openapi import openapi_config
from shared.http.problems import FieldError, invalid
from shared.http.validation import field_errors

ErrorAnswer = Callable[[Any, Any], Response[Any]]

MAX_BODY_BYTES = 256 * 1024
"""Several times the largest body there is: an order of 200 lines is about 30 KB."""


class JSONRequest(Request[Any, Any, Any]):
    """Litestar's request, with bodies decoded as the module says."""

    async def json(self) -> Any:
        """The handler's `data`. Raises a 400 Problem that names every field that is wrong."""
        body = await self.body()
        decoder = _decoder(self.route_handler)
        try:
            return decoder.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise invalid(*_mistakes(body, decoder.type)) from error


def _mistakes(body: bytes, kind: Any) -> list[FieldError]:
    """What is wrong with a body that was refused."""
    try:
        return field_errors(msgspec.json.decode(body), kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return [FieldError("body", f"is not valid JSON: {error}", "form")]


@lru_cache
def _decoder(handler: BaseRouteHandler) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(handler.parsed_fn_signature.parameters["data"].annotation)


def routes_of(
    routes: Sequence[BaseRouteHandler],
    api: object,
    *,
    title: str,
    path: str,
    exception_handlers: Mapping[int | type[Exception], ErrorAnswer] | None = None,
) -> Litestar:
    """`api` is what the routes work with, in `app.state.api`; `path` is the service's root, `/api/orders`."""
    handlers: dict[int | type[Exception], ErrorAnswer] = {Exception: answer_error, **(exception_handlers or {})}
    return Litestar(
        routes,
        state=State({"api": api}),
        request_class=JSONRequest,
        exception_handlers=handlers,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=openapi_config(title, path),
        logging_config=None,
    )
