"""The composition root of the gateway."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.gateway.alerts import SILENCE_SECONDS, Alerts
from services.gateway.api import ROUTES, Api
from services.gateway.gateway import Gateway
from services.gateway.hub import Hub
from services.gateway.locations import Locations
from services.gateway.replay import Replays
from services.gateway.ring import Ring
from services.gateway.server import listening
from services.gateway.stream import Stream
from services.gateway.tickets import PATIENCE_SECONDS, Tickets
from services.gateway.traces import Traces
from shared.bus import Bus
from shared.http.front import Front
from shared.http.health import Operations
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.identity import Revocations, TokenVerifier
from shared.limits import Limiter, Limits, open_valkey
from shared.plumbing import utc_now
from shared.process import run
from shared.revocations import hearing_revocations
from shared.settings import ServiceSettings
from shared.tasks import supervised
from shared.tracing import open_tracer
from shared.vitals import answering_vitals

RING_BYTES = 256 * 1024 * 1024
"""About 100,000 usual orders' events: an hour and more of a busy shop."""


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Sockets come to `socket_port`, requests to `port`. `allowed_origins` are separated by commas; `heartbeat_s` is in
    seconds, `ring_bytes` bounds the events kept. After `alerts_silence_s` seconds without a word of the alerts, admins
    are told that nobody judges them. So many reports of pages are taken from an address and a person; 0 is no limit."""

    socket_port: int
    allowed_origins: str
    sockets_per_person: int
    heartbeat_s: float = 30.0
    ring_bytes: int = RING_BYTES
    alerts_silence_s: float = SILENCE_SECONDS
    rate_reports_anonymous_per_minute: int = 10
    rate_reports_person_per_hour: int = 120


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(Bus(settings.nats_url, "gateway"))
        valkey = await stack.enter_async_context(open_valkey(settings.valkey_url))
        tickets_valkey = await stack.enter_async_context(open_valkey(settings.valkey_url, PATIENCE_SECONDS, retries=0))
        tracer = await stack.enter_async_context(
            open_tracer(settings.otlp_endpoint, "gateway", settings.instance, settings.trace_ratio)
        )
        hub, revocations = Hub(Ring(settings.ring_bytes), Traces(tracer)), Revocations()
        stream, tickets, locations, alerts = (
            Stream(bus, hub),
            Tickets(tickets_valkey, revocations),
            Locations(bus, hub, utc_now),
            Alerts(bus, hub, settings.alerts_silence_s),
        )
        limiter = Limiter(valkey)
        limits = Limits(
            limiter,
            anonymous_per_minute=settings.rate_anonymous_per_minute,
            person_per_hour=settings.rate_person_per_hour,
        )
        reports = Limits(
            limiter,
            anonymous_per_minute=settings.rate_reports_anonymous_per_minute,
            person_per_hour=settings.rate_reports_person_per_hour,
            name="reports",
        )
        front = Front(
            routes_of(ROUTES, Api(tickets, reports), title="Larder realtime", path="/api/realtime"),
            Operations({"stream": stream.following.wait}),
            TokenVerifier(settings.token_public_key, revocations, utc_now),
            limits,
            tracer,
            slow_seconds=settings.slow_request_s,
        )
        gateway = Gateway(
            front=front,
            hub=hub,
            replays=Replays(bus),
            tickets=tickets,
            bus=bus,
            locations=locations,
            alerts=alerts,
            ready=stream.caught_up,
            allowed_origins=frozenset(settings.allowed_origins.split(",")),
            sockets_per_person=settings.sockets_per_person,
            heartbeat_s=settings.heartbeat_s,
        )
        await stack.enter_async_context(hearing_revocations(bus, revocations, utc_now, gateway.hear_revocation))
        await stack.enter_async_context(answering_vitals(bus, "gateway", settings.instance))
        await stack.enter_async_context(supervised(stream.run(), "stream"))
        await stack.enter_async_context(supervised(locations.hear(), "locations"))
        await stack.enter_async_context(supervised(locations.forget(), "old locations"))
        await stack.enter_async_context(supervised(alerts.hear(), "alerts"))
        await stack.enter_async_context(listening(gateway.open, settings.host, settings.socket_port))
        yield gateway


def main() -> None:
    run(Settings, build)
