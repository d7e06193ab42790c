"""Who may touch what in the database: for every table, view, sequence, function and schema, every role and PUBLIC.

The literals below are the whole of it: an object that they do not name fails, and so does a grant more or less. Then,
for the tables under row-level security, which rows of two restaurants and two drivers each sees and changes.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest

from deploy.local import Stack
from shared.database import Connection
from shared.ids import new_id

SCHEMAS = ["accounts", "analytics", "catalog", "orders"]
ROLES = [
    "restaurant", "driver", "admin", "system", "orders_service", "accounts_service", "analytics_service",
    "catalog_service", "relay_service", "public",
]  # fmt: skip

PRIVILEGES = """
schema accounts: accounts_service, relay_service: USAGE
schema analytics: analytics_service: USAGE
schema catalog: catalog_service, relay_service: USAGE
schema orders: restaurant, driver, admin, system, orders_service, relay_service: USAGE
accounts.outbox: accounts_service: INSERT (event_id, key, payload, subject, ttl_seconds)
accounts.outbox: relay_service: SELECT, UPDATE, DELETE
accounts.outbox_id_seq: nobody
accounts.people: accounts_service: SELECT, INSERT, UPDATE
accounts.restaurants: accounts_service: SELECT, INSERT, UPDATE
accounts.schema_migrations: nobody
accounts.sessions: accounts_service: SELECT, INSERT, UPDATE, DELETE
analytics.alerts: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.alerts_judge: analytics_service: SELECT, UPDATE
analytics.category_sales: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.drivers: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.histograms: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.history: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.orders: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.plans: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.product_sales: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.products: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.projection: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.queries: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.query_minutes: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.reasons: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.restaurants: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.schema_migrations: nobody
analytics.slow_queries: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.snapshot_counters: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.snapshots: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.statement_minutes: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.statements: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.statements_id_seq: nobody
analytics.totals: analytics_service: SELECT, INSERT, UPDATE, DELETE
analytics.usage_days: analytics_service: SELECT, INSERT, UPDATE, DELETE
catalog.cache_audit: catalog_service: SELECT, INSERT
catalog.categories: catalog_service: SELECT
catalog.edge_entries: catalog_service: SELECT, INSERT, UPDATE, DELETE
catalog.kinds: catalog_service: SELECT
catalog.kinds_id_seq: nobody
catalog.outbox: catalog_service: INSERT (event_id, key, payload, subject)
catalog.outbox: relay_service: SELECT, UPDATE, DELETE
catalog.outbox_id_seq: nobody
catalog.product_history: catalog_service: SELECT
catalog.products: catalog_service: SELECT, INSERT, UPDATE (active, category, name, price_cents, stock, unit, updated_at, version)
catalog.reservations: catalog_service: SELECT, INSERT, UPDATE (state, updated_at)
catalog.schema_migrations: nobody
catalog.shelf: catalog_service: SELECT
catalog.stock_kept: catalog_service: SELECT
catalog.words: catalog_service: SELECT
orders.credit_accounts: restaurant, admin: SELECT
orders.drivers: restaurant, driver, admin, system: SELECT
orders.drivers: orders_service: SELECT, INSERT, UPDATE
orders.duties: driver: SELECT, INSERT, UPDATE (changed_at, on_duty)
orders.duties: admin: SELECT
orders.entries: restaurant, driver, admin, system: SELECT
orders.idempotency_keys: restaurant, driver, admin: SELECT, INSERT
orders.late_answers: system: INSERT
orders.ledger_entries: restaurant, admin: SELECT
orders.order_history: restaurant, driver, admin, system: SELECT, INSERT
orders.order_number: restaurant: USAGE
orders.orders: restaurant: SELECT, INSERT, UPDATE (driver_id, driver_name, reason, shortages, status, stop, updated_at, version)
orders.orders: driver, admin: SELECT, UPDATE (driver_id, driver_name, reason, shortages, status, stop, updated_at, version)
orders.orders: system: SELECT, UPDATE (reason, shortages, status, updated_at, version)
orders.outbox: restaurant, driver, admin, system: INSERT (event_id, key, payload, subject)
orders.outbox: relay_service: SELECT, UPDATE, DELETE
orders.outbox_id_seq: nobody
orders.price_book: restaurant, driver, admin, system: SELECT
orders.price_book: orders_service: SELECT, INSERT, UPDATE
orders.proofs: restaurant, admin: SELECT
orders.proofs: driver: SELECT, INSERT
orders.restaurants: restaurant, driver, admin, system: SELECT
orders.restaurants: orders_service: SELECT, INSERT, UPDATE
orders.schema_migrations: nobody
analytics.analyze_rebuild(): analytics_service: EXECUTE
analytics.begin_rebuild(text): analytics_service: EXECUTE
analytics.finish_rebuild(): analytics_service: EXECUTE
analytics.rebuilt_tables(): nobody
catalog.count_categories(): everybody: EXECUTE
catalog.coverage(tsvector,text[]): everybody: EXECUTE
catalog.distance(integer): everybody: EXECUTE
catalog.kind_of(text): everybody: EXECUTE
catalog.learn_words(): everybody: EXECUTE
catalog.nearness(tsvector,tsvector,text[],integer): everybody: EXECUTE
catalog.note_versions(): everybody: EXECUTE
catalog.rank_of(tsvector,tsquery,tsquery): everybody: EXECUTE
catalog.refuse_change_of_audit(): everybody: EXECUTE
catalog.search_of(text,text,text): everybody: EXECUTE
catalog.shelve(uuid[]): nobody
catalog.shelve_renamed(): everybody: EXECUTE
catalog.shelve_written(): everybody: EXECUTE
catalog.words_of(text): everybody: EXECUTE
orders.hold_credit(uuid,text,timestamp with time zone): restaurant: EXECUTE
orders.keep_texts(): everybody: EXECUTE
orders.next_stop(uuid): driver, admin: EXECUTE
orders.offer_is_taken(uuid): driver: EXECUTE
orders.open_credit(uuid): admin: EXECUTE
orders.person_id(): everybody: EXECUTE
orders.post_entry(uuid,text,bigint,uuid,bigint,text,text,timestamp with time zone): nobody
orders.record_payment(uuid,bigint,text,text,timestamp with time zone): admin: EXECUTE
orders.refuse_change(): everybody: EXECUTE
orders.restaurant_id(): everybody: EXECUTE
orders.settle_credit(uuid,text[],text,timestamp with time zone): restaurant, driver, admin, system: EXECUTE
orders.texts_of(text,text,text,text,json): everybody: EXECUTE
orders.zone(): everybody: EXECUTE
"""  # noqa: E501

RELATIONS = """
select namespace.nspname || '.' || relation.relname as name, relation.relkind, relation.oid, array(
    select attname::text from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped order by 1
) as columns
from pg_class as relation
inner join pg_namespace as namespace on namespace.oid = relation.relnamespace
where namespace.nspname = any($1) and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
order by 1
"""
FUNCTIONS = """
select routine.oid::regprocedure::text as name, routine.oid
from pg_proc as routine
inner join pg_namespace as namespace on namespace.oid = routine.pronamespace
where namespace.nspname = any($1)
    and not exists (select from pg_depend where objid = routine.oid and deptype = 'e')
