"""What is published today must be readable for ever: the bytes of each event and each frame are held."""

import inspect
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from proto import realtime
from proto.__main__ import PUBLISHED, VERSION
from proto.orders import EventType
from tests.contract.expected import GOLDEN, PLACED, golden_bytes, golden_files, golden_of_event

FILES = [pytest.param(*row, id=str(row[0].relative_to(GOLDEN).with_suffix(""))) for row in golden_files()]


@pytest.mark.parametrize(("path", "expected", "kind"), FILES)
def test_golden_bytes_are_written_and_read_as_the_same_struct(path: Path, expected: msgspec.Struct, kind: Any) -> None:
    written = msgspec.json.encode(expected)
    assert path.exists(), f"store these bytes as {path.relative_to(GOLDEN)}: {written.decode()}"
    assert msgspec.json.decode(golden_bytes(path), type=kind) == expected
    assert written == golden_bytes(path)


@pytest.mark.parametrize("event", get_args(EventType))
def test_every_event_of_an_order_has_its_golden_file(event: str) -> None:
    assert golden_of_event(msgspec.structs.replace(PLACED, type=event)).exists()


def test_every_published_type_has_its_golden_file() -> None:
    published = {f"{name}.v{VERSION}.json" for names in PUBLISHED.values() for name in names}
    assert {path.name for path in (GOLDEN / "events").iterdir()} >= published


@pytest.mark.parametrize(
    ("folder", "frames"), [("client", realtime.ClientFrame), ("server", realtime.ServerFrame)], ids=["client", "server"]
)
def test_every_frame_has_its_golden_file(folder: str, frames: Any) -> None:
    tags = {frame.__struct_config__.tag for frame in get_args(frames)}
    held = {msgspec.json.decode(golden_bytes(path))["type"] for path in (GOLDEN / folder).iterdir()}
    assert held == tags


def test_no_golden_file_stands_unread() -> None:
    assert set(GOLDEN.rglob("*.json")) == {path for path, _, _ in golden_files()}


def test_fields_added_later_leave_old_readers_unharmed() -> None:
    later = golden_bytes(golden_of_event(PLACED)).replace(b'{"id"', b'{"added":{"later":1},"id"')
    assert msgspec.json.decode(later, type=type(PLACED)) == PLACED


def test_every_envelope_is_published() -> None:
    from proto import accounts, catalog, orders  # noqa: PLC0415
