"""Every query of orders has the plan that is written here, for each role that asks it, on a large vacuumed table.

Prepared statements are planned for their values or for any (`generic`); both must hold. A page has at most 8 buffers,
at the head of a list as in its middle. The table below is the whole of queries.sql: a query that is not in it fails.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from services.orders.store import NEWEST, QUERIES, begin_as
from shared.database import Connection
from shared.ids import new_id
from tests.plans import Plan, Seedbed, plan_of
from tests.support import identity

ORDERS = 120_000
PAGE = 21
"""Twenty entries, and one to see whether there are more."""

PAGE_BUFFERS = 8
STOPS = 40
PENDING = 20


@dataclass(frozen=True)
class Facts:
    """Who and what is asked about: the busiest of each kind, and a driver with `STOPS` stops to go. `order` was
    delivered by the driver; `under_way` has not ended, and `stop` is
    in the middle of the route."""

    restaurant: UUID
    restaurants: list[UUID]
    driver: UUID
    zone: int
    order: UUID
    number: int
    entries: int
    under_way: UUID
    version: int
    stop: tuple[int, UUID]
    pending: list[UUID]
    key: UUID = field(default_factory=new_id)

    def begin(self, role: str) -> str:
        """The transaction of somebody with this role who sees the order."""
        if role in {"system", "orders_service"}:
            return f"begin; set local role {role}"
        restaurant = self.restaurant if role == "restaurant" else None
        zone = self.zone if role == "driver" else None
        who: Any = role
        return begin_as(identity(who, person_id=self.driver, restaurant_id=restaurant, zone=zone))


class Expected(NamedTuple):
    """`parameters`: for these facts, beyond the page's position where there is one. `of`: the rows that the list pages
    through, for its middle. `buffers`: at most."""

    plan: str
    roles: tuple[str, ...]
    parameters: Callable[[Facts], tuple[object, ...]] = lambda _: ()
    of: str | None = None
    buffers: int = PAGE_BUFFERS


def page(index: str, role: str, of: str, parameters: Callable[[Facts], tuple[object, ...]] = lambda _: ()) -> Expected:
    """Read from the index alone, in its order, and no further than the page."""
    return Expected(f"Limit\n  Index Only Scan {index}", (role,), parameters, of)


def pages_of_many(index: str, of: str, *more: object) -> Expected:
    """A page of each of 50 restaurants, every one from the index alone; their few hundred rows are sorted."""
    plan = f"""
Limit
  Sort
    Nested Loop
      Function Scan
      Limit
        Index Only Scan {index}
"""
    return Expected(plan, ("admin",), lambda facts: (facts.restaurants, *more), of, 50 * PAGE_BUFFERS)


def statement(below: Callable[[Facts], int]) -> Expected:
    """A page of the busiest account, from below this number."""
    return Expected(
        "Limit\n  Index Only Scan ledger_entries_pkey",
        ("restaurant", "admin"),
        lambda facts: (facts.restaurant, below(facts), PAGE),
    )


ACTIVE = "status not in ('delivered', 'cancelled', 'rejected')"
EVERYBODY = ("restaurant", "driver", "admin")
INSERTS = """
CTE Scan
  Insert
  Insert
    CTE Scan
  Insert
    CTE Scan
  Insert
    CTE Scan
"""
UPDATES = """
CTE Scan
  Update
    Index Scan orders_pkey
  Insert
    CTE Scan
  Insert
    CTE Scan
  Insert
    CTE Scan
"""
ANSWERS = """
Aggregate
  Function Scan
  Update
    Nested Loop
      CTE Scan
      Index Scan orders_pkey
  Insert
    CTE Scan
  Insert
    CTE Scan
  CTE Scan
