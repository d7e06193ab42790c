"""The socket protocol: who may open one, what they hear, in which order, and how it ends."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from deploy.local import Stack
from proto import realtime
from proto.accounts import Person, PersonEvent, SessionEvent
from proto.envelope import Actor
from proto.orders import Audience, OrderHead
from proto.realtime import CloseCode, Position
from proto.streams import person_subject, session_subject
from services.gateway import app, gateway, writer
from services.gateway import socket as socket_module
from services.gateway.entry import Entry
from services.gateway.gateway import Gateway
from services.gateway.server import listening
from shared.bus import Bus
from shared.identity import Identity
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.gateway import SECONDS, ZONE, Gate, Life, events, open_gate, receive, told
from tests.support import bearer, free_port, identity, settings_of

ALLOWED = "https://larder.test"


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack, LARDER_ALLOWED_ORIGINS=f"https://else.test,{ALLOWED}") as gate:
        yield gate


def restaurant() -> Identity:
    return identity("restaurant", restaurant_id=new_id())


def driver(zone: int = ZONE) -> Identity:
    return identity("driver", zone=zone)


async def code_of(client: RealtimeClient | ClientConnection) -> int | None:
    """The close code, once it is closed."""
    async with asyncio.timeout(SECONDS):
        try:
            while True:
                await (client.receive() if isinstance(client, RealtimeClient) else client.recv())
        except ConnectionClosed:
            return client.close_code


async def raw(gate: Gate, **more: Any) -> ClientConnection:
    return await connect(gate.socket_url, subprotocols=[Subprotocol(realtime.SUBPROTOCOL)], compression=None, **more)


def session_ended(somebody: Identity) -> SessionEvent:
    return SessionEvent(
        id=new_id(),
        type="SessionRevoked",
        occurred_at=datetime.now(UTC),
        actor=Actor(somebody.person_id, somebody.role),
        session_id=somebody.session_id,
        person_id=somebody.person_id,
    )


async def test_a_ticket_is_for_who_is_signed_in(gate: Gate) -> None:
    async with gate.session.post(f"{gate.url}/api/realtime/tickets") as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
    async with gate.session.post(f"{gate.url}/api/realtime/tickets", headers=bearer(gate.stack, driver())) as answer:
        assert (await answer.json())["expires_in"] == 30


async def test_a_welcome_names_the_stream_and_its_head(gate: Gate, bus: Bus) -> None:
    seq = await Life(bus, new_id()).place()
    async with await gate.listen(identity("admin"), "alerts") as client:
        assert client.welcome.epoch
        assert client.welcome.heartbeat_s == 30
        assert client.welcome.seq >= seq - 1


async def test_a_restaurant_hears_its_own_orders_whole_and_in_order(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with await gate.listen(somebody) as client:
        life, foreign = Life(bus, somebody.restaurant_id), Life(bus, new_id())
        seqs = [await life.place(), await life.move("confirmed")]
        await foreign.place()
        seqs.append(await life.move("preparing"))
        frames = await events(client, 3)
    assert told(frames) == [
        ("orders", "OrderPlaced", 1),
        ("orders", "OrderConfirmed", 2),
        ("orders", "OrderPreparationStarted", 3),
    ]
    assert [frame.seq for frame in frames] == seqs
    order = json.loads(bytes(frames[-1].order))
    assert order["items"] == [
        {"product_id": "00000000-0000-0000-0000-000000000009", "name": "Flour", "unit": "1 kg", "quantity": 1}
        | {"price_cents": 100}
    ]


async def test_an_offer_comes_and_goes_for_the_zone_and_stays_with_who_claimed_it(gate: Gate, bus: Bus) -> None:
    winner, loser, far = driver(), driver(), driver(ZONE + 1)
    clients = {
        "winner": await gate.listen(winner, "offers"),
        "loser": await gate.listen(loser, "offers"),
        "far": await gate.listen(far, "offers"),
        "winner's own": await gate.listen(winner),
        "loser's own": await gate.listen(loser),
    }
    life = Life(bus, new_id())
    await life.until_ready()
    await life.move("out_for_delivery", winner, admin=False)
    await life.move("delivered", winner, admin=False)
    for name in ("winner", "loser"):
        frames = await events(clients[name], 2)
        assert told(frames) == [("offers", "OrderReady", 4), ("offers", "OrderLeft", 5)]
        assert json.loads(bytes(frames[1].order)) == {"id": str(life.order_id), "version": 5, "status": None}
    assert told(await events(clients["winner's own"], 2)) == [
        ("orders", "OrderDispatched", 5),
        ("orders", "OrderDelivered", 6),
    ]
    # Nothing else came: each is asked for one more thing, and that is the next it gets.
    marker = Life(bus, new_id(), zone=ZONE + 1)
    await marker.until_ready()
    assert told(await events(clients["far"], 1)) == [("offers", "OrderReady", 4)]
    await marker.move("ready", loser)
    assert told(await events(clients["loser's own"], 1)) == [("orders", "OrderAssigned", 5)]
    for client in clients.values():
        await client.close()


async def test_a_driver_who_loses_an_order_learns_that_and_no_more_of_it(gate: Gate, bus: Bus) -> None:
    first, second = driver(), driver()
    async with await gate.listen(first) as losing, await gate.listen(second) as getting:
        life = Life(bus, new_id())
        await life.until_ready()
        await life.move("ready", first)
        await life.move("ready", second)
        await life.unassign()
        assert told(await events(losing, 2)) == [("orders", "OrderAssigned", 5), ("orders", "OrderLeft", 6)]
        assert told(await events(getting, 2)) == [("orders", "OrderAssigned", 6), ("orders", "OrderLeft", 7)]


async def test_one_order_is_heard_by_who_may_see_it_and_refused_to_others(gate: Gate, bus: Bus) -> None:
    somebody, carrier = restaurant(), driver()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    await life.until_ready()
    topic = f"order:{life.order_id}"
    async with await gate.listen(somebody, topic) as owner, await gate.listen(carrier, topic) as offered:
        other = driver()
        await life.move("out_for_delivery", other, admin=False)
        assert told(await events(owner, 1)) == [(topic, "OrderDispatched", 5)]
        assert told(await events(offered, 1)) == [(topic, "OrderLeft", 5)]
    for stranger in (restaurant(), carrier, driver(ZONE + 1)):
        client = await gate.connect(stranger)
        await client.subscribe(topic)
        assert await code_of(client) == CloseCode.FORBIDDEN_TOPIC


@pytest.mark.parametrize(
    ("who", "topic"),
    [
        (restaurant(), "offers"),
        (identity("admin"), "offers"),
        (driver(), "alerts"),
        (restaurant(), "alerts"),
        (restaurant(), f"order:{new_id()}"),
    ],
)
async def test_a_topic_that_is_not_yours_ends_the_socket(gate: Gate, who: Identity, topic: str) -> None:
    client = await gate.connect(who)
    await client.subscribe(topic)
    assert await code_of(client) == CloseCode.FORBIDDEN_TOPIC


async def test_a_resume_replays_what_was_missed_and_goes_on_live(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    client = await gate.listen(somebody)
    await life.place()
    await events(client, 1)
    position = client.positions["orders"]
    await client.close()
    await life.move("confirmed")
    await life.move("preparing")
    client = await gate.connect(somebody, resume=position)
    await client.subscribe("orders")
    assert await receive(client) == realtime.Subscribed("orders", position.seq)
    await life.move("ready")
    assert [version for _, _, version in told(await events(client, 3))] == [2, 3, 4]
    await client.close()


@pytest.mark.parametrize(
    "position", [Position("another epoch", 1), Position("", 10**15)], ids=["another epoch", "from the future"]
)
async def test_a_position_that_means_nothing_is_told_so(gate: Gate, bus: Bus, position: Position) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    client = await gate.connect(somebody)
    wanted = position if position.epoch else Position(client.welcome.epoch, position.seq)
    await client.subscribe("orders", wanted)
    subscribed, resync = await receive(client), await receive(client)
    assert isinstance(subscribed, realtime.Subscribed)
    assert isinstance(resync, realtime.Resync)
    assert (resync.topic, resync.seq, resync.epoch) == ("orders", subscribed.seq, client.welcome.epoch)
    await Life(bus, somebody.restaurant_id).place()
    assert told(await events(client, 1)) == [("orders", "OrderPlaced", 1)]
    await client.close()


async def test_what_the_ring_has_forgotten_comes_from_the_stream(stack: Stack, relay: None, bus: Bus) -> None:
    somebody, other = restaurant(), new_id()
    assert somebody.restaurant_id is not None
    async with open_gate(stack, LARDER_RING_BYTES="20000") as gate:
        client = await gate.listen(somebody)
        position = client.positions["orders"]
        await client.close()
        mine = Life(bus, somebody.restaurant_id)
        await mine.place()
        for _ in range(40):
            await Life(bus, other).place()
        await mine.move("confirmed")
        for _ in range(40):
            await Life(bus, other).place()
        seq = await mine.move("preparing")
        watcher = await gate.listen(identity("admin"), "orders", Position(position.epoch, seq - 1))
        await events(watcher, 1)
        client = await gate.listen(somebody, "orders", position)
        await mine.move("ready")
        assert [version for _, _, version in told(await events(client, 4))] == [1, 2, 3, 4]
        await client.close()
        await watcher.close()


async def test_a_gateway_that_was_restarted_resumes_from_where_the_other_ended(
    stack: Stack, relay: None, bus: Bus
) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    async with open_gate(stack) as gate:
        client = await gate.listen(somebody)
        await life.place()
        await events(client, 1)
        position = client.positions["orders"]
        await client.close()
    await life.move("confirmed")
    async with open_gate(stack) as gate:
        client = await gate.listen(somebody, "orders", position)
        assert told(await events(client, 1)) == [("orders", "OrderConfirmed", 2)]
        await client.close()


async def test_a_republished_event_reaches_nobody_twice(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    life = Life(bus, somebody.restaurant_id)
    async with await gate.listen(somebody) as client:
        start = client.positions["orders"]
        await life.place()
        await life.publish()
        await life.move("confirmed")
        await life.publish()
        await life.move("preparing")
        assert [version for _, _, version in told(await events(client, 3))] == [1, 2, 3]
    async with await gate.listen(somebody, "orders", start) as client:
        assert [version for _, _, version in told(await events(client, 3))] == [1, 2, 3]


async def test_a_lost_consumer_is_replaced_without_a_gap(stack: Stack, relay: None, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with open_gate(stack) as gate:
        life = Life(bus, somebody.restaurant_id)
        async with await gate.listen(somebody) as client:
            await life.place()
            await events(client, 1)
            for consumer in await bus.jetstream.consumers_info("ORDERS"):
                if consumer.config.deliver_subject:
                    await bus.jetstream.delete_consumer("ORDERS", consumer.name)
            await life.move("confirmed")
            await life.move("preparing")
            assert [version for _, _, version in told(await events(client, 2))] == [2, 3]


async def test_heartbeats_tell_how_far_everything_has_come(stack: Stack, relay: None, bus: Bus) -> None:
    async with open_gate(stack, LARDER_HEARTBEAT_S="0.1") as gate, await gate.listen(driver()) as client:
        seq = await Life(bus, new_id()).place()
        async with asyncio.timeout(SECONDS):
            while True:
                frame = await client.receive()
                if isinstance(frame, realtime.At) and frame.seq >= seq:
                    break
        assert client.positions["orders"].seq >= seq


BAD_FRAMES: list[tuple[str, str | bytes]] = [
    ("not JSON", "{"),
    ("no type", "{}"),
    ("unknown type", '{"type":"dance"}'),
    ("unknown field", '{"type":"subscribe","topic":"orders","x":1}'),
    ("unknown topic", '{"type":"subscribe","topic":"gossip"}'),
    ("no uuid", '{"type":"subscribe","topic":"order:zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"}'),
    ("negative seq", '{"type":"subscribe","topic":"orders","after":{"epoch":"","seq":-1}}'),
    ("binary", b"\x00\x01"),
    ("too large", json.dumps({"type": "subscribe", "topic": "x" * 5000})),
    ("hello again", '{"type":"hello","ticket":"x"}'),
    ("far location", '{"type":"location","lat":91,"lon":0}'),
    ("deep", "[" * 4000),
    ("no id", json.dumps({"type": "subscribe", "topic": "order:" + "-" * 36})),
    ("an id of another spelling", json.dumps({"type": "subscribe", "topic": f"order:----{new_id().hex}"})),
    ("a text too long for a close", json.dumps({"type": "\U0001f954" * 200}, ensure_ascii=False)),
]


@pytest.mark.parametrize("frame", [frame for _, frame in BAD_FRAMES], ids=[name for name, _ in BAD_FRAMES])
async def test_a_bad_frame_ends_the_socket_and_nothing_else(gate: Gate, frame: str | bytes) -> None:
    client = await raw(gate)
    await client.send(json.dumps({"type": "hello", "ticket": await gate.ticket(driver())}))
    assert json.loads(await client.recv())["type"] == "welcome"
    await client.send(frame)
    assert await code_of(client) == CloseCode.BAD_FRAME
    async with await gate.listen(driver()):
        pass


@pytest.mark.parametrize("welcomed", [False, True])
@pytest.mark.parametrize(
    ("frame", "code"),
    [("x" * 5_000, CloseCode.BAD_FRAME), ("x" * 60_000, CloseCode.BAD_FRAME), ("x" * 1_000_000, 1009), (b"\xff", 1007)],
    ids=["large", "larger", "huge", "no UTF-8"],
)
async def test_what_is_no_text_of_a_decent_size_ends_the_socket(
    gate: Gate, frame: str | bytes, code: int, welcomed: bool
) -> None:
    client = await raw(gate)
    if welcomed:
        await client.send(json.dumps({"type": "hello", "ticket": await gate.ticket(driver())}))
        await client.recv()
    await client.send(frame, text=True)
    assert await code_of(client) == code
    async with await gate.listen(driver()):
        pass


async def test_who_says_no_hello_in_time_is_let_go(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "HELLO_SECONDS", 0.05)
    assert await code_of(await raw(gate)) == CloseCode.UNAUTHENTICATED


async def test_a_ticket_of_a_session_that_was_ended_meanwhile_opens_nothing(gate: Gate, bus: Bus) -> None:
    somebody = driver()
    ticket, earlier = await gate.ticket(somebody), await gate.connect(somebody)
    await bus.jetstream.publish(session_subject(somebody.session_id), msgspec.json.encode(session_ended(somebody)))
    assert await code_of(earlier) == CloseCode.UNAUTHENTICATED
    with pytest.raises(ConnectionClosed) as refused:
        await RealtimeClient.connect(gate.socket_url, ticket)
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == CloseCode.UNAUTHENTICATED


async def test_there_are_no_tickets_while_valkey_is_away_and_sockets_stay(stack: Stack, relay: None) -> None:
    async with open_gate(stack, LARDER_VALKEY_URL=f"redis://127.0.0.1:{free_port()}") as gate:
        async with gate.session.post(
            f"{gate.url}/api/realtime/tickets", headers=bearer(gate.stack, driver())
        ) as answer:
            assert (answer.status, answer.content_type) == (503, "application/problem+json")
            assert answer.headers["Retry-After"]
        with pytest.raises(ConnectionClosed) as refused:
            await RealtimeClient.connect(gate.socket_url, "any")
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == CloseCode.UNAUTHENTICATED


async def test_who_does_not_read_is_told_to_resume_and_slows_nobody(
    stack: Stack, relay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_FRAMES", 50)
    settings = settings_of(stack, "gateway", app.Settings)
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with (
        app.build(settings) as application,
        listening(application, settings.host, settings.port),
        aiohttp.ClientSession() as session,
    ):
        gate = Gate(stack, f"http://{settings.host}:{settings.port}", session)
        assert isinstance(application, Gateway)
        await application.ready.wait()
        reading = await gate.listen(somebody)
        with socket.socket() as small:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.connect((settings.host, settings.port))
            small.setblocking(False)
            slow = await raw(gate, sock=small, max_queue=1, max_size=None)
            await slow.send(json.dumps({"type": "hello", "ticket": await gate.ticket(somebody)}))
            await slow.send(json.dumps({"type": "subscribe", "topic": "orders"}))
            for _ in range(2):
                await slow.recv()
            seqs = []
            for _ in range(200):
                entry = large_event(somebody.restaurant_id, application.hub.seq + 1)
                application.hub.take(entry)
                seqs.append(entry.seq)
                assert (await events(reading, 1))[0].seq == entry.seq
            assert await code_of(slow) == CloseCode.TOO_SLOW
        await reading.close()


def large_event(restaurant_id: UUID, seq: int) -> Entry:
    order_id = new_id()
    order = msgspec.Raw(msgspec.json.encode({"id": order_id, "version": 1, "note": "x" * 100_000}))
    head = OrderHead(order_id, 1, "pending", restaurant_id)
    return Entry(seq, "OrderPlaced", datetime.now(UTC), Audience(restaurant_id=restaurant_id), head, order)


async def test_the_first_frame_must_be_a_hello_with_a_fresh_ticket(gate: Gate) -> None:
    client = await raw(gate)
    await client.send('{"type":"subscribe","topic":"orders"}')
    assert await code_of(client) == CloseCode.BAD_FRAME
    ticket = await gate.ticket(driver())
    first = await RealtimeClient.connect(gate.socket_url, ticket)
    for used in (ticket, "never issued"):
        client = await raw(gate)
        await client.send(json.dumps({"type": "hello", "ticket": used}))
        assert await code_of(client) == CloseCode.UNAUTHENTICATED
    await first.close()


async def test_only_our_own_pages_and_our_own_protocol_open_sockets(gate: Gate) -> None:
    for origin, subprotocols, status in (
        ("https://evil.test", [realtime.SUBPROTOCOL], 403),
        ("http://[", [realtime.SUBPROTOCOL], 403),
        ("null", [realtime.SUBPROTOCOL], 403),
        (None, [], 400),
        (None, ["other.v1"], 400),
    ):
        with pytest.raises(InvalidStatus) as refused:
            await connect(gate.socket_url, origin=origin, subprotocols=subprotocols or None)  # type: ignore[arg-type]
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["Content-Type"] == "application/problem+json"
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{gate.socket_url}/elsewhere", subprotocols=[Subprotocol(realtime.SUBPROTOCOL)])
    assert refused.value.response.status_code == 404
    for origin in (gate.url, ALLOWED):
        own = await raw(gate, origin=origin)
        await own.close()


async def test_a_fresh_ticket_of_the_same_person_prolongs_and_of_another_ends(gate: Gate) -> None:
    somebody = driver()
    async with await gate.connect(somebody) as client:
        await client.authenticate(await gate.ticket(somebody))
        await client.subscribe("orders")
        assert isinstance(await receive(client), realtime.Subscribed)
        await client.authenticate(await gate.ticket(driver()))
        assert await code_of(client) == CloseCode.UNAUTHENTICATED


async def test_a_token_that_runs_out_ends_the_socket(gate: Gate) -> None:
    somebody = msgspec.structs.replace(driver(), expires_at=datetime.now(UTC).timestamp() + 1)
    client = await gate.connect(somebody)
    assert await code_of(client) == CloseCode.UNAUTHENTICATED


async def test_a_revoked_session_and_a_changed_person_end_their_sockets(gate: Gate, bus: Bus) -> None:
    one, other = driver(), driver()
    client, untouched = await gate.connect(one), await gate.connect(other)
    await bus.jetstream.publish(session_subject(one.session_id), msgspec.json.encode(session_ended(one)))
    assert await code_of(client) == CloseCode.UNAUTHENTICATED
    person = Person(
        id=other.person_id,
        name="B",
        role="driver",
        restaurant_id=None,
        zone=9,
        active=True,
        tokens_valid_from=datetime.now(UTC) + timedelta(seconds=1),
        version=2,
    )
    changed = PersonEvent(
        id=new_id(), type="PersonChanged", occurred_at=datetime.now(UTC), actor=Actor(None, "system"), person=person
    )
    await untouched.subscribe("orders")
    assert isinstance(await receive(untouched), realtime.Subscribed)
    await bus.jetstream.publish(person_subject(other.person_id), msgspec.json.encode(changed))
    assert await code_of(untouched) == CloseCode.UNAUTHENTICATED


async def test_topics_sockets_and_frames_are_bounded(stack: Stack, relay: None) -> None:
    async with open_gate(stack, LARDER_SOCKETS_PER_PERSON="2") as gate:
        somebody = driver()
        first, second = await gate.connect(somebody), await gate.connect(somebody)
        with pytest.raises(ConnectionClosed) as refused:
            await gate.connect(somebody)
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == CloseCode.TOO_MANY_SOCKETS
        await first.close()
        for _ in range(100):
            await second.subscribe("orders")
        assert await code_of(second) == CloseCode.TOO_MANY_REQUESTS


async def test_a_fifty_first_topic_ends_the_socket(gate: Gate, bus: Bus) -> None:
    admin = identity("admin")
    lives = [Life(bus, new_id()) for _ in range(51)]
    for life in lives:
        await life.place()
    async with await gate.connect(admin) as client:
        for life in lives[:50]:
            await client.subscribe(f"order:{life.order_id}")
            assert isinstance(await receive(client), realtime.Subscribed)
        await client.unsubscribe(f"order:{lives[0].order_id}")
        assert isinstance(await receive(client), realtime.Unsubscribed)
        await client.subscribe(f"order:{lives[0].order_id}")
        assert isinstance(await receive(client), realtime.Subscribed)
        await client.subscribe(f"order:{lives[50].order_id}")
        assert await code_of(client) == CloseCode.TOO_MANY_REQUESTS


async def test_a_location_reaches_the_restaurant_that_waits_and_admins(gate: Gate, bus: Bus) -> None:
    carrier, waiting, stranger = driver(), restaurant(), restaurant()
    assert waiting.restaurant_id is not None
    life = Life(bus, waiting.restaurant_id)
    sender = await gate.listen(carrier)
    owner, other = await gate.listen(waiting), await gate.listen(stranger)
    admin = await gate.listen(identity("admin"))
    await life.until_ready()
    await sender.send_location(1.0, 2.0)  # on the way with nothing: nobody is told
    await life.move("out_for_delivery", carrier, admin=False)
    await events(owner, 5)
    await events(sender, 1)
    await asyncio.sleep(1.0)  # at most one location a second is taken
    await sender.send_location(3.5, 4.5)
    frame = await receive(owner)
    assert isinstance(frame, realtime.DriverLocation)
    assert (frame.order_id, frame.lat, frame.lon) == (life.order_id, 3.5, 4.5)
    await events(admin, 5)
    assert isinstance(await receive(admin), realtime.DriverLocation)
    for client in (sender, owner, other, admin):
        await client.close()


async def test_only_drivers_say_where_they_are(gate: Gate) -> None:
    client = await gate.connect(restaurant())
    await client.send_location(1.0, 2.0)
    assert await code_of(client) == CloseCode.BAD_FRAME


async def test_a_drain_tells_each_client_when_to_come_back_and_lets_nobody_in(
    stack: Stack, relay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "GROUP_SECONDS", 0.3)
    settings = settings_of(stack, "gateway", app.Settings)
    async with (
        app.build(settings) as application,
        listening(application, settings.host, settings.port),
        aiohttp.ClientSession() as session,
    ):
        gate = Gate(stack, f"http://{settings.host}:{settings.port}", session)
        clients = [await gate.listen(driver()) for _ in range(20)]
        silent, ticket = await raw(gate), await gate.ticket(driver())
        draining = asyncio.create_task(application.drain())
        drains = [await receive(client) for client in clients]
        async with session.get(f"{gate.url}/readyz") as answer:
            assert answer.status == 503
        assert clients[-1].close_code is None or clients[0].close_code is None  # not all at once
        with pytest.raises(InvalidStatus) as refused:
            await raw(gate)
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"]
        await silent.send(json.dumps({"type": "hello", "ticket": ticket}))
        assert [await code_of(client) for client in clients] == [CloseCode.RESTART] * 20
        assert await code_of(silent) == CloseCode.RESTART
        moments = {frame.reconnect_after_ms for frame in drains if isinstance(frame, realtime.Drain)}
        assert len(moments) > 10
        assert max(moments) < gateway.RECONNECT_MS
        await draining


async def test_all_sockets_of_a_restaurant_hear_the_same(gate: Gate, bus: Bus) -> None:
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    clients = [await gate.listen(somebody) for _ in range(20)]
    life = Life(bus, somebody.restaurant_id)
    await life.place()
    frames = [(await events(client, 1))[0] for client in clients]
    assert len({(frame.seq, bytes(frame.order)) for frame in frames}) == 1
    for client in clients:
        await client.close()
