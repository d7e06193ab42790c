"""The hours, days and weeks that roll-ups are kept by, each told by the instant at which it begins.

Invariants: an hour is one of UTC. A day goes from midnight to midnight in the business's zone, be it 23, 24 or 25 hours
long; a week begins with its Monday.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Grain = Literal["hour", "day", "week"]
"""A week begins on Monday, as in ISO 8601."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""What may be asked about: wide enough for every order, and far from where calendars end."""


class Buckets(NamedTuple):
    """When the buckets of a moment begin, in UTC."""

    hour: datetime
    day: datetime
    week: datetime


def buckets_of(moment: datetime, zone: ZoneInfo) -> Buckets:
    """Raises OverflowError where the calendar ends."""
    day, week = _begins(moment.astimezone(zone).date(), zone)
    return Buckets(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0), day, week)


def moment_of(clock: datetime, zone: ZoneInfo) -> datetime:
    """When clocks in the zone show this: the first time where they do so twice. Where they skip it, as long after they
    skipped as it is after what they skipped from: for a midnight, as a rule, when they did."""
    return clock.replace(tzinfo=zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, in UTC: the first midnight where clocks show two; where they skip it, when they did."""
    return moment_of(datetime.combine(day, time()), zone)


@lru_cache(maxsize=4096)
def _begins(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return midnight(day, zone), midnight(day - timedelta(days=day.weekday()), zone)
