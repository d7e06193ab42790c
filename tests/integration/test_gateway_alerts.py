"""Alerts on the socket: admins alone, the whole present state, at whichever gateway and whenever it started."""

from datetime import UTC, datetime

import msgspec
import pytest

from deploy.local import Stack
from proto.alerts import Alerts, FiringAlert
from proto.realtime import AlertState, At, CloseCode, ServerFrame
from proto.streams import ALERTS
from shared.bus import Bus
from shared.identity import Identity
from shared.ids import new_id
from shared.realtime import RealtimeClient
from tests.gateway import Gate, code_of, driver, open_gate, receive, restaurant
from tests.support import identity

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


def alert(name: str) -> FiringAlert:
    return FiringAlert(
        id=new_id(),
        name=name,
        severity="page",
        labels={"context": "orders"},
        summary="Events wait.",
        action="Look at NATS.",
        runbook="docs/runbooks/outbox.md#lag",
        value=7.0,
        since=AT,
    )


async def tell(bus: Bus, *firing: FiringAlert) -> None:
    await bus.client.publish(ALERTS, msgspec.json.encode(Alerts(AT, firing)))


async def state(client: RealtimeClient) -> AlertState:
    frame: ServerFrame = await receive(client)
    while isinstance(frame, At):
        frame = await receive(client)
    assert isinstance(frame, AlertState), frame
    return frame


async def listening_admin(gate: Gate) -> RealtimeClient:
    return await gate.listen(identity("admin"), "alerts")


async def test_an_admin_is_told_the_present_state_and_each_change_of_it(stack: Stack, bus: Bus, relay: None) -> None:
    lagging, down = alert("OutboxLagging"), alert("RelayDown")
    async with open_gate(stack) as gate:
        admin = await listening_admin(gate)
        assert await state(admin) == AlertState("alerts", judged=False, at=None, firing=())
        await tell(bus)
        assert await state(admin) == AlertState("alerts", judged=True, at=AT, firing=())
        await tell(bus, lagging)
        await tell(bus, lagging)  # nothing new: nothing is told
        await tell(bus, down, lagging)
        assert (await state(admin)).firing == (lagging,)
        assert (await state(admin)).firing == (down, lagging)
        late = await listening_admin(gate)
        assert (await state(late)).firing == (down, lagging)
        await admin.close()
        await late.close()


async def test_a_gateway_that_starts_later_learns_what_fires_with_the_next_word(
    stack: Stack, bus: Bus, relay: None
) -> None:
    firing = alert("RelayDown")
    async with open_gate(stack) as first, open_gate(stack) as second:
        here, there = await listening_admin(first), await listening_admin(second)
        await state(here)
        await state(there)
        await tell(bus, firing)
        assert (await state(here)).firing == (await state(there)).firing == (firing,)
        async with open_gate(stack) as third:
            newcomer = await listening_admin(third)
            assert not (await state(newcomer)).judged
            await tell(bus, firing)  # as each round does
            assert (await state(newcomer)).firing == (firing,)
            await newcomer.close()
        await here.close()
        await there.close()


async def test_when_nobody_judges_admins_are_told_so_and_of_the_last_that_was_known(
    stack: Stack, bus: Bus, relay: None
) -> None:
    firing = alert("RelayDown")
    async with open_gate(stack, LARDER_ALERTS_SILENCE_S="0.3") as gate:
        admin = await listening_admin(gate)
        await state(admin)
        await tell(bus, firing)
        assert (await state(admin)).judged
        assert await state(admin) == AlertState("alerts", judged=False, at=AT, firing=(firing,))
        await tell(bus, firing)
        assert (await state(admin)).judged
        await admin.close()


@pytest.mark.parametrize("somebody", [restaurant(), driver()], ids=["restaurant", "driver"])
async def test_nobody_but_admins_may_listen(stack: Stack, relay: None, somebody: Identity) -> None:
    async with open_gate(stack) as gate:
        client = await gate.connect(somebody)
        await client.subscribe("alerts")
        assert await code_of(client) == CloseCode.FORBIDDEN_TOPIC


async def test_what_is_no_state_of_alerts_is_let_go(stack: Stack, bus: Bus, relay: None) -> None:
    async with open_gate(stack) as gate:
        admin = await listening_admin(gate)
        await state(admin)
        await bus.client.publish(ALERTS, b"rubbish")
        await tell(bus)
        assert (await state(admin)).judged
        await admin.close()
