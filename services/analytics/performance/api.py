"""The routes of the database's performance, for admins: how it does now, how it did, and what its queries cost.

docs/database-performance.md says which to look at first. They look, or read what a snapshot saw, and encode. Refuses,
by the parameter's name: a moment without its offset from UTC, a span that is backwards, longer than its route takes, or
older than what is kept.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from services.analytics.api import AnalyticsRequest, api_of
from services.analytics.performance import snapshots_store
from services.analytics.performance.costs import (
    QueryReport,
    SlowQueryReport,
    Sums,
    query_reports,
    read_whole,
    slow_queries,
)
from services.analytics.performance.look import Sources, look, look_at_objects
from services.analytics.performance.pooler import Pooler
from services.analytics.performance.report import (
    FollowerReport,
    IndexReport,
    Missing,
    Now,
    Objects,
    OutboxReport,
    PoolReport,
    Silent,
    TableReport,
    UnusedIndex,
    WholeRead,
    unused_indexes,
    whole_reads,
)
from services.analytics.performance.snapshots import known_processes
from services.analytics.performance.snapshots_store import KEPT_DAYS, HistoryPoint, KeptPlan, Kind
from services.analytics.performance.streams import StreamReport
from services.analytics.projection.buckets import FIRST_YEAR, LAST_YEAR
from shared.database import SNAPSHOT, Connection, connection, transaction
from shared.http.answers import JSONAnswer
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.problems import invalid_field, not_found

ROOT = "/api/performance"

USUAL, LONGEST = timedelta(hours=1), timedelta(hours=24)
DAY = timedelta(days=1)
MOST_POINTS = 1_000
USAGE_DAYS = 30

At = Annotated[
    str | None,
    QueryParameter(description="By the last snapshot until this moment: ISO 8601 with an offset. Now without"),
]
From = Annotated[
    str | None, QueryParameter(name="from", description="ISO 8601 with an offset; an hour before `to` without")
]
To = Annotated[str | None, QueryParameter(name="to", description="ISO 8601 with an offset; now without")]
Days = Annotated[int, QueryParameter(ge=1, le=90, description="Use within so many days")]


class Pools(msgspec.Struct, frozen=True, kw_only=True):
    """Of a Now the connections: every process's own pool, and those of the pooler. `silent` may have pools, too."""

    as_of: datetime
    missing: list[Missing]
    silent: list[Silent]
    pools: list[PoolReport]
    pooler: Pooler | None


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """Of a Now the way of events: what waits in outboxes, what stands in streams, how far everybody has read."""

    as_of: datetime
    missing: list[Missing]
    silent: list[Silent]
    outboxes: list[OutboxReport]
    streams: list[StreamReport]
    followers: list[FollowerReport]


class Queries(msgspec.Struct, frozen=True, kw_only=True):
    """What queries cost between `from` and `to`, beside the span before and the same a day earlier; the most costly
    first. `as_of`: the last snapshot, which is what is counted up to; null before the first."""

    as_of: datetime | None
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    missing: list[Missing]
    items: list[QueryReport]


class SlowQueries(msgspec.Struct, frozen=True, kw_only=True):
    """What took over 100 ms between `from` and `to`, the longest first."""

    as_of: datetime | None
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    missing: list[Missing]
    items: list[SlowQueryReport]


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    as_of: datetime
    missing: list[Missing]
    items: list[TableReport]


class Indexes(msgspec.Struct, frozen=True, kw_only=True):
    """`unused` and `whole_reads` judge by use from `since` on, the first day that is known of those asked for; null
    before the first snapshot, and then nothing is judged."""

    as_of: datetime
    missing: list[Missing]
    since: date | None
    unused: list[UnusedIndex]
    whole_reads: list[WholeRead]
    items: list[IndexReport]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """At most a point in `step_seconds`."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    step_seconds: float
    items: list[HistoryPoint]


class Told(msgspec.Struct, frozen=True):
    """What a snapshot could not see."""

    missing: list[Missing]


_encoder = msgspec.json.Encoder()
_objects = msgspec.json.Decoder(Objects)
_pools = msgspec.json.Decoder(Pools)
_streams = msgspec.json.Decoder(Streams)
_told = msgspec.json.Decoder(Told)


@dataclass(frozen=True)
class TimeRange:
    """From `start` until `end`, both UTC."""

    start: datetime
    end: datetime

    def earlier(self, by: timedelta) -> "TimeRange":
        return TimeRange(self.start - by, self.end - by)


@get(
    f"{ROOT}/database",
    before_request=only("admin"),
    responses={200: ResponseSpec(Now), **documented(400, 401, 403, 404, 429, 503)},
    summary="How the database and the processes do",
)
async def get_database(request: AnalyticsRequest, at: At = None) -> JSONAnswer:
    """Connections, locks, replicas, slots, pools, streams, outboxes; `missing` and `silent` name what is not told."""
    return JSONAnswer(await _seen(request, at))


@get(
    f"{ROOT}/pools",
    before_request=only("admin"),
    responses={200: ResponseSpec(Pools), **documented(400, 401, 403, 404, 429, 503)},
    summary="Who has connections, and who waits for one",
)
async def get_pools(request: AnalyticsRequest, at: At = None) -> JSONAnswer:
    """Of each process's own pool and of the pooler, with how long was waited since the last snapshot."""
    return JSONAnswer(_encoder.encode(_pools.decode(await _seen(request, at))))


