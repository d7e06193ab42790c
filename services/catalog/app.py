"""The composition root of the catalogue: the only place that reads settings and knows what is behind what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.catalog import admin_api, api, cache_api, search_api
from services.catalog.api import Api
from services.catalog.commands import Catalog
from services.catalog.consumer import keeping_stock
from services.catalog.copies import product_copies
from services.catalog.edge import Edge, refreshing
from services.catalog.edge_doors import Doors
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.plumbing import Plumbing, open_plumbing
from shared.process import run
from shared.settings import ContextSettings

ROUTES = (*api.ROUTES, *search_api.ROUTES, *admin_api.ROUTES, *cache_api.ROUTES)


class Settings(ContextSettings, frozen=True, kw_only=True):
    """`edge_url`: the inner door of Nginx, or of all that the name stands for."""

    edge_url: str


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with (
        open_plumbing(settings, "catalog") as plumbing,
        product_copies(plumbing.bus, plumbing.reads, plumbing.cache, settings.instance) as copies,
    ):
        catalog = Catalog(plumbing.pool, plumbing.bus, plumbing.now)
        edge = Edge(plumbing.pool, Doors(settings.edge_url))
        async with keeping_stock(catalog), refreshing(plumbing.bus, edge):
            yield front_of(plumbing, Api(catalog, plumbing.reads, plumbing.cursors, edge, copies))


def front_of(plumbing: Plumbing, work: Api) -> Application:
    """The routes alone."""
    return plumbing.front(routes_of(ROUTES, work, title="Larder catalogue", path="/api/catalog"), admin_api.BODIES)


def main() -> None:
    run(Settings, build)
