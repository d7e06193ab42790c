"""The composition root of orders: the only place that reads settings and knows what is behind what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.orders import api, credit_api, proof_api, route_api
from services.orders.api import Api
from services.orders.commands import Orders
from services.orders.consumer import learning
from services.orders.copies import order_copies
from services.orders.domain import DomainError
from services.orders.errors import answer_domain_error
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.plumbing import open_plumbing
from shared.process import run
from shared.settings import ContextSettings

ROUTES = (*api.ROUTES, *credit_api.ROUTES, *route_api.ROUTES, *proof_api.ROUTES)


class Settings(ContextSettings, frozen=True, kw_only=True):
    """Nothing of its own."""


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with (
        open_plumbing(settings, "orders") as plumbing,
        order_copies(plumbing.bus, plumbing.reads, plumbing.cache, settings.instance) as copies,
    ):
        orders = Orders(plumbing.pool, plumbing.bus, plumbing.now)
        routes = routes_of(
            ROUTES,
            Api(orders, plumbing.reads, plumbing.cursors, copies),
            title="Larder orders",
            path="/api/orders",
            exception_handlers={DomainError: answer_domain_error},
        )
        async with learning(orders):
            yield plumbing.front(routes)


def main() -> None:
    run(Settings, build)
