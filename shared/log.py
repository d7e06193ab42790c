"""Logs: one JSON object a line on standard error, or coloured text for a person at a terminal.

Each line says the program and what it is about: `about` is told once, where a request comes in, and asked only when
something is logged. Invariant: what is logged is for an operator. A field that is named like a secret is masked, and
nobody logs bodies, headers, notes or addresses.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Literal, TypeAlias

import structlog

Ids: TypeAlias = Mapping[str, str]

SECRET = frozenset({"authorization", "cookie", "email", "password", "secret", "ticket", "token"})
"""What no line shows, as the last word of a field's name."""

MASK = "…"

_ABOUT: ContextVar[Callable[[], Ids] | None] = ContextVar("about", default=None)


def about(ids: Callable[[], Ids]) -> None:
    """What the lines of this task are about from here on, as `ids` says at the moment of each line."""
    _ABOUT.set(ids)


def _with_ids(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    ids = _ABOUT.get()
    return event if ids is None else {**ids(), **event}


def _without_secrets(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: MASK if name.lower().rpartition("_")[2] in SECRET else value for name, value in event.items()}


def configure(form: Literal["json", "console"], program: str, level: int = logging.INFO) -> None:
    """Call once a process, before anything is logged. Other libraries' warnings come out in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_ids,
        _without_secrets,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(program=program)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
