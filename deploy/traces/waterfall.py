"""One trace as a person reads it: a bar a span, and where the time between request and frame went.

Invariants: spans stand in the order of their beginning, the first at 0 ms; the parts of the budget follow each other
without a gap or an overlap, so they add up to the whole. Pure: spans in, lines out.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from deploy.traces.spans import KeptSpan

BAR_COLUMNS = 40
MILLISECOND = 1_000_000
REQUEST_ID, KEY, OUTCOME = "larder.request_id", "larder.key", "larder.outcome"
DURABLE = "larder.durable"
RECEIVERS, WAITING, WRITTEN = "larder.receivers", "larder.waiting", "larder.written"
STATUS, SUBJECT = "http.response.status_code", "messaging.destination.name"


class Part(NamedTuple):
    """A stretch of an event's way, in nanoseconds."""

    service: str
    what: str
    took: int


def draw(spans: Sequence[KeptSpan]) -> list[str]:
    """The trace of these spans; there is at least one."""
    spans = sorted(spans, key=lambda span: (span.start, -span.end))
    begin, end = spans[0].start, max(span.end for span in spans)
    lines = [_head(spans), ""]
    services = max(len(span.service) for span in spans)
    names = max(len(span.name) for span in spans)
    title = f"{'at':>9}  {'took':>9}     {'':<{services}}  {'':<{names}}  0 {_ms(end - begin):>{BAR_COLUMNS - 2}} ms"
    lines.append(title.rstrip())
    for span in spans:
        bar = _bar(span.start - begin, span.end - begin, end - begin)
        lines.append(
            f"{_ms(span.start - begin):>9}  {_ms(span.end - span.start):>9} ms  "
            f"{span.service:<{services}}  {span.name:<{names}}  {bar:<{BAR_COLUMNS}}  {_detail(span)}".rstrip()
        )
    parts = budget(spans)
    if parts:
        total = sum(part.took for part in parts)
        lines += ["", f"{_ms(total):>9} ms  from the request's arrival to its last frame written, of which"]
        lines += [f"{_ms(part.took):>9} ms  {part.service:<{services}}  {part.what}" for part in parts]
    return lines


def budget(spans: Iterable[KeptSpan]) -> list[Part]:
    """Where the time went, of the event whose last frame was written last; empty when none was. What happens side by
    side counts where the event was waited for: a gateway may have an event before the relay hears that it is stored."""
    spans = sorted(spans, key=lambda span: span.end)
    request = _request(spans)
    last = next((span for span in reversed(spans) if span.name in ("write", "wait")), None)
    if last is None or request is None:
        return []
    one = {span.name: span for span in spans if _on_the_way_to(last, span)}
    if not {"transaction", "outbox", "publish", "fan-out", "write"} <= one.keys():
        return []
    marks = [
        (request.service, "until the transaction", one["transaction"].start),
        (request.service, "transaction, until its commit", one["transaction"].end),
        ("relay", "in the outbox, until it was read", one["outbox"].end),
        ("relay", "until the stream had it", min(one["publish"].end, one["fan-out"].start)),
        ("gateway", "until it had it from the stream", one["fan-out"].start),
        ("gateway", "until the first frame was made", one["fan-out"].end),
        ("gateway", "until every socket that reads had it", one["write"].end),
    ]
    if "wait" in one:
        marks.append(("gateway", "until the sockets that did not read had it", one["wait"].end))
    parts, at = [], request.start
    for service, what, mark in marks:
        until = max(at, mark)
        parts.append(Part(service, what, until - at))
        at = until
    return parts


def _on_the_way_to(last: KeptSpan, span: KeptSpan) -> bool:
    """Whether the span tells of the same event, and in the same gateway."""
    if span.service == last.service and span.instance != last.instance:
        return False
    return span.attributes.get(KEY, last.attributes.get(KEY)) == last.attributes.get(KEY)


def _request(spans: Iterable[KeptSpan]) -> KeptSpan | None:
    """The request that everything comes of."""
    return min((span for span in spans if REQUEST_ID in span.attributes), key=lambda span: span.start, default=None)


def _head(spans: Sequence[KeptSpan]) -> str:
    first = _request(spans) or spans[0]
    at = datetime.fromtimestamp(first.start / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    request = first.attributes.get(REQUEST_ID)
    asked = f"request {request}, " if request is not None else ""
    return f"{first.name}: {asked}trace {first.trace_id}, {at} UTC"


def _detail(span: KeptSpan) -> str:
    """What the attributes tell in a word or two; `just trace` is for reading, the collector has the rest."""
    told = span.attributes
    words = [str(told[name]) for name in (STATUS, OUTCOME) if name in told]
    if DURABLE in told:
        words.append(str(told[DURABLE]))
    if SUBJECT in told:
        words.append(str(told[SUBJECT]).rpartition(".")[2])
    if RECEIVERS in told:
        words.append(f"{told[RECEIVERS]} receiver{'s' * (told[RECEIVERS] != 1)}")
    if told.get(WAITING):
        words.append(
            f"{told[WRITTEN]} of {told[WAITING]} written" if WRITTEN in told else f"{told[WAITING]} not reading"
        )
    return " ".join([*words, *(["failed"] if span.failed else [])])


def _bar(start: int, end: int, whole: int) -> str:
    """At least one column: what took no time happened all the same."""
    if not whole:
        return "█"
    left = min(start * BAR_COLUMNS // whole, BAR_COLUMNS - 1)
    right = max(left + 1, -(-end * BAR_COLUMNS // whole))
    return " " * left + "█" * (right - left)


def _ms(nanoseconds: int) -> str:
    return f"{nanoseconds / MILLISECOND:,.2f}"
