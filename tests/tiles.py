"""A map's tiles from a server of their own origin, and the browser client as it is built for that.

A browser that is served by it has pages and parts of that build, with its policy, whatever the stack has; its calls
go to the stack.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, Route

from deploy.local import client
from tests.support import stack_port

ATTRIBUTION = "Tiles by nobody"
_TILE = """<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">
<rect width="256" height="256" fill="#f4f0e8" stroke="#b0a898"/><text x="16" y="32" font-size="20">{}</text></svg>"""


@dataclass
class TileServer:
    origin: str
    there: bool = True
    """Whether it has any tile."""

    async def answer(self, request: web.Request) -> web.Response:
        if not self.there:
            raise web.HTTPNotFound
        return web.Response(text=_TILE.format(request.path), content_type="image/svg+xml")


@asynccontextmanager
async def tile_server() -> AsyncIterator[TileServer]:
    port = stack_port()
    server = TileServer(f"http://127.0.0.1:{port}")
    application = web.Application()
    application.router.add_get("/{z}/{x}/{y}.svg", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield server
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class BuiltClient:
    folder: Path

    @property
    def policy(self) -> str:
        return (self.folder / "csp.conf").read_text().split('"')[1]

    async def serve_to(self, context: BrowserContext, edge: str) -> None:
        """From now on, in place of what the edge serves; without a service worker, which would keep that."""
        site = self.folder / "site"

        async def answer(route: Route) -> None:
            path = site / urlsplit(route.request.url).path.removeprefix("/")
            page = site / "index.html"
            await route.fulfill(path=path if path.suffix else page, headers={"Content-Security-Policy": self.policy})

        # A page that came from nowhere has to be allowed what one of this machine may do.
        await context.grant_permissions(["local-network-access", "geolocation"])
        await context.add_init_script("delete Navigator.prototype.serviceWorker")
        await context.route(lambda address: address.startswith(edge) and "/api/" not in address, answer)


def build_for(server: TileServer, folder: Path) -> BuiltClient:
    """With its tiles."""
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("LARDER_TILE_URL", f"{server.origin}/{{z}}/{{x}}/{{y}}.svg")
        settings.setenv("LARDER_TILE_ATTRIBUTION", ATTRIBUTION)
        client.run("build/build.ts", str(folder), seconds=client.BUILD_SECONDS)
    return BuiltClient(folder)