order by 1
"""
ON_TABLES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
ON_COLUMNS = ["SELECT", "INSERT", "UPDATE", "REFERENCES"]


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Connection]:
    """A superuser's connection; what a test does is undone."""
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    await connection.execute("begin")
    yield connection
    await connection.execute("rollback")
    await connection.close()


async def granted(database: Connection) -> list[str]:
    """A line an object and role that may do something, "orders.orders: restaurant SELECT, UPDATE (status)"; one with
    "nobody" for an object that is its owner's alone."""
    lines: list[str] = []
    for schema in SCHEMAS:
        lines += await _lines(
            database, f"schema {schema}", "has_schema_privilege($1, $2, $3)", schema, ["USAGE", "CREATE"]
        )
    for row in await database.fetch(RELATIONS, SCHEMAS):
        if row["relkind"] == b"S":
            question = "has_sequence_privilege($1, $2::text, $3)"
            lines += await _lines(database, row["name"], question, row["name"], ["USAGE", "SELECT", "UPDATE"])
        else:
            question = "has_table_privilege($1, $2::text, $3)"
            lines += await _lines(database, row["name"], question, row["name"], ON_TABLES, row["columns"])
    for row in await database.fetch(FUNCTIONS, SCHEMAS):
        lines += await _lines(
            database, row["name"], "has_function_privilege($1, $2::text, $3)", row["name"], ["EXECUTE"]
        )
    return lines


