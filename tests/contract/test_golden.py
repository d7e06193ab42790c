"""What is published today must be readable for ever: the bytes of each event and each frame are held."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from proto import realtime
from proto.envelope import Envelope
from proto.orders import EventType, OrderEvent, RoutedOrderEvent
from proto.schemas import PUBLISHED, VERSION
from tests.contract.expected import GOLDEN, PLACED, SINCE_EXTENDED, golden_bytes, golden_files, golden_of_event

FILES = [pytest.param(*row, id=str(row[0].relative_to(GOLDEN).with_suffix(""))) for row in golden_files()]


@pytest.mark.parametrize(("path", "expected", "kind"), FILES)
def test_golden_bytes_are_written_and_read_as_the_same_struct(path: Path, expected: msgspec.Struct, kind: Any) -> None:
    written = msgspec.json.encode(expected)
    assert path.exists(), f"store these bytes as {path.relative_to(GOLDEN)}: {written.decode()}"
    assert msgspec.json.decode(golden_bytes(path), type=kind) == expected
    if path.stem not in {f"{event}.v{VERSION}" for event in SINCE_EXTENDED}:
        assert written == golden_bytes(path)


@pytest.mark.parametrize("event", [name for names in PUBLISHED.values() for name in names])
def test_every_published_event_has_its_golden_file(event: str) -> None:
    assert (GOLDEN / "events" / f"{event}.v{VERSION}.json").exists(), "add it to tests/contract/expected.py"


def test_every_envelope_and_every_event_of_an_order_is_published() -> None:
    ours = {kind for kind in Envelope.__subclasses__() if kind.__module__.startswith("proto.")}
    assert set(PUBLISHED) == ours - {RoutedOrderEvent}
    assert PUBLISHED[OrderEvent] == get_args(EventType)


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
