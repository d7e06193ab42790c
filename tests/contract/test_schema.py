"""The committed JSON Schemas are what the Structs make, and hold for what is published."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from proto import realtime
from proto.__main__ import SCHEMAS as FOLDER
from proto.schemas import schemas
from tests.contract.expected import GOLDEN, golden_bytes, golden_files

NAME_OF_UNION = {realtime.ClientFrame: "ClientFrame", realtime.ServerFrame: "ServerFrame"}


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    schema = msgspec.json.decode((FOLDER / f"{name}.v1.json").read_bytes())
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def schema_of(kind: Any) -> str:
    return NAME_OF_UNION.get(kind) or kind.__name__


def test_the_committed_schemas_are_fresh() -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed == schemas(), "proto/schema is stale: run `just schemas`"


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_a_schema_is_valid_json_schema(path: Path) -> None:
    jsonschema_rs.meta.validate(msgspec.json.decode(path.read_bytes()))


FILES = [pytest.param(path, kind, id=str(path.relative_to(GOLDEN).with_suffix(""))) for path, _, kind in golden_files()]


@pytest.mark.parametrize(("path", "kind"), FILES)
def test_golden_bytes_fit_their_schema(path: Path, kind: Any) -> None:
    validator(schema_of(kind)).validate(msgspec.json.decode(golden_bytes(path)))


@pytest.mark.parametrize(
    ("name", "golden", "written", "instead"),
    [
        ("OrderEvent", "events/OrderPlaced.v1", b'"OrderPlaced"', b'"OrderMislaid"'),
        ("OrderEvent", "events/OrderPlaced.v1", b'"version":1,"occurred_at"', b'"version":2,"occurred_at"'),
        ("OrderEvent", "events/OrderPlaced.v1", b'"2026-01-02T03:04:05.678901Z"', b'"2026-01-02T03:04:05"'),
        ("ClientFrame", "client/subscribe", b'"topic"', b'"extra":1,"topic"'),
        ("ServerFrame", "server/event-of-an-order-left", b'"status":null', b'"status":"ready"'),
    ],
)
def test_a_schema_refuses_what_is_never_written(name: str, golden: str, written: bytes, instead: bytes) -> None:
    changed = golden_bytes(GOLDEN / f"{golden}.json").replace(written, instead)
    assert instead in changed
    assert not validator(name).is_valid(msgspec.json.decode(changed))
