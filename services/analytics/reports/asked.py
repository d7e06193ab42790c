"""What every report is asked: about which time, and whose numbers.

Invariants: an admin asks about the business, or about one restaurant; a restaurant about itself and nobody else, in the
same words. All of an answer, its `as_of` too, is read in one snapshot. Refuses: 404 for a restaurant that is not there
or not the caller's, 400 for a time that has no answer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import QueryParameter

from services.analytics.api import AnalyticsRequest, api_of
from services.analytics.projection.buckets import Grain
from services.analytics.projection.domain import BUSINESS
from services.analytics.reports import store
from services.analytics.reports.periods import Period, PeriodError, period_of, zone_of
from services.analytics.reports.store import Projection
from shared.database import SNAPSHOT, Connection, transaction
from shared.http.freshness import position_of
from shared.http.problems import Problem, invalid_field, not_found
from shared.identity import Identity

_MOMENT = "A date, its first moment in the zone, or a moment with its offset, at a whole hour"
From = Annotated[str | None, QueryParameter(name="from", description=f"{_MOMENT}; thirty days before `to`")]
To = Annotated[str | None, QueryParameter(name="to", description=f"{_MOMENT}, not itself counted; tomorrow")]
Timezone = Annotated[
    str | None,
    QueryParameter(description="IANA name of the zone whose dates and days are meant; else the business's own"),
]
RestaurantId = Annotated[
    UUID | None, QueryParameter(description="For an admin: one restaurant; else the whole business")
]


@dataclass(frozen=True)
class Asked:
    """A report's time and subject, and how far the numbers are. `restaurant_id` is None for the whole business."""

    connection: Connection
    projection: Projection
    period: Period
    restaurant_id: UUID | None

    @property
    def subject(self) -> UUID:
        return BUSINESS if self.restaurant_id is None else self.restaurant_id

    def grains(self, *of_the_business: Grain) -> tuple[Grain, ...]:
        """Those of a table that keeps weeks for the business alone."""
        return tuple(grain for grain in of_the_business if grain != "week" or self.restaurant_id is None)

    def local(self, moment: datetime) -> datetime:
        """A moment as it is told: with the offset of the zone that was asked for."""
        return moment.astimezone(self.period.zone)


@asynccontextmanager
async def asked(
    request: AnalyticsRequest,
    start: str | None,
    end: str | None,
    timezone: str | None,
    restaurant_id: UUID | None,
    lasting: str | None = None,
) -> AsyncIterator[Asked]:
    """Behind a guard for admins and restaurants. Raises Problem, also for what the report finds wrong with the time.
    What is read for long begins by `lasting`, on the primary: a replica would end it."""
    api = api_of(request)
    whose = _whose(request.user, restaurant_id)
    reading = api.reads.reading(SNAPSHOT, position_of(request)) if lasting is None else transaction(api.pool, lasting)
    async with reading as connection:
        projection = await store.get_projection(connection)
        if request.user.role == "admin" and whose is not None and not await store.is_restaurant(connection, whose):
            raise not_found("restaurant")
        kept = ZoneInfo(projection.zone)
        try:
            zone = kept if timezone is None else zone_of(timezone)
            period = period_of(start, end, zone, kept, api.now())
            yield Asked(connection, projection, period, whose)
        except PeriodError as error:
            raise invalid_field(error.field, error.detail) from error


def _whose(identity: Identity, restaurant_id: UUID | None) -> UUID | None:
    if identity.role == "admin":
        return restaurant_id
    if identity.restaurant_id is None:
        raise Problem(403, "Only people of a restaurant have numbers of their own.", code="forbidden")
    if restaurant_id not in (None, identity.restaurant_id):
        raise not_found("restaurant")
    return identity.restaurant_id
