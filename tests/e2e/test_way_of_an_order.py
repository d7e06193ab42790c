"""Everything at once, as `just demo` starts it: real processes behind Nginx, real products and baskets."""

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from rich.console import Console
from rich.progress import Progress

from deploy.demo import __main__ as demo
from deploy.demo import report
from deploy.demo.client import Person
from deploy.demo.ledger import Ledger
from deploy.demo.load import load, place_of
from deploy.demo.people import ADMIN, driver_email, restaurant_email
from deploy.demo.replay import Replay, Result
from deploy.local import Stack
from deploy.traces.show import find
from deploy.traces.spans import KeptSpan, Spans
from deploy.traces.waterfall import budget
from proto import realtime
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.support import eventually, own_stack

LOADED_BASKETS, ORDERS = 200, 60
"""The catalogue holds what the first so many baskets hold: some thousand products, of ninety."""

SECONDS = 20.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 2, "gateway": 2, "traces": 1}) as stack:
        yield stack


@dataclass
class Played:
    """What the demo's replay came to, and somewhere to go on from."""

    stack: Stack
    result: Result
    replay: Replay

    @property
    def edge(self) -> str:
        return self.stack.addresses.edge


@pytest.fixture(scope="module")
async def played(stack: Stack) -> Played:
    with Progress(disable=True) as progress:
        world = await load(place_of(stack.addresses), progress, LOADED_BASKETS)
        baskets = demo.next_baskets(world, ORDERS)
        replay = Replay(stack.addresses.edge, world, baskets, 30, progress)
        return Played(stack, await replay.run(), replay)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def somebody(played: Played, session: aiohttp.ClientSession, email: str) -> Person:
    person = Person(session, played.edge, email, Ledger())
    await person.sign_in()
    return person


async def next_event(client: RealtimeClient, version: int) -> dict[str, Any]:
    """The order in the next event at this version; the ones before are passed over."""
    async with asyncio.timeout(SECONDS):
        async for frame in client:
            if isinstance(frame, realtime.Event):
                order: dict[str, Any] = json.loads(bytes(frame.order))
                if order["version"] == version:
                    return order
    raise AssertionError("the socket was closed")


async def test_a_replay_of_real_baskets_is_heard_by_everybody_once_and_in_order(played: Played) -> None:
    result = played.result
    assert (result.orders, sum(result.ended.values())) == (ORDERS, ORDERS)
    for kind, verdict in result.verdicts.items():
        assert verdict.expected > 0, kind
        assert verdict.received == verdict.expected, kind
    assert result.lost_races > 0
    assert result.mispriced == 0
    assert result.flawless, result


async def test_the_report_says_what_went_wrong(played: Played) -> None:
    good = Console(record=True, width=80)
    report.show(played.result, good)
    assert f"{ORDERS} real orders" in good.export_text()
    verdict = played.result.verdicts["driver"]._replace(missing=3)
    bad = played.result._replace(verdicts={**played.result.verdicts, "driver": verdict}, closed=[4408])
    assert not bad.flawless
    console = Console(record=True, width=80)
    report.show(bad, console)
    assert "4408" in console.export_text()


async def test_a_second_run_goes_on_with_the_next_baskets(played: Played) -> None:
    with Progress(disable=True) as progress:
        world = await load(place_of(played.stack.addresses), progress, LOADED_BASKETS)
    assert world.played == {str(basket.basket_id) for basket in played.replay.baskets}
    following = demo.next_baskets(world, 5)
    assert not {str(basket.basket_id) for basket in following} & world.played


async def test_one_trace_shows_the_way_of_an_order_from_request_to_frame(
    played: Played, session: aiohttp.ClientSession
) -> None:
    basket = played.replay.baskets[0]
    kitchen = await somebody(played, session, restaurant_email(basket.store_id))
    screen = await kitchen.listen("orders")
    order = await kitchen.place(str(new_id()), played.replay.world.items_of(basket))
    await next_event(screen, 1)
    await screen.close()

    async def whole() -> list[KeptSpan]:
        spans = find(list(Spans(played.stack.layout.traces).read()), order["id"])
        told = {span.service for span in spans} >= {"orders", "relay", "gateway", "catalog"}
        return spans if told and budget(spans) else []

    spans = {span.name: span for span in await eventually(whole)}
    assert spans.keys() >= {"POST /api/orders", "transaction", "outbox", "publish", "fan-out", "write", "apply"}
    request = spans.pop("POST /api/orders")
    assert {span.parent_id for span in spans.values()} == {request.span_id}
    assert request.start < spans["transaction"].start < spans["transaction"].end < request.end
    assert spans["transaction"].start < spans["outbox"].start < spans["outbox"].end == spans["publish"].start
    assert spans["publish"].start < spans["fan-out"].start < spans["write"].start < spans["write"].end
    parts = budget([request, *spans.values()])
    assert sum(part.took for part in parts) == spans["write"].end - request.start