async def _lines(
    database: Connection, label: str, question: str, name: str, privileges: list[str], columns: list[str] | None = None
) -> list[str]:
    found: dict[str, list[str]] = {}
    for role in ROLES:
        may = []
        for privilege in privileges:
            if await database.fetchval(f"select {question}", role, name, privilege):
                may.append(privilege)
            elif columns and privilege in ON_COLUMNS:
                some = await database.fetchval(
                    "select array_agg(c) from unnest($4::text[]) as c where has_column_privilege($1, $2::text, c, $3)",
                    *(role, name, privilege, columns),
                )
                may += [f"{privilege} ({', '.join(some)})"] if some else []
        if may:
            found.setdefault(", ".join(may), []).append(role)
    if not found:
        return [f"{label}: nobody"]
    return [f"{label}: {'everybody' if roles == ROLES else ', '.join(roles)}: {may}" for may, roles in found.items()]


async def test_every_object_is_granted_as_written_here(database: Connection) -> None:
    assert await granted(database) == PRIVILEGES.strip().splitlines()


@dataclass
class Rows:
    """Orders of two restaurants and two drivers of one zone, by a short name; each with a version in its history, a
    hold on its restaurant's account, a key of its restaurant's and a proof. Both drivers are on duty."""

    restaurants: dict[str, UUID] = field(default_factory=lambda: {"A": new_id(), "B": new_id()})
    drivers: dict[str, UUID] = field(default_factory=lambda: {"1": new_id(), "2": new_id()})
    zone: int = 77
    orders: dict[str, UUID] = field(default_factory=dict)
    admin: UUID = field(default_factory=new_id)

    async def fill(self, database: Connection) -> None:
        for name, restaurant, driver, status in (
            ("A pending", "A", None, "pending"),
            ("A with driver 1", "A", "1", "out_for_delivery"),
            ("B with driver 2", "B", "2", "delivered"),
            ("B on offer", "B", None, "ready"),
            ("B given to driver 1", "B", "1", "ready"),
        ):
            order, scope = new_id(), self.restaurants[restaurant]
            self.orders[name] = order
            await database.execute(
                """
                insert into orders.orders (
                    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, version,
                    total_cents, lines, items, address, lat, lon, created_at, updated_at
                )
                values ($1, nextval('orders.order_number'), $2, 'Kitchen', $3, $4, $5, $6, 1, 1, 1, '[]', 'Quay', 1, 1,
                    now(), now())
                """,
                *(order, scope, self.zone, driver and self.drivers[driver], driver and "Driver", status),
            )
            await database.execute(
                "insert into orders.order_history (order_id, version, event_id, event, status, actor_role, at)"
                "values ($1, 1, $1, 'OrderPlaced', 'pending', 'restaurant', now())",
                order,
            )
            await database.execute(
                "insert into orders.idempotency_keys values ($1, $2, '', $3, 201, '', now())", scope, name, order
            )
            await database.execute(A_PROOF, order, new_id())
            await database.execute(
                """
                insert into orders.ledger_entries (
                    restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number,
                    actor_role, at
                )
                values ($1, $2, 'hold', 1, $2, 0, $3, 1, 'restaurant', now())
                """,
                *(scope, len(self.orders), order),
            )
        for owner in self.restaurants.values():
            await database.execute("insert into orders.credit_accounts values ($1, 3, 0, 3)", owner)
        for one in self.drivers.values():
            await database.execute("insert into orders.duties values ($1, true, now())", one)

    def become(self, who: str) -> str:
        """The settings of a transaction for one of the names in SIGHT."""
        match who.split():
            case ["restaurant", name]:
                return (
                    f"set local role restaurant; set local app.restaurant_id = '{self.restaurants[name]}';"
                    f"set local app.person_id = '{self.admin}'"
                )
            case ["driver", name]:
                return (
                    f"set local role driver; set local app.person_id = '{self.drivers[name]}';"
                    f"set local app.zone = '{self.zone}'"
                )
            case ["far", "driver"]:
                return f"set local role driver; set local app.person_id = '{self.admin}'; set local app.zone = '78'"
            case [role, "without", "identity"]:
                return f"set local role {role}"
            case [role]:
                return f"set local role {role}; set local app.person_id = '{self.admin}'"
        raise AssertionError(who)


