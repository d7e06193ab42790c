"""The hours, days and weeks that roll-ups are kept by, each told by the instant at which it begins.

Invariants: an hour is one of UTC. A day goes from midnight to midnight in the business's zone, be it 23, 24 or 25 hours
long; a week begins with its Monday.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.analytics.periods import midnight


class Buckets(NamedTuple):
    """When the buckets of a moment begin, in UTC."""

    hour: datetime
    day: datetime
    week: datetime


def buckets_of(moment: datetime, zone: ZoneInfo) -> Buckets:
    """Raises OverflowError where the calendar ends."""
    day, week = _begins(moment.astimezone(zone).date(), zone)
    return Buckets(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0), day, week)


@lru_cache(maxsize=4096)
def _begins(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return midnight(day, zone), midnight(day - timedelta(days=day.weekday()), zone)
