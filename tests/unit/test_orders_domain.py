"""The state machine of an order, and who is told of each step."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proto import orders as contract
from proto.envelope import Role
from proto.orders import Audience, Item, Location, Status
from services.orders import domain
from services.orders.domain import Asked, Changed, Driver, Order
from shared.ids import new_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RESTAURANT = UUID(int=1)
DRIVERS = [Driver(UUID(int=10 + n), f"Driver {n}", active=True) for n in range(3)]
ZONE = 4

# design.md's sentence, spelled out independently of the code's table.
LEGAL: set[tuple[str, str, str]] = {
    ("pending", "confirmed", "system"),
    ("pending", "rejected", "admin"),
    ("pending", "rejected", "system"),
    ("pending", "cancelled", "restaurant"),
    ("confirmed", "cancelled", "restaurant"),
    *((status, "cancelled", "admin") for status in ("pending", "confirmed", "preparing", "ready", "failed")),
    ("confirmed", "preparing", "admin"),
    ("preparing", "ready", "admin"),
    ("ready", "ready", "admin"),
    ("ready", "out_for_delivery", "driver"),
    ("ready", "out_for_delivery", "admin"),
    ("out_for_delivery", "delivered", "driver"),
    ("out_for_delivery", "failed", "driver"),
    ("failed", "ready", "admin"),
}


def placed() -> Changed:
    customer = domain.Customer(
        id=RESTAURANT, name="Blue Door", address="1 Quay", location=Location(1.0, 2.0), zone=ZONE, active=True
    )
    items = (Item(UUID(int=99), "Flour", "1 kg", 3, 250), Item(UUID(int=98), "Salt", "1 kg", 2, 90))
    return domain.place(new_id(), 1001, customer, items, None, NOW)


def at(status: Status, driver: Driver | None = None) -> Order:
    return msgspec.structs.replace(
        placed().order,
        status=status,
        version=5,
        driver_id=driver.id if driver else None,
        driver_name=driver.name if driver else None,
    )


def asked(role: Role, to: Status, **more: object) -> Asked:
    person = DRIVERS[0]
    return msgspec.structs.replace(Asked(to=to, role=role, person_id=person.id, person_name=person.name), **more)


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("to", get_args(Status))
@pytest.mark.parametrize("status", get_args(Status))
def test_a_step_is_taken_if_and_only_if_the_design_allows_it(status: Status, to: Status, role: Role) -> None:
    has_driver = status in ("out_for_delivery", "delivered", "failed")
    order = at(status, DRIVERS[0] if has_driver else None)
    names = role == "admin" and (status, to) in domain.NAMES_A_DRIVER
    wish = asked(role, to, driver=DRIVERS[1] if names else msgspec.UNSET)
    if (status, to, role) in LEGAL:
        after = domain.change(order, wish, NOW + timedelta(seconds=1)).order
        assert (after.status, after.version) == (to, 6)
        return
    if (status, to, role) == ("pending", "confirmed", "admin"):
        with pytest.raises(domain.StockAwaitedError):
            domain.change(order, wish, NOW)
        return
    ever = any((to, role) == (target, who) for _, target, who in (*LEGAL, ("pending", "confirmed", "admin")))
    with pytest.raises(domain.IllegalStepError if ever else domain.NeverAllowedError):
        domain.change(order, wish, NOW)


def sees(order: Order | None, role: str, person: UUID | None = None, zone: int | None = None) -> bool:
    """The row policies of migrations/orders, in Python: the model that the audience is held against."""
    if order is None:
        return False
    if role == "driver":
        offered = order.status == "ready" and order.driver_id is None and order.zone == zone
        return order.driver_id == person or offered
    return role == "admin" or order.restaurant_id == person


def told(audience: Audience, person: UUID, zone: int) -> tuple[bool, bool]:
    """Whether a driver receives the order by this audience, and whether OrderLeft."""
    receives = audience.driver_id == person or audience.offer_zone == zone
    left = audience.left_driver_id == person or audience.left_offer_zone == zone
    return receives, left and not receives


class OrderLife(RuleBasedStateMachine):
    """Any role asks for anything: versions stay contiguous, and the audience is who sees or saw."""

    @initialize()
    def begin(self) -> None:
        self.before: Order | None = None
        self.last = placed()

    @rule(
        role=st.sampled_from(get_args(Role)),
        to=st.sampled_from(get_args(Status)),
        who=st.sampled_from(DRIVERS),
        driver=st.sampled_from([msgspec.UNSET, None, *DRIVERS]),
        stale=st.booleans(),
    )
    def ask(self, role: Role, to: Status, who: Driver, driver: Driver | None, stale: bool) -> None:
        order = self.last.order
        if role == "driver" and not sees(order, "driver", who.id, ZONE):
            return  # the policy hides the row: the domain is never asked
        wish = Asked(
            to=to,
            role=role,
            person_id=who.id,
            person_name=who.name,
            driver=driver,
            expected_version=order.version - 1 if stale else order.version,
        )
        try:
            changed = domain.change(order, wish, NOW)
        except domain.DomainError:
            return
        assert not stale
        assert changed.order.version == order.version + 1
        assert (order.status, to, role) in LEGAL
        self.before, self.last = order, changed

    @invariant()
    def the_audience_is_who_may_select_before_or_after(self) -> None:
        after, audience = self.last.order, self.last.audience
        assert audience.restaurant_id == after.restaurant_id
        for driver in DRIVERS:
            for zone in (ZONE, ZONE + 1):
                now = sees(after, "driver", driver.id, zone)
                before = sees(self.before, "driver", driver.id, zone)
                assert told(audience, driver.id, zone) == (now, before and not now)

    @invariant()
    def what_is_on_its_way_has_a_driver(self) -> None:
        order = self.last.order
        assert (order.driver_id is None) == (order.driver_name is None)
        if order.status in ("out_for_delivery", "delivered", "failed"):
            assert order.driver_id is not None


TestOrderLife = OrderLife.TestCase


def test_a_claim_takes_the_offer_from_the_zone_and_gives_it_to_the_driver() -> None:
    changed = domain.change(at("ready"), asked("driver", "out_for_delivery", next_stop=3), NOW)
    assert (changed.event, changed.order.driver_id, changed.order.stop) == ("OrderDispatched", DRIVERS[0].id, 3)
    assert changed.audience == Audience(restaurant_id=RESTAURANT, driver_id=DRIVERS[0].id, left_offer_zone=ZONE)


def test_taking_the_driver_away_makes_it_an_offer_again() -> None:
    changed = domain.change(at("ready", DRIVERS[1]), asked("admin", "ready", driver=None), NOW)
    assert changed.event == "OrderUnassigned"
    assert changed.audience == Audience(restaurant_id=RESTAURANT, left_driver_id=DRIVERS[1].id, offer_zone=ZONE)


def test_a_failed_delivery_returns_without_its_driver() -> None:
    changed = domain.change(at("failed", DRIVERS[1]), asked("admin", "ready"), NOW)
    assert (changed.event, changed.order.driver_id, changed.order.stop) == ("OrderReturned", None, None)
    assert changed.audience.left_driver_id == DRIVERS[1].id


@pytest.mark.parametrize(
    ("order", "wish"),
    [
        (at("ready"), asked("admin", "ready")),
        (at("ready"), asked("admin", "ready", driver=None)),
        (at("ready"), asked("admin", "out_for_delivery")),
        (at("ready"), asked("admin", "out_for_delivery", driver=None)),
        (at("ready"), asked("admin", "ready", driver=Driver(UUID(int=7), "Off", active=False))),
        (at("ready", DRIVERS[1]), asked("admin", "ready", driver=DRIVERS[1])),
        (at("confirmed"), asked("admin", "preparing", driver=DRIVERS[1])),
    ],
)
def test_a_step_without_the_driver_it_needs_is_refused(order: Order, wish: Asked) -> None:
    with pytest.raises(domain.DriverError):
        domain.change(order, wish, NOW)


def test_only_an_admin_names_a_driver() -> None:
    with pytest.raises(domain.NeverAllowedError):
        domain.change(at("ready"), asked("driver", "out_for_delivery", driver=DRIVERS[1]), NOW)


def test_a_reason_stays_with_what_ended_badly_only() -> None:
    rejected = domain.change(at("pending"), asked("admin", "rejected", reason="closed"), NOW).order
    assert rejected.reason == "closed"
    failed = at("failed", DRIVERS[1])
    back = domain.change(msgspec.structs.replace(failed, reason="nobody there"), asked("admin", "ready"), NOW).order
    assert back.reason is None


def test_the_total_is_the_sum_of_the_lines() -> None:
    assert placed().order.total_cents == 3 * 250 + 2 * 90


def test_the_domains_order_is_the_contracts() -> None:
    ours = [field.name for field in msgspec.structs.fields(Order)]
    assert ours == [field.name for field in msgspec.structs.fields(contract.Order)]
    decoded = msgspec.json.decode(msgspec.json.encode(placed().order), type=contract.Order)
    assert decoded.items[0] == Item(UUID(int=99), "Flour", "1 kg", 3, 250)


@given(st.integers(-(10**6), 10**6))
def test_time_never_runs_backwards_on_an_order(seconds: int) -> None:
    order = at("pending")
    later = domain.change(order, asked("system", "confirmed"), NOW + timedelta(seconds=seconds)).order
    assert later.updated_at >= order.updated_at


def test_who_is_off_duty_claims_nothing_and_is_given_nothing() -> None:
    with pytest.raises(domain.OffDutyError):
        domain.change(at("ready"), asked("driver", "out_for_delivery", next_stop=None), NOW)
    for to in ("ready", "out_for_delivery"):
        with pytest.raises(domain.DriverError):
            domain.change(at("ready"), asked("admin", to, driver=DRIVERS[1], next_stop=None), NOW)
    # What they have is theirs to carry out.
    mine = at("ready", DRIVERS[0])
    for wish in (
        asked("driver", "out_for_delivery", next_stop=None),
        asked("admin", "out_for_delivery", driver=DRIVERS[0], next_stop=None),
    ):
        assert domain.change(mine, wish, NOW).order.driver_id == DRIVERS[0].id


def route(*stops: int) -> list[Order]:
    return [msgspec.structs.replace(at("out_for_delivery", DRIVERS[0]), id=UUID(int=stop), stop=stop) for stop in stops]


@given(wanted=st.permutations([1, 2, 3, 4]))
def test_a_route_in_another_order_is_a_version_of_each_order_whose_stop_changes(wanted: list[int]) -> None:
    orders = route(1, 2, 3, 4)
    changed = domain.reroute(orders, [UUID(int=place) for place in wanted], NOW + timedelta(seconds=1))
    after = {order.id: order for order in orders} | {one.order.id: one.order for one in changed}
    assert [after[UUID(int=place)].stop for place in wanted] == [1, 2, 3, 4]
    assert [one.order.id.int for one in changed] == [
        place for stop, place in enumerate(wanted, start=1) if place != stop
    ]
    for one in changed:
        assert (one.order.version, one.order.status, one.event) == (6, "out_for_delivery", "OrderAssigned")
        assert one.audience == Audience(restaurant_id=RESTAURANT, driver_id=DRIVERS[0].id)


@pytest.mark.parametrize("wanted", [[], [1], [1, 1], [1, 2, 3], [1, 3]])
def test_a_route_is_made_of_its_own_orders(wanted: list[int]) -> None:
    with pytest.raises(domain.RouteError) as refused:
        domain.reroute(route(2, 1), [UUID(int=place) for place in wanted], NOW)
    assert refused.value.present == (UUID(int=1), UUID(int=2))


def test_gaps_in_a_route_are_closed() -> None:
    changed = domain.reroute(route(3, 7), [UUID(int=3), UUID(int=7)], NOW)
    assert [one.order.stop for one in changed] == [1, 2]