"""
UPSERT = "Insert\n  Function Scan"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def new_order(facts: Facts) -> tuple[object, ...]:
    return (
        *(facts.restaurant, str(facts.key), b"hash", facts.key, b"{}", NOW, 1, "Kitchen", facts.zone, 250, 1),
        *("[]", None, "Quay 1", 1.5, 2.5, new_id(), facts.driver, "restaurant", None, None, "orders.v1", b"{}"),
    )


def next_version(facts: Facts) -> tuple[object, ...]:
    return (
        *(facts.under_way, "cancelled", facts.driver, "Driver", "a reason", facts.version + 1, 1, NOW, new_id()),
        *(
            "OrderCancelled",
            "a reason",
            facts.driver,
            "admin",
            None,
            None,
            "orders.v1",
            b"{}",
            facts.driver,
            str(facts.key),
            b"h",
            b"{}",
        ),
        ["release"],
    )


def answered(facts: Facts) -> tuple[object, ...]:
    """The pending orders confirmed, all in one."""
    orders = facts.pending
    return (
        orders,
        *([value] * len(orders) for value in ("confirmed", None, 2, "[]", NOW)),
        [new_id() for _ in orders],
        *([value] * len(orders) for value in ("OrderConfirmed", None, None, "orders.v1", b"{}")),
    )


# What is not a page says why it may cost more, or be read otherwise. Pages come first: what the others write is rolled
# back, and still lies at the end of its table.
PLANS: dict[str, list[Expected]] = {
    "list_orders": [
        page("restaurant_list", "restaurant", "restaurant_id = '{restaurant}'"),
        page("all_list", "admin", "true"),
    ],
    "list_orders_with_status": [
        page(
            "restaurant_list_by_status",
            "restaurant",
            "restaurant_id = '{restaurant}' and status = 'cancelled'",
            lambda _: ("cancelled",),
        ),
        page("all_list_by_status", "admin", "status = 'cancelled'", lambda _: ("cancelled",)),
        page("all_list_by_status", "admin", "status = 'delivered'", lambda _: ("delivered",)),
    ],
    "list_active_orders": [
        page("restaurant_active", "restaurant", f"restaurant_id = '{{restaurant}}' and {ACTIVE}"),
        page("all_active", "admin", ACTIVE),
    ],
    "list_orders_of_restaurants": [pages_of_many("restaurant_list", "restaurant_id = '{restaurant}'")],
    "list_orders_of_restaurants_with_status": [
        pages_of_many("restaurant_list_by_status", "restaurant_id = '{restaurant}'", "cancelled")
    ],
    "list_active_orders_of_restaurants": [pages_of_many("restaurant_active", ACTIVE)],
    "list_deliveries": [
        page("driver_list", "driver", "driver_id = '{driver}'", lambda facts: (facts.driver,)),
    ],
    "list_deliveries_with_status": [
        page(
            "driver_list_by_status",
            "driver",
            "driver_id = '{driver}' and status = 'cancelled'",
            lambda facts: (facts.driver, "cancelled"),
        ),
    ],
    "list_active_deliveries": [
        page("driver_active", "driver", f"driver_id = '{{driver}}' and {ACTIVE}", lambda facts: (facts.driver,)),
    ],
    "list_offers": [
        page(
            "zone_offers",
            "driver",
            "status = 'ready' and driver_id is null and zone = {zone}",
            lambda facts: (facts.zone,),
        ),
    ],
    "get_pending": [Expected("Limit\n  Index Only Scan all_list_by_status", ("system",), lambda _: (NOW,))],
    "list_entries": [statement(lambda _: 2**63 - 1), statement(lambda facts: facts.entries // 2)],
    "find_order_by_number": [
        Expected("Index Scan orders_number_key", EVERYBODY, lambda facts: (facts.number,)),
    ],
    "list_history": [
        Expected("Limit\n  Index Scan order_history_pkey", ("admin",), lambda facts: (facts.order, 0, PAGE)),
        # Whether the order is seen is asked for each of its few versions: four buffers each.
        Expected(
            "Limit\n  Index Scan order_history_pkey\n    Index Scan orders_pkey",
            ("restaurant", "driver"),
            lambda facts: (facts.order, 0, PAGE),
            buffers=8 + 4 * 7,
        ),
    ],
    "get_order": [Expected("Index Scan orders_pkey", EVERYBODY, lambda facts: (facts.order,))],
    "get_order_for_change": [
        Expected("LockRows\n  Index Scan orders_pkey", EVERYBODY, lambda facts: (facts.order,)),
    ],
    # And within next_stop the driver's duty, and the last stop of what they still have to bring.
    "get_order_and_route_for_change": [
        Expected(
            "LockRows\n  Index Scan orders_pkey",
            ("driver", "admin"),
            lambda facts: (facts.order, facts.driver),
            buffers=12,
        ),
    ],
    "lock_route": [Expected("", ("admin",), lambda facts: (facts.driver,))],
    "list_route": [
        Expected(
            "Limit\n  Index Only Scan driver_stops",
            ("driver", "admin"),
            lambda facts: (facts.driver, *facts.stop, PAGE),
        ),
        Expected(
            "Limit\n  Index Only Scan driver_stops", ("admin",), lambda facts: (facts.driver, 0, UUID(int=0), PAGE)
        ),
    ],
    # A whole route, of some dozens of orders at most, locked one by one in the order of their ids: three buffers each.
    "get_route_for_change": [
        Expected(
            "LockRows\n  Sort\n    Index Scan driver_stops",
            ("admin",),
            lambda facts: (facts.driver,),
            buffers=8 + 3 * (STOPS + 10),
        ),
    ],
    # Sixty drivers are on one page of the table.
    "get_duty": [Expected("Seq Scan duties", ("driver",), lambda facts: (facts.driver,))],
    "upsert_duty": [Expected("Insert", ("driver",), lambda facts: (facts.driver, False, NOW), buffers=12)],
    # Whether the driver sees the order, and whether they delivered it, is asked for the one row.
    "insert_proof": [
        Expected(
            "Insert\n  Index Scan orders_pkey\n  Index Scan orders_pkey",
            ("driver",),
            lambda facts: (facts.order, "photo", "A cook", "image/png", b"image", facts.driver, "Driver", NOW),
            buffers=30,
        ),
    ],
    "get_proof": [
        Expected("Index Scan proofs_pkey", ("admin",), lambda facts: (facts.order,)),
        Expected(
            "Index Scan proofs_pkey\n  Index Scan orders_pkey",
            ("restaurant", "driver"),
            lambda facts: (facts.order,),
        ),
    ],
    "get_image": [
        Expected("Index Scan proofs_pkey", ("admin",), lambda facts: (facts.order,)),
        Expected(
            "Index Scan proofs_pkey\n  Index Scan orders_pkey",
            ("restaurant", "driver"),
            lambda facts: (facts.order,),
        ),
    ],
    "get_credit": [
        Expected(
            "Nested Loop\n  Index Scan restaurants_pkey\n  Index Scan credit_accounts_pkey",
            ("restaurant", "admin"),
            lambda facts: (facts.restaurant,),
        ),
    ],
    "open_credit": [Expected("", ("admin",), lambda facts: (facts.restaurant,), buffers=12)],
    "record_payment": [
        Expected("", ("admin",), lambda facts: (facts.restaurant, 100, "Transfer", None, NOW), buffers=40),
    ],
    "insert_payment_key": [
        Expected("Insert", ("admin",), lambda facts: (facts.driver, str(facts.key), b"hash", b"{}", NOW), buffers=20),
    ],
    "get_charged_order": [
        Expected(
            "Nested Loop\n  Index Scan orders_pkey\n  Index Scan once_an_order",
            ("restaurant", "admin"),
            lambda facts: (facts.order,),
            buffers=10,
        ),
    ],
    "offer_is_taken": [Expected("", ("driver",), lambda facts: (facts.order,))],
    # Sixty drivers are on one page of the table: any index would be a second one.
    "get_driver": [Expected("Seq Scan drivers", ("admin",), lambda facts: (facts.driver,))],
    # All drivers are one page of the table; of each of the zone's three the route, an index's few entries.
    "list_drivers": [
        Expected(
            """
