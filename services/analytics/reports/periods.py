"""Which time a report is about: ranges, the one before, hours, days and weeks as people in a zone live them. Pure.

Roll-ups are kept by hours of UTC, and by days and weeks of one zone, the business's (`kept`); people may ask in any.

Invariants: a period begins and ends where an hour of UTC or a kept day does. Its buckets lie side by side and fill it;
none is without time. A local day is what lies between two local midnights, be it 23, 24 or 25 hours. `cover` fills a
period with whole kept weeks and days and whole hours, each moment once.

Refuses, naming the parameter: a zone that IANA does not know; hours and days of a zone that the roll-ups cannot be cut
by (Asia/Kolkata is at half hours, unless days are kept in it); a moment without its offset, or within an hour; a range
that is backwards, or outside FIRST_YEAR and LAST_YEAR; more than MOST_BUCKETS buckets.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from services.analytics.projection.buckets import FIRST_YEAR, LAST_YEAR, Grain, midnight, moment_of

USUAL_DAYS = timedelta(days=30)
"""Asked about when nothing is said."""

MOST_BUCKETS = 1_000
"""Of a series, which has no pages: 41 days of hours, 2 years of days, 19 years of weeks."""

COARSEST_FIRST: tuple[Grain, ...] = ("week", "day", "hour")

_LENGTHS: dict[Grain, timedelta] = {"week": timedelta(weeks=1), "day": timedelta(days=1), "hour": timedelta(hours=1)}
_HOUR, _DAY = _LENGTHS["hour"], _LENGTHS["day"]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class PeriodError(ValueError):
    """What was asked has no answer. `field` is the parameter to mend."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


class Span(msgspec.Struct, frozen=True):
    """Whole hours, or whole kept days or weeks, from `start` until before `end`."""

    grain: Grain
    start: datetime
    end: datetime


class Period(msgspec.Struct, frozen=True):
    """From `start` until before `end`, both UTC, for people in `zone`, from roll-ups whose days are those of `kept`."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    kept: ZoneInfo

    def previous(self) -> "Period":
        """The period that ends where this one begins: of as many local days where this one is whole days, or goes from
        an hour to the same hour; else of the same length. Raises PeriodError."""
        before = self.start - (self.end - self.start)
        start, end = _clock(self.start, self.zone), _clock(self.end, self.zone)
        if start.time() == end.time():
            shifted = moment_of(start - (end.date() - start.date()), self.zone)
            before = shifted if shifted < self.start else before
        return _period(before, self.start, self.zone, self.kept)

    def buckets(self, grain: Grain) -> "list[Period]":
        """Local hours, days or weeks; the first and the last are cut to the period. Raises PeriodError."""
        too_many = PeriodError(
            "bucket", f"makes more than {MOST_BUCKETS:,} {grain}s of this range: ask for longer ones"
        )
        if self.end - self.start > MOST_BUCKETS * _LENGTHS[grain]:
            raise too_many
        inner = {moment for moment in self._begins(grain) if self.start < moment < self.end}
        edges = sorted({self.start, *inner, self.end})
        if len(edges) > MOST_BUCKETS + 1:
            raise too_many
        return [_period(start, end, self.zone, self.kept) for start, end in pairwise(edges)]

    def cover(self, *grains: Grain) -> list[Span]:
        """The fewest of these grains that fill it, at most five spans: coarse within, fine at its ends. Where no hours
        are kept only whole days can be. Raises PeriodError."""
        spans = list(_cover(self.start, self.end, self.kept, [grain for grain in COARSEST_FIRST if grain in grains]))
        for span in spans:
            for edge in (span.start, span.end):
                if not _begins_at(edge, self.kept, span.grain):
                    raise self._uncovered(span.grain, edge)
        return spans

    def _uncovered(self, finest: Grain, edge: datetime) -> PeriodError:
        if finest == "hour":
            return _cannot_cut(self.zone, self.kept, edge)
        told = f"this is kept by days of {self.kept.key}: from and to must be midnights there"
        return PeriodError("timezone" if self.zone != self.kept else "from", told)

    def _begins(self, grain: Grain) -> Iterator[datetime]:
        """When local hours, days or weeks begin, from before the period until its end. A day that a zone left out
        begins when the next one does."""
        local = self.start.astimezone(self.zone)
        if grain == "hour":
            moment = self.start - timedelta(minutes=local.minute)
            while moment < self.end:
                # Clocks may have gone to half hours since.
                yield moment - timedelta(minutes=moment.astimezone(self.zone).minute)
                moment += _HOUR
            return
        day = local.date() - timedelta(days=local.weekday() if grain == "week" else 0)
        while (moment := midnight(day, self.zone)) < self.end:
            yield moment
            day += _LENGTHS[grain]


def zone_of(name: str) -> ZoneInfo:
    """Raises PeriodError for what is not in IANA's list, letter for letter."""
    if name not in _names():
        raise PeriodError("timezone", "is no zone of the IANA database, such as Europe/Berlin")
    return ZoneInfo(name)


