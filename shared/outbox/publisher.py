"""Publishing a batch of outbox rows in the order of their keys.

Many rows of a stream go out as one atomic publish where the server has it (NATS 2.12): all stored or none, five times
as fast as single acknowledgements under `sync_interval: always`. Few rows, and all where it has not or after an unclear
failure (a repeated id refuses a whole batch), go out in waves that hold one event a key: nothing overtakes within a
key.

Invariants: `publish` comes back within ROUND_SECONDS, however slow the bus is, and says of each row what became of it;
what is not said to be stored or refused comes again. A row that fails holds back its own key alone.
"""

import asyncio
import re
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.js.api import Header
from nats.js.errors import APIError

from proto.streams import POSITION, STREAMS
from shared.bus import Bus
from shared.database import Row
from shared.ids import new_id

HEADER_BYTES = 512
"""More than our headers take."""

BATCH_FROM = 12
"""Rows. The server makes files for each batch: 4 ms and 2.5 ms of its processor, for two events as for fifty. An event
by itself takes 0.6 ms and 0.3; of eight sent together the last is stored after 2.6 ms, of sixteen after 5.4. Measured
with NATS 2.15 and events of 2.5 KB (docs/adr/0003)."""

ACKNOWLEDGE_SECONDS = 5.0
ROUND_SECONDS = 8.0
"""The relay's transaction is open meanwhile: below the 10 s after which Postgres ends an idle one (roles.sql)."""

SUBJECT_BYTES = 1024
"""A quarter of the server's control line, beyond which it ends the connection."""

# JetStream's err_codes for what the same bytes will meet again: message too large for its stream, headers too large, a
# time to live that is none. Every other answer may change without the row: a full disk, a sealed stream, an election.
_FOR_GOOD = frozenset({10054, 10097, 10165})

_PREFIXES = "|".join(re.escape(subject.removesuffix(">")) for stream in STREAMS for subject in stream.subjects)
_SUBJECT = re.compile(rf"(?:{_PREFIXES})[^\s.*>\x00-\x20\x7f]+(?:\.[^\s.*>\x00-\x20\x7f]+)*")

_log = structlog.get_logger("publisher")


@dataclass
class Outcome:
    """What became of a batch: the ids of the rows that JetStream has stored, those it never will with the reason in
    words, and the error that kept others from being stored."""

    stored: list[int]
    refused: dict[int, str] = field(default_factory=dict)
    failure: Exception | None = None


class BatchRefusedError(Exception):
    """JetStream stored nothing of the batch."""


class RowRefusedError(Exception):
    """The bus will never take this row. The text says why, for the operator."""


