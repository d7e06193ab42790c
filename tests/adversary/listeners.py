"""The clients: 200 people's screens that drop, sleep, forget, go slow and come back, and do what docs/realtime.md says.

A `Feed` is one topic of a client. It keeps a board of the orders under way (id to version) by the rules for people who
write clients: subscribe first, then fetch; the higher version counts; OrderLeft removes; `resync` means fetch. Beside
that it writes down everything that came, in `Chain`s: unbroken pieces of the topic, for the judge. A chain goes on over
breaks as long as the server takes up our position; it ends at a `resync`, when the client begins anew, when it
rewinds, and when it asks again, from further on, before it was told all that it asked for first.
"""

import asyncio
import random
import socket
from array import array
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from proto import realtime
from proto.realtime import CloseCode, Position
from shared.realtime import RealtimeClient
from tests.adversary.world import Away, Person, Refused, Session, Story, Viewer, World
from tests.adversary.writers import ENDED

GRACE = timedelta(seconds=30)
"""A change of a person ends their sockets at once; while NATS is away the gateways cannot know."""

STEADY_SECONDS = 8.0
"""How long a client reads before it does something, on average."""

SLOW_SECONDS, SLEEP_SECONDS = (2.0, 20.0), (3.0, 20.0)
OBEDIENT, FORGETFUL = 0.7, 0.05
"""The shares that come back after a drain when they are told to; that forget all they knew when they come back."""

RECEIVE_BUFFER_BYTES = 4096
REST_SECONDS, CALM_REST_SECONDS = 5.0, 0.3
PAGE = 100
MAY_END_WITH = frozenset(
    {
        None,
        1000,
        1005,
        1006,
        CloseCode.RESTART,
        CloseCode.UNAUTHENTICATED,
        CloseCode.TOO_SLOW,
        CloseCode.FORBIDDEN_TOPIC,
    }
)
"""Every other close code is a fault: of the gateway, or of this client."""


class Head(msgspec.Struct):
    """What a client reads of an event's order."""

    id: UUID
    version: int
    status: str | None = None


class Chain:
    """All that came on a topic between two places of the stream: above `start`, up to `end`. `marks` are hashes of what
    each event said, of its name, time and order."""

    __slots__ = ("end", "marks", "seqs", "start", "topic", "viewer")

    def __init__(self, topic: str, viewer: Viewer, start: int) -> None:
        self.topic = topic
        self.viewer = viewer
        self.start = self.end = start
        self.seqs = array("q")
        self.marks = array("q")


