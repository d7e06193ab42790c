"""The cache as an admin sees it, added up from what each process reports. Pure.

A ratio counts every read that could have been a hit: also those that came while the cache could not be used, which is
when a database notices. Reads that asked for the source are no part of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from proto.cache import AGE_BOUNDS, KINDS, Ages, Counts, KindName, Report

PROMISED_RATIO = 0.8


class StaleAges(msgspec.Struct, frozen=True, kw_only=True):
    """How long after its change the old copy was still served, in seconds: of `changes` changes of what had been
    served, the upper bound that so many of them kept to, and the longest of all. null without one."""

    changes: int
    p50_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None


class KindReport(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of copies, over all processes since they started. `hit_ratio` is null before the first read."""

    kind: KindName
    processes: int
    in_step: int
    reads: int
    hits: int
    misses: int
    away: int
    asked: int
    refreshed_early: int
    refused: int
    hit_ratio: float | None
    promised_ratio: float
    stale: StaleAges


class ProcessReport(msgspec.Struct, frozen=True, kw_only=True):
    service: str
    instance: str
    kind: KindName
    since: datetime
    in_step: bool
    reads: int
    hit_ratio: float | None


class ValkeyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The Valkey that caches, as it tells of itself. `limit_bytes` of 0 is none."""

    version: str
    uptime_seconds: int
    used_bytes: int
    limit_bytes: int
    policy: str
    keys: int
    evicted_keys: int
    expired_keys: int
    clients: int


class CacheReport(msgspec.Struct, frozen=True, kw_only=True):
    """`valkey` is null while it does not answer."""

    as_of: datetime
    kinds: list[KindReport]
    processes: list[ProcessReport]
    valkey: ValkeyReport | None


def report_of(reports: Sequence[Report], told: dict[str, Any] | None, as_of: datetime) -> CacheReport:
    """`told` is what Valkey said, None for nothing."""
    in_order = sorted(reports, key=lambda report: (report.service, report.instance))
    return CacheReport(
        as_of=as_of,
        kinds=[_kind(kind, [report for report in reports if report.kind == kind]) for kind in KINDS],
        processes=[
            ProcessReport(
                service=report.service,
                instance=report.instance,
                kind=report.kind,
                since=report.since,
                in_step=report.in_step,
                reads=_reads(report.counts),
                hit_ratio=_ratio(report.counts),
            )
            for report in in_order
        ],
        valkey=None if told is None else _valkey(told),
    )


def _kind(kind: KindName, reports: Sequence[Report]) -> KindReport:
    fields = Counts.__struct_fields__
    counts = Counts(**{name: sum(getattr(report.counts, name) for report in reports) for name in fields})
    return KindReport(
        kind=kind,
        processes=len(reports),
        in_step=sum(report.in_step for report in reports),
        reads=_reads(counts),
        hits=counts.hit,
        misses=counts.miss,
        away=counts.away,
        asked=counts.asked,
        refreshed_early=counts.early,
        refused=counts.refused,
        hit_ratio=_ratio(counts),
        promised_ratio=PROMISED_RATIO,
        stale=_stale([report.ages for report in reports]),
    )


def _reads(counts: Counts) -> int:
    return counts.hit + counts.miss + counts.away


def _ratio(counts: Counts) -> float | None:
    reads = _reads(counts)
    return round(counts.hit / reads, 4) if reads else None


def _stale(ages: Sequence[Ages]) -> StaleAges:
    counts = [sum(each) for each in zip(*(one.counts for one in ages), strict=True)]
    changes, longest = sum(counts), max((one.longest_seconds for one in ages), default=0.0)
    return StaleAges(
        changes=changes,
        p50_seconds=_bound(counts, 0.5, longest) if changes else None,
        p99_seconds=_bound(counts, 0.99, longest) if changes else None,
        longest_seconds=longest if changes else None,
    )


def _bound(counts: Sequence[int], share: float, longest: float) -> float:
    """The upper bound that so great a share kept to, and never more than the longest."""
    below = 0
    for bound, count in zip(AGE_BOUNDS, counts, strict=False):
        below += count
        if below >= share * sum(counts):
            return min(bound, longest)
    return longest


def _valkey(told: dict[str, Any]) -> ValkeyReport:
    return ValkeyReport(
        version=str(told.get("valkey_version") or told.get("redis_version")),
        uptime_seconds=told["uptime_in_seconds"],
        used_bytes=told["used_memory"],
        limit_bytes=told["maxmemory"],
        policy=told["maxmemory_policy"],
        keys=told.get("db0", {}).get("keys", 0),
        evicted_keys=told["evicted_keys"],
        expired_keys=told["expired_keys"],
        clients=told["connected_clients"],
    )
