"""`just up replicas=1`: a copy that follows, is kept from one start to the next, and is given up with its slot."""

from collections.abc import Iterator

import pytest

from deploy.local import Stack
from deploy.local.replica import REPLICA, SLOT
from tests.support import own_stack

SLOTS = "select slot_name || ' ' || wal_status from pg_replication_slots"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(only={"postgres", "replicas"}) as stack:
        yield stack


def made(stack: Stack) -> int:
    """Which copy it is: one that is made anew has other files."""
    return (stack.replica.data / "PG_VERSION").stat().st_ino


def test_it_stands_in_the_status_follows_through_a_bounded_slot_and_survives_down_and_up(stack: Stack) -> None:
    assert [row.problem for row in stack.status() if row.name == REPLICA] == [None]
    assert stack.postgres.psql(sql=SLOTS).split() == [SLOT, "reserved"]
    assert stack.postgres.psql(sql="show max_slot_wal_keep_size").strip() == "2GB"
    copy = made(stack)
    stack.down()
    stack.up(only={"postgres", "replicas"})
    assert made(stack) == copy
    assert stack.replica.probe() is None


def test_nobody_but_its_role_streams_and_that_sees_no_table(stack: Stack) -> None:
    roles = "select rolname from pg_roles where rolreplication and not rolsuper"
    assert stack.postgres.psql(sql=roles).split() == ["replica_service"]
    reach = "select has_database_privilege('replica_service', 'larder', 'connect')"
    assert stack.postgres.psql(sql=reach).strip() == "f"


def test_a_copy_that_the_primary_has_given_up_is_made_anew(stack: Stack) -> None:
    copy = made(stack)
    stack._supervisor.stop([REPLICA])
    stack.postgres.psql(sql=f"select pg_drop_replication_slot('{SLOT}')")
    stack.up(only={"postgres", "replicas"})
    assert made(stack) != copy
    assert stack.replica.probe() is None


def test_without_it_the_primary_keeps_no_log_for_it(stack: Stack) -> None:
    stack.up({"replicas": 0}, only={"postgres"})
    assert stack.postgres.psql(sql=SLOTS).strip() == ""
    assert not stack.replica.data.exists()
    assert [row.name for row in stack.status()] == ["postgres"]
