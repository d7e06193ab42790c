"""Histograms of a service, read from its /metrics: what came between two looks, and its quantiles."""

from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


class Histogram(NamedTuple):
    """`buckets`: (upper bound, how many were at most that), the last one's bound infinite."""

    buckets: Sequence[tuple[float, float]]

    @property
    def total(self) -> float:
        return self.buckets[-1][1]

    def since(self, earlier: "Histogram | None") -> "Histogram":
        """What was observed after `earlier`, which has the same bounds."""
        if earlier is None:
            return self
        pairs = zip(self.buckets, earlier.buckets, strict=True)
        return Histogram([(bound, now - before) for (bound, now), (_, before) in pairs])

    def quantile(self, share: float) -> float:
        """As Prometheus has it: even within a bucket; the last finite bound for what lies above it. NaN of nothing."""
        if self.total <= 0:
            return float("nan")
        rank, below, under = share * self.total, 0.0, 0.0
        for bound, count in self.buckets:
            if count >= rank:
                if bound == float("inf"):
                    break
                return below + (bound - below) * (rank - under) / (count - under) if count > under else bound
            below, under = bound, count
        return below


async def scrape(session: aiohttp.ClientSession, address: str) -> str:
    async with session.get(f"{address}/metrics", raise_for_status=True) as answer:
        return await answer.text()


def histogram(text: str, name: str, **labels: str) -> Histogram | None:
    """The one with exactly these labels. None when there is none."""
    buckets = []
    for family in text_string_to_metric_families(text):
        if family.name == name:
            for sample in family.samples:
                others = {label: value for label, value in sample.labels.items() if label != "le"}
                if sample.name == f"{name}_bucket" and others == labels:
                    buckets.append((float(sample.labels["le"]), sample.value))
    return Histogram(sorted(buckets)) if buckets else None