Limit
  Sort
    Seq Scan drivers
  Seq Scan duties
  Aggregate
    Index Only Scan driver_stops
""",
            ("admin",),
            lambda facts: (facts.zone, UUID(int=0), PAGE),
            buffers=20,
        ),
    ],
    "get_customer_and_prices": [
        Expected(
            "Nested Loop\n  Index Scan restaurants_pkey\n  Index Scan price_book_pkey",
            ("restaurant",),
            lambda facts: (facts.restaurant, [new_id() for _ in range(5)]),
            buffers=8 + 4 * 5,
        ),
    ],
    # Hundreds of rows: read whole.
    "list_restaurants_named": [
        Expected("Limit\n  Sort\n    Seq Scan restaurants", ("admin",), lambda _: ("Kitchen",), buffers=20),
    ],
    "insert_order": [Expected(INSERTS, ("restaurant",), new_order, buffers=100)],
    "update_order": [Expected(UPDATES, ("admin",), next_version, buffers=100)],
    # A batch of the stock's answers, at most 500: four buffers each, and the pages that all of them share.
    "list_pending_for_change": [
        Expected(
            "LockRows\n  Index Scan orders_pkey",
            ("system",),
            lambda facts: (facts.pending,),
            buffers=8 + 8 * PENDING,
        ),
    ],
    "update_answered_orders": [Expected(ANSWERS, ("system",), answered, buffers=100 * PENDING)],
    "release_credit": [
        Expected("Function Scan", ("system",), lambda _: ([], [], [])),
    ],
    "insert_late_answers": [
        Expected(
            "Insert\n  Function Scan",
            ("system",),
            lambda _: ([new_id()], [new_id()], ["StockShort"], [NOW], NOW),
            buffers=20,
        ),
    ],
    "upsert_restaurants": [
        Expected(
            UPSERT,
            ("orders_service",),
            lambda _: ([new_id()], ["Kitchen"], ["Quay 1"], [1.5], [2.5], [3], [100], [True], [1]),
            buffers=20,
        ),
    ],
    "upsert_drivers": [
        Expected(UPSERT, ("orders_service",), lambda _: ([new_id()], ["Driver"], [3], [True], [1]), buffers=20),
    ],
    "upsert_prices": [
        Expected(
            UPSERT, ("orders_service",), lambda _: ([new_id()], ["Flour"], ["1 kg"], [250], [True], [1]), buffers=20
        ),
    ],
    # Tells of everything, once, when the stream was lost.
    "list_all_history": [
        Expected(
            "Sort\n  WindowAgg\n    Merge Join\n      Index Scan order_history_pkey\n      Index Scan orders_pkey",
            ("system",),
            buffers=10**6,
        ),
    ],
    "hold_relay": [Expected("", ("system",), lambda _: (7,))],
    "get_stored_answer": [
        Expected("Index Scan idempotency_keys_pkey", ("restaurant",), lambda facts: (facts.restaurant, "a key")),
        Expected("Index Scan idempotency_keys_pkey", ("driver",), lambda facts: (facts.driver, "a key")),
    ],
}


def cases() -> Iterator[Any]:
    for name, all_expected in PLANS.items():
        for place, expected in enumerate(all_expected):
            for role in expected.roles:
                for generic in (False, True) if "$1" in QUERIES[name].sql else (False,):
                    for deep in (False, True) if expected.of else (False,):
                        words = [
                            name,
                            role,
                            str(place),
                            "generic" if generic else "custom",
                            "deep" if deep else "first",
                        ]
                        yield pytest.param(name, expected, role, generic, deep, id="-".join(words))


# The seed has none, for nobody asks again.
KEYS = """
insert into orders.idempotency_keys (scope, key, request_hash, order_id, status, response, created_at)
select restaurant_id, id, '', id, 201, '', created_at
from orders.orders
limit 20000
"""


# Nor does it have any proof. The one that is asked for is among them.
PROOFS = """
insert into orders.proofs (order_id, kind, name, media_type, image, driver_id, driver_name, at)
select id, 'photo', 'A cook', 'image/jpeg', 'image', driver_id, driver_name, updated_at
from orders.orders
where status = 'delivered'
order by id = $1 desc
limit 20000
"""


@pytest.fixture(scope="module")
async def database(seedbed: Seedbed) -> AsyncIterator[Connection]:
    async with seedbed.seeded("orders_plans", ORDERS) as connection:
        await connection.execute(KEYS)
        await connection.execute("vacuum (analyze) orders.idempotency_keys")
        # Of an empty table Postgres guesses ten pages, until something has looked at it.
        await connection.execute("insert into orders.duties select id, true, now() from orders.drivers")
        await connection.execute("vacuum (analyze) orders.duties")
        yield connection


# An account with a hundred thousand entries. It is for plans alone, and does not add up.
ENTRIES = """
insert into orders.ledger_entries (
    restaurant_id, number, kind, amount_cents, held_cents, owed_cents, reference, actor_role, at
)
select $1, $2::bigint + nth, 'payment', 1, 0, 0, 'Transfer ' || nth, 'admin', now()
from generate_series(1, 100000) as nth
"""

# A long route, of orders that no other question is about.
ROUTE = """
with taken as (
    select id, row_number() over (order by id) as stop
    from orders.orders
    where status = 'ready' and driver_id is null and zone <> $2
    limit $3
)
update orders.orders as given
set driver_id = $1, driver_name = 'Driver', stop = taken.stop
from taken
where given.id = taken.id
returning given.id, given.version, given.stop
"""


@pytest.fixture(scope="module")
async def facts(database: Connection) -> Facts:
    restaurant = await database.fetchval(
        "select restaurant_id from orders.orders where zone in "
        "(select zone from orders.orders where status = 'ready' and driver_id is null) "
        "group by restaurant_id order by count(*) desc limit 1"
    )
    driver = await database.fetchrow(
        "select driver_id, zone from orders.orders where restaurant_id = $1 and driver_id is not null limit 1",
        restaurant,
    )
    order = await database.fetchrow(
        "select id, number from orders.orders "
        "where restaurant_id = $1 and driver_id = $2 and status = 'delivered' limit 1",
        restaurant,
        driver["driver_id"],
    )
    await database.execute(PROOFS, order["id"])
    await database.execute("vacuum (analyze) orders.proofs")
    entries = await database.fetchval("select entries from orders.credit_accounts where restaurant_id = $1", restaurant)
    await database.execute(ENTRIES, restaurant, entries)
    await database.execute(
        "update orders.credit_accounts set entries = entries + 100000 where restaurant_id = $1", restaurant
    )
    await database.execute("vacuum (analyze) orders.ledger_entries")
    route = await database.fetch(ROUTE, driver["driver_id"], driver["zone"], STOPS)
    assert len(route) == STOPS
    await database.execute("vacuum (analyze, index_cleanup on) orders.orders")
    pending = await database.fetch(
        "select id from orders.orders where status = 'pending' order by id limit $1", PENDING
    )
    assert len(pending) == PENDING
    restaurants = await database.fetch("select id from orders.restaurants order by id = $1 desc limit 50", restaurant)
    return Facts(
        restaurant,
        [row["id"] for row in restaurants],
        driver["driver_id"],
        driver["zone"],
        order["id"],
        order["number"],
        entries + 100_000,
        route[0]["id"],
        route[0]["version"],
        (route[STOPS // 2]["stop"], route[STOPS // 2]["id"]),
        [row["id"] for row in pending],
    )


async def position(database: Connection, facts: Facts, of: str, deep: bool) -> tuple[object, ...]:
    """Above all of a list's rows, or in the middle of them."""
    if not deep:
        return NEWEST.created_at, NEWEST.id, PAGE
    rows = of.format(restaurant=facts.restaurant, driver=facts.driver, zone=facts.zone)
    row = await database.fetchrow(
        f"select created_at, id from orders.orders where {rows} order by created_at desc, id desc "  # noqa: S608
        f"offset (select count(*) from orders.orders where {rows}) / 2 limit 1"
    )
    assert row is not None, f"the seed has no order where {rows}"
    return row["created_at"], row["id"], PAGE


