"""The frames of some topics over as many connections as it takes: for whoever listens for longer than one lasts.

Owns coming back: when, with which ticket, and from which positions. Invariants: a position belongs to a topic and
outlives its connection, also one that ended before it answered; nothing that was received is asked for again, and
nothing that was not is passed over. A server that says when to come back is heard; else the wait grows from try to try,
with chance in it. Raises what coming back cannot mend.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from proto import realtime
from proto.realtime import CloseCode, Position, ServerFrame
from shared.realtime import RealtimeClient

AskTicket = Callable[[], Awaitable[str]]
"""A fresh ticket, of somebody signed in. What it raises as an OSError is tried again, all else ends the feed."""

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
SILENT_BEATS = 3
"""So many heartbeats without a frame, and the connection is dead: a phone that lost its network hears no close."""

PASSING = frozenset({429, 500, 502, 503, 504})
"""Statuses of a refused handshake that may be another one the next time."""

MEND_THE_CLIENT = frozenset({1002, 1007, 1009, CloseCode.BAD_FRAME, CloseCode.TOO_MANY_REQUESTS})


def wait_seconds(tries: int, chance: float) -> float:
    """Before the next try, after so many in vain; `chance` is from 0 to 1."""
    return float(chance * min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(tries, 10)))


class RealtimeFeed:
    """Used by one task, as a context manager and an async iterator that ends only by an error.

    `positions` are by topic, as far as everything was handed out: who keeps them beside what came of it goes on from
    there after a restart. `client` is the connection, None while there is none, and `broken_by` then says why.

    Fetch over HTTP (a single order with `Cache-Control: no-cache`) after the first `subscribed` of a topic and after
    every `resync`, and keep the higher version of each order; after that nothing needs to be fetched again.
    """

    def __init__(
        self,
        url: str,
        ask_ticket: AskTicket,
        topics: Iterable[str],
        *,
        positions: Mapping[str, Position] | None = None,
        origin: str | None = None,
    ) -> None:
        self.url = url
        self.positions = dict(positions or {})
        self.client: RealtimeClient | None = None
        self.broken_by: Exception | None = None
        self._ask_ticket = ask_ticket
        self._topics = dict.fromkeys(topic.lower() for topic in topics)
        self._origin = origin
        self._tries = 0
        self._has_been_in = False
        self._due: float | None = 0.0
        """When to connect, by the loop's clock; None: after a wait of our own."""

    async def receive(self) -> ServerFrame:
        """The next frame of any connection. `unsubscribed` of an `order:<id>` also says that it is not ours any more.

        Raises what `ask_ticket` raises, InvalidStatus for a handshake that is refused for good, and ConnectionClosed
        with a code that asks to mend the client, or that a topic or one more socket is not ours.
        """
        while True:
            client = self.client or await self._come_back()
            if client is None:
                continue
            try:
                async with asyncio.timeout(SILENT_BEATS * max(1, client.welcome.heartbeat_s)):
                    frame = await client.receive()
            except TimeoutError as silence:
                self._lose(silence)
            except ConnectionClosed as closed:
                self._lose(closed)
                left = self._left_behind(client, closed)
                if left is not None:
                    return left
            else:
                self._note(client, frame)
                return frame

    async def subscribe(self, topic: str) -> None:
        """Also from now on; at once when there is a connection. Nothing for a topic that it has."""
        topic = topic.lower()
        if topic not in self._topics:
            self._topics[topic] = None
            await self._tell(realtime.Subscribe(topic, self.positions.get(topic)))

    async def unsubscribe(self, topic: str) -> None:
        """Also from now on; at once when there is a connection."""
        self._forget(topic.lower())
        await self._tell(realtime.Unsubscribe(topic))

    async def send_location(self, lat: float, lon: float) -> None:
        """Dropped while there is no connection: the next one comes within a second."""
        await self._tell(realtime.SendLocation(lat, lon))

    async def close(self) -> None:
        if self.client is not None:
            await self.client.close()
            self.client = None

    def __aiter__(self) -> "RealtimeFeed":
        return self

    async def __anext__(self) -> ServerFrame:
        return await self.receive()

    async def __aenter__(self) -> "RealtimeFeed":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _come_back(self) -> RealtimeClient | None:
        """None when it did not work out, this time."""
        now = asyncio.get_running_loop().time()
        wait = wait_seconds(self._tries, random.random()) if self._due is None else self._due - now  # noqa: S311
        await asyncio.sleep(max(0.0, wait))
        self._due = None
        self._tries += 1
        try:
            ticket = await self._ask_ticket()  # which may also say where to: `url` is read after it
            client = await RealtimeClient.connect(self.url, ticket, origin=self._origin)
        except InvalidStatus as refused:
            if refused.response.status_code not in PASSING:
                raise
            self._lose(refused)
            self._hear_retry_after(refused.response.headers.get("Retry-After"))
        except ConnectionClosed as closed:
            self._lose(closed)
            self._check(closed)
        except (InvalidHandshake, OSError) as error:  # TimeoutError is one of these
            self._lose(error)
        else:
            return await self._begin(client)
        return None

    async def _begin(self, client: RealtimeClient) -> RealtimeClient:
        """Subscribes all or nothing: who is cancelled half way begins anew."""
        try:
            with suppress(ConnectionClosed):  # what came before that is read first, and the reason last
                for topic in list(self._topics):
                    await client.subscribe(topic, self.positions.get(topic))
        except BaseException:
            await client.close()
            raise
        self.client = client
        return client

    async def _tell(self, frame: realtime.ClientFrame) -> None:
        if self.client is not None:
            with suppress(ConnectionClosed):  # said to `receive`, which comes back and subscribes
                await self.client.send(frame)

    def _lose(self, why: Exception) -> None:
        self.broken_by = why
        if self.client is not None:
            self.client.abort()
            self.client = None

    def _check(self, closed: ConnectionClosed) -> int | None:
        """The server's code. Raises `closed` for one that coming back does not mend."""
        code = closed.rcvd.code if closed.rcvd is not None else None
        # Later it may be a dead connection of ours that the server still counts.
        if code in MEND_THE_CLIENT or (code == CloseCode.TOO_MANY_SOCKETS and not self._has_been_in):
            raise closed
        return code

    def _left_behind(self, client: RealtimeClient, closed: ConnectionClosed) -> realtime.Unsubscribed | None:
        """The topic to go on without. Raises `closed` where there is no going on."""
        if self._check(closed) != CloseCode.FORBIDDEN_TOPIC:
            return None
        # Subscriptions are answered in order: the first without an answer is the one that was refused.
        refused = next((topic for topic in self._topics if topic not in client.positions), None)
        if refused is None or not refused.startswith("order:"):
            raise closed
        self._forget(refused)
        return realtime.Unsubscribed(refused)

    def _note(self, client: RealtimeClient, frame: ServerFrame) -> None:
        self._tries, self._has_been_in, self.broken_by = 0, True, None
        self.positions.update({topic: at for topic, at in client.positions.items() if topic in self._topics})
        if isinstance(frame, realtime.Drain):
            self._due = asyncio.get_running_loop().time() + frame.reconnect_after_ms / 1000

    def _hear_retry_after(self, seconds: str | None) -> None:
        """What all are told alike is spread by what each waits besides."""
        if seconds is not None and seconds.isdigit():
            besides = wait_seconds(self._tries, random.random())  # noqa: S311
            self._due = asyncio.get_running_loop().time() + int(seconds) + besides

    def _forget(self, topic: str) -> None:
        self._topics.pop(topic, None)
        self.positions.pop(topic, None)