@get(
    f"{ROOT}/streams",
    before_request=only("admin"),
    responses={200: ResponseSpec(Streams), **documented(400, 401, 403, 404, 429, 503)},
    summary="How far events have come",
)
async def get_streams(request: AnalyticsRequest, at: At = None) -> JSONAnswer:
    """What waits in the outboxes, and how far behind every consumer is."""
    return JSONAnswer(_encoder.encode(_streams.decode(await _seen(request, at))))


@get(
    f"{ROOT}/queries",
    before_request=only("admin"),
    responses={200: ResponseSpec(Queries), **documented(400, 401, 403, 429, 503)},
    summary="What each query costs, and against before",
)
async def list_queries(request: AnalyticsRequest, start: From = None, end: To = None) -> JSONAnswer:
    """By name, with its file and line. At most 24 hours at once."""
    asked = _asked(start, end, _sources(request).now(), LONGEST)
    async with transaction(_sources(request).pool, SNAPSHOT) as reading:
        as_of, missing = await _last_snapshot(reading)
        items = await _reports(reading, asked)
    told = Queries(as_of=as_of, start=asked.start, end=asked.end, missing=missing, items=items)
    return JSONAnswer(_encoder.encode(told))


@get(
    f"{ROOT}/slow-queries",
    before_request=only("admin"),
    responses={200: ResponseSpec(SlowQueries), **documented(400, 401, 403, 429, 503)},
    summary="What took over 100 ms, with its plan",
)
async def list_slow_queries(request: AnalyticsRequest, start: From = None, end: To = None) -> JSONAnswer:
    """By name, with its file and line, its figures and every plan that was seen. At most 24 hours at once."""
    asked = _asked(start, end, _sources(request).now(), LONGEST)
    async with transaction(_sources(request).pool, SNAPSHOT) as reading:
        as_of, missing = await _last_snapshot(reading)
        reports = await _reports(reading, asked)
        noted = await snapshots_store.list_slow_queries(reading, asked.start, asked.end)
        places = await snapshots_store.list_places(reading)
        bare = slow_queries(reports, noted, {}, places)
        plans = await snapshots_store.list_plans(reading, [slow.name for slow in bare if slow.name is not None])
    items = slow_queries(reports, noted, _by_query(plans), places)
    told = SlowQueries(as_of=as_of, start=asked.start, end=asked.end, missing=missing, items=items)
    return JSONAnswer(_encoder.encode(told))


@get(
    f"{ROOT}/tables",
    before_request=only("admin"),
    responses={200: ResponseSpec(Tables), **documented(400, 401, 403, 404, 429, 503)},
    summary="Tables: size, bloat, dead rows, vacuum",
)
async def list_tables(request: AnalyticsRequest, at: At = None) -> JSONAnswer:
    """The largest first. Bloat is an estimate."""
    objects = await _objects_at(request, at)
    return JSONAnswer(_encoder.encode(Tables(as_of=objects.as_of, missing=objects.missing, items=objects.tables)))


@get(
    f"{ROOT}/indexes",
    before_request=only("admin"),
    responses={200: ResponseSpec(Indexes), **documented(400, 401, 403, 404, 429, 503)},
    summary="Indexes: size, use, and those that could go or are missing",
)
async def list_indexes(request: AnalyticsRequest, at: At = None, days: Days = USAGE_DAYS) -> JSONAnswer:
    """Use is that of the primary; an index that only a replica reads by looks unused here."""
    objects = await _objects_at(request, at)
    async with transaction(_sources(request).pool, SNAPSHOT) as reading:
        first = await snapshots_store.get_first_day(reading)
        since = None if first is None else max(first, (objects.as_of - timedelta(days=days)).date())
        day = since or objects.as_of.date()
        used = await snapshots_store.sum_usage(reading, "index", day)
        read = await snapshots_store.sum_usage(reading, "table", day)
        plans = await snapshots_store.list_recent_plans(reading, datetime.combine(day, time(), UTC))
    told = Indexes(
        as_of=objects.as_of,
        missing=objects.missing,
        since=since,
        unused=[] if since is None else unused_indexes(objects.indexes, used),
        whole_reads=[] if since is None else whole_reads(objects.tables, read, _readers(plans)),
        items=objects.indexes,
    )
    return JSONAnswer(_encoder.encode(told))