def side_by_side(expected: list[str], found: Plan) -> str:
    """Both plans, for who reads the failure."""
    width = max(map(len, [*expected, "expected"])) + 3
    lines = [f"{'expected':<{width}}found ({found.buffers} buffers, {found.heap_fetches} from the table)"]
    lines += [f"{left:<{width}}{right}" for left, right in zip_longest(expected, found.lines, fillvalue="")]
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "expected", "role", "generic", "deep"), list(cases()))
async def test_a_query_has_its_plan(
    database: Connection, facts: Facts, name: str, expected: Expected, role: str, generic: bool, deep: bool
) -> None:
    parameters = expected.parameters(facts)
    if expected.of is not None:
        parameters = (*await position(database, facts, expected.of, deep), *parameters)
    found = await plan_of(database, QUERIES[name], parameters, facts.begin(role), generic=generic)
    wanted = expected.plan.strip("\n").splitlines()
    assert found.lines == wanted, "\n" + side_by_side(wanted, found)
    assert found.buffers <= expected.buffers, "\n" + side_by_side(wanted, found)
    assert found.heap_fetches == 0, "\n" + side_by_side(wanted, found)


def test_no_query_is_without_an_expected_plan() -> None:
    assert set(PLANS) == set(QUERIES), "queries.sql and PLANS name different queries"