@pytest.fixture
async def rows(database: Connection) -> Rows:
    rows = Rows()
    await rows.fill(database)
    return rows


ALL = ["A pending", "A with driver 1", "B given to driver 1", "B on offer", "B with driver 2"]
OF_A = ["A pending", "A with driver 1"]
OF_B = ["B given to driver 1", "B on offer", "B with driver 2"]
OF_1 = ["A with driver 1", "B given to driver 1", "B on offer"]
OF_2 = ["B on offer", "B with driver 2"]
# Who: the orders they see (and whose history), and those that they may change. The system confirms what it changes.
SIGHT = {
    "restaurant A": (OF_A, OF_A),
    "restaurant B": (OF_B, OF_B),
    "driver 1": (OF_1, OF_1),
    "driver 2": (OF_2, OF_2),
    "far driver": ([], []),
    "admin": (ALL, ALL),
    "system": (ALL, ["A pending"]),
    "restaurant without identity": ([], []),
    "driver without identity": ([], []),
}
# Whose accounts and whose entries they see; None for who may not even ask.
ACCOUNTS: dict[str, tuple[list[str], list[str]] | None] = {
    "restaurant A": (["A"], OF_A),
    "restaurant B": (["B"], OF_B),
    "restaurant without identity": ([], []),
    "admin": (["A", "B"], ALL),
    "driver 1": None,
    "system": None,
    "orders_service": None,
    "relay_service": None,
}
# Whose duties they see, and which of these they may change.
DUTIES: dict[str, tuple[list[str], list[str]] | None] = {
    "driver 1": (["1"], ["1"]),
    "driver 2": (["2"], ["2"]),
    "driver without identity": ([], []),
    "admin": (["1", "2"], []),
    "restaurant A": None,
    "system": None,
    "orders_service": None,
}
# Whose keys they see.
KEYS = {"restaurant A": OF_A, "restaurant B": OF_B, "driver 1": [], "admin": []}


async def names(database: Connection, rows: Rows, column: str, table: str) -> list[str]:
    found = {row[column] for row in await database.fetch(f"select {column} from {table}")}  # noqa: S608  our own words
    return sorted(name for name, order in rows.orders.items() if order in found)


