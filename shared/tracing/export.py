"""From spans to the collector: OpenTelemetry's SDK and OTLP/HTTP, in a thread of its own.

Invariants: whoever makes spans only appends to a bounded queue; what does not fit is dropped, and so is what the
collector did not take: both are counted, and nothing is kept on disk. A collector that is slow or away costs nothing
but spans, and delays the end of the process by STOP_SECONDS at most. The thread works in small batches: Python has one
lock, and while the thread holds it no request is answered.

OpenTelemetry's own variables hold for what has no setting here: OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES.
"""

import logging
from collections import deque
from threading import Event, Thread

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from prometheus_client import Counter

from shared.tracing import Span

QUEUE_SPANS = 4096
"""About 2 MiB: a minute of a busy process whose collector is being started anew."""

BATCH = 32
"""Making and encoding it takes about 2 ms."""

EXPORT_SECONDS = 0.5
TIMEOUT_SECONDS = 2.0
STOP_SECONDS = 3.0

EXPORTED = Counter("larder_spans_exported_total", "Spans that the collector took")
LOST = Counter("larder_spans_lost_total", "Spans that were dropped: the queue full, the export failed", ["reason"])

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}

_log = structlog.get_logger("traces")


class Exporter:
    """`take` is called from anywhere and never waits. `endpoint` is the collector's base address."""

    def __init__(self, endpoint: str, service: str, instance: str) -> None:
        # What it has to say of a collector that is away, again and again, is said below, once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._spans: deque[Span] = deque()
        self._stopping = Event()
        self._dropped, self._failed = LOST.labels("queue"), LOST.labels("export")
        self._making = Making(service, instance)
        self._otlp = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_SECONDS)
        self._endpoint = endpoint
        self._works = True
        self._thread = Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def take(self, span: Span) -> None:
        if len(self._spans) >= QUEUE_SPANS:
            self._dropped.inc()
        else:
            self._spans.append(span)

    def stop(self) -> None:
        """Sends what is left. Blocks, for STOP_SECONDS at most."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)
        self._otlp.shutdown()  # type: ignore[no-untyped-call]

    def _run(self) -> None:
        last = False
        while not last:
            last = self._stopping.wait(EXPORT_SECONDS)
            while self._spans:
                self._export([self._spans.popleft() for _ in range(min(BATCH, len(self._spans)))])
                if last and not self._works:
                    return

    def _export(self, spans: list[Span]) -> None:
        try:
            works = self._otlp.export([self._making.make(span) for span in spans]) is SpanExportResult.SUCCESS
        except Exception as error:  # noqa: BLE001  whatever it is, the next batch is tried
            _log.error("spans could not be exported", error=repr(error))
            works = False
        (EXPORTED if works else self._failed).inc(len(spans))
        if works != self._works:
            self._works = works
            if works:
                _log.info("the collector takes spans again", endpoint=self._endpoint)
            else:
                _log.warning("the collector takes no spans: they are dropped", endpoint=self._endpoint)


class Making(SpanProcessor, IdGenerator):
    """The SDK's spans, out of ours: their ids and times are known before the SDK hears of them."""

    def __init__(self, service: str, instance: str) -> None:
        named = {"service.namespace": "larder", "service.name": service, "service.instance.id": instance}
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource.create(named), id_generator=self, shutdown_on_exit=False
        )
        provider.add_span_processor(self)
        self._tracer = provider.get_tracer("larder")
        self._next: Span
        self._made: ReadableSpan

    def make(self, span: Span) -> ReadableSpan:
        self._next = span
        context = None
        if span.parent_id is not None:
            parent = SpanContext(span.context.trace_id, span.parent_id, is_remote=True, trace_flags=TraceFlags(1))
            context = set_span_in_context(NonRecordingSpan(parent))
        made = self._tracer.start_span(
            span.name, context, _KINDS[span.kind], dict(span.attributes), start_time=span.start
        )
        if span.failed:
            made.set_status(Status(StatusCode.ERROR))
        made.end(span.end)
        return self._made

    def on_end(self, span: ReadableSpan) -> None:
        self._made = span

    def generate_span_id(self) -> int:
        return self._next.context.span_id

    def generate_trace_id(self) -> int:
        return self._next.context.trace_id