class Feed:
    """One topic of one client. `asked`: from where, of each subscribe that is not answered yet."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.position: Position | None = None
        self.asked: deque[Position | None] = deque()
        self.must_fetch = True
        self.chain: Chain | None = None
        self.chains: list[Chain] = []
        self.board: dict[UUID, int] = {}
        self._gone: dict[UUID, int] = {}

    def begin(self, viewer: Viewer, start: int, *, fetch: bool = True) -> None:
        """A new chain; with `fetch` the board is void too."""
        self.chain = Chain(self.topic, viewer, start)
        self.chains.append(self.chain)
        if fetch:
            self.must_fetch = True
            self.board.clear()
            self._gone.clear()

    def hear(self, event: realtime.Event, story: Story) -> Head:
        order = bytes(event.order)
        head = msgspec.json.decode(order, type=Head)
        chain = self.chain
        if chain is None:
            story.wrong["an event before its topic was subscribed"] += 1
            return head
        if event.seq <= chain.end:
            story.wrong["an event at or below the position that was told"] += 1
        chain.seqs.append(event.seq)
        chain.marks.append(hash((event.event, event.occurred_at, order)))
        applied = self.note(head.id, head.version, head.status)
        story.counts["events applied" if applied else "events older than what was fetched"] += 1
        return head

    def note(self, order_id: UUID, version: int, status: str | None) -> bool:
        """Whether this was news."""
        if version <= max(self.board.get(order_id, 0), self._gone.get(order_id, 0)):
            return False
        if status is None or status in ENDED:
            self.board.pop(order_id, None)
            self._gone[order_id] = version
        else:
            self._gone.pop(order_id, None)
            self.board[order_id] = version
        return True

    def moved(self, position: Position) -> None:
        self.position = position
        if self.chain is not None:
            self.chain.end = max(self.chain.end, position.seq)


class Listener:
    """One client. `live` runs until it is cancelled. With a number of `gateways` it goes to any of them, past Nginx,
    whose buffers would hide from the gateway for long that somebody is slow."""

    def __init__(
        self, world: World, person: Person, topics: Iterable[str], dice: random.Random, gateways: int = 0
    ) -> None:
        self.person = person
        self.feeds: dict[str, Feed] = {}
        self.past: list[Feed] = []
        self.viewer: Viewer | None = None
        self.calm = asyncio.Event()
        self._world = world
        self._story = world.story
        self._topics = tuple(topics)
        self._dice = dice
        self._client: RealtimeClient | None = None
        self._session: Session | None = None
        self._rest = 0.0
        self._failures = 0
        self._gateways = gateways
        self._fetching: asyncio.Task[None] | None = None

    @property
    def chains(self) -> list[Chain]:
        return [chain for feed in (*self.past, *self.feeds.values()) for chain in feed.chains]

    def caught_up(self, head: int) -> bool:
        """Whether everything up to there has come, and what had to be fetched was."""
        client = self._client
        return (
            client is not None
            and client.close_code is None
            and bool(self.feeds)
            and all(
                feed.topic in client.positions and client.positions[feed.topic].seq >= head and not feed.must_fetch
                for feed in self.feeds.values()
            )
        )

    def standing(self, head: int) -> str:
        """How far it is from there, in words."""
        client = self._client
        if client is None or client.close_code is not None:
            return f"{self.person.email} has no socket"
        told = [
            f"{feed.topic} at {client.positions[feed.topic].seq if feed.topic in client.positions else None} of {head}"
            f"{', to be fetched' if feed.must_fetch else ''}"
            for feed in self.feeds.values()
        ]
        return f"{self.person.email}: {'; '.join(told) or 'no topic'}"

    async def live(self) -> None:
        while True:
            self._rest = self._dice.uniform(0.0, min(REST_SECONDS, 0.3 * 2**self._failures))
            self._failures += 1
            try:
                await self._visit()
            except (Away, OSError, TimeoutError) as error:
                self._story.counts[f"not let in: {type(error).__name__}"] += 1
            except InvalidStatus as error:
                self._story.counts[f"not let in: {error.response.status_code}"] += 1
                if error.response.status_code != 503:
                    self._story.wrong[f"a handshake was answered {error.response.status_code}"] += 1
            except InvalidHandshake as error:
                self._story.counts[f"not let in: {type(error).__name__}"] += 1
            except ConnectionClosed:
                pass  # while something was said: the code is looked at below
            except Refused as refused:
                if refused.status not in {401, 403, 404}:  # somebody else now, or no more in sight
                    self._story.wrong[str(refused)] += 1
            finally:
                await self._leave()
            if self.calm.is_set():
                await asyncio.sleep(CALM_REST_SECONDS)
            else:
                await self._pause(self._rest)

    async def _visit(self) -> None:
        """One socket, from the ticket to its end."""
        session = self._session = await self.person.session()
        await self._become(session.viewer)
        status, content = await self._world.send("POST", "/api/realtime/tickets", None, session.token)
        if status != 201:
            self.person.forget(session)
            raise Refused(status, f"a ticket for {self.person.email}: {status} {content[:200]!r}")
        try:
            client = await RealtimeClient.connect(
                self._world.socket_url(self._dice.randrange(self._gateways) if self._gateways else None),
                msgspec.json.decode(content)["ticket"],
                resume=self._common_position(),
            )
        except ConnectionClosed as closed:
            self._note_end(closed.rcvd.code if closed.rcvd is not None else None)
            raise
        self._client = client
        self._failures = 0
        self._story.counts["sockets"] += 1
        default = self._common_position()
        for feed in self.feeds.values():
            feed.asked = deque([feed.position])
            await client.subscribe(feed.topic, None if feed.position == default else feed.position)
        while client.close_code is None:
            await self._listen(client)

    async def _become(self, viewer: Viewer) -> None:
        """Somebody else sees something else: what was known is void. Now and then all is forgotten anyway."""
        if self.viewer == viewer and self.feeds and self._dice.random() > FORGETFUL:
            return
        self.viewer = viewer
        self.past += self.feeds.values()
        self.feeds = {topic: Feed(topic) for topic in await self._choose(viewer)}

    async def _choose(self, viewer: Viewer) -> list[str]:
        """The topics of this role; "order" stands for one order that is in sight."""
        topics = [
            topic for topic in self._topics if topic != "order" and (topic != "offers" or viewer.role == "driver")
        ]
        if "order" in self._topics:
            offered = "?offers=true" if viewer.role == "driver" and self._dice.random() < 0.5 else "?active=true"
            found = (await self.person.ask("GET", f"/api/orders{offered}"))["items"]
            topics += [f"order:{one['id']}" for one in self._dice.sample(found, min(3, len(found)))]
        return topics or ["orders"]

    def _common_position(self) -> Position | None:
        """For the hello, when all topics are as far."""
        positions = {feed.position for feed in self.feeds.values()}
        return positions.pop() if len(positions) == 1 else None

    async def _listen(self, client: RealtimeClient) -> None:
        """Reads for a while, then does something that clients do."""
        until = asyncio.get_running_loop().time() + self._dice.expovariate(1 / STEADY_SECONDS)
        if await self._read(client, None if self.calm.is_set() else until) and not self.calm.is_set():
            deeds: list[Callable[[RealtimeClient], Awaitable[None]]] = [
                *(self._drop, self._close, self._sleep, self._go_slow, self._subscribe_again, self._unsubscribe)
            ]
            await self._dice.choices(deeds, (30, 10, 15, 25, 10, 10))[0](client)

    async def _read(self, client: RealtimeClient, until: float | None) -> bool:
        """Whether the socket is still open. Nothing but the waiting for a frame is ever broken off."""
        while until is None or asyncio.get_running_loop().time() < until:
            try:
                async with asyncio.timeout_at(until):
                    frame = await client.receive()
            except TimeoutError:
                break
            except ConnectionClosed:
                self._note_end(client.close_code)
                return False
            await self._take(client, frame)
            for topic, position in client.positions.items():
                self.feeds[topic].moved(position)
            self._fetch_when_due()
        return True

    async def _take(self, client: RealtimeClient, frame: realtime.ServerFrame) -> None:
        match frame:
            case realtime.Event():
                self._hear(frame)
            case realtime.Subscribed():
                self._subscribed(client, self.feeds[frame.topic], frame)
            case realtime.Resync():
                self._story.counts["resyncs"] += 1
                self.feeds[frame.topic].begin(self._who, frame.seq)
            case realtime.Unsubscribed():
                feed = self.feeds[frame.topic]
                feed.asked.append(feed.position)
                await client.subscribe(feed.topic, feed.position)
            case realtime.Drain():
                self._story.counts["drains heard of"] += 1
                if self._dice.random() < OBEDIENT:
                    self._rest = frame.reconnect_after_ms / 1000
            case _:
                pass

    def _hear(self, event: realtime.Event) -> None:
        self.feeds[event.topic].hear(event, self._story)
        changed = self._world.changed.get(self._who)
        if changed is not None and event.occurred_at > changed + GRACE:
            self._story.wrong["a socket outlived the change of its person"] += 1

    def _subscribed(self, client: RealtimeClient, feed: Feed, frame: realtime.Subscribed) -> None:
        """Whether the server goes on where we were. Else a resync comes next, or is lost with the socket."""
        asked = feed.asked.popleft()
        taken_up = asked is not None and asked.seq == frame.seq and asked.epoch == client.welcome.epoch
        if not taken_up or feed.chain is None:
            feed.begin(self._who, frame.seq)
        elif frame.seq < feed.chain.end:
            feed.begin(self._who, frame.seq, fetch=False)  # what was told since then comes again
        elif frame.seq > feed.chain.end:
            # An answer to what we asked before came between, from further back: what lies between was told before it.
            self._story.counts["asked again before all had come"] += 1
            feed.begin(self._who, frame.seq, fetch=False)
        self._story.counts["resumes" if taken_up else "subscriptions from the head"] += 1

    @property
    def _who(self) -> Viewer:
        assert self.viewer is not None
        return self.viewer

    def _note_end(self, code: int | None) -> None:
        self._story.counts[f"closed {code}"] += 1
        if code not in MAY_END_WITH:
            self._story.wrong[f"a socket was closed with {code}"] += 1
        if code == CloseCode.UNAUTHENTICATED and self._session is not None:
            self.person.forget(self._session)
        if code == CloseCode.FORBIDDEN_TOPIC:
            if not any(feed.topic.startswith("order:") for feed in self.feeds.values()):
                self._story.wrong["a topic of the role was refused"] += 1
            self.past += self.feeds.values()
            self.feeds = {}  # to be chosen anew

    # Fetching, beside the reading.

    def _fetch_when_due(self) -> None:
        due = any(feed.must_fetch and feed.chain is not None for feed in self.feeds.values())
        if due and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch_all())

    async def _fetch_all(self) -> None:
        for feed in self.feeds.values():
            chain = feed.chain
            if feed.must_fetch and chain is not None:
                try:
                    found = await self._fetch(feed.topic)
                except Away:
                    return  # with the next frame again
                except Refused as refused:
                    if refused.status not in {401, 403}:
                        self._story.wrong[str(refused)] += 1
                    return
                if feed.chain is chain:  # else another resync came meanwhile
                    for one in found:
                        feed.note(UUID(one["id"]), one["version"], one["status"])
                    feed.must_fetch = False
                    self._story.counts["fetches"] += 1

    async def _fetch(self, topic: str) -> list[dict[str, Any]]:
        """The orders under way of a topic, as they are now. Asks as who the socket speaks for."""
        if topic.startswith("order:"):
            status, content = await self._get(f"/api/orders/{topic.removeprefix('order:')}")
            return [msgspec.json.decode(content)] if status == 200 else []
        query = "offers=true" if topic == "offers" else "active=true"
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            _, content = await self._get(f"/api/orders?limit={PAGE}&{query}{cursor}")
            page = msgspec.json.decode(content)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def _get(self, path: str) -> tuple[int, bytes]:
        """200 or 404. Raises Away, Refused."""
        assert self._session is not None
        status, content = await self._world.send("GET", path, None, self._session.token)
        if status not in {200, 404}:
            raise Refused(status, f"GET {path}: {status} {content[:200]!r}")
        return status, content

    # What clients do.

    async def _drop(self, client: RealtimeClient) -> None:
        """The network is gone, from one moment to the other."""
        self._story.counts["dropped"] += 1
        client._connection.transport.abort()
        await client._connection.wait_closed()

    async def _close(self, client: RealtimeClient) -> None:
        self._story.counts["left"] += 1
        await client.close()

    async def _sleep(self, client: RealtimeClient) -> None:
        await self._drop(client)
        self._story.counts["slept"] += 1
        self._rest = self._dice.uniform(*SLEEP_SECONDS)

    async def _go_slow(self, client: RealtimeClient) -> None:
        """Takes nothing from the network for a while, and then reads on."""
        self._story.counts["went slow"] += 1
        transport = client._connection.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        transport.pause_reading()
        await self._pause(self._dice.uniform(*SLOW_SECONDS))
        if not transport.is_closing():
            transport.resume_reading()

    async def _subscribe_again(self, client: RealtimeClient) -> None:
        """From where we are: the topic begins anew there."""
        feed = self._dice.choice(list(self.feeds.values()))
        if feed.topic in client.positions:
            feed.asked.append(feed.position)
            await client.subscribe(feed.topic, feed.position)

    async def _unsubscribe(self, client: RealtimeClient) -> None:
        """And comes back to it, from where it was, once that is answered."""
        feed = self._dice.choice(list(self.feeds.values()))
        if feed.topic in client.positions:
            await client.unsubscribe(feed.topic)

    async def _pause(self, seconds: float) -> None:
        """Cut short by the calm."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.calm.wait(), seconds)

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
            self._fetching = None
