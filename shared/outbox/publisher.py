"""Publishing a batch of outbox rows in the order of their keys.

A batch goes out as one atomic publish where the server has it (NATS 2.12): all stored or none, five times as fast as
single acknowledgements under `sync_interval: always`. Where it has not, and after an unclear failure (a repeated id
refuses a whole batch), it goes out in waves that hold one event a key: nothing overtakes.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import Header

from shared.bus import Bus
from shared.database import Row
from shared.ids import new_id

HEADER_BYTES = 512
"""More than our headers take."""

ACKNOWLEDGE_SECONDS = 5.0

# Errors that the same bytes will meet again: too large, or a stream that takes no such subject.
_FOR_GOOD = (nats.errors.MaxPayloadError, nats.errors.BadSubjectError)

_log = structlog.get_logger("publisher")


@dataclass
class Outcome:
    """What became of a batch: the ids of the rows that JetStream has stored, those it never will, and the error that
    ended it early."""

    stored: list[int]
    refused: dict[int, BaseException] = field(default_factory=dict)
    failure: BaseException | None = None


class BatchRefusedError(Exception):
    """JetStream stored nothing of the batch."""


class Publisher:
    """`atomic` says whether the streams take batches."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.atomic = False

    async def publish(self, rows: Sequence[Row]) -> Outcome:
        """Rows with id, event_id, key, subject, payload and ttl_seconds, in the order in which they shall be stored."""
        if len(rows) > 1 and self.atomic and not any(row["ttl_seconds"] for row in rows):
            try:
                await self._publish_batch(rows)
            except BatchRefusedError as refusal:
                await _log.ainfo("batch refused, going on one by one", reason=str(refusal))
            else:
                return Outcome([row["id"] for row in rows])
        outcome, held_back = Outcome([]), set[UUID]()
        for wave in waves(rows):
            going = [row for row in wave if row["key"] not in held_back]
            answers = await asyncio.gather(*(self._publish_row(row) for row in going), return_exceptions=True)
            for row, answer in zip(going, answers, strict=True):
                if answer is None:
                    outcome.stored.append(row["id"])
                elif isinstance(answer, _FOR_GOOD):
                    outcome.refused[row["id"]] = answer
                    held_back.add(row["key"])
                else:
                    outcome.failure = answer
            if outcome.failure is not None:
                break  # nothing of a later wave may overtake: the rest comes again
        return outcome

    def _fits(self, row: Row) -> bool:
        """The server ends the whole connection over a message above its limit, headers included."""
        return len(row["payload"]) + HEADER_BYTES <= self._bus.client.max_payload

    async def _publish_row(self, row: Row) -> None:
        if not self._fits(row):
            raise nats.errors.MaxPayloadError
        future = await self._bus.jetstream.publish_async(
            row["subject"],
            row["payload"],
            headers={Header.MSG_ID: str(row["event_id"])},
            msg_ttl=row["ttl_seconds"],
        )
        await asyncio.wait_for(future, ACKNOWLEDGE_SECONDS)

    async def _publish_batch(self, rows: Sequence[Row]) -> None:
        """All or nothing. Raises BatchRefusedError when it was nothing, TimeoutError when that is not known."""
        if not all(self._fits(row) for row in rows):
            raise BatchRefusedError("one of the events is too large")
        client, batch = self._bus.client, str(new_id())
        for place, row in enumerate(rows[:-1], start=1):
            headers = _batch_headers(batch, place, row["event_id"])
            if place > 1:
                await client.publish(row["subject"], row["payload"], headers=headers)
                continue
            # The first is acknowledged by itself: it tells whether the server takes batches at all.
            _refuse(await client.request(row["subject"], row["payload"], ACKNOWLEDGE_SECONDS, headers=headers))
        last = rows[-1]
        headers = {**_batch_headers(batch, len(rows), last["event_id"]), "Nats-Batch-Commit": "1"}
        _refuse(await client.request(last["subject"], last["payload"], ACKNOWLEDGE_SECONDS, headers=headers))


def waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in order, cut so that no wave holds two of one key."""
    wave: list[Row] = []
    keys: set[UUID] = set()
    for row in rows:
        if row["key"] in keys:
            yield wave
            wave, keys = [], set()
        wave.append(row)
        keys.add(row["key"])
    if wave:
        yield wave


def _batch_headers(batch: str, place: int, event_id: UUID) -> dict[str, str]:
    return {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(place), Header.MSG_ID: str(event_id)}


def _refuse(answer: Msg) -> None:
    """Raises BatchRefusedError for an answer with an error; the first message's answer is empty."""
    error = msgspec.json.decode(answer.data).get("error") if answer.data else None
    if error:
        raise BatchRefusedError(error.get("description", str(error)))