def period_of(start: str | None, end: str | None, zone: ZoneInfo, kept: ZoneInfo, now: datetime) -> Period:
    """What `from` and `to` say: a date is its first moment in the zone, a moment has its offset with it. Without them
    it is the last USUAL_DAYS, today being the last of them. Raises PeriodError."""
    tomorrow = midnight(now.astimezone(zone).date() + _DAY, zone)
    until = tomorrow if end is None else _read("to", end, zone, kept)
    since = moment_of(_clock(until, zone) - USUAL_DAYS, zone) if start is None else _read("from", start, zone, kept)
    if since >= until:
        raise PeriodError("from", "must be before tomorrow" if end is None else "must be before to")
    return _period(since, until, zone, kept)


def _period(start: datetime, end: datetime, zone: ZoneInfo, kept: ZoneInfo) -> Period:
    for moment in (start, end):
        if not _is_an_edge(moment, kept):
            raise _cannot_cut(zone, kept, moment)
    return Period(start, end, zone, kept)


def _read(field: str, text: str, zone: ZoneInfo, kept: ZoneInfo) -> datetime:
    is_date = _DATE.fullmatch(text) is not None
    try:
        # RFC 3339, and nothing else that might be a moment.
        clock = datetime.combine(date.fromisoformat(text), time()) if is_date else msgspec.convert(text, datetime)
    except (ValueError, msgspec.ValidationError) as error:
        told = "must be a date, 2026-11-01, or a moment with its offset, 2026-11-01T06:00:00Z (write + as %2B)"
        raise PeriodError(field, told) from error
    if clock.tzinfo is None and not is_date:
        raise PeriodError(field, "needs its offset from UTC, as 2026-11-01T06:00:00Z has")
    if not FIRST_YEAR <= clock.year <= LAST_YEAR:
        raise PeriodError(field, f"must be from {FIRST_YEAR} to {LAST_YEAR}")
    if is_date:
        return midnight(clock.date(), zone)
    if not _is_an_edge(clock.astimezone(UTC), kept):
        raise PeriodError(field, "must be a whole hour of UTC: numbers are kept by the hour")
    return clock.astimezone(UTC)


@lru_cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in the zone show then, without the zone: midnight where a day begins, even if they skip it."""
    local = moment.astimezone(zone)
    begins = moment == midnight(local.date(), zone)
    return datetime.combine(local.date(), time()) if begins else local.replace(tzinfo=None, fold=0)


def _within_an_hour(moment: datetime) -> bool:
    return bool(moment.minute or moment.second or moment.microsecond)


def _begins_at(moment: datetime, kept: ZoneInfo, grain: Grain) -> bool:
    return not _within_an_hour(moment) if grain == "hour" else moment == _last(moment, kept, grain)


def _is_an_edge(moment: datetime, kept: ZoneInfo) -> bool:
    return _begins_at(moment, kept, "hour") or _begins_at(moment, kept, "day")


def _cannot_cut(zone: ZoneInfo, kept: ZoneInfo, moment: datetime) -> PeriodError:
    offset = moment.astimezone(zone).isoformat()[19:]
    return PeriodError(
        "timezone",
        f"{zone.key} is at {offset} from UTC then, and numbers are kept by hours of UTC and days of {kept.key}: "
        "there is none for this range or bucket",
    )


def _cover(start: datetime, end: datetime, kept: ZoneInfo, grains: Sequence[Grain]) -> Iterator[Span]:
    """With the first of the grains, and with the finer ones what it leaves at both ends."""
    if start == end:
        return
    grain, *finer = grains
    first, last = (_next(start, kept, grain), _last(end, kept, grain)) if finer else (start, end)
    if first >= last:
        yield from _cover(start, end, kept, finer)
        return
    yield from _cover(start, first, kept, finer)
    yield Span(grain, first, last)
    yield from _cover(last, end, kept, finer)


def _last(moment: datetime, kept: ZoneInfo, grain: Grain) -> datetime:
    """When the day or week began, that begins at this moment or has already."""
    day = moment.astimezone(kept).date()
    return midnight(day - timedelta(days=day.weekday() if grain == "week" else 0), kept)


def _next(moment: datetime, kept: ZoneInfo, grain: Grain) -> datetime:
    """When the next one begins, which may be this moment."""
    last = _last(moment, kept, grain)
    return last if last == moment else midnight(last.astimezone(kept).date() + _LENGTHS[grain], kept)
