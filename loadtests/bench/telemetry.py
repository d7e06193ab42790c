"""What all telemetry costs: the same work by services that log, count, trace one request in ten and are asked for their
alerts, and by services that tell nothing of themselves. Everything runs, and the collector of the spans beside it, on
the same processors."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from deploy.local import SERVICES, Service, Stack
from deploy.local.programs import TRACES, Wiring
from loadtests.bench import listing, place
from loadtests.bench.measure import Meter, Result, Side
from loadtests.bench.stage import Cast, Stage, layout

RATIO = "0.1"
SELDOM = "3600"
"""Seconds: analytics asks nobody meanwhile."""


def _telling(service: Service) -> Service:
    def settings(wiring: Wiring) -> Mapping[str, str]:
        own = service.settings(wiring)
        ratio = {"LARDER_TRACE_RATIO": RATIO} if "LARDER_VALKEY_URL" in own else {}
        return {**own, "LARDER_OTLP_ENDPOINT": wiring.addresses.service(TRACES), **ratio}

    return service if service.name == TRACES else replace(service, settings=settings)


def _silent(service: Service) -> Service:
    """Where a collector runs, everybody would trace everything."""

    def settings(wiring: Wiring) -> Mapping[str, str]:
        own = service.settings(replace(wiring, traces=False))
        return {**own, "LARDER_ALERTS_EVERY_S": SELDOM} if service.name == "analytics" else own

    python, _, module = service.command
    command = (python, "-m", "loadtests.peers.dark", module)
    return service if service.name == TRACES else replace(service, command=command, settings=settings)


def _with_collector(services: Sequence[Service]) -> tuple[Service, ...]:
    return tuple(replace(service, replicas=1) if service.name == TRACES else service for service in services)


TELLING, SILENT = (
    Cast(name, services=_with_collector([of(service) for service in SERVICES]))
    for name, of in (("telling", _telling), ("silent", _silent))
)


def _as(cast: Cast, stage: Stage, side: Side) -> Side:
    """The side, run by this cast: what runs otherwise is started anew before each round."""

    async def prepare() -> None:
        stage.stack = Stack(layout(), services=cast.services)
        await asyncio.to_thread(stage.stack.up)

    return side._replace(name=cast.name, prepare=prepare)


async def of_a_page(meter: Meter) -> Result:
    stage = meter.stage
    page = listing.over_http(stage)
    return await meter.compare(_as(TELLING, stage, page), _as(SILENT, stage, page))


async def of_an_order(meter: Meter) -> Result:
    """The silent ones cannot say how many orders they stored."""
    stage = meter.stage
    return await meter.compare(
        _as(TELLING, stage, place.over_http(stage)), _as(SILENT, stage, place.over_http(stage, counted=False))
    )
