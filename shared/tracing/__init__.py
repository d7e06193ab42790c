"""Spans of the way of an event, under the one trace that travels in `traceparent`.

Owns who is sampled and what a span is. Invariants: without an exporter there is no Tracer, and nothing is asked; what
is not sampled makes no span and costs a look at a flag, unless it failed or was slow: then its first span is made
afterwards, alone. Making a span never waits and never fails: it is handed to a
thread (`shared.tracing.export`), which drops and counts what is too much. Times are Unix nanoseconds by this host's
clock; a span that would end before it began has no length. Refuses a traceparent that W3C Trace Context calls invalid.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from random import getrandbits, random
from time import time_ns
from typing import Annotated, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Attributes: TypeAlias = Mapping[str, str | int | float | bool]

Endpoint = Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")]
"""The base address of an OTLP/HTTP collector, such as http://127.0.0.1:4318; "" is none: no traces."""

Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_NOTHING: Attributes = {}


class Context(msgspec.Struct, frozen=True):
    """A place in a sampled trace: what comes of it hangs under `span_id`."""

    trace_id: int
    span_id: int

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-01"


class Span(msgspec.Struct, frozen=True):
    """A finished span. `parent_id` is None for a trace's first; `failed` is OpenTelemetry's status ERROR."""

    name: str
    kind: Kind
    context: Context
    parent_id: int | None
    start: int
    end: int
    attributes: Attributes
    failed: bool


def valid(traceparent: str) -> str | None:
    """The header as it goes on into events; None for one that is to be ignored."""
    return traceparent if _TRACEPARENT.fullmatch(traceparent) else None


def trace_id_of(traceparent: str | None) -> str | None:
    """As logs tell it, sampled or not."""
    return None if traceparent is None else traceparent[3:35]


def context_of(traceparent: str | None) -> Context | None:
    """The place that a sampled traceparent names; None for one that is not sampled, or none."""
    if traceparent is None or traceparent[-1:] not in "13579bdf":
        return None
    match = _TRACEPARENT.fullmatch(traceparent)
    return Context(int(match[1], 16), int(match[2], 16)) if match is not None else None


class Tracer:
    """Makes spans. `ratio` of the requests that nobody has decided about are sampled; `take` exports."""

    def __init__(self, ratio: float, take: Callable[[Span], None]) -> None:
        self._ratio = ratio
        self._take = take

    def begin(self, traceparent: str | None) -> "OpenSpan | None":
        """A span from now on, when it is sampled: as who asks has decided, else by lot."""
        if traceparent is None:
            if random() >= self._ratio:  # noqa: S311  no secret
                return None
            return OpenSpan(self, getrandbits(128) or 1, None)
        asker = context_of(traceparent)
        return None if asker is None else OpenSpan(self, asker.trace_id, asker.span_id)

    def afterwards(
        self, traceparent: str | None, name: str, start: int, *, kind: Kind, attributes: Attributes, failed: bool
    ) -> None:
        """A span from `start` until now of what was not sampled and should have been: under who asks, when they named
        a trace, else a trace of its own."""
        match = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent)
        trace_id, parent_id = (getrandbits(128) or 1, None) if match is None else (int(match[1], 16), int(match[2], 16))
        context = Context(trace_id, new_span_id())
        self._take(Span(name, kind, context, parent_id, start, max(start, time_ns()), attributes, failed))

    def add(
        self,
        under: Context,
        name: str,
        start: int,
        end: int,
        *,
        kind: Kind = "internal",
        attributes: Attributes = _NOTHING,
    ) -> None:
        """A span that is over, from its timestamps."""
        context = Context(under.trace_id, new_span_id())
        self._take(Span(name, kind, context, under.span_id, start, max(start, end), attributes, failed=False))

    def end(self, span: "OpenSpan", name: str, kind: Kind, attributes: Attributes, *, failed: bool) -> None:
        end = max(span.start, time_ns())
        self._take(Span(name, kind, span.context, span.parent_id, span.start, end, attributes, failed))


class OpenSpan:
    """A sampled span that others hang under while it lasts. It is told of only once it has ended."""

    __slots__ = ("_tracer", "context", "parent_id", "start")

    def __init__(self, tracer: Tracer, trace_id: int, parent_id: int | None) -> None:
        self._tracer = tracer
        self.context = Context(trace_id, new_span_id())
        self.parent_id = parent_id
        self.start = time_ns()

    def child(self, name: str, start: int, *, kind: Kind = "internal", attributes: Attributes = _NOTHING) -> None:
        """A span under this one, from `start` until now."""
        self._tracer.add(self.context, name, start, time_ns(), kind=kind, attributes=attributes)

    def end(self, name: str, *, kind: Kind = "internal", attributes: Attributes = _NOTHING, failed: bool) -> None:
        """Once. The name may be known only now."""
        self._tracer.end(self, name, kind, attributes, failed=failed)


CURRENT: ContextVar[OpenSpan | None] = ContextVar("span", default=None)
"""The sampled span of the request that is being answered: what has no other way to it looks here."""


def new_span_id() -> int:
    return getrandbits(64) or 1


@asynccontextmanager
async def open_tracer(endpoint: str, service: str, instance: str, ratio: float = 0.0) -> AsyncIterator[Tracer | None]:
    """A tracer that exports to the collector at `endpoint`, or None when that is "". At the end what is left is sent,
    in seconds at most. `instance` tells replicas apart."""
    if not endpoint:
        yield None
        return
    # Only where traces are wanted: OpenTelemetry costs a process 10 MiB and 0.4 s of its start.
    from shared.tracing.export import Exporter

    exporter = Exporter(endpoint, service, instance)
    try:
        yield Tracer(ratio, exporter.take)
    finally:
        await asyncio.to_thread(exporter.stop)
