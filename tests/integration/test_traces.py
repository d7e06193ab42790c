"""One trace across services: what each of them tells a real collector of an event that is traced."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from deploy.local import Stack
from deploy.traces import receiver
from deploy.traces.spans import KeptSpan, Spans
from proto.orders import OrderEvent
from proto.streams import ORDERS, events_of_order
from services.orders import commands
from shared.bus import Bus, Received, follow
from shared.database import open_pool
from shared.http.server import listening
from shared.ids import new_id
from shared.outbox.relay import Relay
from shared.realtime import RealtimeClient
from shared.settings import load
from shared.tasks import supervised
from shared.tracing import Context, context_of, open_tracer
from tests.gateway import Life, events, open_gate, restaurant
from tests.outbox import own_outbox
from tests.shop import Shop, open_shop
from tests.support import eventually, free_port, sample

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE_ID}-{PARENT_ID}-01", f"00-{TRACE_ID}-{PARENT_ID}-00"
CONTEXT = "traced"


class Collector:
    """A receiver listening, and what it has kept."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self._spans = Spans(directory)

    def spans(self) -> list[KeptSpan]:
        return list(self._spans.read())

    async def has(self, *names: str) -> dict[str, KeptSpan]:
        """The spans, by name, once these have come."""

        async def come() -> dict[str, KeptSpan] | None:
            found = {span.name: span for span in self.spans()}
            return found if found.keys() >= set(names) else None

        return await eventually(come)


@asynccontextmanager
async def collecting(directory: Path, port: int) -> AsyncIterator[Collector]:
    told = {"HOST": "127.0.0.1", "PORT": str(port), "LOG": "console", "DIRECTORY": str(directory)}
    settings = load(receiver.Settings, {f"LARDER_{name}": value for name, value in told.items()})
    async with receiver.build(settings) as application, listening(application, settings.host, settings.port):
        yield Collector(f"http://127.0.0.1:{port}", directory)


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    async with collecting(tmp_path / "traces", free_port()) as collector:
        yield collector


@asynccontextmanager
async def traced_shop(stack: Stack, collector: Collector, ratio: float, **settings: str) -> AsyncIterator[Shop]:
    """Where nothing is slow, unless that is set."""
    told = {"LARDER_OTLP_ENDPOINT": collector.url, "LARDER_TRACE_RATIO": str(ratio), "LARDER_SLOW_REQUEST_S": "60"}
    async with open_shop(stack, **{**told, **settings}) as shop:
        yield shop


async def place(shop: Shop, traceparent: str | None, key: str | None = None) -> OrderEvent:
    """The event of a new order whose request carried this."""
    more = {} if traceparent is None else {"traceparent": traceparent}
    status, order, _ = await shop.send(
        "POST",
        "/api/orders",
        {**shop.as_restaurant(), **more, "X-Request-ID": "r-1"},
        shop.basket(),
        key or str(new_id()),
    )
    assert status == 201, order
    [event] = await shop.events(order)
    return event


async def test_the_event_of_a_traced_request_carries_the_requests_own_place(stack: Stack, collector: Collector) -> None:
    async with traced_shop(stack, collector, 0) as shop:
        event = await place(shop, SAMPLED)
        spans = await collector.has("POST /api/orders", "transaction")
    request, transaction = spans["POST /api/orders"], spans["transaction"]
    assert (request.trace_id, request.parent_id, request.service) == (TRACE_ID, PARENT_ID, "orders")
    assert event.traceparent == f"00-{TRACE_ID}-{request.span_id}-01"
    assert (transaction.trace_id, transaction.parent_id) == (TRACE_ID, request.span_id)
    assert request.start < transaction.start < transaction.end < request.end
    assert transaction.attributes == {"larder.outcome": "commit"}
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/orders",
        "http.response.status_code": 201,
        "larder.request_id": "r-1",
    }


async def test_what_is_not_sampled_makes_no_span_and_its_event_carries_what_came(
    stack: Stack, collector: Collector
) -> None:
    async with traced_shop(stack, collector, 0) as shop:
        assert (await place(shop, UNSAMPLED)).traceparent == UNSAMPLED
        assert (await place(shop, None)).traceparent is None
        assert (await place(shop, "no trace of W3C")).traceparent is None
        await place(shop, SAMPLED)
        await collector.has("POST /api/orders", "transaction")
    spans = collector.spans()
    assert {span.trace_id for span in spans} == {TRACE_ID}
    assert [span.name for span in spans].count("POST /api/orders") == 1


