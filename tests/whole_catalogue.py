"""The demo's whole catalogue in a database of its own, imported once for all who look for real products."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg

from deploy.demo import source
from deploy.local import Stack
from deploy.local.migrate import migrate
from services.catalog import app
from services.catalog.api import Api
from services.catalog.commands import Catalog
from services.catalog.copies import product_copies
from services.catalog.edge import Edge
from services.catalog.edge_doors import Doors
from services.catalog.importer import Counts, import_products
from shared.database import open_pool
from shared.http.types import Application
from shared.plumbing import open_plumbing
from tests.support import serving, settings_of

DATABASE = "larder_whole_catalogue"
PRODUCTS = 92_331
SECONDS = 60
"""An import takes eight; the machine may be busy."""


@contextmanager
def whole_database(stack: Stack) -> Iterator[str]:
    """Its URL as the catalogue's role; empty at first."""
    stack.postgres.psql("postgres", sql=f"create database {DATABASE} owner larder_owner template template0")
    try:
        migrate(stack.addresses, DATABASE)
        yield stack.addresses.database("catalog_service", DATABASE)
    finally:
        stack.postgres.psql("postgres", sql=f"drop database {DATABASE} with (force)")


async def import_whole(stack: Stack, url: str) -> tuple[Counts, Counts]:
    """Everything, in time, and then all of it once more: what was counted each time. Vacuumed after."""
    products = source.read_products()
    async with open_pool(url, size=1, name="import") as pool:
        began = time.monotonic()
        first = await import_products(pool, products)
        assert time.monotonic() - began < SECONDS
        again = await import_products(pool, products)
    stack.postgres.psql(DATABASE, sql="vacuum (analyze)")
    return first, again


@dataclass
class Whole:
    """The whole catalogue, listening. `dsn` is its database as the catalogue's role."""

    stack: Stack
    url: str
    dsn: str
    session: aiohttp.ClientSession
    database: asyncpg.Connection
    imported: tuple[Counts, Counts]

    async def page(self, **parameters: str) -> Any:
        async with self.session.get(f"{self.url}/api/catalog/products", params=parameters) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def suggestions(self, **parameters: str) -> list[dict[str, str]]:
        async with self.session.get(f"{self.url}/api/catalog/suggestions", params=parameters) as answer:
            assert answer.status == 200, await answer.text()
            items: list[dict[str, str]] = (await answer.json())["items"]
            return items

    async def names(self, q: str, **parameters: str) -> list[str]:
        page = await self.page(q=q, limit="10", **parameters)
        return [f"{item['name']} | {item['category']}" for item in page["items"]]

    async def every(self, **parameters: str) -> list[Any]:
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.page(limit="100", **parameters, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}


@asynccontextmanager
async def _routes_alone(settings: app.Settings) -> AsyncIterator[Application]:
    """The catalogue without its consumers, which would take events from other tests."""
    async with (
        open_plumbing(settings, "catalog") as plumbing,
        product_copies(plumbing.bus, plumbing.reads, plumbing.cache, "whole") as copies,
    ):
        catalog = Catalog(plumbing.pool, plumbing.bus, plumbing.now)
        edge = Edge(plumbing.pool, Doors(settings.edge_url))
        yield app.front_of(plumbing, Api(catalog, plumbing.reads, plumbing.cursors, edge, copies))


@asynccontextmanager
async def open_whole(stack: Stack) -> AsyncIterator[Whole]:
    """With the service listening in this process."""
    with whole_database(stack) as url:
        imported = await import_whole(stack, url)
        database = await asyncpg.connect(
            stack.addresses.database("postgres", DATABASE),
            statement_cache_size=0,  # prepared statements are the tests' own
        )
        settings = settings_of(stack, "catalog", app.Settings, LARDER_DATABASE_URL=url)
        async with serving(settings, _routes_alone) as address, aiohttp.ClientSession() as session:
            yield Whole(stack, address, url, session, database, imported)
        await database.close()
