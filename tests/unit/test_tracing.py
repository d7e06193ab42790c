"""Who is traced, what a span is made of, and that nobody waits for the collector."""

import asyncio
import time

import pytest

from shared.tracing import Context, Span, Tracer, context_of, open_tracer, valid
from shared.tracing.export import BATCH, QUEUE_SPANS, STOP_SECONDS, Exporter
from tests.support import free_port, sample

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = SAMPLED.removesuffix("01") + "00"
TRACE_ID, PARENT_ID = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7


@pytest.mark.parametrize(
    "invalid",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        SAMPLED + "-more",
        "rubbish that ends in 1",
    ],
)
def test_what_w3c_calls_invalid_is_ignored(invalid: str) -> None:
    assert valid(invalid) is None
    assert context_of(invalid) is None


def test_a_flag_says_whether_an_event_is_traced() -> None:
    assert context_of(SAMPLED) == Context(TRACE_ID, PARENT_ID)
    assert context_of(SAMPLED.removesuffix("01") + "03") == Context(TRACE_ID, PARENT_ID)
    assert context_of(UNSAMPLED) is None
    assert context_of(None) is None
    assert valid(UNSAMPLED) == UNSAMPLED
    assert Context(TRACE_ID, PARENT_ID).traceparent == SAMPLED


def nothing(span: Span) -> None:
    """A span begins here, and none ends."""
    raise AssertionError(span)


def test_who_asks_has_decided_and_else_the_ratio_does() -> None:
    never, always = Tracer(0, nothing), Tracer(1, nothing)
    for tracer in (never, always):
        assert tracer.begin(SAMPLED) is not None
        assert tracer.begin(UNSAMPLED) is None
    assert never.begin(None) is None
    assert always.begin(None) is not None
    drawn = sum(Tracer(0.1, nothing).begin(None) is not None for _ in range(10_000))
    assert 800 < drawn < 1_200


def test_what_comes_of_a_request_hangs_under_its_own_span() -> None:
    told: list[Span] = []
    span = Tracer(0, told.append).begin(SAMPLED)
    assert span is not None
    assert context_of(span.context.traceparent) == span.context
    assert span.context.trace_id == TRACE_ID
    began = time.time_ns()
    span.child("transaction", began)
    span.end("POST /api/orders", kind="server", attributes={"http.response.status_code": 201}, failed=False)
    child, request = told
    assert (request.parent_id, request.context) == (PARENT_ID, span.context)
    assert (child.parent_id, child.context.trace_id) == (span.context.span_id, TRACE_ID)
    assert child.context.span_id not in (PARENT_ID, span.context.span_id)
    assert request.start <= child.start <= child.end <= request.end


def test_a_trace_that_begins_here_has_no_parent_and_an_id_of_its_own() -> None:
    told: list[Span] = []
    tracer = Tracer(1, told.append)
    for _ in range(2):
        span = tracer.begin(None)
        assert span is not None
        span.end("GET /", failed=True)
    assert {each.parent_id for each in told} == {None}
    assert len({each.context.trace_id for each in told}) == 2
    assert told[0].failed


def test_a_span_from_timestamps_is_never_negative_although_clocks_differ() -> None:
    told: list[Span] = []
    under = Context(TRACE_ID, PARENT_ID)
    Tracer(0, told.append).add(under, "outbox", 2_000, 1_000, attributes={"larder.key": "k"})
    [span] = told
    assert (span.start, span.end) == (2_000, 2_000)
    assert (span.context.trace_id, span.parent_id, span.attributes) == (TRACE_ID, PARENT_ID, {"larder.key": "k"})


async def test_without_a_collector_there_is_no_tracer() -> None:
    async with open_tracer("", "orders", "here", 1.0) as tracer:
        assert tracer is None


async def test_nobody_waits_for_a_collector_that_is_away_and_what_is_lost_is_counted() -> None:
    def lost(reason: str) -> float:
        return sample("larder_spans_lost_total", reason=reason) or 0.0

    exporter = Exporter(f"http://127.0.0.1:{free_port()}", "orders", "here")
    dropped, failed = lost("queue"), lost("export")
    span = Span("GET /", "server", Context(TRACE_ID, 1), None, 1, 2, {}, failed=False)
    began = time.monotonic()
    for _ in range(QUEUE_SPANS + 100):
        exporter.take(span)
    assert time.monotonic() - began < 0.25
    # The thread may have begun on a batch meanwhile, and made room for that much.
    assert 100 - BATCH <= lost("queue") - dropped <= 100
    began = time.monotonic()
    await asyncio.to_thread(exporter.stop)
    assert time.monotonic() - began < STOP_SECONDS + 1
    assert lost("export") - failed >= BATCH
