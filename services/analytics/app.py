"""The composition root of analytics: the only place that reads settings and knows what is behind what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.analytics import api
from services.analytics.api import Api
from services.analytics.consumer import learning
from services.analytics.projection_store import LIVE, Tables
from services.analytics.projector import Projector
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.plumbing import open_plumbing
from shared.process import run
from shared.settings import ContextSettings, SettingsError


class Settings(ContextSettings, frozen=True, kw_only=True):
    """`business_zone`: the IANA name of the zone whose days and weeks the business counts by."""

    business_zone: str

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.business_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError("LARDER_BUSINESS_ZONE is not the name of a time zone") from error


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with open_plumbing(settings, "analytics") as plumbing:
        routes = routes_of(api.ROUTES, Api(plumbing.pool), title="Larder analytics", path="/api/analytics")
        projector = Projector(plumbing.pool, plumbing.bus, Tables(LIVE), settings.business_zone, plumbing.now)
        async with learning(plumbing.pool, plumbing.bus, projector):
            yield plumbing.front(routes)


def main() -> None:
    run(Settings, build)
