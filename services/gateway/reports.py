"""What browsers report of themselves: pages that failed, how soon one was there, how soon an event came.

Owns their metrics, and the line of log of each page that failed. Invariants: labels are from small sets that stand
here, whatever is sent; what a browser says is only counted and logged, and nothing is decided by it. Addresses lose
their query strings, which no line of log shows.
"""

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from shared.identity import Identity

LONGEST_MS = 600_000.0
MOST_ERRORS, MOST_VITALS, MOST_LATENCIES = 5, 10, 20

Vital: TypeAlias = Literal["LCP", "INP", "CLS", "FCP", "TTFB"]
"""https://web.dev/articles/vitals. CLS has no unit, the others are milliseconds."""

PAGE_ERRORS = Counter("larder_page_errors_total", "Errors of pages that browsers reported", ["role"])
VITAL_SECONDS = Histogram(
    "larder_page_vital_seconds",
    "How soon pages were there and answered, as the sampled ones reported",
    ["vital", "role"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 1.8, 2.5, 4, 8),
)
LAYOUT_SHIFT = Histogram(
    "larder_page_layout_shift",
    "How much of what was shown jumped, as the sampled pages reported",
    ["role"],
    buckets=(0.01, 0.05, 0.1, 0.25, 1),
)
EVENT_SECONDS = Histogram(
    "larder_page_event_seconds",
    "From sending a request to the frame of its event, in the browser, as the sampled pages reported",
    ["role"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)

_QUERY = re.compile(r"\?[^\s):]*")
_log = structlog.get_logger("pages")

Milliseconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_MS)]


class PageError(msgspec.Struct, frozen=True):
    """`stack` is as the browser writes it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    message: Annotated[str, msgspec.Meta(max_length=500)]
    stack: Annotated[str, msgspec.Meta(max_length=4000)] = ""


class PageVital(msgspec.Struct, frozen=True):
    """A web vital."""

    name: Vital
    value: Milliseconds


class PageReport(msgspec.Struct, frozen=True):
    """What one page has to say. `page` is its address's pattern, such as `/orders/:id`, `build` the client's.
    `latencies_ms`: from sending requests to the frames of what they did."""

    page: Annotated[str, msgspec.Meta(pattern="^/", max_length=200)]
    build: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,40}$")]
    errors: Annotated[list[PageError], msgspec.Meta(max_length=MOST_ERRORS)] = []
    vitals: Annotated[list[PageVital], msgspec.Meta(max_length=MOST_VITALS)] = []
    latencies_ms: Annotated[list[Milliseconds], msgspec.Meta(max_length=MOST_LATENCIES)] = []


def take(report: PageReport, who: Identity | None) -> None:
    """Counts what is in it, and logs the errors."""
    role = "nobody" if who is None else who.role
    for error in report.errors:
        PAGE_ERRORS.labels(role).inc()
        told = {"name": error.name, "message": error.message, "stack": error.stack, "page": report.page}
        shown = {field: _QUERY.sub("", text) for field, text in told.items()}
        _log.warning("a page failed", build=report.build, role=role, **shown)
    for vital in report.vitals:
        if vital.name == "CLS":
            LAYOUT_SHIFT.labels(role).observe(vital.value)
        else:
            VITAL_SECONDS.labels(vital.name, role).observe(vital.value / 1000)
    for latency in report.latencies_ms:
        EVENT_SECONDS.labels(role).observe(latency / 1000)
