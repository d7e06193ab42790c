"""Positions in the database's log: what a reader has to see at least, as a token that it carries.

A position is how far the primary's log was (a Postgres LSN, `0/16B3748`) at a moment after a commit: whoever has
replayed the log up to there has that commit. Positions of one primary only grow. Refuses, with PositionError, what is
not one.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NewType

import asyncpg

from shared.database import Connection

Position = NewType("Position", int)

NEWEST = Position(1 << 64)
"""Beyond every log: what the primary alone can answer."""

LOG_SECONDS = 0.5
"""A server that does not say so soon how far it is counts as away."""

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

    One question is out at a time, and who comes meanwhile shares the next one: an answer is never older than the call,
    and a hundred who ask at once cost two questions.
    """

    def __init__(self, url: str, sql: str, *, name: str, statement_cache: int = 100) -> None:
        self._url = url
        self._sql = sql
        self._name = name
        self._statement_cache = statement_cache
        self._connection: Connection = None
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[Mapping[str, Any]] | None = None

    async def ask(self) -> Mapping[str, Any]:
        """The row, as it was at some moment since the call. Raises LogAwayError."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask(), name=f"log {self._name}")
            self._next.add_done_callback(_note)
        # Whoever leaves does not take the question from the others.
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._connection is not None:
            self._connection.terminate()

    async def _ask(self) -> Mapping[str, Any]:
        async with self._one_at_a_time:
            self._next = None  # from here on it would be older than the call
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._url,
                        timeout=LOG_SECONDS,
                        command_timeout=LOG_SECONDS,
                        statement_cache_size=self._statement_cache,
                        server_settings={"application_name": self._name},
                    )
                row: Mapping[str, Any] | None = await self._connection.fetchrow(self._sql)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
                # Also TimeoutError: what is still on its way on that connection is of no use.
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
                raise LogAwayError(repr(error)) from error
        if row is None:
            raise LogAwayError("it said nothing")
        return row


def _note(asked: "asyncio.Task[Mapping[str, Any]]") -> None:
    """Of a question whose askers have all left the error is nobody's."""
    with suppress(asyncio.CancelledError):
        asked.exception()
