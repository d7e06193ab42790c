"""The routes of the catalogue. They decode, call one command or one query, and encode; nothing is decided here.

What anybody may read is the same for everybody, so the edge may keep it: `cacheable` says for how long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, patch, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from proto.cache import product_key
from services.catalog import cacheable, commands, search, store
from services.catalog.commands import Catalog
from services.catalog.copies import load_product
from services.catalog.domain import Changes, NewProduct, Product
from services.catalog.edge import Edge
from services.catalog.edge_store import Entry
from services.catalog.search import MOST_WORDS
from services.catalog.store import BEST, NEWEST, Category, Filters, Found, Listed, Newest
from shared.cache import Cache
from shared.cursor import Cursors
from shared.database import Connection
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import invalid_field, not_found
from shared.identity import Identity
from shared.replica import Reads

# Postgres keeps no NUL in a text.
NO_NUL = r"^[^\x00]*$"
PAGE = 20
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match")]
NOT_MODIFIED = {304: ResponseSpec(None, description="It is as the ETag says")}
CatalogRequest = Request[Identity | None, Any, Any]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`."""

    catalog: Catalog
    reads: Reads
    cursors: Cursors
    edge: Edge
    copies: Cache


class Page(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[Listed]
    next_cursor: str | None


class CategoryPage(msgspec.Struct, frozen=True):
    items: list[Category]
    next_cursor: str | None


WORDS = QueryParameter(description="Words to find", min_length=1, max_length=100, pattern=NO_NUL)
"""The parameter of what is looked for."""


@get(
    "/api/catalog/products",
    responses={200: ResponseSpec(Page), **NOT_MODIFIED, **documented(400, 401, 429, 503)},
    summary="List or find products",
)
async def list_products(
    request: CatalogRequest,
    q: Annotated[str | None, WORDS] = None,
    category: Annotated[
        str | None, QueryParameter(description="A category's name", min_length=1, max_length=100, pattern=NO_NUL)
    ] = None,
    available: Annotated[bool | None, QueryParameter(description="Only what can, or cannot, be ordered now")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
    if_none_match: IfNoneMatch = None,
) -> JSONAnswer:
    """Active products: newest first, or with `q` the best match first. Words are found in any order, spelled about
    right, by their beginning, and as suppliers abbreviate them; where nothing has them all, the last ones count."""
    filters = Filters(category=category, available=available)
    # A cursor belongs to its list and what that is narrowed to.
    scope = f"products {_encoder.encode((q, filters)).decode()}"
    page = await (
        _listed(request, filters, scope, cursor, limit)
        if q is None
        else _found(request, q, filters, scope, cursor, limit)
    )
    first_page = q is None and cursor is None and limit == PAGE and available is None
    entry = cacheable.first_page_entry(request, category) if first_page and category is not None else None
    return _cacheable(request, _encoder.encode(page), if_none_match, entry)


@get(
    "/api/catalog/products/{product_id:uuid}",
    responses={
        200: ResponseSpec(Listed),
        **NOT_MODIFIED,
        **documented(400, 401, 404, 429, 503),
    },
    summary="One product",
)
async def get_product(
    request: CatalogRequest,
    product_id: FromPath[UUID],
    if_none_match: IfNoneMatch = None,
) -> JSONAnswer:
    """An inactive one too: it is not available."""
    api, position = api_of(request), position_of(request)
    answer = await api.copies.get(
        product_key(product_id),
        lambda: load_product(api.reads, product_id, position or 0, api.copies),
        # What the edge keeps for an hour has to be made after the change that it was told of; and no copy says whether
        # it has what a reader's position stands for.
        from_source=cacheable.is_for_keeping(request) or position is not None,
    )
    if answer is None:
        raise not_found("product")
    # All that is answered follows from the version: what sells out or comes back has its next one.
    etag, entry = f'"{answer.version}"', cacheable.product_entry(product_id)
    return _cacheable(request, answer.body, if_none_match, entry, etag, {"Cache-Status": answer.cache_status})


@get(
    "/api/catalog/categories",
    responses={200: ResponseSpec(CategoryPage), **NOT_MODIFIED, **documented(400, 401, 429, 503)},
    summary="List categories by name",
)
async def list_categories(
    request: CatalogRequest, cursor: Cursor = None, limit: Limit = PAGE, if_none_match: IfNoneMatch = None
) -> JSONAnswer:
    """Those that have active products, with how many."""
    api = api_of(request)
    after = "" if cursor is None else api.cursors.decode("categories", cursor, str)
    categories = await api.reads.read(
        lambda reading: store.list_categories(reading, after, limit + 1), position=position_of(request)
    )
    page = CategoryPage(*cut(categories, limit, api.cursors, "categories", lambda category: category.name))
    return _cacheable(request, _encoder.encode(page), if_none_match)


@post(
    "/api/catalog/products",
    before_request=only("admin"),
    responses={201: ResponseSpec(Product), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Make a product",
)
async def create_product(request: CatalogRequest, data: JSONBody[NewProduct]) -> Response[bytes]:
    """At version 1. An active product needs a price."""
    product = await commands.create_product(api_of(request).catalog, caller_of(request), data)
    headers = {"Location": f"/api/catalog/products/{product.id}"}
    return Response(_encoder.encode(product), status_code=201, media_type=MediaType.JSON, headers=headers)


@patch(
    "/api/catalog/products/{product_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Product), **documented(400, 401, 403, 404, 409, 413, 415, 429, 503)},
    summary="Change a product",
)
async def change_product(
    request: CatalogRequest, product_id: FromPath[UUID], data: JSONBody[Changes]
) -> Response[bytes]:
    """What is not named stays. A change that changes nothing answers the product as it is."""
    api = api_of(request)
    product = await commands.change_product(api.catalog, caller_of(request), product_id, data)
    api.copies.hint(product_key(product.id), product.version)
    return Response(_encoder.encode(product), media_type=MediaType.JSON)


ROUTES = (list_products, get_product, list_categories, create_product, change_product)


async def read_terms(reading: Connection, q: str) -> search.Terms | None:
    """None when there is nothing to look for. Raises Problem: 400 for too many words."""
    words = await store.get_words(reading, q)
    if len(words) > MOST_WORDS:
        raise invalid_field("q", f"must have at most {MOST_WORDS} words")
    return search.read_query(words)


async def _listed(request: CatalogRequest, filters: Filters, scope: str, cursor: str | None, limit: int) -> Page:
    api = api_of(request)
    below = NEWEST if cursor is None else api.cursors.decode(scope, cursor, Newest)
    products = await api.reads.read(
        lambda reading: store.list_products(reading, below, limit + 1, filters), position=position_of(request)
    )
    page, next_cursor = cut(products, limit, api.cursors, scope, lambda listed: listed[0])
    return Page([product for _, product in page], next_cursor)


async def _found(request: CatalogRequest, q: str, filters: Filters, scope: str, cursor: str | None, limit: int) -> Page:
    api = api_of(request)
    below = BEST if cursor is None else api.cursors.decode(scope, cursor, Found)

    async def read(reading: Connection) -> list[tuple[Found, Listed]]:
        terms = await read_terms(reading, q)
        return [] if terms is None else await store.search_products(reading, terms, below, limit + 1, filters)

    products = await api.reads.read(read, position=position_of(request))
    page, next_cursor = cut(products, limit, api.cursors, scope, lambda found: found[0])
    return Page([product for _, product in page], next_cursor)


def _cacheable(
    request: CatalogRequest,
    body: bytes,
    if_none_match: str | None,
    entry: Entry | None = None,
    etag: str | None = None,
    more: Mapping[str, str] | None = None,
) -> JSONAnswer:
    """200, or 304 for who has it. `entry`: what it is at the edge, when it may be kept there for an hour. `more`
    headers."""
    api = api_of(request)
    etag = cacheable.etag_of(body) if etag is None else etag
    told = {**(more or {}), "ETag": etag, **cacheable.lifetime(request, api.catalog.now(), api.edge, entry)}
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    known = if_none_match is not None and cacheable.matches(if_none_match, etag)
    return JSONAnswer(b"" if known else body, 304 if known else 200, headers)


def api_of(request: CatalogRequest) -> Api:
    api: Api = request.app.state.api
    return api
