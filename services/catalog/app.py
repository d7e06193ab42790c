"""The composition root of the catalogue: the only place that reads settings and knows what is behind what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.catalog.api import ROUTES, Api
from services.catalog.commands import Catalog
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.plumbing import open_plumbing
from shared.process import run
from shared.settings import ContextSettings


class Settings(ContextSettings, frozen=True, kw_only=True):
    """Nothing of its own."""


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with open_plumbing(settings, "catalog") as plumbing:
        api = Api(Catalog(plumbing.pool, plumbing.bus, plumbing.now), plumbing.cursors)
        yield plumbing.front(routes_of(ROUTES, api, title="Larder catalogue", path="/api/catalog"))


def main() -> None:
    run(Settings, build)
