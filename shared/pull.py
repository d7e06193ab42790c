"""Pulling a consumer's messages as they come, beside other processes that pull the same consumer.

nats-py's `fetch` asks again for a full batch when another process has a request waiting, and then keeps what it gets
until its time is over: with two replicas events lay in one of them for up to five seconds. Here one request stands at
the server at any time; what has come is handed over at once, and the server deals messages out in turn to all who ask.

Invariant: a message that was received is handed over, or given back when the block ends; what arrives in that very
moment comes again after the wait for its acknowledgement, as from a process that was killed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext

ASKED_SECONDS = 5.0
"""How long the server keeps a request."""

PATIENCE_SECONDS = 1.0
"""After that, a server that has said nothing has forgotten the request, or the consumer."""

STATUS, TIME_IS_OVER = "Status", "408"
NO_LIMIT = 0


class PullError(Exception):
    """The server refuses to send messages though the consumer is there."""


class _Request(msgspec.Struct):
    """`expires` in nanoseconds."""

    batch: int
    expires: int


class Pull:
    """`next` returns what has come; nothing when that took too long."""

    def __init__(self, client: Client, stream: str, consumer: str, batch: int, inbox: Subscription) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream(timeout=ASKED_SECONDS)
        self._stream = stream
        self._consumer = consumer
        self._batch = batch
        self._inbox = inbox
        self._asked = 0  # how many the server may still send

    async def next(self) -> list[Msg]:
        """At most `batch` messages, in the consumer's order. Raises NotFoundError when the consumer is gone, and
        PullError."""
        messages: list[Msg] = []
        while not messages:
            if self._asked == 0:
                await self._ask()
            try:
                first = await self._inbox.next_msg(ASKED_SECONDS + PATIENCE_SECONDS)
            except (TimeoutError, nats.errors.TimeoutError):
                await self._jetstream.consumer_info(self._stream, self._consumer)
                self._asked = 0
                return []
            if not self._take(first, messages):
                await self._jetstream.consumer_info(self._stream, self._consumer)
                if first.headers is None or first.headers[STATUS] != TIME_IS_OVER:
                    raise PullError(f"{self._consumer} of {self._stream}: {first.headers}")
                return []
        while len(messages) < self._batch and self._inbox.pending_msgs:
            self._take(await self._inbox.next_msg(PATIENCE_SECONDS), messages)
        return messages

    async def give_back(self) -> None:
        """What was received and not handed over, to whoever asks next."""
        while self._inbox.pending_msgs:
            message = await self._inbox.next_msg(PATIENCE_SECONDS)
            if STATUS not in (message.headers or {}):
                await message.nak()

    async def _ask(self) -> None:
        wanted = _Request(self._batch, int(ASKED_SECONDS * 1e9))
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        await self._client.publish(subject, msgspec.json.encode(wanted), self._inbox.subject)
        self._asked = self._batch

    def _take(self, message: Msg, messages: list[Msg]) -> bool:
        """False when it was no message but the end of the request: its time is over, or the consumer is gone."""
        if STATUS in (message.headers or {}):
            self._asked = 0
            return False
        self._asked -= 1
        messages.append(message)
        return True


@asynccontextmanager
async def pulling(client: Client, stream: str, consumer: str, batch: int) -> AsyncIterator[Pull]:
    """Asks for `batch` messages at a time, during the block."""
    inbox = await client.subscribe(client.new_inbox(), pending_msgs_limit=NO_LIMIT, pending_bytes_limit=NO_LIMIT)
    pull = Pull(client, stream, consumer, batch, inbox)
    try:
        yield pull
    finally:
        with suppress(nats.errors.Error):  # NATS is away: it gives them back by itself
            await pull.give_back()
            await inbox.unsubscribe()
