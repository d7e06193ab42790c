"""pgbench saying what the service says: the ceiling that Postgres alone sets on this machine.

The script is made from recorded messages. Each statement is the service's own text, each `$n` replaced by a value: what
must be new each time (ids, keys, times) is made by Postgres, what is drawn (restaurant, products) by pgbench, and the
rest is sent as it was recorded. Statements are prepared once a connection (`-M prepared`), as asyncpg does.

A message of the simple protocol, `begin; set local …`, becomes a pipeline: one round trip as well, but SET takes no
parameters, so the values go through set_config, which does the same.

Refuses a parameter it has no rule for, and a value that would have to be the same in two statements.
"""

import asyncio
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from deploy.local import Stack
from deploy.local.processes import clean_environment
from loadtests.bench.errors import BenchError
from loadtests.bench.recorder import Said
from loadtests.bench.world import PERSON, id_of

DRAWN = "lpad(:{}, 32, '0')::uuid"
"""The id whose number pgbench drew. Costs Postgres some 0.2 µs."""

_SET = re.compile(r"set local (\w+\.\w+) = '(.*)'")


class PgbenchError(BenchError):
    """pgbench did not run to its end, or the service says something that cannot be said by it."""


class Script(NamedTuple):
    """`text` in pgbench's language; `constants` are variables of it, by name."""

    text: str
    constants: Mapping[str, str]


class Ranges(NamedTuple):
    """How many restaurants and products there are to draw from."""

    restaurants: int
    products: int


def script_of(said: Sequence[Said], ranges: Ranges, restaurant: int, key: str | None = None) -> Script:
    """`restaurant` and `key` are those of the recorded request. Raises PgbenchError."""
    writer = _Writer(restaurant, key, _carried(said))
    messages = [writer.message(place, one) for place, one in enumerate(said)]
    draws = [f"\\set restaurant random(1, {ranges.restaurants})", f"\\set person :restaurant + {PERSON}"]
    draws += [f"\\set {name} random(1, {ranges.products})" for name in writer.products]
    return Script("\n".join([*draws, *messages, ""]), writer.constants)


class _Writer:
    def __init__(self, restaurant: int, key: str | None, number: int | None) -> None:
        self._drawn = {id_of(restaurant): "restaurant", id_of(PERSON + restaurant): "person"}
        self._key = key
        self._fresh: dict[UUID, int] = {}
        self._number = number
        self.constants: dict[str, str] = {}
        self.products: list[str] = []

    def message(self, place: int, said: Said) -> str:
        if said.parameters is None:
            return self._simple(said.sql)
        values = [self._value(place, number, value) for number, value in enumerate(said.parameters, 1)]
        text = substitute(said.sql, values)
        carries = self._number is not None and said.row.get("number") == self._number
        return f"{text} \\aset" if carries else f"{text};"  # \aset takes several rows, \gset does not

    def _simple(self, sql: str) -> str:
        statements = sql.split("; ")
        if len(statements) == 1:
            return f"{sql};"
        settings = [match for statement in statements if (match := _SET.fullmatch(statement))]
        others = [statement for statement in statements if not _SET.fullmatch(statement)]
        calls = [f"set_config('{match[1]}', {self._setting(match[2])}, true)" for match in settings]
        lines = [*others, f"select {', '.join(calls)}"] if calls else others
        return "\n".join(["\\startpipeline", *(f"{line};" for line in lines), "\\endpipeline"])

    def _setting(self, text: str) -> str:
        name = self._drawn.get(UUID(text))
        if name is None:
            raise PgbenchError(f"the service sets {text!r}, which is neither the restaurant nor its person")
        return DRAWN.format(name) + "::text"

    def _value(self, place: int, number: int, value: object) -> str:
        """The expression that stands for `$number` of the statement at `place`."""
        match value:
            case None:
                return "null"
            case UUID() if value in self._drawn:
                return DRAWN.format(self._drawn[value])
            case UUID() if value.version == 7:
                if self._fresh.setdefault(value, place) != place:
                    raise PgbenchError(f"{value} is said in two statements: pgbench cannot make it twice")
                return "uuidv7()"
            case list() if all(isinstance(one, UUID) for one in value):
                self.products = [f"product{index}" for index in range(1, len(value) + 1)]
                return f"array[{', '.join(DRAWN.format(name) for name in self.products)}]"
            case str() if value == self._key:
                return "gen_random_uuid()::text"
            case int() if value == self._number:
                return ":number"
            case datetime() if abs(value - datetime.now(UTC)) < timedelta(hours=1):
                return "now()"
            case _:
                name = f"constant_{place}_{number}"
                self.constants[name] = _text(value)
                return f":{name}"


def _carried(said: Sequence[Said]) -> int | None:
    """The order's number, when a statement answers with it and a later one says it again."""
    for place, one in enumerate(said):
        number = one.row.get("number")
        if number is not None and any(number in (later.parameters or ()) for later in said[place + 1 :]):
            return int(number)
    return None


def substitute(sql: str, values: Sequence[str]) -> str:
    """`sql` with each `$n` replaced. Raises PgbenchError unless the numbers are exactly those of the values."""
    wanted = {int(number) for number in re.findall(r"\$(\d+)", sql)}
    if wanted != set(range(1, len(values) + 1)):
        raise PgbenchError(f"a statement takes {sorted(wanted)} and was given {len(values)} values: {sql[:60]}")
    return re.sub(r"\$(\d+)", lambda match: values[int(match[1]) - 1], sql)


def _text(value: object) -> str:
    """A value as Postgres reads it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float() | str() | UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case bytes() if b"\\" not in value and value.isascii():
            return value.decode()  # bytea's escape format: as many bytes as the service sends
        case bytes():
            return f"\\x{value.hex()}"
        case _:
            raise PgbenchError(f"there is no rule for a parameter of type {type(value).__name__}")


async def run(stack: Stack, script: Script, *, clients: int, seconds: float) -> float:
    """Transactions a second, connecting not counted. Raises PgbenchError when a single one failed."""
    binary = stack.postgres.binaries / "pgbench"
    environment = {
        **clean_environment(),
        **stack.postgres.client_environment(),
        "PGUSER": "orders_service",
        "PGPASSWORD": stack.addresses.credentials.passwords["orders_service"],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.text)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(str(binary), "-n", "-M", "prepared", "-f", file.name, "-c", str(clients), "-j", "1"),
            *("-T", str(max(1, round(seconds)))),
            *(word for name, value in script.constants.items() for word in ("-D", f"{name}={value}")),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
    text = out.decode()
    rate = re.search(r"tps = ([\d.]+)", text)
    failed = re.search(r"number of failed transactions: (\d+)", text)
    if process.returncode != 0 or rate is None or failed is None or failed[1] != "0":
        raise PgbenchError(f"pgbench: {err.decode().strip() or text}")
    return float(rate[1])
