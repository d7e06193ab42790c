"""The benchmark's client on a real gateway: it hears what it should, and says so when it does not."""

from collections.abc import AsyncIterator
from itertools import islice

import msgspec
import pytest

from deploy.local import Stack
from loadtests.bench.realtime import crowd, events
from loadtests.bench.realtime.crowd import CrowdError, Tally
from loadtests.bench.realtime.people import Person, TicketRefusedError, crowd_of, door
from loadtests.bench.world import World
from proto.realtime import CloseCode
from shared.bus import Bus
from tests.gateway import Gate, open_gate
from tests.support import eventually

RESTAURANT, ANOTHER = 900_011, 900_012


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack, LARDER_HEARTBEAT_S="0.2", LARDER_SOCKETS_PER_PERSON="50") as gate:
        yield gate


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return World(stack)


async def test_each_socket_hears_each_order_of_its_restaurant_once_and_no_other(
    gate: Gate, world: World, bus: Bus
) -> None:
    heard, strays, beats = Tally(), Tally(), Tally()
    orders = list(islice(events.orders_of(world, RESTAURANT), 4))
    async with door(gate.url, gate.socket_url) as entrance:
        cooks = [entrance.ear(person, heard.hear) for person in crowd_of(world, "restaurant", 3, RESTAURANT)]
        other = [entrance.ear(Person(world, "restaurant", ANOTHER), strays.hear, beats.hear)]
        async with (
            crowd.gathered(entrance.socket_url, cooks) as ears,
            crowd.gathered(entrance.socket_url, other) as quiet,
        ):
            everybody = heard.expect(len(orders) * len(ears))
            await events.publish(bus, orders)
            await crowd.heard(everybody, ears)
            await crowd.heard(beats.expect(2), quiet)
            crowd.check([*ears, *quiet])
            assert [ear.events for ear in ears] == [4, 4, 4]
            assert strays.frames == 0
    assert abs(heard.octets - 3 * sum(len(order.frame) for order in orders)) <= 12 * len("1000000")


async def test_the_frame_that_the_peers_are_given_is_the_gateways(gate: Gate, world: World, bus: Bus) -> None:
    came: list[bytes] = []
    tally = Tally()

    def hear(payload: memoryview) -> None:
        came.append(bytes(payload))
        tally.hear(payload)

    (order,) = islice(events.orders_of(world, RESTAURANT), 1)
    async with door(gate.url, gate.socket_url) as entrance:
        makers = [entrance.ear(Person(world, "admin"), hear)]
        async with crowd.gathered(entrance.socket_url, makers) as ears:
            expected = tally.expect(1)
            await events.publish(bus, [order])
            await crowd.heard(expected, ears)
    seq = msgspec.json.decode(came[0])["seq"]
    assert came[0] == order.frame.replace(b'"seq":1,', b'"seq":%d,' % seq)


async def test_a_socket_that_closes_by_itself_is_an_error(gate: Gate, world: World) -> None:
    tally = Tally()
    async with door(gate.url, gate.socket_url) as entrance:
        makers = [entrance.ear(Person(world, "admin"), tally.hear)]
        async with crowd.gathered(entrance.socket_url, makers) as (ear,):
            ear.say(b"no frame of the protocol")

            async def ended() -> str | None:
                return ear.ended

            await eventually(ended)
            with pytest.raises(CrowdError, match=f"1 of 1 sockets were closed: .*{CloseCode.BAD_FRAME}"):
                crowd.check([ear])


async def test_who_gets_no_ticket_opens_no_socket(gate: Gate, world: World) -> None:
    somebody = Person(world, "admin")
    somebody.token = "none of ours"
    async with door(gate.url, gate.socket_url) as entrance:
        with pytest.raises(CrowdError, match="could not be opened") as raised:
            async with crowd.gathered(entrance.socket_url, [entrance.ear(somebody, Tally().hear)]):
                pass
    assert isinstance(raised.value.__cause__, TicketRefusedError)