class Publisher:
    """`atomic` says whether the streams take batches."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.atomic = False
        self._unclear = False  # the last batch may be stored: sent again as one it would be refused

    async def publish(self, rows: Sequence[Row]) -> Outcome:
        """Rows with id, event_id, key, subject, payload, ttl_seconds and position (a text or None), in the order in
        which they shall be stored."""
        until = _now() + ROUND_SECONDS
        outcome, singly = Outcome([]), list[Row]()
        for batch in self._batches(rows):
            if len(batch) < BATCH_FROM:
                singly += batch
                continue
            [answer] = await _answers([self._publish_batch(batch, until)], until)
            if answer is None:
                outcome.stored += [row["id"] for row in batch]
            elif isinstance(answer, BatchRefusedError):
                await _log.ainfo("batch refused, going on one by one", reason=str(answer))
                singly += batch
            else:
                self._unclear = True
                outcome.failure = answer
                return outcome
        if singly:
            await self._publish_waves(singly, until, outcome)
        self._unclear = outcome.failure is not None
        return outcome

    def _batches(self, rows: Sequence[Row]) -> list[list[Row]]:
        """What may go out as one: an atomic publish is of one stream. What may not is a batch of its own, for waves; so
        is each row of a key that has some for another stream, since nothing may overtake within a key."""
        if not self.atomic or self._unclear or any(row["ttl_seconds"] for row in rows):
            return [[row] for row in rows]
        streams = [row["subject"].partition(".")[0] for row in rows]
        of_key: dict[UUID, set[str]] = {}
        for row, stream in zip(rows, streams, strict=True):
            of_key.setdefault(row["key"], set()).add(stream)
        batches: dict[str, list[Row]] = {}
        alone = []
        for row, stream in zip(rows, streams, strict=True):
            if len(of_key[row["key"]]) > 1:
                alone.append([row])
            else:
                batches.setdefault(stream, []).append(row)
        return [*batches.values(), *alone]

    async def _publish_waves(self, rows: Sequence[Row], until: float, outcome: Outcome) -> None:
        held_back = set[UUID]()
        for wave in waves(rows):
            going = [row for row in wave if row["key"] not in held_back]
            if not going:
                continue
            if _now() >= until:
                outcome.failure = outcome.failure or TimeoutError(f"the bus is slow: {ROUND_SECONDS} s were not enough")
                break
            answers = await _answers([self._publish_row(row, until) for row in going], until)
            stored = len(outcome.stored)
            for row, answer in zip(going, answers, strict=True):
                _note(outcome, row, answer)
                if answer is not None:
                    held_back.add(row["key"])
            if outcome.failure is not None and len(outcome.stored) == stored:
                break  # not this row or that one: the bus. All the rest comes again

    async def _publish_row(self, row: Row, until: float) -> None:
        """Raises RowRefusedError when it will never be stored, and anything else when that is not known."""
        reason = self._mistake(row)
        if reason is not None:
            raise RowRefusedError(reason)
        headers = _headers(row)
        if row["ttl_seconds"] is not None:
            headers[Header.MSG_TTL.value] = str(row["ttl_seconds"])
        try:
            _acknowledgement(await self._request(row, headers, until))
        except APIError as error:
            if error.err_code in _FOR_GOOD:
                raise RowRefusedError(f"JetStream refused it: {error.description}") from error
            raise

    async def _publish_batch(self, rows: Sequence[Row], until: float) -> None:
        """All or nothing. Raises BatchRefusedError when it was nothing, anything else when that is not known."""
        if any(self._mistake(row) for row in rows):
            raise BatchRefusedError("one of the events will be refused")
        batch = str(new_id())
        try:
            # The first is acknowledged by itself, with nothing in it: the server takes batches.
            first = await self._request(rows[0], _batch_headers(batch, 1, rows[0]), until)
            if first.data:
                _acknowledgement(first)
                raise ConnectionError("the server stored an event of a batch by itself")
            for place, row in enumerate(rows[1:-1], start=2):
                if _now() >= until:
                    raise TimeoutError  # nobody waits for it any more
                await self._bus.client.publish(
                    row["subject"], row["payload"], headers=_batch_headers(batch, place, row)
                )
            headers = {**_batch_headers(batch, len(rows), rows[-1]), "Nats-Batch-Commit": "1"}
            answer = _acknowledgement(await self._request(rows[-1], headers, until))
        except APIError as error:
            raise BatchRefusedError(error.description) from error
        if answer.get("count") != len(rows):
            raise ConnectionError(f"the server stored {answer.get('count')} events of a batch of {len(rows)}")

    async def _request(self, row: Row, headers: dict[str, str], until: float) -> Msg:
        seconds = max(0.0, min(ACKNOWLEDGE_SECONDS, until - _now()))
        return await self._bus.client.request(row["subject"], row["payload"], seconds, headers=headers)

    def _mistake(self, row: Row) -> str | None:
        """Why the bus would never take the row, or None. Not left to the server, which ends the whole connection over a
        message above its limit and over a subject that it cannot read."""
        size, most = len(row["payload"]) + HEADER_BYTES, self._bus.client.max_payload
        if size > most:
            return f"too large: {size:,} bytes with headers, and the bus takes {most:,} (max_payload)"
        if len(row["subject"].encode()) > SUBJECT_BYTES or not _SUBJECT.fullmatch(row["subject"]):
            return "no stream takes its subject"
        return None


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


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _answers(sending: Sequence[Coroutine[Any, Any, None]], until: float) -> list[Exception | None]:
    """What became of each: None when it was sent and acknowledged, TimeoutError when that was not in time.

    Not `asyncio.timeout`: nats-py swallows the cancellation of a publish that waits for a full socket, as a frozen
    server leaves it, and would wait for 10 s a message.
    """
    tasks = [asyncio.create_task(each) for each in sending]
    try:
        await asyncio.wait(tasks, timeout=max(0.0, until - _now()))
    finally:
        for task in tasks:
            task.add_done_callback(_answer)  # also of one that nobody waits for: its error is no news
            task.cancel()
    return [_answer(task) for task in tasks]


def _answer(task: asyncio.Task[None]) -> Exception | None:
    if not task.done():
        return TimeoutError(f"no answer within {ROUND_SECONDS} s")
    if task.cancelled():
        return ConnectionError("the client closed meanwhile")
    error = task.exception()
    return error if error is None or isinstance(error, Exception) else ConnectionError(repr(error))


def _note(outcome: Outcome, row: Row, answer: Exception | None) -> None:
    if answer is None:
        outcome.stored.append(row["id"])
    elif isinstance(answer, RowRefusedError):
        outcome.refused[row["id"]] = str(answer)
    else:
        outcome.failure = answer


def _batch_headers(batch: str, place: int, row: Row) -> dict[str, str]:
    return {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(place), **_headers(row)}


def _headers(row: Row) -> dict[str, str]:
    headers = {Header.MSG_ID.value: str(row["event_id"])}
    if row["position"] is not None:
        headers[POSITION] = row["position"]
    return headers


def _acknowledgement(answer: Msg) -> dict[str, Any]:
    """JetStream's PubAck. Raises APIError for a refusal, ConnectionError when somebody else answered."""
    decoded: dict[str, Any] = msgspec.json.decode(answer.data or b"{}")
    if "error" in decoded:
        APIError.from_error(decoded["error"])  # raises
    if "seq" not in decoded:
        raise ConnectionError("the answer is no acknowledgement")
    return decoded
