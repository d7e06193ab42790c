"""pgbench says what the service said: its text, and a value for each parameter."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from loadtests.bench import pgbench
from loadtests.bench.pgbench import PgbenchError, Ranges, script_of, substitute
from loadtests.bench.recorder import Said
from loadtests.bench.world import PERSON, id_of
from services.orders.store import NEWEST, QUERIES, begin_as
from shared.ids import new_id
from tests.support import identity

RANGES = Ranges(restaurants=436, products=90_000)
PLACED_AS = 4711


def begin(restaurant: int = 7) -> Said:
    somebody = identity("restaurant", person_id=id_of(PERSON + restaurant), restaurant_id=id_of(restaurant))
    return Said(begin_as(somebody), None, {})


def commit() -> Said:
    return Said("commit", None, {})


def test_every_parameter_of_every_query_of_the_service_is_replaced() -> None:
    for query in QUERIES.values():
        count = max((int(number) for number in re.findall(r"\$(\d+)", query.sql)), default=0)
        values = [f"<{number}>" for number in range(1, count + 1)]
        text = substitute(query.sql, values)
        assert "$" not in text
        # and nothing else was touched
        assert re.sub(r"<(\d+)>", r"$\1", text) == query.sql


@pytest.mark.parametrize("values", [["1"], ["1", "2", "3"]])
def test_a_statement_with_other_parameters_than_it_was_given_is_refused(values: list[str]) -> None:
    with pytest.raises(PgbenchError, match="takes"):
        substitute("select $1, $2", values)


def test_the_identity_is_one_round_trip_with_the_settings_of_who_was_drawn() -> None:
    text = script_of([begin(), commit()], RANGES, restaurant=7).text
    assert text.splitlines() == [
        r"\set restaurant random(1, 436)",
        rf"\set person :restaurant + {PERSON}",
        r"\startpipeline",
        "begin;",
        "set local role restaurant;",
        "select set_config('app.person_id', lpad(:person, 32, '0')::uuid::text, true), "
        "set_config('app.restaurant_id', lpad(:restaurant, 32, '0')::uuid::text, true);",
        r"\endpipeline",
        "commit;",
    ]


def test_a_setting_of_somebody_who_was_not_drawn_is_refused() -> None:
    with pytest.raises(PgbenchError, match="neither"):
        script_of([begin(restaurant=8)], RANGES, restaurant=7)


def test_the_list_is_said_as_it_stands_in_the_queries() -> None:
    query = QUERIES["list_orders"]
    said = Said(query.sql, (NEWEST.created_at, NEWEST.id, 21), {"number": PLACED_AS})
    script = script_of([begin(), said, commit()], RANGES, restaurant=7)
    assert query.sql.replace("$1", ":constant_1_1").replace("$2", ":constant_1_2").replace("$3", ":constant_1_3") in (
        script.text
    )
    assert script.constants == {
        "constant_1_1": "9999-01-01T00:00:00+00:00",
        "constant_1_2": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "constant_1_3": "21",
    }


def test_what_must_be_new_each_time_is_new_and_what_is_drawn_is_drawn() -> None:
    statement = "insert into t values ($1, $2, $3, $4, $5, $6, $7, $8)"
    parameters = (
        *(id_of(7), id_of(PERSON + 7), new_id(), "the key", datetime.now(UTC)),
        *([id_of(1), id_of(2)], None, b'{"a": 1}'),
    )
    script = script_of([Said(statement, parameters, {})], RANGES, restaurant=7, key="the key")
    assert script.text.splitlines()[2:] == [
        r"\set product1 random(1, 90000)",
        r"\set product2 random(1, 90000)",
        "insert into t values (lpad(:restaurant, 32, '0')::uuid, lpad(:person, 32, '0')::uuid, uuidv7(), "
        "gen_random_uuid()::text, now(), array[lpad(:product1, 32, '0')::uuid, lpad(:product2, 32, '0')::uuid], "
        "null, :constant_0_8);",
    ]
    assert script.constants == {"constant_0_8": '{"a": 1}'}


def test_bytes_that_text_cannot_carry_go_as_hexadecimal() -> None:
    script = script_of([Said("select $1", (b"\xff\\",), {})], RANGES, restaurant=7)
    assert script.constants == {"constant_0_1": "\\xff5c"}


def test_the_number_that_one_statement_answers_and_the_next_says_again_is_carried() -> None:
    said = [Said("select 1 as number", (), {"number": PLACED_AS}), Said("select $1", (PLACED_AS,), {})]
    assert script_of(said, RANGES, restaurant=7).text.splitlines()[-2:] == [
        r"select 1 as number \aset",
        "select :number;",
    ]


def test_a_new_id_that_two_statements_share_is_refused() -> None:
    shared = new_id()
    with pytest.raises(PgbenchError, match="two statements"):
        script_of([Said("select $1", (shared,), {}), Said("select $1", (shared,), {})], RANGES, restaurant=7)


def test_a_parameter_without_a_rule_is_refused() -> None:
    with pytest.raises(PgbenchError, match="dict"):
        script_of([Said("select $1", ({},), {})], RANGES, restaurant=7)


def test_an_id_is_what_postgres_makes_of_the_drawn_number() -> None:
    assert id_of(436) == UUID("436".rjust(32, "0"))
    assert pgbench.DRAWN.format("n") == "lpad(:n, 32, '0')::uuid"
