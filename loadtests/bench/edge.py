"""A catalogue page from the edge's cache, against the same Nginx serving the same bytes from a file.

The file is one more location of the configuration that runs, with the headers that an answer from the cache has: what
differs is the cache. Refuses to measure when the two answers are not the same.
"""

import asyncio
from collections import Counter
from pathlib import Path
from urllib.parse import quote_plus

import aiohttp
from yarl import URL

from deploy.demo import source
from deploy.local import edge
from deploy.local.processes import children
from deploy.local.supervisor import Supervisor
from loadtests.bench import wrk
from loadtests.bench.errors import BenchError
from loadtests.bench.measure import Meter, Result, Side
from loadtests.bench.stage import Stage
from services.catalog.importer import import_products
from shared.database import open_pool

FILE = "/bench/page.json"
BEFORE = "location ~ /\\. {"
OF_A_FILE = {"Last-Modified", "Accept-Ranges"}
KEPT_SECONDS = 10.0
PRODUCTS = 100


async def against_a_file(meter: Meter) -> Result:
    stage = meter.stage
    category = await _load(stage)
    address = stage.stack.addresses.edge
    async with aiohttp.ClientSession(address) as session:
        target = await _kept_page(session, category)
        kept, headers = await _read(session, target)
    _serve(stage, kept, headers)
    try:
        async with aiohttp.ClientSession(address) as session:  # the old one's connection is to a worker of before
            same, its_headers = await _read(session, FILE)
        if same != kept or set(its_headers) - OF_A_FILE != set(headers):
            raise BenchError(f"the file is answered otherwise: {its_headers}, and from the cache {headers}")
        return await meter.compare(_side(stage, "Larder", target), _side(stage, "file", FILE))
    finally:
        stage.stack.up(migrations=False)  # with its own configuration again


async def _load(stage: Stage) -> str:
    """Real products of one category, into the catalogue, which the other rows leave empty. Returns its name."""
    products = [product for product in source.read_products() if product.active]
    ((largest, _),) = Counter(product.category for product in products).most_common(1)
    chosen = [product for product in products if product.category == largest][:PRODUCTS]
    async with open_pool(stage.stack.addresses.database("catalog_service"), size=1, name="bench") as pool:
        await import_products(pool, chosen)
    return largest


async def _kept_page(session: aiohttp.ClientSession, category: str) -> str:
    """Its first page, once the edge keeps it for an hour."""
    target = f"/api/catalog/products?category={quote_plus(category)}"
    async with asyncio.timeout(KEPT_SECONDS):
        while True:
            _, headers = await _read(session, target)
            if headers.get("X-Cache") == "HIT" and "s-maxage=3600" in headers["Cache-Control"]:
                return target
            await asyncio.sleep(0.1)


async def _read(session: aiohttp.ClientSession, target: str) -> tuple[bytes, dict[str, str]]:
    async with session.get(URL(target, encoded=True)) as answer:
        if answer.status != 200:
            raise BenchError(f"{target} is answered with {answer.status}")
        return await answer.read(), {name.title(): value for name, value in answer.headers.items()}


def _serve(stage: Stage, page: bytes, headers: dict[str, str]) -> None:
    """Adds the file to the running Nginx."""
    layout = stage.stack.layout
    home = edge.home(layout)
    file = home / "bench" / Path(FILE).name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(page)
    # One's own headers take the place of the server's.
    added = ["X-Request-ID $rid", "X-Cache HIT"]
    added += [
        f'{name} "{headers[name]}"'
        for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control")
    ]
    lines = " ".join(f"add_header {header};" for header in added)
    configuration = home / "nginx.conf"
    text = configuration.read_text()
    if text.count(BEFORE) != 1:
        raise BenchError("Nginx's configuration has no place for the file")
    configuration.write_text(text.replace(BEFORE, f"location = {FILE} {{ root {home}; {lines} }}\n        {BEFORE}"))
    supervisor = Supervisor(layout)
    master = stage.pid("nginx")
    workers = children(master)
    supervisor.send("nginx", "HUP")
    if not edge.reloaded(master, workers):
        raise BenchError("Nginx did not take the file")


def _side(stage: Stage, name: str, target: str) -> Side:
    requests = [wrk.request_line("GET", target, {})]

    async def run(clients: int, seconds: float) -> float:
        return (await wrk.run(stage.stack.addresses.edge, requests, clients=clients, seconds=seconds)).rate

    return Side(name, run)
