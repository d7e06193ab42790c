"""`python -m shared.outbox.parked`: the events that the bus refused for good, and how an operator takes them up again.

Invariants: nothing is ever dropped here. A retried event goes out by the relay as any other does: first of its key,
those that waited behind it follow in the order of their rows. Refuses an id that names no parked event.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.bus import Bus
from shared.database import Pool, open_pool, transaction
from shared.outbox import wake_subject
from shared.outbox.app import Settings
from shared.settings import SettingsError, load

CONNECT_SECONDS = 2.0


class Parked(msgspec.Struct, frozen=True):
    """One event. `behind`: how many of its key wait for it."""

    context: str
    id: int
    key: UUID
    subject: str
    bytes: int
    error: str
    since: datetime
    behind: int

    @property
    def name(self) -> str:
        """What `--retry` takes."""
        return f"{self.context}/{self.id}"


class UnknownError(Exception):
    """No such event is parked."""


async def list_parked(pool: Pool, contexts: Iterable[str]) -> list[Parked]:
    """The longest parked first, context by context. A context is from the settings' pattern: it can hold no SQL."""
    found: list[Parked] = []
    async with transaction(pool) as connection:
        for context in contexts:
            rows = await connection.fetch(
                f"""
                select event.id, event.key, event.subject, octet_length(event.payload) as bytes, event.error,
                    event.parked_at as since,
                    (select count(*) from {context}.outbox as later
                     where later.key = event.key and later.published_at is null and later.parked_at is null) as behind
                from {context}.outbox as event
                where event.parked_at is not null
                order by event.id"""  # noqa: S608
            )
            found += [Parked(context=context, **dict(row)) for row in rows]
    return found


async def retry(pool: Pool, wanted: Iterable[Parked]) -> None:
    """From now on the relay takes them as it takes any other. All or none."""
    async with transaction(pool) as connection:
        for event in wanted:
            await connection.execute(
                f"update {event.context}.outbox set parked_at = null, error = null where id = $1",  # noqa: S608
                event.id,
            )


def named(parked: Sequence[Parked], names: Iterable[str]) -> list[Parked]:
    """The events with these names. Raises UnknownError for one that is not parked."""
    known = {event.name: event for event in parked}
    missing = [name for name in names if name not in known]
    if missing:
        raise UnknownError(f"No event {', '.join(missing)} is parked. `just parked` lists those that are.")
    return [known[name] for name in names]


async def _run(settings: Settings, options: argparse.Namespace) -> str:
    async with open_pool(settings.database_url, size=1, name="parked") as pool:
        parked = await list_parked(pool, settings.outboxes.split(","))
        if not parked:
            if options.retry:
                named(parked, options.retry)
            return "No event is parked."
        if not options.retry and not options.retry_all:
            return "\n".join([*map(_described, parked), "Take up again: just parked --retry ID, or --retry-all"])
        wanted = parked if options.retry_all else named(parked, options.retry)
        await retry(pool, wanted)
    await _wake(settings.nats_url, {event.context for event in wanted})
    return f"Taken up again: {', '.join(event.name for event in wanted)}. `just parked` says whether one came back."


async def _wake(url: str, contexts: Iterable[str]) -> None:
    """Best effort: the relay polls each second besides."""
    async with Bus(url, "parked") as bus:
        try:
            await asyncio.wait_for(bus.connection(), CONNECT_SECONDS)
        except TimeoutError:
            return
        for context in contexts:
            await bus.nudge(wake_subject(context))
        await bus.client.flush()


def _described(event: Parked) -> str:
    since = event.since.strftime("%Y-%m-%d %H:%M:%S")
    return (
        f"{event.name}  since {since} UTC  {event.bytes:,} bytes  {event.subject}\n"
        f"    {event.error}\n"
        f"    key {event.key}, {event.behind} more of it wait behind"
    )


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 1 no such event, 2 wrong settings or arguments."""
    parser = argparse.ArgumentParser(prog="just parked", description="Events that the bus refused for good.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--retry", action="append", metavar="ID", type=_name, help="orders/17, as the list says it")
    choice.add_argument("--retry-all", action="store_true")
    options = parser.parse_args(arguments)
    try:
        settings = load(Settings, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"parked: {error}\n")
        return 2
    try:
        sys.stdout.write(asyncio.run(_run(settings, options)) + "\n")
    except UnknownError as error:
        sys.stderr.write(f"parked: {error}\n")
        return 1
    return 0


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z_]+/[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id such as orders/17")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
