"""The route from a number to the orders behind it. It decodes, asks one query, and encodes.

What is listed is analytics' own last row of each order, so it agrees with the numbers of the same `as_of`; the order
itself belongs to the orders service, and is at `/api/orders/{id}`.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from proto.orders import Status
from services.analytics.api import AnalyticsRequest, api_of
from services.analytics.reports import orders_store
from services.analytics.reports.asked import From, RestaurantId, Timezone, To, asked
from services.analytics.reports.orders_store import CountedOrder, Position, Wanted, top_of
from shared.http.answers import JSONAnswer
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import invalid_field

DriverId = Annotated[UUID | None, QueryParameter(description="Orders that this driver has, or had last")]
InState = Annotated[Status | None, QueryParameter(description="Orders that are in this state now")]
Late = Annotated[bool, QueryParameter(description="Orders that were delivered, and not on time")]

_encoder = msgspec.json.Encoder()


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next_cursor` is null on the last page. An order that changes while somebody turns pages may leave the list or
    join it: `as_of` says of which moment each page is."""

    as_of: datetime | None
    items: list[CountedOrder]
    next_cursor: str | None


@get(
    "/api/analytics/orders",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(OrderPage), **documented(400, 401, 403, 404, 429, 503)},
    summary="The orders behind a number, newest first",
)
async def list_orders(
    request: AnalyticsRequest,
    status: InState = None,
    late: Late = False,
    driver_id: DriverId = None,
    start: From = None,
    end: To = None,
    timezone: Timezone = None,
    restaurant_id: RestaurantId = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> JSONAnswer:
    """Those placed in the range, by the same parameters as the number."""
    cursors = api_of(request).cursors
    async with asked(request, start, end, timezone, restaurant_id) as about:
        period, wanted = about.period, wanted_of(about.restaurant_id, driver_id, status, late=late)
        # A cursor belongs to its list and what that is narrowed to; not to a range that only midnight moves.
        scope = f"analytics {_encoder.encode((start, end, timezone, wanted)).decode()}"
        below = top_of(period) if cursor is None else cursors.decode(scope, cursor, Position)
        orders = await orders_store.list_orders(about.connection, period, wanted, below, limit + 1)
    items, next_cursor = cut(orders, limit, cursors, scope, lambda order: Position(order.created_at, order.id))
    page = OrderPage(as_of=about.projection.as_of, items=items, next_cursor=next_cursor)
    return JSONAnswer(_encoder.encode(page))


ROUTES = (list_orders,)


def wanted_of(restaurant_id: UUID | None, driver_id: UUID | None, status: Status | None, *, late: bool) -> Wanted:
    """Raises Problem."""
    if late and status not in (None, "delivered"):
        raise invalid_field("late", "is of delivered orders: leave status out")
    return Wanted(restaurant_id=restaurant_id, driver_id=driver_id, which="late" if late else status)
