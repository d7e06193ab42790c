"""`python -m loadtests.tracing`: what traces cost the code that they are in, in processor time of the one who waits.

Each row runs one piece three ways in turns: without a tracer, with one while nothing is sampled, and sampled. The
pieces are the real ones with nothing behind them, so the difference is the traces' own and an order's way hides none of
it. What the exporting thread does afterwards is a row of its own. No servers, half a minute.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from time import process_time, time_ns
from typing import Any
from uuid import UUID

import msgspec
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from proto.orders import Audience, OrderHead
from services.gateway.entry import Entry
from services.gateway.hub import Hub
from services.gateway.replay import Replays
from services.gateway.ring import Ring
from services.gateway.sight import Viewer
from services.gateway.traces import Traces
from services.gateway.writer import Subscription, Writer
from shared.bus import Bus
from shared.http.front import Front
from shared.http.health import Operations
from shared.http.types import Message, Receive, Scope, Send
from shared.identity import Revocations, TokenVerifier
from shared.limits import Limiter, Limits
from shared.outbox.traces import trace
from shared.plumbing import utc_now
from shared.tracing import Attributes, Context, Span, Tracer
from shared.tracing.export import BATCH, Making

ROUNDS, REPEATS = 15, 2_000
SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
"""RFC 8032's first; nobody signs in here."""

ORDER, RESTAURANT, SOCKETS = UUID(int=2), UUID(int=1), 5

Work = Callable[[], Awaitable[None]]


def forget(_: Span) -> None:
    """Where the thread would take over."""


TRACERS = {"off": None, "not sampled": Tracer(0, forget), "sampled": Tracer(1, forget)}


def request(tracer: Tracer | None) -> Work:
    """A request through what stands before a service's routes."""
    limits = Limits(Limiter(Redis()), anonymous_per_minute=0, person_per_hour=0)
    front = Front(_answer, Operations({}), TokenVerifier(PUBLIC_KEY, Revocations(), utc_now), limits, tracer)

    async def work() -> None:
        await front({"type": "http", "path": "/api/orders", "method": "GET", "headers": []}, _receive, _send)

    return work


async def _answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _receive() -> Message:
    return {"type": "http.request", "body": b""}


async def _send(_: Message) -> None:
    pass


def relay(tracer: Tracer | None, traceparent: str | None) -> Work:
    """An event of a usual order in the relay, after it was published."""
    items = [{"product_id": str(UUID(int=n)), "name": "Tomatoes, chopped", "quantity": 3} for n in range(15)]
    payload = msgspec.json.encode({"id": str(ORDER), "traceparent": traceparent, "order": {"items": items}})
    row = {"id": 1, "key": ORDER, "subject": "orders.v1.r.o.OrderPlaced", "payload": payload}
    row["created_at"] = datetime.now(UTC)

    async def work() -> None:
        if tracer is not None:
            trace(tracer, [row], {1}, time_ns(), time_ns())

    return work


class _Away:
    """A connection that takes everything at once and sends it nowhere."""

    def send(self, frame: bytes) -> None:
        pass

    def close(self, code: int, reason: str) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        raise NotImplementedError


def gateway(tracer: Tracer | None, traceparent: str | None) -> Work:
    """An event that concerns five sockets, from its arrival to the last frame."""
    hub = Hub(Ring(1), Traces(tracer))
    viewer = Viewer("restaurant", UUID(int=5), RESTAURANT, None)
    for _ in range(SOCKETS):
        hub.add(Subscription("orders", viewer, Writer(hub, Replays(Bus("nats://nowhere", "nobody")), _Away())))
    version = 0
    raw = msgspec.Raw(msgspec.json.encode({"id": ORDER}))

    async def work() -> None:
        nonlocal version
        version += 1
        head = OrderHead(ORDER, version, "pending", RESTAURANT)
        audience = Audience(restaurant_id=RESTAURANT)
        hub.take(Entry(version, "OrderPlaced", datetime.now(UTC), audience, head, raw, traceparent), time_ns())

    return work


async def seconds(work: Work) -> float:
    """Of the processor, for one."""
    began = process_time()
    for _ in range(REPEATS):
        await work()
    return (process_time() - began) / REPEATS


async def compare(ways: Sequence[Work]) -> list[float]:
    """The median of each, in microseconds; measured in turns."""
    rounds = [[await seconds(way) for way in ways] for _ in range(ROUNDS)]
    return [median(column) * 1e6 for column in zip(*rounds, strict=True)]


async def exporting() -> float:
    """Microseconds of the thread for a span, without the network."""
    making = Making("orders", "here")
    told: Attributes = {"http.route": "/api/orders", "http.response.status_code": 201, "larder.request_id": "r"}
    spans = [
        Span("POST /api/orders", "server", Context(1, n), 7, 1, 2, told, failed=False) for n in range(1, BATCH + 1)
    ]
    found = []
    for _ in range(ROUNDS * 10):
        began = process_time()
        encode_spans([making.make(span) for span in spans]).SerializeToString()
        found.append((process_time() - began) / BATCH)
    return median(found) * 1e6


async def main(console: Console) -> None:
    traceparents = {"off": None, "not sampled": None, "sampled": SAMPLED}
    table = Table("microseconds", *TRACERS, "not sampled, more", box=None, pad_edge=False)
    rows: dict[str, list[Work]] = {
        "a request, before its route": [request(tracer) for tracer in TRACERS.values()],
        "an event in the relay": [relay(tracer, traceparents[way]) for way, tracer in TRACERS.items()],
        f"an event to {SOCKETS} sockets": [gateway(tracer, traceparents[way]) for way, tracer in TRACERS.items()],
    }
    for name, ways in rows.items():
        found = await compare(ways)
        table.add_row(name, *(f"{each:.1f}" for each in found), f"{found[1] - found[0]:+.1f}")
    console.print(table)
    console.print(f"and {await exporting():.0f} for each span in the exporting thread, {BATCH} at a time")


if __name__ == "__main__":
    arguments: list[Any] = sys.argv[1:]
    if arguments:
        sys.exit("python -m loadtests.tracing takes no arguments")
    asyncio.run(main(Console(highlight=False)))
