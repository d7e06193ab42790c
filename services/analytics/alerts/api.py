"""The route of the alerts, for admins: what fires, and what has fired."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec

from proto.alerts import FiringAlert
from services.analytics.alerts import store as alerts_store
from services.analytics.alerts.store import EndedAlert
from services.analytics.api import AnalyticsRequest, api_of
from shared.database import SNAPSHOT, transaction
from shared.http.answers import JSONAnswer
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut

LATEST = UUID(int=2**128 - 1)

_encoder = msgspec.json.Encoder()


class AlertsPage(msgspec.Struct, frozen=True, kw_only=True):
    """`as_of`: when alerts were judged last; null before the first time. `firing`: all that fires, on every page;
    `items`: what is over. Both the newest first. `next_cursor` is null on the last page."""

    as_of: datetime | None
    firing: list[FiringAlert]
    items: list[EndedAlert]
    next_cursor: str | None


@get(
    "/api/performance/alerts",
    before_request=only("admin"),
    responses={200: ResponseSpec(AlertsPage), **documented(400, 401, 403, 429, 503)},
    summary="What fires, and what has fired",
)
async def list_alerts(request: AnalyticsRequest, cursor: Cursor = None, limit: Limit = 20) -> JSONAnswer:
    """Live on the socket's topic `alerts`. What is over is kept for 90 days."""
    api = api_of(request)
    below = LATEST if cursor is None else api.cursors.decode("alerts", cursor, UUID)
    async with transaction(api.pool, SNAPSHOT) as reading:
        as_of = await alerts_store.get_judged_at(reading)
        firing = await alerts_store.list_firing(reading)
        ended = await alerts_store.list_ended(reading, below, limit + 1)
    items, next_cursor = cut(ended, limit, api.cursors, "alerts", lambda alert: alert.id)
    page = AlertsPage(as_of=as_of, firing=firing, items=items, next_cursor=next_cursor)
    return JSONAnswer(_encoder.encode(page))


ROUTES = (list_alerts,)
