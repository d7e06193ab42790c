"""Who may open a socket and stay: tickets, origins, bad frames, limits, and how each end is told."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from deploy.local import Stack
from proto import realtime
from proto.accounts import Person, PersonEvent, SessionEvent
from proto.envelope import Actor
from proto.orders import Audience, OrderHead
from proto.realtime import CloseCode
from proto.streams import person_subject, session_subject
from services.gateway import gateway, writer
from services.gateway import socket as socket_module
from services.gateway.entry import Entry
from shared.bus import Bus
from shared.identity import Identity
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.gateway import Gate, Life, code_of, driver, events, open_gate, raw, receive, restaurant
from tests.support import bearer, free_port, identity

ALLOWED = "https://larder.test"


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack, LARDER_ALLOWED_ORIGINS=f"https://else.test,{ALLOWED}") as gate:
        yield gate


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
        assert refused.value.rcvd.code == CloseCode.RESTART


async def test_who_does_not_read_is_told_to_resume_and_slows_nobody(
    stack: Stack, relay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_FRAMES", 50)
    somebody = restaurant()
    assert somebody.restaurant_id is not None
    async with open_gate(stack) as gate:
        application = gate.application
        reading = await gate.listen(somebody)
        with socket.socket() as small:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.connect((urlsplit(gate.socket_url).hostname, urlsplit(gate.socket_url).port))
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
    for origin in (gate.socket_url.replace("ws:", "http:").removesuffix("/ws"), ALLOWED):
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


async def test_a_drain_tells_each_client_when_to_come_back_and_lets_nobody_in(
    stack: Stack, relay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "GROUP_SECONDS", 0.3)
    async with open_gate(stack) as gate:
        clients = [await gate.listen(driver()) for _ in range(20)]
        silent, ticket = await raw(gate), await gate.ticket(driver())
        draining = asyncio.create_task(gate.application.drain())
        drains = [await receive(client) for client in clients]
        async with gate.session.get(f"{gate.url}/readyz") as answer:
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
