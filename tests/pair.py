"""A primary and its replica, for tests of who reads where: replay held and let go, and what was counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.local import Stack
from shared.database import Pool, open_pool
from shared.position import Position, parse_position
from tests.support import eventually, sample

PATIENT_SECONDS = 30.0
NOT_NOW = (asyncpg.SerializationError, asyncpg.ConnectionDoesNotExistError, asyncpg.CannotConnectNowError)
AGAIN_SECONDS = 0.02
OLD = "0/1"
"""A position that every replica has."""


@dataclass
class Pair:
    """`primary` and `replica` are the superuser's."""

    primary: asyncpg.Connection
    replica: Pool

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The replica gets the log, and does not apply it."""
        await self.there("select pg_wal_replay_pause()")
        try:

            async def paused() -> bool:
                return bool(await self.there("select pg_get_wal_replay_pause_state() = 'paused'"))

            assert await eventually(paused, PATIENT_SECONDS)
            yield
        finally:
            await self.there("select pg_wal_replay_resume()")

    async def there(self, sql: str) -> Any:
        """What the replica says. It ends a statement that is in the way of what it applies, or its connection, the very
        one too that let it go on; and one that has just been started again lets nobody in: so it is asked again."""
        while True:
            with suppress(*NOT_NOW):
                return await self.replica.fetchval(sql)
            await asyncio.sleep(AGAIN_SECONDS)

    async def written(self) -> Position:
        return parse_position(await self.primary.fetchval("select pg_current_wal_flush_lsn()::text"))

    async def replayed(self) -> Position:
        return parse_position(await self.there("select pg_last_wal_replay_lsn()::text"))

    async def level(self) -> None:
        """Once the replica has all that is written now."""
        written = await self.written()

        async def caught_up() -> bool:
            return await self.replayed() >= written

        assert await eventually(caught_up, PATIENT_SECONDS)


def reading_there(stack: Stack, role: str) -> dict[str, str]:
    """What a service is told besides, to read from the replica."""
    return {"LARDER_DATABASE_REPLICA_URL": stack.addresses.replica(role)}


@asynccontextmanager
async def open_pair(stack: Stack) -> AsyncIterator[Pair]:
    primary = await asyncpg.connect(stack.addresses.database("postgres"))
    try:
        async with open_pool(stack.addresses.replica("postgres"), size=1, name="tests", may_be_away=True) as replica:
            yield Pair(primary, replica)
    finally:
        await primary.close()


class Counted:
    """Reads of this process since it was made, by why they were answered where they were."""

    def __init__(self) -> None:
        self._before = self._now()

    def __getitem__(self, why: str) -> int:
        return int(self._now()[why] - self._before[why])

    @property
    def replica(self) -> int:
        return self["fresh"] + self["reached"]

    @staticmethod
    def _now() -> dict[str, float]:
        return {
            why: sample("larder_reads_total", server=server, why=why) or 0.0
            for server, reasons in (
                ("replica", ("fresh", "reached")),
                ("primary", ("asked", "behind", "late", "failed", "missing")),
            )
            for why in reasons
        }