@pytest.mark.parametrize("who", SIGHT)
async def test_each_sees_the_rows_that_are_theirs(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    assert await names(database, rows, "id", "orders.orders") == SIGHT[who][0]
    assert await names(database, rows, "id", "orders.entries") == SIGHT[who][0]
    assert await names(database, rows, "order_id", "orders.order_history") == SIGHT[who][0]


@pytest.mark.parametrize("who", SIGHT)
async def test_each_changes_the_rows_that_are_theirs(database: Connection, rows: Rows, who: str) -> None:
    """A driver who changes an offer takes it: nobody else's name can be written."""
    await database.execute(rows.become(who))
    changed = []
    for name, order in sorted(rows.orders.items()):
        takes = ", driver_id = orders.person_id(), driver_name = 'Driver'" if who.startswith("driver") else ""
        takes = ", status = 'confirmed'" if who == "system" else takes
        done = await database.fetchval(
            f"update orders.orders set version = version + 1{takes} where id = $1 returning id",  # noqa: S608
            order,
        )
        changed += [name] if done else []
    assert changed == SIGHT[who][1]


@pytest.mark.parametrize("who", SIGHT)
async def test_who_sees_an_order_sees_its_proof(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    if who == "system":
        assert await refused(database, "select from orders.proofs")
    else:
        assert await names(database, rows, "order_id", "orders.proofs") == SIGHT[who][0]


@pytest.mark.parametrize("who", KEYS)
async def test_each_sees_their_own_keys(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    assert await names(database, rows, "order_id", "orders.idempotency_keys") == KEYS[who]


@pytest.mark.parametrize("who", ACCOUNTS)
async def test_each_sees_the_accounts_that_are_theirs(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    expected = ACCOUNTS[who]
    if expected is None:
        assert await refused(database, "select from orders.credit_accounts")
        assert await refused(database, "select from orders.ledger_entries")
        return
    found = {row["restaurant_id"] for row in await database.fetch("select restaurant_id from orders.credit_accounts")}
    assert [name for name, restaurant in rows.restaurants.items() if restaurant in found] == expected[0]
    assert await names(database, rows, "order_id", "orders.ledger_entries") == expected[1]


@pytest.mark.parametrize("who", DUTIES)
async def test_each_sees_and_changes_the_duty_that_is_theirs(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    expected = DUTIES[who]
    if expected is None:
        assert await refused(database, "select from orders.duties")
        return
    found = {row["driver_id"] for row in await database.fetch("select driver_id from orders.duties")}
    assert [name for name, driver in rows.drivers.items() if driver in found] == expected[0]
    changed = []
    for name, driver in rows.drivers.items():
        change = "update orders.duties set on_duty = false where driver_id = $1"
        if not await refused(database, change, driver):
            changed += [name] if await database.fetchval(f"{change} returning true", driver) else []
    assert changed == expected[1]


async def test_a_driver_speaks_of_no_other_drivers_duty(database: Connection, rows: Rows) -> None:
    await database.execute(rows.become("driver 1"))
    speak = """
        insert into orders.duties (driver_id, on_duty, changed_at) values ($1, false, now())
        on conflict (driver_id) do update set on_duty = excluded.on_duty, changed_at = excluded.changed_at
    """
    assert not await refused(database, speak, rows.drivers["1"])
    assert await refused(database, speak, rows.drivers["2"])
    assert await refused(database, speak, new_id())
    assert await refused(database, "update orders.duties set driver_id = $1", rows.drivers["1"])
    assert await refused(database, "delete from orders.duties")


A_PROOF = """
insert into orders.proofs (order_id, kind, name, media_type, image, driver_id, driver_name, at)
values ($1, 'signature', 'A cook', 'image/png', 'bytes', $2, 'Driver', now())
"""
ONE_MORE = """
insert into orders.orders (
    id, number, restaurant_id, restaurant_name, zone, status, version, total_cents, lines, items, address, lat, lon,
    created_at, updated_at
)
values (gen_random_uuid(), 0, $1, 'Kitchen', 77, 'pending', 1, 1, 1, '[]', 'Quay', 1, 1, now(), now())
"""
A_VERSION = """
insert into orders.order_history (order_id, version, event_id, event, status, actor_id, actor_role, at)
values ($1, 2, gen_random_uuid(), 'OrderConfirmed', 'confirmed', $2, $3, now())
"""
A_KEY = "insert into orders.idempotency_keys values ($1, 'a new one', '', $2, 200, '', now())"


async def refused(database: Connection, statement: str, *parameters: object) -> bool:
    """Whether the statement may not be run, or not with these values. What it does is undone."""
    await database.execute("savepoint tried")
    try:
        await database.execute(statement, *parameters)
    except asyncpg.InsufficientPrivilegeError:
        return True
    else:
        return False
    finally:
        await database.execute("rollback to tried")


@pytest.mark.parametrize(
    ("who", "places_for"),
    [
        ("restaurant A", "A"),
        ("restaurant B", "B"),
        ("restaurant without identity", ""),
        *((role, "") for role in ("driver 1", "admin", "system", "orders_service")),
    ],
)
async def test_a_restaurant_places_its_own_orders_and_nobody_else_any(
    database: Connection, rows: Rows, who: str, places_for: str
) -> None:
    await database.execute(rows.become(who))
    allowed = [
        name for name, restaurant in rows.restaurants.items() if not await refused(database, ONE_MORE, restaurant)
    ]
    assert "".join(allowed) == places_for


async def test_a_deed_is_written_under_the_name_of_who_did_it(database: Connection, rows: Rows) -> None:
    order = rows.orders["A with driver 1"]
    driver, other = rows.drivers["1"], rows.drivers["2"]
    await database.execute(rows.become("driver 1"))
    assert not await refused(database, A_VERSION, order, driver, "driver")
    assert await refused(database, A_VERSION, order, other, "driver")
    assert await refused(database, A_VERSION, order, driver, "admin")
    assert await refused(database, A_VERSION, order, None, "system")
    assert not await refused(database, A_KEY, driver, order)
    assert await refused(database, A_KEY, other, order)
    await database.execute(rows.become("system"))
    assert not await refused(database, A_VERSION, order, None, "system")
    assert await refused(database, A_VERSION, order, driver, "driver")


async def test_a_driver_proves_what_they_delivered_and_nothing_else(database: Connection, rows: Rows) -> None:
    await database.execute("delete from orders.proofs")
    delivered = rows.orders["B with driver 2"]
    await database.execute(rows.become("driver 2"))
    assert not await refused(database, A_PROOF, delivered, rows.drivers["2"])
    assert await refused(database, A_PROOF, delivered, rows.drivers["1"])
    assert await refused(database, A_PROOF, rows.orders["B on offer"], rows.drivers["2"])
    await database.execute(rows.become("driver 1"))
    assert await refused(database, A_PROOF, delivered, rows.drivers["1"])
    assert await refused(database, A_PROOF, rows.orders["A with driver 1"], rows.drivers["1"])
    for change in ("update orders.proofs set name = 'Somebody'", "delete from orders.proofs"):
        assert await refused(database, change)


async def test_a_driver_gives_an_order_to_nobody_else(database: Connection, rows: Rows) -> None:
    await database.execute(rows.become("driver 1"))
    give = "update orders.orders set driver_id = $2, driver_name = 'Driver' where id = $1"
    assert await refused(database, give, rows.orders["A with driver 1"], rows.drivers["2"])
    assert await refused(database, give, rows.orders["B on offer"], rows.drivers["2"])
    assert not await refused(database, give, rows.orders["B on offer"], rows.drivers["1"])


async def test_the_system_answers_a_pending_order_and_does_nothing_else(database: Connection, rows: Rows) -> None:
    await database.execute(rows.become("system"))
    answer = "update orders.orders set status = $2, version = version + 1 where id = $1"
    pending = rows.orders["A pending"]
    for status in ("confirmed", "rejected"):
        assert not await refused(database, answer, pending, status)
    for status in ("pending", "cancelled", "preparing", "delivered"):
        assert await refused(database, answer, pending, status)
    assert await refused(database, "update orders.orders set driver_id = $2 where id = $1", pending, rows.drivers["1"])
    assert await refused(database, A_KEY, rows.restaurants["A"], pending)
    assert await refused(database, "select from orders.idempotency_keys")
    for name in ("A with driver 1", "B on offer"):
        assert await database.execute(answer, rows.orders[name], "confirmed") == "UPDATE 0"
        assert not await database.fetch("select from orders.orders where id = $1 for update", rows.orders[name])


@pytest.mark.parametrize("who", ["restaurant A", "driver 1", "admin", "system", "orders_service", "catalog_service"])
async def test_nobody_deletes_or_rewrites_what_happened(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    for table in ("orders.orders", "orders.order_history", "orders.idempotency_keys", "orders.outbox"):
        assert await refused(database, f"delete from {table}")  # noqa: S608
    assert await refused(database, "update orders.order_history set version = version + 1")
    assert await refused(database, "update orders.idempotency_keys set response = ''")


@pytest.mark.parametrize(
    "who", ["orders_service", "accounts_service", "analytics_service", "catalog_service", "relay_service"]
)
async def test_a_service_without_a_role_sees_no_order(database: Connection, rows: Rows, who: str) -> None:
    await database.execute(rows.become(who))
    for table in ("orders.orders", "orders.entries", "orders.order_history", "orders.idempotency_keys"):
        assert await refused(database, f"select from {table}")
