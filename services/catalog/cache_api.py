"""The routes of the cache, for admins: how it does, and what stands at a key. Served here until there is analytics.

Each deed with a key is noted before it is done; without the note it is not done. A key is read, refreshed and
invalidated by the service that owns it, asked over NATS.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, PathParameter

from proto.cache import Deed, KeyState, kind_of
from services.catalog import cache_store
from services.catalog.api import CatalogRequest, api_of
from services.catalog.cache_report import CacheReport, report_of
from services.catalog.cache_store import AuditEntry
from services.catalog.store import LATEST
from shared.cache import CacheAwayError, ask_owner, gather_reports
from shared.cache.reading import UNAVAILABLE
from shared.database import connection, transaction
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import busy, invalid_field
from shared.ids import new_id

ROOT = "/api/performance/cache"

Key = Annotated[str, PathParameter(description="product:<id>, order:<id> or user:<id>:session:<id>", max_length=200)]

_encoder = msgspec.json.Encoder()

# As documented: what the copy is made of is any JSON.
KeyDocument = msgspec.defstruct(
    "KeyState",
    [
        (field.name, dict[str, Any] | None if field.name == "body" else field.type)
        for field in msgspec.structs.fields(KeyState)
    ],
)


class AuditPage(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[AuditEntry]
    next_cursor: str | None


@get(
    ROOT,
    before_request=only("admin"),
    responses={200: ResponseSpec(CacheReport), **documented(401, 403, 429, 503)},
    summary="How the cache does",
)
async def get_cache(request: CatalogRequest) -> JSONAnswer:
    """Hit ratios and the age of stale answers, by kind, from every process that answers within 0.3 s."""
    api = api_of(request)
    try:
        reports = await gather_reports(api.catalog.bus)
    except CacheAwayError as error:
        raise busy(str(error)) from error
    try:
        told = await api.copies.store.info()
    except UNAVAILABLE:
        told = None
    return JSONAnswer(_encoder.encode(report_of(reports, told, datetime.now(UTC))))


@get(
    f"{ROOT}/audit",
    before_request=only("admin"),
    responses={200: ResponseSpec(AuditPage), **documented(400, 401, 403, 429, 503)},
    summary="What admins did with keys of the cache, newest first",
)
async def list_audit(request: CatalogRequest, cursor: Cursor = None, limit: Limit = 20) -> JSONAnswer:
    """Nothing is ever taken away from it."""
    api = api_of(request)
    below = LATEST if cursor is None else api.cursors.decode("cache audit", cursor, UUID)
    async with connection(api.catalog.pool) as reading:
        entries = await cache_store.list_audit(reading, below, limit + 1)
    page = AuditPage(*cut(entries, limit, api.cursors, "cache audit", lambda entry: entry.id))
    return JSONAnswer(_encoder.encode(page))


@get(
    f"{ROOT}/keys/{{key:str}}",
    before_request=only("admin"),
    responses={200: ResponseSpec(KeyDocument), **documented(400, 401, 403, 429, 503)},
    summary="What stands at a key",
)
async def read_key(request: CatalogRequest, key: FromPath[Key]) -> JSONAnswer:
    """The copy, or nothing."""
    return await _do(request, "read", key)


@post(
    f"{ROOT}/keys/{{key:str}}/refresh",
    before_request=only("admin"),
    status_code=200,
    responses={200: ResponseSpec(KeyDocument), **documented(400, 401, 403, 429, 503)},
    summary="Make a key's copy anew",
)
async def refresh_key(request: CatalogRequest, key: FromPath[Key]) -> JSONAnswer:
    """From the source, by the service that owns it."""
    return await _do(request, "refresh", key)


@delete(
    f"{ROOT}/keys/{{key:str}}",
    before_request=only("admin"),
    status_code=200,
    responses={200: ResponseSpec(KeyDocument), **documented(400, 401, 403, 429, 503)},
    summary="Invalidate a key",
)
async def invalidate_key(request: CatalogRequest, key: FromPath[Key]) -> JSONAnswer:
    """The next reader asks the source."""
    return await _do(request, "invalidate", key)


ROUTES = (get_cache, list_audit, read_key, refresh_key, invalidate_key)


async def _do(request: CatalogRequest, deed: Deed, key: str) -> JSONAnswer:
    kind = kind_of(key)
    if kind is None:
        raise invalid_field("key", "is none: product:<id>, order:<id> or user:<id>:session:<id>")
    api, caller = api_of(request), caller_of(request)
    entry = AuditEntry(
        id=new_id(),
        at=api.catalog.now(),
        actor_id=caller.identity.person_id,
        deed=deed,
        key=key,
        request_id=caller.request_id,
    )
    async with transaction(api.catalog.pool, span=caller.span) as writing:
        await cache_store.insert_audit(writing, entry)
    try:
        state = await ask_owner(api.catalog.bus, kind, deed, key)
    except CacheAwayError as error:
        raise busy(str(error)) from error
    return JSONAnswer(_encoder.encode(state))
