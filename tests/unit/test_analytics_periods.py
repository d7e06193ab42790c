"""Which time a report is about: ranges, the one before, and buckets, in every zone, on days of 23 and 25 hours."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.analytics.projection.buckets import Grain
from services.analytics.reports.periods import MOST_BUCKETS, Period, PeriodError, period_of, zone_of

T = TypeVar("T")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL: tuple[Grain, ...] = ("week", "day", "hour")
LENGTHS: dict[Grain, timedelta] = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
BERLIN, NEW_YORK, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
UTC_ZONE = ZoneInfo("UTC")
LORD_HOWE, APIA, CAIRO = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"), ZoneInfo("Africa/Cairo")
NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)

zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
hours = st.integers(0, 30 * 366 * 24).map(lambda hour: datetime(2005, 1, 1, tzinfo=UTC) + hour * HOUR)
grains: st.SearchStrategy[Grain] = st.sampled_from(["hour", "day", "week"])


@st.composite
def periods(draw: st.DrawFn, most: int = 800) -> Period:
    start = draw(hours)
    kept = draw(st.sampled_from([UTC_ZONE, BERLIN, NEW_YORK, CAIRO]))
    return Period(start, start + draw(st.integers(1, most)) * HOUR, draw(zones), kept)


def days(start: str, end: str, zone: ZoneInfo, kept: ZoneInfo = UTC_ZONE) -> Period:
    return period_of(start, end, zone, kept, NOW)


def refused(start: str | None, end: str | None, zone: ZoneInfo = BERLIN) -> PeriodError:
    with pytest.raises(PeriodError) as raised:
        period_of(start, end, zone, UTC_ZONE, NOW)
    return raised.value


def answered(period: Period, ask: Callable[[], T]) -> T | None:
    """None where the zone was refused, rightly: at some moment about the period it is not at whole hours."""
    try:
        return ask()
    except PeriodError as raised:
        error = raised
    assert error.field == "timezone"
    long = period.end - period.start + DAY
    moments = [period.start - long + hour * HOUR for hour in range(2 * (long // HOUR) + 1)]
    assert any(moment.astimezone(period.zone).minute for moment in moments)
    return None


def test_a_date_is_its_midnight_in_the_zone_and_to_is_not_part_of_it() -> None:
    period = days("2026-10-25", "2026-10-26", BERLIN)
    assert period.start == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert period.end == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "long"),
    [
        ("2026-03-29", BERLIN, 23),
        ("2026-10-25", BERLIN, 25),
        ("2026-10-26", BERLIN, 24),
        ("2026-03-08", NEW_YORK, 23),
        ("2026-11-01", NEW_YORK, 25),
        ("2023-04-28", CAIRO, 23),  # the clocks skip its midnight
        ("2023-10-26", CAIRO, 25),  # and show 23 o'clock twice
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_show(day: str, zone: ZoneInfo, long: int) -> None:
    one = days(day, (date.fromisoformat(day) + DAY).isoformat(), zone)
    assert one.end - one.start == long * HOUR
    assert len(one.buckets("hour")) == long
    assert one.buckets("day") == [one]


def test_a_day_that_a_zone_left_out_is_no_bucket() -> None:
    week = days("2011-12-28", "2012-01-02", APIA)
    assert [bucket.start.astimezone(APIA).day for bucket in week.buckets("day")] == [28, 29, 31, 1]


def test_a_moment_has_its_offset_and_is_the_same_wherever_it_is_asked() -> None:
    asked = days("2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", NEW_YORK)
    assert asked.end - asked.start == HOUR


def test_without_a_range_it_is_thirty_days_and_today_is_the_last() -> None:
    usual = period_of(None, None, BERLIN, UTC_ZONE, NOW)
    assert usual == days("2026-10-26", "2026-11-25", BERLIN)
    assert period_of(None, "2026-11-10", BERLIN, UTC_ZONE, NOW) == days("2026-10-11", "2026-11-10", BERLIN)
    assert period_of("2026-11-01", None, NEW_YORK, UTC_ZONE, NOW) == days("2026-11-01", "2026-11-25", NEW_YORK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yesterday", "must be a date"),
        ("", "must be a date"),
        ("2026-02-30", "must be a date"),
        ("2026-13-01", "must be a date"),
        ("20261101", "must be a date"),
        ("\u0662\u0660\u0662\u0666-01-01", "must be a date"),  # 2026 in Arabic digits
        ("1793577600", "must be a date"),
        ("2026-11-01T06:00:00 01:00", "%2B"),
        ("2026-11-01T06:00:00", "offset"),
        ("2026-11-01T06:30:00Z", "whole hour"),
        ("2026-11-01T06:00:00.000001Z", "whole hour"),
        ("1999-12-31", "from 2000"),
        ("9999-12-31", "to 2100"),
        ("0001-01-01T00:00:00+14:00", "from 2000"),
    ],
)
def test_what_is_no_range_is_refused_by_the_name_of_the_parameter(text: str, told: str) -> None:
    for error, field in ((refused(text, "2026-11-02"), "from"), (refused("2026-01-01", text), "to")):
        assert (error.field, told in error.detail) == (field, True), error.detail


def test_a_range_goes_forwards() -> None:
    for start, end in (("2026-11-02", "2026-11-01"), ("2026-11-01", "2026-11-01"), ("2027-01-01", None)):
        assert refused(start, end).field == "from"


@pytest.mark.parametrize("name", ["", "Berlin", "europe/berlin", "CEST", "+01:00", "../etc/passwd", "America", "\x00"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(PeriodError) as raised:
        zone_of(name)
    assert raised.value.field == "timezone"


def test_every_zone_of_the_database_is_known() -> None:
    assert {zone_of(name).key for name in available_timezones()} == available_timezones()


def test_days_of_a_zone_at_half_hours_are_refused_by_its_name() -> None:
    error = refused("2026-11-01", "2026-11-02", KOLKATA)
    assert error.field == "timezone"
    assert "Asia/Kolkata is at +05:30" in error.detail
    moments = days("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", KOLKATA)
    assert moments.previous().start == datetime(2026, 10, 30, tzinfo=UTC)
    for grain in LENGTHS:
        with pytest.raises(PeriodError, match="Asia/Kolkata"):
            moments.buckets(grain if grain != "week" else "day")


def test_a_zone_that_is_at_whole_hours_half_the_year_is_answered_then() -> None:
    assert len(days("2026-01-01", "2026-02-01", LORD_HOWE).buckets("day")) == 31
    assert refused("2026-06-01", "2026-06-02", LORD_HOWE).field == "timezone"
    for grain in ("hour", "day"):
        start, end = datetime(2026, 4, 1, 13, tzinfo=UTC), datetime(2026, 4, 8, 13, tzinfo=UTC)
        across = Period(start, end, LORD_HOWE, UTC_ZONE)
        with pytest.raises(PeriodError, match="Lord_Howe"):
            across.buckets(grain)


def test_a_zone_at_half_hours_is_answered_by_days_where_days_are_kept_in_it() -> None:
    october = days("2026-10-01", "2026-11-01", KOLKATA, KOLKATA)
    assert len(october.buckets("day")) == 31
    assert {span.grain for span in october.cover(*ALL)} == {"day", "week"}
    assert october.previous() == days("2026-08-31", "2026-10-01", KOLKATA, KOLKATA)
    with pytest.raises(PeriodError, match="Asia/Kolkata"):
        october.buckets("hour")
    with pytest.raises(PeriodError, match="Asia/Kolkata"):  # from an hour of UTC to a midnight there
        days("2026-10-01T00:00:00Z", "2026-10-31T18:30:00Z", KOLKATA, KOLKATA).cover(*ALL)


def test_what_is_kept_by_the_day_is_answered_for_whole_days_of_its_zone_alone() -> None:
    (weeks,) = days("2026-10-19", "2026-11-02", BERLIN, BERLIN).cover("week", "day")
    assert (weeks.grain, weeks.end - weeks.start) == ("week", 14 * DAY + HOUR)
    (alone,) = days("2026-10-19", "2026-11-02", BERLIN, BERLIN).cover("day")
    assert (alone.grain, alone.start, alone.end) == ("day", weeks.start, weeks.end)
    for zone, start, field in ((NEW_YORK, "2026-10-19", "timezone"), (BERLIN, "2026-10-19T06:00:00Z", "from")):
        with pytest.raises(PeriodError, match="days of Europe/Berlin") as raised:
            days(start, "2026-11-02", zone, BERLIN).cover("week", "day")
        assert raised.value.field == field


def test_the_period_before_has_as_many_days_whatever_their_hours() -> None:
    october = days("2026-10-19", "2026-10-26", BERLIN)
    assert october.previous() == days("2026-10-12", "2026-10-19", BERLIN)
    assert october.end - october.start == october.previous().end - october.previous().start + HOUR
    morning = days("2026-10-26T06:00:00Z", "2026-10-26T10:00:00Z", BERLIN)
    assert morning.previous() == days("2026-10-26T02:00:00Z", "2026-10-26T06:00:00Z", BERLIN)
    april = days("2023-04-28", "2023-05-05", CAIRO)
    assert april.previous() == days("2023-04-21", "2023-04-28", CAIRO)


@given(periods())
@example(Period(datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), BERLIN, UTC_ZONE))
def test_the_period_before_ends_where_this_one_begins(period: Period) -> None:
    before = answered(period, period.previous)
    if before is None:
        return
    assert before.start < before.end == period.start
    assert abs((before.end - before.start) - (period.end - period.start)) <= DAY
    assert not before.start.minute


@given(periods(), grains)
@example(Period(datetime(2011, 12, 29, 10, tzinfo=UTC), datetime(2012, 1, 3, 10, tzinfo=UTC), APIA, UTC_ZONE), "day")
def test_buckets_fill_the_period_side_by_side(period: Period, grain: Grain) -> None:
    buckets = answered(period, lambda: period.buckets(grain))
    if buckets is None:
        return
    assert (buckets[0].start, buckets[-1].end) == (period.start, period.end)
    assert all(before.end == after.start for before, after in pairwise(buckets))
    assert all(bucket.start < bucket.end for bucket in buckets)


@given(periods(), grains)
def test_a_bucket_is_one_hour_day_or_week_of_its_clocks(period: Period, grain: Grain) -> None:
    """By another way than the code: the hour, day and week that each hour of a bucket has on its clocks."""

    def name(moment: datetime) -> object:
        local = moment.astimezone(period.zone)
        return {"hour": moment, "day": local.date(), "week": local.isocalendar()[:2]}[grain]

    buckets = answered(period, lambda: period.buckets(grain))
    if buckets is None:
        return
    names = [
        {name(bucket.start + hour * HOUR) for hour in range(int((bucket.end - bucket.start) / HOUR))}
        for bucket in buckets
    ]
    assert all(len(found) == 1 for found in names)
    assert len({*map(tuple, names)}) == len(buckets)


def test_a_series_has_no_more_entries_than_an_answer_may_have() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert len(Period(start, start + MOST_BUCKETS * HOUR, BERLIN, UTC_ZONE).buckets("hour")) == MOST_BUCKETS
    with pytest.raises(PeriodError) as raised:
        Period(start, start + (MOST_BUCKETS + 1) * HOUR, BERLIN, UTC_ZONE).buckets("hour")
    assert raised.value.field == "bucket"
    with pytest.raises(PeriodError):  # a part of a day at each end
        Period(start + HOUR, start + HOUR + MOST_BUCKETS * DAY, UTC_ZONE, UTC_ZONE).buckets("day")


@given(periods(most=30 * 366 * 24))
def test_a_cover_has_each_moment_once_in_at_most_five_spans(period: Period) -> None:
    spans = period.cover(*ALL)
    assert len(spans) <= 5
    assert (spans[0].start, spans[-1].end) == (period.start, period.end)
    assert all(before.end == after.start for before, after in pairwise(spans))
    for span in spans:
        assert span.start < span.end
        for edge in (span.start, span.end):
            local = edge.astimezone(period.kept)
            before = (edge - HOUR).astimezone(period.kept)
            assert span.grain == "hour" or local.date() != before.date()
            assert span.grain != "week" or local.weekday() == 0
    # And no more of the fine ones than the ends need.
    long = {grain: sum(((s.end - s.start) / HOUR for s in spans if s.grain == grain), 0.0) for grain in LENGTHS}
    assert long["hour"] <= 2 * 24
    assert long["day"] <= 2 * 6 * 24 + 1
