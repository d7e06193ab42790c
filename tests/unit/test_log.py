"""Logs are lines of JSON that say what they are about, and nothing that is secret."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from shared import log


@pytest.fixture(autouse=True)
def own_context() -> Iterator[None]:
    """What a test binds is not the next one's."""
    yield
    structlog.contextvars.clear_contextvars()
    log.about(dict)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in captured.readouterr().err.splitlines()]


def test_a_line_says_what_happened_where_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "services.orders")
    structlog.get_logger().warning("not now", path="/api/orders")
    [line] = lines(capsys)
    assert line["timestamp"].endswith("Z")
    assert (
        line.items()
        >= {
            "event": "not now",
            "level": "warning",
            "program": "services.orders",
            "path": "/api/orders",
        }.items()
    )


async def test_a_line_is_about_its_own_request_as_much_as_is_known_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "services.orders")

    async def request(name: str) -> None:
        ids = {"request_id": name}
        log.about(lambda: ids)
        structlog.get_logger().info("came")
        await asyncio.sleep(0)
        ids["person"] = f"p-{name}"
        structlog.get_logger().info("went")

    await asyncio.gather(*(asyncio.create_task(request(name)) for name in ("a", "b")))
    # Whatever else is told meanwhile is of no request.
    told = [(line["event"], line["request_id"], line.get("person")) for line in lines(capsys) if "request_id" in line]
    assert sorted(told, key=str) == sorted(
        [("came", "a", None), ("came", "b", None), ("went", "a", "p-a"), ("went", "b", "p-b")], key=str
    )


def test_other_libraries_lines_are_about_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "services.orders")
    log.about(lambda: {"request_id": "r-1"})
    logging.getLogger("somebody").warning("careful")
    [line] = lines(capsys)
    assert (line["event"], line["request_id"]) == ("careful", "r-1")


@pytest.mark.parametrize("field", ["password", "access_token", "token", "Authorization", "email", "ticket", "cookie"])
def test_what_is_named_like_a_secret_is_not_shown(capsys: pytest.CaptureFixture[str], field: str) -> None:
    log.configure("json", "services.accounts")
    structlog.get_logger().info("signed in", **{field: "s3cret"})
    assert "s3cret" not in capsys.readouterr().err


def test_an_errors_traceback_stands_in_its_line_without_the_values_around_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure("json", "services.accounts")
    password = "s3cret"
    try:
        int(password[:0])
    except ValueError as error:
        structlog.get_logger().error("unexpected error", exc_info=error)
    [line] = lines(capsys)
    assert "ValueError: invalid literal" in line["exception"]
    assert "s3cret" not in line["exception"]


def test_for_a_person_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", "services.orders")
    log.about(lambda: {"request_id": "r-1"})
    structlog.get_logger().info("listening", port=8130)
    text = capsys.readouterr().err
    assert "listening" in text
    assert "r-1" in text
    assert not text.startswith("{")