async def test_each_query_of_a_traced_request_is_a_span_with_its_name(stack: Stack, collector: Collector) -> None:
    async with traced_shop(stack, collector, 0) as shop:
        await place(shop, SAMPLED)
        spans = await collector.has("POST /api/orders", "transaction", "orders.get_customer_and_prices")
    request, transaction, query = (
        spans[name] for name in ("POST /api/orders", "transaction", "orders.get_customer_and_prices")
    )
    assert (query.trace_id, query.parent_id) == (TRACE_ID, request.span_id)
    assert transaction.start < query.start < query.end < transaction.end


async def test_what_fails_or_is_slow_has_its_first_span_though_it_was_not_sampled(
    stack: Stack, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with traced_shop(stack, collector, 0, LARDER_SLOW_REQUEST_S="0.5") as shop:
        await place(shop, None)
        monkeypatch.setattr(commands, "_encoder", None)
        headers = {**shop.as_restaurant(), "X-Request-ID": "r-2", "traceparent": UNSAMPLED}
        status, _, _ = await shop.send("POST", "/api/orders", headers, shop.basket(), str(new_id()))
        assert status == 500
        monkeypatch.undo()
        spans = await collector.has("POST /api/orders")
    assert list(spans) == ["POST /api/orders"]
    failed = spans["POST /api/orders"]
    assert (failed.trace_id, failed.parent_id, failed.failed) == (TRACE_ID, PARENT_ID, True)
    assert failed.attributes["larder.request_id"] == "r-2"
    async with traced_shop(stack, collector, 0, LARDER_SLOW_REQUEST_S="0") as shop:
        event = await place(shop, None)
        await eventually(lambda: _count(collector, "POST /api/orders", 2))
    [slow] = [span for span in collector.spans() if span.name == "POST /api/orders" and not span.failed]
    assert event.traceparent is None
    assert slow.parent_id is None
    assert slow.start < slow.end


async def test_a_follower_tells_of_each_traced_event_that_it_applied(
    stack: Stack, relay: None, collector: Collector
) -> None:
    applied: list[UUID] = []

    async def apply(batch: Sequence[Received[OrderEvent]]) -> None:
        applied.extend(received.event.order.id for received in batch)

    async with (
        open_tracer(collector.url, "tests", "tests") as tracer,
        Bus(stack.addresses.nats, "tests", tracer) as bus,
    ):
        life = Life(bus, new_id())
        await bus.connection()
        subjects = [events_of_order(life.order_id)]
        following = follow(bus, ORDERS, OrderEvent, apply, durable=f"traced-{life.order_id}", subjects=subjects)
        async with supervised(following, "following"):
            await life.place()
            await life.move("confirmed", traceparent=SAMPLED)
            spans = await collector.has("apply")
            await eventually(lambda: _is(len(applied) == 2))
        await bus.jetstream.delete_consumer(ORDERS.name, f"traced-{life.order_id}")
    assert len(collector.spans()) == 1
    assert (spans["apply"].trace_id, spans["apply"].parent_id) == (TRACE_ID, PARENT_ID)
    assert spans["apply"].attributes["larder.durable"] == f"traced-{life.order_id}"


async def test_without_a_collector_events_carry_what_came(stack: Stack) -> None:
    async with open_shop(stack) as shop:
        assert (await place(shop, SAMPLED)).traceparent == SAMPLED
        assert (await place(shop, None)).traceparent is None


async def test_of_requests_that_nobody_decided_about_the_ratio_is_traced(stack: Stack, collector: Collector) -> None:
    async with traced_shop(stack, collector, 1) as shop:
        event = await place(shop, None)
        spans = await collector.has("POST /api/orders")
    context = context_of(event.traceparent)
    assert context is not None
    request = spans["POST /api/orders"]
    assert (int(request.trace_id, 16), int(request.span_id, 16)) == (context.trace_id, context.span_id)
    assert request.parent_id is None


async def test_a_repeated_request_is_a_span_more_and_the_same_answer(stack: Stack, collector: Collector) -> None:
    async with traced_shop(stack, collector, 0) as shop:
        first = await place(shop, SAMPLED, "k-1")
        again = await place(shop, SAMPLED, "k-1")
        assert again == first
        await eventually(lambda: _count(collector, "POST /api/orders", 2))
    outcomes = [span.attributes["larder.outcome"] for span in collector.spans() if span.name == "transaction"]
    assert outcomes == ["commit", "commit"]


async def test_a_refused_order_was_rolled_back_and_a_failed_request_says_so(
    stack: Stack, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with traced_shop(stack, collector, 1) as shop:
        status, _, _ = await shop.send(
            "POST", "/api/orders", shop.as_restaurant(), shop.basket(price_cents=1), str(new_id())
        )
        assert status == 409
        spans = await collector.has("POST /api/orders", "transaction")
        assert spans["transaction"].attributes == {"larder.outcome": "rollback"}
        assert not spans["POST /api/orders"].failed
        monkeypatch.setattr(commands, "_encoder", None)
        status, _, _ = await shop.send("POST", "/api/orders", shop.as_restaurant(), shop.basket(), str(new_id()))
        assert status == 500
        await eventually(lambda: _count(collector, "POST /api/orders", 2))
    last = collector.spans()[-1]
    assert (last.name, last.failed, last.attributes["http.response.status_code"]) == ("POST /api/orders", True, 500)


async def _count(collector: Collector, name: str, wanted: int) -> bool:
    return sum(span.name == name for span in collector.spans()) >= wanted


async def test_the_relay_tells_of_the_wait_and_the_publishing_of_traced_events_alone(
    stack: Stack, bus: Bus, relay: None, collector: Collector
) -> None:
    async with (
        own_outbox(stack, CONTEXT) as outbox,
        open_pool(stack.addresses.database("relay_service"), size=1, name="tests") as pool,
        open_tracer(collector.url, "relay", "tests") as tracer,
    ):
        keys = [new_id() for _ in range(4)]
        for key, traceparent in zip(keys, (SAMPLED, UNSAMPLED, 7, None), strict=True):
            await outbox.write(key, 1, traceparent=traceparent)
        publishing = Relay(CONTEXT, pool, bus, tracer)
        await publishing._prepare()
        await publishing.publish_once()
        assert await outbox.empty()
        spans = await collector.has("outbox", "publish")
    assert len(collector.spans()) == 2
    waited, published = spans["outbox"], spans["publish"]
    for span in (waited, published):
        assert (span.trace_id, span.parent_id, span.service) == (TRACE_ID, PARENT_ID, "relay")
        assert span.attributes["larder.key"] == str(keys[0])
        assert str(span.attributes["messaging.destination.name"]).startswith("orders.v1.")
    assert waited.start < waited.end == published.start < published.end


async def test_the_gateway_tells_of_a_traced_event_until_its_last_frame(
    stack: Stack, bus: Bus, relay: None, collector: Collector
) -> None:
    async with open_gate(stack, LARDER_OTLP_ENDPOINT=collector.url, LARDER_TRACE_RATIO="0") as gate:
        kitchen = restaurant()
        clients: list[RealtimeClient] = [await gate.listen(kitchen) for _ in range(3)]
        life = Life(bus, UUID(str(kitchen.restaurant_id)))
        await life.place()
        await life.move("confirmed", traceparent=SAMPLED)
        for client in clients:
            await events(client, 2)
        spans = await collector.has("fan-out", "write")
        for client in clients:
            await client.close()
    assert len(collector.spans()) == 2
    for span in spans.values():
        assert (span.trace_id, span.parent_id, span.service) == (TRACE_ID, PARENT_ID, "gateway")
        assert span.attributes["larder.key"] == str(life.order_id)
        assert span.attributes["larder.receivers"] == 3
    assert spans["fan-out"].start < spans["fan-out"].end == spans["write"].start < spans["write"].end


async def test_the_receiver_takes_spans_and_nothing_else(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "MOST_BYTES", 100_000)
    protobuf = {"Content-Type": "application/x-protobuf"}
    async with aiohttp.ClientSession(collector.url) as session:

        async def post(body: bytes, headers: dict[str, str], path: str = "/v1/traces") -> int:
            async with session.post(path, data=body, headers=headers) as answer:
                return answer.status

        assert await post(b"", protobuf) == 200
        assert await post(b"\xffrubbish", protobuf) == 400
        assert await post(b"{}", {"Content-Type": "application/json"}) == 415
        assert await post(b"", protobuf, "/v1/metrics") == 404
        assert await post(b"x" * (100_001), protobuf) == 413
        async with session.get("/readyz") as answer:
            assert answer.status == 200
    assert collector.spans() == []


async def test_a_collector_that_comes_back_gets_the_spans_from_then_on(tmp_path: Path) -> None:
    port = free_port()
    under = Context(int(TRACE_ID, 16), int(PARENT_ID, 16))
    async with open_tracer(f"http://127.0.0.1:{port}/", "orders", "here") as tracer:
        assert tracer is not None
        before = lost("export")
        tracer.add(under, "too early", 1, 2)
        await eventually(lambda: _is(lost("export") > before))
        async with collecting(tmp_path / "traces", port) as collector:
            tracer.add(under, "in time", 1, 2)
            spans = await collector.has("in time")
    assert set(spans) == {"in time"}


def lost(reason: str) -> float:
    return sample("larder_spans_lost_total", reason=reason) or 0.0


async def _is(fact: bool) -> bool:
    return fact


async def test_orders_are_taken_while_the_collector_is_away(stack: Stack) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with open_shop(stack, LARDER_OTLP_ENDPOINT=nobody, LARDER_TRACE_RATIO="1") as shop:
        async with asyncio.timeout(5):
            for _ in range(20):
                await place(shop, None)
