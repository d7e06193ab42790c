"""Positions in the database's log: what a reader has to see at least, as a token that it carries.

A position is how far the primary's log was (a Postgres LSN, `0/16B3748`) at a moment after a commit: whoever has
replayed the log up to there has that commit. Positions of one primary only grow. Refuses, with PositionError, what is
not one.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, NewType, TypeAlias

import asyncpg

from shared.database import Connection

Position = NewType("Position", int)

NEWEST = Position(1 << 64)
"""Beyond every log: what the primary alone can answer."""

LOG_SECONDS = 0.5
"""A server that does not say so soon how far it is counts as away."""

Told: TypeAlias = Mapping[str, Any]
"""What a server says of its log: a row."""

_POSITION = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")


class PositionError(ValueError):
    """The text is no position."""


class LogAwayError(Exception):
    """The server did not say how far its log is."""


def parse_position(text: str) -> Position:
    """Raises PositionError."""
    halves = _POSITION.fullmatch(text)
    if halves is None:
        raise PositionError("must be a position as an answer or an event told it, such as 0/16B3748")
    return Position(int(halves[1], 16) << 32 | int(halves[2], 16))


class Log:
    """Asks one server how far its log is, on a connection of its own. `sql` is a SELECT of one row.

    One question is out at a time, and who comes meanwhile shares the next one: an answer is never older than the call.
    After one it rests for `rest` seconds: where many ask all the time, more of them share, and a question is no cheaper
    for being asked more often. Who asks seldom does not wait.
    """

    def __init__(self, url: str, sql: str, *, name: str, statement_cache: int = 100, rest: float = 0.0) -> None:
        self._url = url
        self._sql = sql
        self._name = name
        self._statement_cache = statement_cache
        self._rest = rest
        self._connection: Connection = None
        self._waiting: list[asyncio.Future[Told]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self) -> Told:
        """The row, as it was at some moment since the call. Raises LogAwayError."""
        answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all(), name=f"log {self._name}")
        return await answer

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        if self._connection is not None:
            self._connection.terminate()

    async def _ask_all(self) -> None:
        """Until nobody waits."""
        waiting: list[asyncio.Future[Told]] = []
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                try:
                    row = await self._ask()
                except LogAwayError as error:
                    _tell(waiting, error)
                else:
                    _tell(waiting, row)
                await asyncio.sleep(self._rest)
        finally:
            self._asking = None
            _tell([*waiting, *self._waiting], LogAwayError("nobody asks any more"))  # those who were not told yet

    async def _ask(self) -> Told:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(
                    self._url,
                    timeout=LOG_SECONDS,
                    command_timeout=LOG_SECONDS,
                    statement_cache_size=self._statement_cache,
                    server_settings={"application_name": self._name},
                )
            row: Told | None = await self._connection.fetchrow(self._sql)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            # Also TimeoutError: what is still on its way on that connection is of no use.
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
            raise LogAwayError(repr(error)) from error
        if row is None:
            raise LogAwayError("it said nothing")
        return row


def _tell(waiting: Sequence["asyncio.Future[Told]"], answer: Told | LogAwayError) -> None:
    """All but who has left meanwhile."""
    for one in waiting:
        if one.done():
            continue
        if isinstance(answer, LogAwayError):
            one.set_exception(answer)
        else:
            one.set_result(answer)
