"""The gateway when NATS is away, dies, comes back, loses the consumer or has another stream: no gap, or a resync."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from deploy.local import Stack
from proto import realtime
from proto.orders import Status
from proto.realtime import CloseCode, Position
from proto.streams import ORDERS
from services.gateway import replay, stream
from shared import feed
from shared.bus import Bus, ensure_stream, remake_stream
from shared.identity import Identity
from shared.ids import new_id
from tests.gateway import SECONDS, ZONE, Gate, Life, events, open_gate, receive, told
from tests.support import eventually, free_port, identity


class OwnNats:
    """A NATS server of this test alone, to be killed and started again on the same store."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self.port = free_port()
        self._process: Process | None = None
        self.url = f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        program = Path(sys.executable).with_name("nats-server")
        arguments = ["-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._store)]
        self._process = await asyncio.create_subprocess_exec(program, *arguments, stdout=DEVNULL, stderr=DEVNULL)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


class Link:
    """A way to NATS that can be cut, both ends staying alive."""

    def __init__(self, far_port: int) -> None:
        self._far_port = far_port
        self._port = free_port()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.url = f"nats://127.0.0.1:{self._port}"

    async def join(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
        self._writers += [writer, far_writer]
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[OwnNats]:
    own = OwnNats(tmp_path)
    await own.start()
    yield own
    await own.kill()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed sooner, so that the tests are short."""
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(feed, "SILENCE_SECONDS", 0.6)
    monkeypatch.setattr(stream, "RETRY_SECONDS", 0.1)


@asynccontextmanager
async def publishing(nats: OwnNats) -> AsyncIterator[Bus]:
    """A bus with the stream of orders on it."""
    async with Bus(nats.url, "tests") as bus:
        await bus.connection()
        await ensure_stream(bus.jetstream, ORDERS)
        yield bus


async def again(bus: Bus) -> None:
    """Returns once JetStream answers after a restart."""

    async def answers() -> bool:
        try:
            await bus.client.jetstream(timeout=0.5).stream_info(ORDERS.name)
        except Exception:  # noqa: BLE001  not yet
            return False
        return True

    await eventually(answers)


def restaurant() -> tuple[Identity, UUID]:
    restaurant_id = new_id()
    return identity("restaurant", restaurant_id=restaurant_id), restaurant_id


async def test_a_gateway_starts_while_nats_is_away_and_is_ready_once_it_follows(
    stack: Stack, nats: OwnNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    await nats.kill()
    monkeypatch.setattr("services.gateway.socket.HELLO_SECONDS", 0.2)
    async with open_gate(stack, ready=False, LARDER_NATS_URL=nats.url) as gate:
        assert await gate.readiness() == 503
        with pytest.raises(ConnectionClosed) as refused:
            await gate.connect(identity("admin"))
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == CloseCode.RESTART
        await nats.start()
        async with publishing(nats):
            await eventually(lambda: is_ready(gate))
            async with await gate.connect(identity("admin")):
                pass


async def is_ready(gate: Gate) -> bool:
    return await gate.readiness() == 200


async def test_nats_is_killed_and_nobody_misses_or_hears_twice(stack: Stack, nats: OwnNats) -> None:
    somebody, restaurant_id = restaurant()
    async with publishing(nats) as bus, open_gate(stack, LARDER_NATS_URL=nats.url) as gate:
        life = Life(bus, restaurant_id)
        async with await gate.listen(somebody) as client:
            await life.place()
            await events(client, 1)
            steps: tuple[Status, ...] = ("confirmed", "preparing")
            for to in steps:
                await nats.kill()
                await eventually(lambda: is_unready(gate))
                await nats.start()
                await again(bus)
                await life.move(to)
            assert [version for _, _, version in told(await events(client, 2))] == [2, 3]
            await eventually(lambda: is_ready(gate))
            follows = stream.FOLLOWS._value.get()
            await asyncio.sleep(1.5)
            assert stream.FOLLOWS._value.get() == follows  # one consumer, and it stays


async def test_a_cut_link_is_mended_by_one_new_consumer_without_a_gap(stack: Stack, nats: OwnNats) -> None:
    somebody, restaurant_id = restaurant()
    link = Link(nats.port)
    await link.join()
    async with publishing(nats) as bus, open_gate(stack, LARDER_NATS_URL=link.url) as gate:
        life = Life(bus, restaurant_id)
        async with await gate.listen(somebody) as client:
            await life.place()
            await events(client, 1)
            link.cut()
            await eventually(lambda: is_unready(gate))
            await life.move("confirmed")
            await link.join()
            assert told(await events(client, 1)) == [("orders", "OrderConfirmed", 2)]
            follows = stream.FOLLOWS._value.get()
            await asyncio.sleep(2.5 * feed.SILENCE_SECONDS)  # the old consumer lives on: it must not be heard
            await life.move("preparing")
            assert told(await events(client, 1)) == [("orders", "OrderPreparationStarted", 3)]
            assert stream.FOLLOWS._value.get() == follows
    link.cut()


async def is_unready(gate: Gate) -> bool:
    return await gate.readiness() == 503


async def test_a_stream_that_was_made_anew_tells_everybody_to_fetch(stack: Stack, nats: OwnNats) -> None:
    somebody, restaurant_id = restaurant()
    async with publishing(nats) as bus, open_gate(stack, LARDER_NATS_URL=nats.url) as gate:
        life = Life(bus, restaurant_id)
        async with await gate.listen(somebody) as client:
            await life.place()
            await client.subscribe(f"order:{life.order_id}")
            old = client.welcome.epoch
            frames = [await receive(client) for _ in range(2)]
            assert {type(frame) for frame in frames} == {realtime.Event, realtime.Subscribed}
            config = await remake_stream(bus.jetstream, ORDERS)
            await life.publish()  # the history, published again: everybody has heard it
            resyncs = [await receive(client), await receive(client)]
            assert all(isinstance(frame, realtime.Resync) for frame in resyncs)
            assert {frame.topic for frame in resyncs if isinstance(frame, realtime.Resync)} == set(client.positions)
            await life.move("confirmed")
            assert {version for _, _, version in told(await events(client, 2))} == {2}
            position = client.positions["orders"]
            assert position.epoch == (config.metadata or {})["larder.epoch"] != old
        async with await gate.listen(somebody, "orders", Position(old, 1)) as client:
            assert isinstance(await receive(client), realtime.Resync)
        await life.move("preparing")
        async with await gate.listen(somebody, "orders", position) as client:
            assert told(await events(client, 1)) == [("orders", "OrderPreparationStarted", 3)]


async def test_what_is_too_far_back_or_cannot_be_read_is_told_so(
    stack: Stack, nats: OwnNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody, restaurant_id = restaurant()
    async with publishing(nats) as bus, open_gate(stack, LARDER_NATS_URL=nats.url, LARDER_RING_BYTES="0") as gate:
        async with await gate.listen(somebody) as client:
            start = client.positions["orders"]
            life = Life(bus, restaurant_id)
            await life.place()
            await life.move("confirmed")
            await events(client, 2)
        monkeypatch.setattr(replay, "FARTHEST", 1)
        async with await gate.listen(somebody, "orders", start) as client:
            assert isinstance(await receive(client), realtime.Resync)
            await life.move("preparing")
            assert told(await events(client, 1)) == [("orders", "OrderPreparationStarted", 3)]
        monkeypatch.setattr(replay, "FARTHEST", 100)
        monkeypatch.setattr(replay, "BATCH", 2)
        async with await gate.listen(somebody, "orders", start) as client:
            assert [version for _, _, version in told(await events(client, 3))] == [1, 2, 3]
        monkeypatch.setattr(replay, "READ_SECONDS", 0.3)
        await nats.kill()
        async with await gate.listen(somebody, "orders", start) as client:
            assert isinstance(await receive(client), realtime.Resync)
            # An order nobody has heard of lately cannot be looked up: come back, it may be yours.
            await client.subscribe(f"order:{new_id()}")
            async with asyncio.timeout(2 * SECONDS):
                assert [frame async for frame in client] == []
            assert client.close_code == CloseCode.RESTART


async def test_a_restarted_gateway_knows_who_is_on_the_way(stack: Stack, nats: OwnNats) -> None:
    somebody, restaurant_id = restaurant()
    carrier = identity("driver", zone=ZONE)
    async with publishing(nats) as bus:
        life = Life(bus, restaurant_id)
        await life.until_ready()
        await life.move("out_for_delivery", carrier, admin=False)
        async with (
            open_gate(stack, LARDER_NATS_URL=nats.url) as gate,
            await gate.listen(somebody) as waiting,
            await gate.listen(carrier) as sender,
        ):
            await sender.send_location(1.0, 2.0)
            assert isinstance(await receive(waiting), realtime.DriverLocation)
            await life.move("delivered", carrier, admin=False)
            await events(waiting, 1)
            await events(sender, 1)
            await sender.send_location(1.0, 2.0)  # arrived: nobody is told, as the next frame shows
            await life.publish()
            other = Life(bus, restaurant_id)
            await other.place()
            assert told(await events(waiting, 1)) == [("orders", "OrderPlaced", 1)]


async def test_a_message_that_is_no_event_of_ours_is_passed_over(stack: Stack, nats: OwnNats) -> None:
    somebody, restaurant_id = restaurant()
    async with publishing(nats) as bus, open_gate(stack, LARDER_NATS_URL=nats.url) as gate:
        async with await gate.listen(somebody) as client:
            start = client.positions["orders"]
            for body in (b"", b"{}", b'{"version":2}', b"\xff"):
                await bus.jetstream.publish(f"orders.v1.{restaurant_id}.{new_id()}.OrderPlaced", body)
            await Life(bus, restaurant_id).place()
            assert told(await events(client, 1)) == [("orders", "OrderPlaced", 1)]
        async with await gate.listen(somebody, "orders", start) as client:
            assert told(await events(client, 1)) == [("orders", "OrderPlaced", 1)]
