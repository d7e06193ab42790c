"""`python -m services.analytics.rebuild`: rebuilds, and says how far it is.

Products count under the category that they are in now, and days are those of LARDER_BUSINESS_ZONE.
"""

import asyncio
import logging
import os
import sys
from time import monotonic

import structlog
import uvloop

from services.analytics.app import Settings
from services.analytics.rebuild.commands import RunningError, rebuild
from shared import log
from shared.bus import Bus
from shared.database import open_pool
from shared.settings import SettingsError, load

PROGRESS_SECONDS = 0.5

_log = structlog.get_logger("rebuild")


async def _run(settings: Settings) -> None:
    async with (
        open_pool(settings.database_url, size=4, name="rebuild", statement_cache=settings.statement_cache) as pool,
        Bus(settings.nats_url, "rebuild") as bus,
    ):
        async with asyncio.timeout(10):
            await bus.connection()
        done = await rebuild(pool, bus, settings.business_zone, _Teller())
    rate = done.events / max(done.seconds, 0.001)
    sys.stdout.write(f"\r{done.events:,} events counted anew in {done.seconds:.1f} s ({rate:,.0f} a second).\n")


class _Teller:
    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, done: int, of: int) -> None:
        if monotonic() - self._told > PROGRESS_SECONDS:
            self._told = monotonic()
            sys.stdout.write(f"\r{done:,} of {of:,} events")
            sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 failed or refused, 2 wrong settings or arguments."""
    if arguments:
        sys.stderr.write("rebuild: there are no arguments\n")
        return 2
    try:
        settings = load(Settings, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"rebuild: {error}\n")
        return 2
    log.configure(settings.log, "rebuild", level=logging.WARNING)
    try:
        uvloop.run(_run(settings))
    except RunningError as error:
        sys.stderr.write(f"rebuild: {error}\n")
        return 1
    except Exception as error:  # noqa: BLE001  said in words, with the rest in the log
        _log.error("rebuild failed", exc_info=error)
        sys.stderr.write(f"\nrebuild: {error!r}. The numbers are what they were: run it again.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
