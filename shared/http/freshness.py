"""How new an answer has to be, as a reader's request says it.

`Cache-Control: no-cache` wants the source and no copy (RFC 9111 section 5.2.1), and so does what comes to the same; a
browser's reload sends it by itself. `X-Larder-Position` wants what an answer to a write or an event told of, at least
(`shared.position`). Refuses a position that is none, whether there is a replica that could be behind it or not.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Request

from shared.http.caller import scope_of
from shared.http.problems import invalid_field
from shared.position import NEWEST, Position, PositionError, parse_position

POSITION = "X-Larder-Position"
POSITION_NAME = POSITION.lower().encode()
EDGE_KEEP = b"x-edge-keep"
"""The edge asks on its own behalf, to keep the answer. It lets nobody outside say this."""

_FROM_SOURCE = frozenset({"no-cache", "no-store", "max-age=0"})


def wants_source(request: Request[Any, Any, Any]) -> bool:
    """What else a Cache-Control may say changes nothing."""
    return _wants_source(request.headers.get("cache-control"))


def position_of(request: Request[Any, Any, Any]) -> Position | None:
    """What the answer has to be made of at least; NEWEST for who wants the source; None for whoever does not say, and
    for everybody where there is no replica."""
    position: Position | None = scope_of(request)["position"]
    return position


def wanted_position(headers: Mapping[bytes, bytes]) -> Position | None:
    """The same of a request's headers. Raises Problem 400 for a position that is none."""
    told = headers.get(POSITION_NAME)
    try:
        position = None if told is None else parse_position(told.decode("latin-1"))
    except PositionError as error:
        raise invalid_field(POSITION, str(error)) from error
    control = headers.get(b"cache-control")
    if EDGE_KEEP in headers or (control is not None and _wants_source(control.decode("latin-1"))):
        return NEWEST
    return position


def _wants_source(control: str | None) -> bool:
    return control is not None and any(one.strip().lower() in _FROM_SOURCE for one in control.split(","))
