"""The composition root of accounts: the only place that holds the key which signs tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.accounts.api import ROUTES, Api, answer_belonging, answer_last_admin, answer_stale_version
from services.accounts.copies import session_copies
from services.accounts.domain import BelongingError, LastAdminError, StaleVersionError
from services.accounts.sessions import Accounts
from shared.http.routes import routes_of
from shared.http.types import Application
from shared.identity import TokenSigner
from shared.limits import Limiter, open_valkey
from shared.plumbing import open_plumbing
from shared.process import run
from shared.settings import ContextSettings

COUNTING_SECONDS = 1.0
"""Nobody signs in uncounted: so who counts is waited for longer than where a request is let in without it."""


class Settings(ContextSettings, frozen=True, kw_only=True):
    """`token_private_key`: Ed25519, 32 raw bytes, base64url. `sign_in_failures_per_hour` of 0 is no limit."""

    token_private_key: str
    sign_in_failures_per_hour: int


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    async with (
        open_plumbing(settings, "accounts") as plumbing,
        open_valkey(settings.valkey_url, COUNTING_SECONDS, retries=0) as counting,
    ):
        accounts = Accounts(
            pool=plumbing.pool,
            bus=plumbing.bus,
            signer=TokenSigner(settings.token_private_key),
            limiter=Limiter(counting),
            failures_per_hour=settings.sign_in_failures_per_hour,
            now=plumbing.now,
        )
        async with session_copies(accounts, plumbing.cache, settings.instance) as copies:
            routes = routes_of(
                ROUTES,
                Api(accounts, plumbing.cursors, copies),
                title="Larder accounts",
                path="/api/accounts",
                exception_handlers={
                    StaleVersionError: answer_stale_version,
                    BelongingError: answer_belonging,
                    LastAdminError: answer_last_admin,
                },
            )
            yield plumbing.front(routes)


def main() -> None:
    run(Settings, build)