@get(
    f"{ROOT}/history",
    before_request=only("admin"),
    responses={200: ResponseSpec(History), **documented(400, 401, 403, 429, 503)},
    summary="Some figures over time",
)
async def get_history(request: AnalyticsRequest, start: From = None, end: To = None) -> JSONAnswer:
    """Of the snapshots, at most 1,000 points."""
    asked = _asked(start, end, _sources(request).now(), timedelta(days=KEPT_DAYS))
    # Both ends are points.
    step = max(1.0, (asked.end - asked.start).total_seconds() / (MOST_POINTS - 1))
    async with connection(_sources(request).pool) as reading:
        points = await snapshots_store.list_history(reading, asked.start, asked.end, step)
    return JSONAnswer(_encoder.encode(History(start=asked.start, end=asked.end, step_seconds=step, items=points)))


ROUTES = (
    get_database,
    get_pools,
    get_streams,
    list_queries,
    list_slow_queries,
    list_tables,
    list_indexes,
    get_history,
)


def _sources(request: AnalyticsRequest) -> Sources:
    return api_of(request).sources


async def _seen(request: AnalyticsRequest, at: str | None) -> bytes:
    """A Now as JSON: now, or as a snapshot saw it."""
    sources = _sources(request)
    if at is not None:
        return await _document(sources, "now", _moment("at", at))
    async with connection(sources.pool) as reading:
        kept = await snapshots_store.get_counters(reading)
    seen = await look(sources, kept, await known_processes(sources.pool, sources.now()))
    return _encoder.encode(seen.now)


async def _objects_at(request: AnalyticsRequest, at: str | None) -> Objects:
    sources = _sources(request)
    if at is not None:
        return _objects.decode(await _document(sources, "objects", _moment("at", at)))
    objects, _ = await look_at_objects(sources.pool, sources.now())
    return objects


async def _document(sources: Sources, kind: Kind, at: datetime) -> bytes:
    async with connection(sources.pool) as reading:
        document = await snapshots_store.get_snapshot(reading, kind, at)
    if document is None:
        raise not_found("snapshot")
    return document


async def _last_snapshot(reading: Connection) -> tuple[datetime | None, list[Missing]]:
    """When it was, and what it could not see."""
    kept = await snapshots_store.get_counters(reading)
    if kept.at is None:
        return None, []
    document = await snapshots_store.get_snapshot(reading, "now", kept.at)
    return kept.at, [] if document is None else _told.decode(document).missing


async def _reports(reading: Connection, asked: TimeRange) -> list[QueryReport]:
    now, before, day_before = [
        Sums(
            await snapshots_store.sum_statements(reading, span.start, span.end),
            await snapshots_store.sum_queries(reading, span.start, span.end),
        )
        for span in (asked, asked.earlier(asked.end - asked.start), asked.earlier(DAY))
    ]
    return query_reports(now, before, day_before, await snapshots_store.list_places(reading))


def _by_query(plans: list[KeptPlan]) -> dict[str, list[KeptPlan]]:
    by_query: dict[str, list[KeptPlan]] = {}
    for plan in plans:
        by_query.setdefault(plan.query, []).append(plan)
    return by_query


def _readers(plans: list[KeptPlan]) -> dict[str, set[str]]:
    """By the table that they read whole: slow queries. A query's context is the schema of its tables."""
    readers: dict[str, set[str]] = {}
    for plan in plans:
        context = plan.query.partition(".")[0]
        for table in read_whole(plan.plan):
            readers.setdefault(f"{context}.{table}", set()).add(plan.query)
    return readers


def _asked(start: str | None, end: str | None, now: datetime, longest: timedelta) -> TimeRange:
    """Raises a 400 Problem that names `from` or `to`."""
    until = now if end is None else _moment("to", end)
    since = until - USUAL if start is None else _moment("from", start)
    if since >= until:
        raise invalid_field("from", "must lie before `to`")
    if until - since > longest:
        raise invalid_field("from", f"lies more than {longest.total_seconds() / 3600:.0f} hours before `to`")
    if since < now - timedelta(days=KEPT_DAYS):
        raise invalid_field("from", f"is longer ago than the {KEPT_DAYS} days that are kept")
    return TimeRange(since, until)


def _moment(field: str, text: str) -> datetime:
    """Raises a 400 Problem that names the field."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_field(field, "is no moment: ISO 8601, such as 2026-11-27T03:00:00Z") from error
    if moment.tzinfo is None:
        raise invalid_field(field, "has no offset from UTC: 2026-11-27T03:00:00Z, or +01:00 at its end")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise invalid_field(field, f"must be from {FIRST_YEAR} to {LAST_YEAR}")
    return moment.astimezone(UTC)
