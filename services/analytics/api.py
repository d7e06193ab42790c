"""What the routes of analytics work with, whatever they tell of."""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request

from services.analytics.performance.look import Sources
from shared.cursor import Cursors
from shared.database import Pool
from shared.identity import Identity
from shared.replica import Reads

EXPORTS_AT_ONCE = 2
"""Each holds a connection of the pool and keeps a rebuild from its swap, for as long as its reader takes."""

AnalyticsRequest = Request[Identity, Any, Any]


@dataclass(frozen=True)
class Api:
    """In `app.state.api`. `reads` is for reports; `pool`, the primary's, for what has to be of this moment, as alerts
    are."""

    pool: Pool
    reads: Reads
    cursors: Cursors
    now: Callable[[], datetime]
    sources: Sources
    exports: Semaphore = field(default_factory=lambda: Semaphore(EXPORTS_AT_ONCE))


def api_of(request: AnalyticsRequest) -> Api:
    api: Api = request.app.state.api
    return api
