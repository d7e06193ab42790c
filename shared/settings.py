"""Settings come from LARDER_* environment variables into one frozen Struct a program.

Invariants: a program starts only with settings that are all known, present and well-formed. Refuses, naming the
variable: an unknown LARDER_*, a missing one, a value of the wrong type. Values never appear in an error: they may be
secrets.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from socket import gethostname
from typing import Annotated, Literal, TypeVar

import msgspec

from shared.tracing import Endpoint, Ratio

PREFIX = "LARDER_"

S = TypeVar("S", bound=msgspec.Struct)

StatementCache = Annotated[int, msgspec.Meta(ge=0)]
"""Prepared statements that a connection keeps. 0 is none, for a PgBouncer before 1.21, which cannot carry them."""


Seconds = Annotated[float, msgspec.Meta(ge=0)]


class SettingsError(Exception):
    """The environment does not hold what the program needs; the text says which variable to mend."""


def raw_key(text: str) -> bytes:
    """A key as settings carry it: base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def load(kind: type[S], environment: Mapping[str, str]) -> S:
    """Reads `kind` from the environment: field `nats_url` from LARDER_NATS_URL. Raises SettingsError."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    given = {name.removeprefix(PREFIX).lower(): text for name, text in environment.items() if name.startswith(PREFIX)}
    problems = [f"{PREFIX}{name.upper()} is unknown to this program" for name in sorted(given.keys() - fields.keys())]
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name not in given:
            if field.required:
                problems.append(f"{PREFIX}{name.upper()} is missing")
            continue
        try:
            values[name] = msgspec.convert(given[name], field.type, strict=False)
        except msgspec.ValidationError:
            problems.append(f"{PREFIX}{name.upper()} is not a valid {getattr(field.type, '__name__', field.type)}")
    if problems:
        raise SettingsError("; ".join(problems))
    return kind(**values)


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every long-running process is told: where to listen, how to log."""

    host: str
    port: int
    log: Literal["json", "console"]


class BusSettings(ProcessSettings, frozen=True, kw_only=True):
    """A process on the way of events: where NATS is, and where spans go, if anywhere."""

    nats_url: str
    otlp_endpoint: Endpoint = ""

    @property
    def instance(self) -> str:
        """What tells this process from its replicas, in traces."""
        return f"{gethostname()}:{self.port}"


class ServiceSettings(BusSettings, frozen=True, kw_only=True):
    """A service that answers people. A rate of 0 is no limit. `trace_ratio` of the requests are traced, when there is
    an `otlp_endpoint`; who asks may have decided it for theirs. A request that takes longer than `slow_request_s`
    seconds is logged, and has a span in any case."""

    valkey_url: str
    token_public_key: str
    rate_anonymous_per_minute: int
    rate_person_per_hour: int
    trace_ratio: Ratio = 0.1
    slow_request_s: Seconds = 0.2


class ContextSettings(ServiceSettings, frozen=True, kw_only=True):
    """A service with a schema of its own. `database_replica_url`: where it reads what may be a moment old, if there is
    such a place. `cache_url` is the Valkey that may forget; `pool_size` is in connections."""

    database_url: str
    database_replica_url: str = ""
    cache_url: str
    cursor_key: str
    pool_size: int = 10
    statement_cache: StatementCache = 100
