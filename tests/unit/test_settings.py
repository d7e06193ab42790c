"""A program starts with settings that are all known, present and well-formed, or it says which one is not."""

import msgspec
import pytest

from shared.settings import SettingsError, load


class Settings(msgspec.Struct, frozen=True):
    nats_url: str
    port: int
    log: str = "json"


GOOD = {"LARDER_NATS_URL": "nats://127.0.0.1", "LARDER_PORT": "8080", "PATH": "/bin"}


def test_fields_are_read_and_defaults_kept() -> None:
    assert load(Settings, GOOD) == Settings("nats://127.0.0.1", 8080, "json")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"LARDER_PROT": "1"}, "LARDER_PROT is unknown"),
        ({"LARDER_PORT": "eighty"}, "LARDER_PORT is not a valid int"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(Settings, GOOD | change)


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match="LARDER_NATS_URL is missing; LARDER_PORT is missing"):
        load(Settings, {})


def test_a_value_never_appears_in_the_error() -> None:
    with pytest.raises(SettingsError) as error:
        load(Settings, GOOD | {"LARDER_PORT": "hunter2"})
    assert "hunter2" not in str(error.value)
