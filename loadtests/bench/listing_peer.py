"""The page of orders against the same page of a FastAPI and SQLAlchemy service, both through Nginx, with as many
processes and connections each. Checked first: both give the same page to the same person."""

import sys
from dataclasses import replace

import aiohttp

from deploy.local import SERVICES, Service
from loadtests.bench.errors import BenchError
from loadtests.bench.listing import TARGET, over_http
from loadtests.bench.measure import Meter, Result
from loadtests.bench.stage import Cast, Stage

PEER_TARGET = TARGET.replace("/api/orders", "/api/catalog/orders")


class DifferentPageError(BenchError):
    """The peer does not do the same work."""


def _in_place_of_the_catalogue(service: Service) -> Service:
    """The edge has no route to spare, and nobody asks for products here."""
    if service.name != "catalog":
        return service
    orders = next(each for each in SERVICES if each.name == "orders")
    command = (sys.executable, "-m", "loadtests.peers.fastapi_orders")
    return replace(service, command=command, settings=orders.settings, replicas=orders.replicas)


WITH_PEER = Cast(
    "with the peer",
    services=tuple(_in_place_of_the_catalogue(service) for service in SERVICES),
    only=("postgres", "nginx", "orders", "catalog"),
)


async def against_fastapi(meter: Meter) -> Result:
    """Raises DifferentPageError."""
    await _check_pages(meter.stage)
    return await meter.compare(over_http(meter.stage), over_http(meter.stage, PEER_TARGET, "FastAPI"))


async def _check_pages(stage: Stage) -> None:
    headers = {"Authorization": f"Bearer {stage.world.token(1)}"}
    pages = []
    async with aiohttp.ClientSession(stage.stack.addresses.edge, headers=headers, raise_for_status=True) as session:
        for target in (TARGET, PEER_TARGET):
            async with session.get(target) as answer:
                pages.append((await answer.json())["items"])
    if pages[0] != pages[1] or len(pages[0]) != 20:
        raise DifferentPageError(f"the pages differ: {pages[0][:1]} and {pages[1][:1]}")