async def test_an_order_over_http_is_on_a_drivers_screen(played: Played, session: aiohttp.ClientSession) -> None:
    basket = played.replay.baskets[0]
    kitchen = await somebody(played, session, restaurant_email(basket.store_id))
    admin = await somebody(played, session, ADMIN)
    order = await kitchen.place(str(new_id()), played.replay.world.items_of(basket))
    driver = await somebody(played, session, driver_email(order["zone"]))
    screen = await driver.listen("offers", "orders")

    async def answered() -> dict[str, Any] | None:
        now = await admin.read(order)
        return now if now["status"] == "confirmed" else None

    order = await eventually(answered, SECONDS)
    for to in ("preparing", "ready"):
        order = await admin.move(order, to)
    offered = await next_event(screen, 4)
    assert offered == order
    order = await driver.move(order, "out_for_delivery")
    assert (await next_event(screen, 5))["id"] == order["id"]
    order = await driver.move(order, "delivered")
    assert (await next_event(screen, 6))["status"] == "delivered"
    await screen.close()


async def test_orders_are_taken_while_the_relay_is_killed_and_are_heard_of_afterwards(
    played: Played, session: aiohttp.ClientSession
) -> None:
    basket = played.replay.baskets[0]
    kitchen = await somebody(played, session, restaurant_email(basket.store_id))
    screen = await kitchen.listen("orders")
    placed = []
    for _ in range(5):
        kill(played.stack, "relay-0")
        placed.append(await kitchen.place(str(new_id()), played.replay.world.items_of(basket)))
    heard: list[str] = []
    async with asyncio.timeout(SECONDS):
        async for frame in screen:
            if isinstance(frame, realtime.Event) and frame.event == "OrderPlaced":
                heard.append(json.loads(bytes(frame.order))["id"])
            if len(heard) == len(placed):
                break
    assert heard == [order["id"] for order in placed]
    await screen.close()


async def test_a_killed_gateway_costs_a_reconnect_and_no_event(played: Played, session: aiohttp.ClientSession) -> None:
    basket = played.replay.baskets[0]
    kitchen = await somebody(played, session, restaurant_email(basket.store_id))
    screen = await kitchen.listen("orders")
    first = await kitchen.place(str(new_id()), played.replay.world.items_of(basket))
    assert (await next_event(screen, 1))["id"] == first["id"]
    position = screen.positions["orders"]
    for name in ("gateway-0", "gateway-1"):
        kill(played.stack, name)
    second = await kitchen.place(str(new_id()), played.replay.world.items_of(basket))

    async def back() -> RealtimeClient | None:
        try:
            client = await kitchen.listen()
            await client.subscribe("orders", position)
        except Exception:  # noqa: BLE001  not up again yet
            return None
        return client

    again = await eventually(back, SECONDS)
    assert (await next_event(again, 1))["id"] == second["id"]
    await again.close()


async def test_the_edge_is_healthy_and_answers_in_its_own_words(played: Played, session: aiohttp.ClientSession) -> None:
    async def healthy() -> bool:
        async with session.get(f"{played.edge}/api/health") as answer:
            return answer.status == 200

    await eventually(healthy, SECONDS)
    async with session.get(f"{played.edge}/api/nothing", headers={"X-Request-ID": "abc-1"}) as answer:
        problem = json.loads(await answer.read())
        assert (answer.status, problem["status"], problem["request_id"]) == (404, 404, "abc-1")
        assert answer.content_type == "application/problem+json"
    async with session.get(f"{played.edge}/api/catalog/products?q=frozen+pizza&limit=5") as answer:
        page = await answer.json()
        assert len(page["items"]) == 5
        found = [f"{product['category']} {product['name']}" for product in page["items"]]
        assert all("PIZZA" in one for one in found), found
    async with session.post(f"{played.edge}/api/orders", data=io.BytesIO(b"x" * 3_000_000)) as answer:
        assert (answer.status, answer.content_type) == (413, "application/problem+json")
        assert "1 MiB" in json.loads(await answer.read())["detail"]
    # A catalogue as a file may be larger: it comes to the service, which asks who is there.
    imports = f"{played.edge}/api/catalog/imports?dry_run=true"
    for size, status in ((3_000_000, 401), (16 * 1024 * 1024 + 1, 413)):
        file = io.BytesIO(b"x" * size)
        async with session.post(imports, data=file, headers={"Content-Type": "text/csv"}) as answer:
            assert (answer.status, answer.content_type) == (status, "application/problem+json")


def kill(stack: Stack, name: str) -> None:
    """The supervisor starts it again."""
    pid = next((part.pid for part in stack.status() if part.name == name), None)
    if pid:
        with suppress(ProcessLookupError):  # it was killed a moment ago, and the supervisor has not seen it yet
            os.kill(pid, signal.SIGKILL)
