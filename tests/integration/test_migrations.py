"""A concurrent index build that fails leaves an invalid index: the next `migrate` repairs it, and none stays unseen.

And the texts that lists show: no text is too long for an index, and orders from before get theirs.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import PartError, Stack, indexes, migrate
from deploy.local.migrate import MIGRATIONS
from shared.database import Connection
from shared.ids import new_id

DATABASE = "migrations_test"
DOWN = "\n-- migrate:down\n"
SHELF = "-- migrate:up\ncreate schema if not exists shelf;\ncreate table shelf.jars (label text);\n" + DOWN
LABELS = (
    "-- migrate:up transaction:false\ncreate unique index concurrently if not exists one_label on shelf.jars (label);\n"
)


@pytest.fixture
def database(stack: Stack) -> Iterator[str]:
    stack.postgres.psql("postgres", sql=f"create database {DATABASE} owner larder_owner template template0")
    yield DATABASE
    stack.postgres.psql("postgres", sql=f"drop database {DATABASE} with (force)")


def invalid(stack: Stack) -> list[str]:
    return stack.postgres.psql(
        DATABASE, sql="select indexrelid::regclass from pg_index where not indisvalid order by 1"
    ).split()


def test_an_index_whose_build_failed_is_built_again(stack: Stack, database: str, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "20260101000000_shelf.sql").write_text(SHELF)
    assert migrate.migrate(stack.addresses, database, tmp_path) == ["shelf/20260101000000_shelf.sql"]
    stack.postgres.psql(database, sql="insert into shelf.jars values ('salt'), ('salt')")

    (folder / "20260101000001_labels.sql").write_text(LABELS + DOWN)
    with pytest.raises(PartError, match="migrations/shelf"):
        migrate.migrate(stack.addresses, database, tmp_path)
    assert invalid(stack) == ["shelf.one_label"]
    with pytest.raises(PartError, match=r"shelf\.one_label") as error:
        indexes.check(stack.postgres, database, ["shelf"])
    assert "just migrate" in error.value.hint

    # As long as the reason stands the repair fails as loudly, and leaves a second one behind.
    with pytest.raises(PartError, match="postgres"):
        migrate.migrate(stack.addresses, database, tmp_path)
    assert invalid(stack) == ["shelf.one_label", "shelf.one_label_ccnew"]

    stack.postgres.psql(database, sql="delete from shelf.jars where ctid = (select min(ctid) from shelf.jars)")
    assert migrate.migrate(stack.addresses, database, tmp_path) == [
        "shelf.one_label: built again, its first build had failed",
        "shelf.one_label_ccnew: dropped, a REINDEX had left it behind",
        "shelf/20260101000001_labels.sql",
    ]
    assert invalid(stack) == []
    with pytest.raises(PartError) as refused:
        stack.postgres.psql(database, sql="insert into shelf.jars values ('salt')")
    assert "one_label" in " ".join(refused.value.lines)
    assert migrate.migrate(stack.addresses, database, tmp_path) == []


@pytest.fixture
async def orders(stack: Stack) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(stack.addresses.database("postgres"))
    await connection.execute("begin")
    yield connection
    await connection.execute("rollback")
    await connection.close()


# Characters of four bytes that no compression makes smaller: as long as the API takes them, and longer.
NAME, TEXT = ("".join(chr(0x10000 + (i * 7919) % 0xF0000) for i in range(length)) for length in (200, 500))
ORDER = """
insert into orders.orders (
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    lines, items, address, lat, lon, shortages, created_at, updated_at
)
values (
    $1, nextval('orders.order_number'), $1, $2, 1, $1, $3, 'ready', $4, 1, 1,
    1, '[]', $5, 1.5, 2.5, $6, now(), now()
)
"""


@pytest.mark.parametrize(
    ("texts", "in_the_index"),
    [
        (("Kitchen", "Driver", "late", "Quay 1", "[]"), True),
        ((NAME, "Driver", None, TEXT[:100], "[]"), True),
        ((NAME, NAME, TEXT, TEXT, "[]"), False),
        ((NAME * 9, NAME * 9, TEXT * 99, TEXT * 99, "[]"), False),
        (("Kitchen", "Driver", None, "Quay 1", "[" + ", ".join([f'"{NAME}"'] * 200) + "]"), False),
        (("\x01" * 500, "Driver", '"\\\n', "Quay 1", "[]"), False),
    ],
)
async def test_no_text_is_too_long_for_a_list(
    orders: Connection, texts: tuple[str | None, ...], in_the_index: bool
) -> None:
    order = new_id()
    await orders.execute(ORDER, order, *texts)
    kept = await orders.fetchval("select texts is not null from orders.orders where id = $1", order)
    assert kept == in_the_index
    question = """
    select entry.texts::json ->> 0, entry.texts::json ->> 1, entry.texts::json ->> 3, entry.texts::json ->> 2,
        entry.texts::json ->> 4
    from orders.entries as entry where id = $1
    """
    assert tuple(await orders.fetchrow(question, order)) == texts
    await orders.execute("update orders.orders set reason = 'short', address = 'Quay 2' where id = $1", order)
    _, _, reason, address, _ = await orders.fetchrow(question, order)
    assert (reason, address) == ("short", "Quay 2")


async def test_orders_from_before_are_listed_and_get_their_texts(stack: Stack, database: str) -> None:
    """Committed a thousand at a time, and done again without harm."""
    migrate.migrate(stack.addresses, database)
    connection = await asyncpg.connect(stack.addresses.database("postgres", database))
    try:
        await connection.execute("set session_replication_role = replica")  # as if the trigger were not there yet
        for number in range(3):
            address = "Quay 1" if number else TEXT * 9
            await connection.execute(ORDER, new_id(), "Kitchen", "Driver", None, address, "[]")
        await connection.execute("set session_replication_role = origin")
        assert await connection.fetchval("select count(texts) from orders.orders") == 0
        assert await connection.fetchval("select count(texts) from orders.entries") == 3
        file = next(MIGRATIONS.glob("orders/*_texts_of_older_orders.sql"))
        for _ in range(2):
            await connection.execute(file.read_text().partition("-- migrate:down")[0])
            assert await connection.fetchval("select count(texts) from orders.orders") == 2
        assert await connection.fetchval("select count(texts) from orders.entries") == 3
    finally:
        await connection.close()
