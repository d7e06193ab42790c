"""The routes of analytics. They decode, call one query, and encode; nothing is decided here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get
from litestar.openapi import ResponseSpec

from services.analytics import store
from services.analytics.performance import Sources
from services.analytics.store import Projection
from shared.cursor import Cursors
from shared.database import Pool, connection
from shared.http.answers import JSONAnswer
from shared.http.guards import only
from shared.http.openapi import documented
from shared.identity import Identity

AnalyticsRequest = Request[Identity, Any, Any]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`."""

    pool: Pool
    cursors: Cursors
    now: Callable[[], datetime]
    sources: Sources


@get(
    "/api/analytics/projection",
    before_request=only("admin"),
    responses={200: ResponseSpec(Projection), **documented(401, 403, 429, 503)},
    summary="How far the orders are counted",
)
async def get_projection(request: AnalyticsRequest) -> JSONAnswer:
    """The position in the stream of orders, and the moment up to which all is counted that happened."""
    async with connection(api_of(request).pool) as reading:
        return JSONAnswer(_encoder.encode(await store.get_projection(reading)))


ROUTES = (get_projection,)


def api_of(request: AnalyticsRequest) -> Api:
    api: Api = request.app.state.api
    return api
