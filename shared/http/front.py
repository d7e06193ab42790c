"""What stands before a service's routes: the request's id and trace, who is asking, how often, how long it took; and
where there is a replica, how far the log was after a write.

Invariants: every answer carries X-Request-ID; a bearer token that is not valid is 401 whatever the route; a cookie
that is not valid is nobody. A request that changes something by cookie must come from our own origin. What carries a
body says that it is JSON, or what its path takes instead, else 415: nothing that another site's form could send.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from http.cookies import CookieError, SimpleCookie
from time import perf_counter, time_ns
from urllib.parse import urlsplit

import structlog
from prometheus_client import Gauge, Histogram

from shared import log
from shared.http.freshness import EDGE_KEEP, POSITION_NAME, wanted_position
from shared.http.health import PATHS, Operations
from shared.http.problems import Problem, send_problem
from shared.http.types import Message, Receive, Routes, Scope, Send
from shared.identity import Identity, InvalidTokenError, TokenVerifier
from shared.ids import new_id
from shared.limits import Limits
from shared.tracing import CURRENT, OpenSpan, Tracer, trace_id_of, valid

TOKEN_COOKIE = "larder_token"  # noqa: S105  the cookie's name
DRAIN_SECONDS = 10.0
TOO_LARGE = 413
READ_OFF_SECONDS = 2.0
"""The edge has a body whole before it sends it on, so this is for others."""

JSON = "application/json"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _SAFE | {"POST", "PATCH", "PUT", "DELETE"}
"""What stands on metrics and spans by its name; whatever else somebody sends is "other"."""

HTTP_SECONDS = Histogram(
    "larder_http_seconds",
    "Time from a request's head to its answer's head",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)
IN_FLIGHT = Gauge("larder_http_in_flight", "Requests being answered")

_log = structlog.get_logger("http")


class Front:
    """Wraps `routes`. `scope["user"]` becomes an Identity or None, `scope["request_id"]` and `scope["traceparent"]`
    text for logs and events, `scope["span"]` the request's own span or None when it is not traced, `scope["position"]`
    what `freshness.position_of` says. `mint` says how far the log is now, where there is a replica behind it: answers
    to writes carry it, those with a conflict's present value too."""

    def __init__(
        self,
        routes: Routes,
        operations: Operations,
        verifier: TokenVerifier,
        limits: Limits,
        tracer: Tracer | None = None,
        bodies: Mapping[str, str] | None = None,
        slow_seconds: float = math.inf,
        mint: Callable[[], Awaitable[str | None]] | None = None,
    ) -> None:
        self._routes = routes
        self._operations = operations
        self._verifier = verifier
        self._limits = limits
        self._tracer = tracer
        self._bodies = dict(bodies or {})
        self._slow_seconds = slow_seconds
        self._mint = mint
        self._in_flight = 0
        self._idle = asyncio.Event()

    async def drain(self) -> None:
        """Not ready any more; returns when the requests in flight are answered, after ten seconds at most."""
        await self._operations.drain()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            await _log.awarning("stopping with requests in flight", requests=self._in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PATHS:
            await self._operations(scope, receive, send)
            return
        started = perf_counter()
        headers = dict(scope["headers"])
        request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
        scope["request_id"] = request_id
        self._trace(scope, headers)
        log.about(partial(_ids, scope))
        status = 0
        unread = has_body(headers)

        async def hear() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if unread and status != TOO_LARGE:
                    await _read_off(receive)
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                if self._mint is not None and scope["method"] not in _SAFE and (status < 300 or status == 409):
                    position = await self._mint()
                    if position is not None:
                        message["headers"].append((POSITION_NAME, position.encode()))
            await send(message)

        self._in_flight += 1
        IN_FLIGHT.inc()
        try:
            await self._admit(scope, headers)
            await self._routes(scope, hear, answer)
        except Problem as problem:
            await send_problem(answer, problem, request_id)
        finally:
            self._in_flight -= 1
            IN_FLIGHT.dec()
            if not self._in_flight:
                self._idle.set()
            self._tell(scope, status, perf_counter() - started)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """What became of the request: always on the metrics; a span when it is sampled; a line, and a span made now,
        when it failed or was slow."""
        route = scope.get("path_template") or "none"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        HTTP_SECONDS.labels(method, route, status).observe(seconds)
        span: OpenSpan | None = scope["span"]
        failed, slow = not 0 < status < 500, seconds > self._slow_seconds
        if failed or slow:
            what = "request failed" if failed else "request was slow"
            _log.warning(what, method=method, route=route, status=status, ms=round(seconds * 1000, 1))
        elif span is None:
            return
        name = f"{method} {route}"
        told: dict[str, str | int | float | bool] = {"http.request.method": method, "http.route": route}
        told |= {"http.response.status_code": status, "larder.request_id": scope["request_id"]}
        if span is not None:
            span.end(name, kind="server", attributes=told, failed=failed)
        elif self._tracer is not None:
            start = time_ns() - int(seconds * 1e9)
            self._tracer.afterwards(scope["traceparent"], name, start, kind="server", attributes=told, failed=failed)

    def _trace(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """The request's span, when it is sampled: events then carry its place and not the asker's."""
        given = headers.get(b"traceparent")
        traceparent = None if given is None else valid(given.decode("latin-1"))
        span = None if self._tracer is None else self._tracer.begin(traceparent)
        scope["traceparent"] = traceparent if span is None else span.context.traceparent
        scope["span"] = span
        if span is not None:
            CURRENT.set(span)

    async def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Sets who is asking. Raises a Problem for who may not go on."""
        identity = self._identify(scope, headers)
        scope["user"] = identity
        position = wanted_position(headers)
        scope["position"] = None if self._mint is None else position
        if EDGE_KEEP not in headers:
            await self._limits.admit(identity, address_of(scope, headers))
        if scope["method"] in _SAFE:
            return
        if not has_body(headers):
            return
        wanted = self._bodies.get(scope["path"], JSON)
        if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != wanted.encode():
            code = "not_json" if wanted == JSON else "media_type"
            raise Problem(415, f"Send the body as {wanted}, and say so in Content-Type.", code=code)

    def _identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Identity | None:
        authorization = headers.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer":
                raise Problem(401, "Authorization must be a bearer token.", code="not_signed_in")
            try:
                return self._verifier.verify(token.strip())
            except InvalidTokenError as error:
                raise Problem(401, f"Sign in again: {error}.", code="not_signed_in") from error
        cookie = cookie_of(headers, TOKEN_COOKIE)
        if cookie is None:
            return None
        try:
            identity = self._verifier.verify(cookie)
        except InvalidTokenError:
            return None
        if scope["method"] not in _SAFE:
            refuse_other_origins(headers)
        return identity


def has_body(headers: dict[bytes, bytes]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def _read_off(receive: Receive) -> None:
    """What is left of the body of a request that is answered. Left unread, the connection is reset under whoever still
    sends it, who then may never see the answer: the edge said 503 instead of 401."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READ_OFF_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _ids(scope: Scope) -> dict[str, str]:
    """What logs tell of a request: as much as is known by then."""
    ids = {"request_id": scope["request_id"]}
    if (trace_id := trace_id_of(scope.get("traceparent"))) is not None:
        ids["trace_id"] = trace_id
    if (identity := scope.get("user")) is not None:
        ids["person"] = str(identity.person_id)
    if (order_id := scope.get("path_params", {}).get("order_id")) is not None:
        ids["order"] = str(order_id)
    return ids


def cookie_of(headers: dict[bytes, bytes], name: str) -> str | None:
    """One cookie's value; None when there is none."""
    raw = headers.get(b"cookie")
    if raw is None:
        return None
    try:
        morsel = SimpleCookie(raw.decode("latin-1")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def refuse_other_origins(headers: dict[bytes, bytes]) -> None:
    """403 when a browser says that another site's page sent this. SameSite stands behind it."""
    origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
    if headers.get(b"sec-fetch-site") == b"cross-site" or (b"origin" in headers and not from_own_host(origin, host)):
        raise Problem(403, "This request came from another site.", code="other_origin")


def from_own_host(origin: str, host: str) -> bool:
    """Whether the Origin is the host that was asked. One that cannot be read is not."""
    try:
        asking = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(asking) and asking == host


def address_of(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """The client's address as the edge saw it; the edge sets the header anew."""
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")[-1].strip()
    client = scope.get("client")
    return forwarded or (client[0] if client else "unknown")


def request_id_of(text: str) -> str:
    """The id that was sent along, or one of ours for what is none."""
    return text if _REQUEST_ID.fullmatch(text) else str(new_id())
