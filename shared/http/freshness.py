"""Whether a reader wants the source and no copy, as HTTP says it.

RFC 9111 section 5.2.1: `Cache-Control: no-cache`, and what comes to the same. A browser's reload sends it by itself.
"""

from typing import Any

from litestar import Request

_FROM_SOURCE = frozenset({"no-cache", "no-store", "max-age=0"})


def wants_source(request: Request[Any, Any, Any]) -> bool:
    """What else a Cache-Control may say changes nothing."""
    told = request.headers.get("cache-control")
    return told is not None and any(one.strip().lower() in _FROM_SOURCE for one in told.split(","))
