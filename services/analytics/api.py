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
from shared.database import Pool
from shared.http.answers import JSONAnswer
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.identity import Identity
from shared.replica import Reads

AnalyticsRequest = Request[Identity, Any, Any]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`. `reads` is for reports; `pool`, the primary's, for what has to be
    of this moment, as alerts are."""

    pool: Pool
    reads: Reads
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
    projection = await api_of(request).reads.read(store.get_projection, position=position_of(request))
    return JSONAnswer(_encoder.encode(projection))


ROUTES = (get_projection,)


def api_of(request: AnalyticsRequest) -> Api:
    api: Api = request.app.state.api
    return api
