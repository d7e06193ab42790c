"""The composition root of analytics: the only place that reads settings and knows what is behind what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.analytics.alerts import api as alerts_api
from services.analytics.alerts.rules import read_rules
from services.analytics.alerts.watch import Watch
from services.analytics.api import Api
from services.analytics.performance import api as performance_api
from services.analytics.performance.look import Sources
from services.analytics.performance.snapshots import keeping_snapshots
from services.analytics.projection.consumer import learning
from services.analytics.projection.projector import Projector
from services.analytics.projection.store import LIVE, Tables
from services.analytics.reports import api as reports_api
from services.analytics.reports import exports_api, orders_api, tops_api
from shared.database import open_pool
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.plumbing import Plumbing, open_plumbing
from shared.process import run
from shared.settings import ContextSettings, SettingsError
from shared.tasks import supervised

Positive = Annotated[float, msgspec.Meta(gt=0)]
REPORTS = (*reports_api.ROUTES, *tops_api.ROUTES, *orders_api.ROUTES, *exports_api.ROUTES)
ROUTES = (*REPORTS, *alerts_api.ROUTES, *performance_api.ROUTES)


class Settings(ContextSettings, frozen=True, kw_only=True):
    """`business_zone`: the IANA name of the zone whose days and weeks the business counts by. `alerts_every_s`: seconds
    between two looks at what fires; `alerts_hurry` shortens every time in the rules so many times, for rehearsals.
    `pooler_url`: PgBouncer's console as one who may look, its database with it; "" without a pooler."""

    business_zone: str
    alerts_every_s: Positive = 5.0
    alerts_hurry: Positive = 1.0
    pooler_url: str = ""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.business_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError("LARDER_BUSINESS_ZONE is not the name of a time zone") from error


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with open_plumbing(settings, "analytics") as plumbing:
        projector = Projector(plumbing.pool, plumbing.bus, Tables(LIVE), settings.business_zone, plumbing.now)
        sources = Sources(plumbing.pool, plumbing.bus, settings.pooler_url, plumbing.now)
        async with (
            learning(plumbing.pool, plumbing.bus, projector),
            judging(settings, plumbing),
            keeping_snapshots(sources),
        ):
            yield front_of(plumbing, Api(plumbing.pool, plumbing.reads, plumbing.cursors, plumbing.now, sources))


def front_of(plumbing: Plumbing, work: Api) -> Application:
    """The routes alone."""
    return plumbing.front(routes_of(ROUTES, work, title="Larder analytics", path="/api/analytics"))


@asynccontextmanager
async def judging(settings: Settings, plumbing: Plumbing) -> AsyncIterator[None]:
    """Judges the alerts during the block, unless another replica does. On a connection of its own: one of the alerts is
    that the others are all in use."""
    async with open_pool(
        settings.database_url, size=1, name="alerts", statement_cache=settings.statement_cache
    ) as pool:
        watch = Watch(
            read_rules(),
            pool,
            plumbing.bus,
            settings.instance,
            plumbing.now,
            every=settings.alerts_every_s,
            hurry=settings.alerts_hurry,
        )
        async with supervised(watch.run(), "alerts"):
            yield


def main() -> None:
    run(Settings, build)
