"""The routes of the catalogue. They decode, call one command or one query, and encode; nothing is decided here.

What anybody may read is the same for everybody, so the edge may keep it: a list for a second, a product until its ETag
says otherwise.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, patch, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from services.catalog import commands, search, store
from services.catalog.commands import Catalog
from services.catalog.domain import Changes, NewProduct, Product
from services.catalog.search import MOST_WORDS
from services.catalog.store import BEST, LATEST, Category, Found, Listed
from shared.cursor import Cursors
from shared.database import connection
from shared.http.caller import caller_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import invalid_field, not_found
from shared.identity import Identity

SHARED = {"Cache-Control": "public, max-age=0, s-maxage=1"}

# Postgres keeps no NUL in a text.
_NO_NUL = r"^[^\x00]*$"
CatalogRequest = Request[Identity | None, Any, Any]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`."""

    catalog: Catalog
    cursors: Cursors


class Page(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[Listed]
    next_cursor: str | None


class CategoryPage(msgspec.Struct, frozen=True):
    items: list[Category]
    next_cursor: str | None


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A list's filters: a cursor belongs to them."""

    q: str | None
    category: str | None


@get(
    "/api/catalog/products",
    responses={200: ResponseSpec(Page), **documented(400, 401, 429, 503)},
    summary="List or find products",
)
async def list_products(
    request: CatalogRequest,
    q: Annotated[
        str | None,
        QueryParameter(description="Words to find", min_length=1, max_length=100, pattern=_NO_NUL),
    ] = None,
    category: Annotated[
        str | None, QueryParameter(description="A category's name", min_length=1, max_length=100, pattern=_NO_NUL)
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response[bytes]:
    """Active products: newest first, or with `q` the best match first. Every word must be found, in any order, spelled
    about right; the beginning of a word is enough."""
    api = _api(request)
    wanted = _Wanted(q=q, category=category)
    scope = f"products {_encoder.encode(wanted).decode()}"
    page = await (
        _listed(api, wanted, scope, cursor, limit) if q is None else _found(api, wanted, scope, cursor, limit)
    )
    return Response(_encoder.encode(page), media_type=MediaType.JSON, headers=SHARED)


@get(
    "/api/catalog/products/{product_id:uuid}",
    responses={
        200: ResponseSpec(Listed),
        304: ResponseSpec(None, description="The product is as the ETag says"),
        **documented(400, 401, 404, 429, 503),
    },
    summary="One product",
)
async def get_product(
    request: CatalogRequest,
    product_id: FromPath[UUID],
    if_none_match: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
) -> Response[bytes]:
    """An inactive one too: it is not available."""
    async with connection(_api(request).catalog.pool) as reading:
        product = await store.get_product(reading, product_id)
    if product is None:
        raise not_found("product")
    # All that is answered follows from the version: what sells out or comes back has its next one.
    etag = f'"{product.version}"'
    headers = {**SHARED, "ETag": etag}
    if if_none_match is not None and _matches(if_none_match, etag):
        return Response(b"", status_code=304, media_type=MediaType.JSON, headers=headers)
    return Response(_encoder.encode(product), media_type=MediaType.JSON, headers=headers)


@get(
    "/api/catalog/categories",
    responses={200: ResponseSpec(CategoryPage), **documented(400, 401, 429, 503)},
    summary="List categories by name",
)
async def list_categories(request: CatalogRequest, cursor: Cursor = None, limit: Limit = 20) -> Response[bytes]:
    """Those that have active products, with how many."""
    api = _api(request)
    after = "" if cursor is None else api.cursors.decode("categories", cursor, str)
    async with connection(api.catalog.pool) as reading:
        categories = await store.list_categories(reading, after, limit + 1)
    page = CategoryPage(*cut(categories, limit, api.cursors, "categories", lambda category: category.name))
    return Response(_encoder.encode(page), media_type=MediaType.JSON, headers=SHARED)


@post(
    "/api/catalog/products",
    before_request=only("admin"),
    responses={201: ResponseSpec(Product), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Make a product",
)
async def create_product(request: CatalogRequest, data: JSONBody[NewProduct]) -> Response[bytes]:
    """At version 1. An active product needs a price."""
    product = await commands.create_product(_api(request).catalog, caller_of(request), data)
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
    product = await commands.change_product(_api(request).catalog, caller_of(request), product_id, data)
    return Response(_encoder.encode(product), media_type=MediaType.JSON)


ROUTES = (list_products, get_product, list_categories, create_product, change_product)


async def _listed(api: Api, wanted: _Wanted, scope: str, cursor: str | None, limit: int) -> Page:
    below = LATEST if cursor is None else api.cursors.decode(scope, cursor, UUID)
    async with connection(api.catalog.pool) as reading:
        products = await store.list_products(reading, below, limit + 1, wanted.category)
    return Page(*cut(products, limit, api.cursors, scope, lambda product: product.id))


async def _found(api: Api, wanted: _Wanted, scope: str, cursor: str | None, limit: int) -> Page:
    below = BEST if cursor is None else api.cursors.decode(scope, cursor, Found)
    async with connection(api.catalog.pool) as reading:
        words = await store.get_words(reading, wanted.q or "")
        if len(words) > MOST_WORDS:
            raise invalid_field("q", f"must have at most {MOST_WORDS} words")
        terms = search.read_query(words)
        if terms is None:
            return Page([], None)
        products = await store.search_products(reading, terms, below, limit + 1, wanted.category)
    page, next_cursor = cut(products, limit, api.cursors, scope, lambda found: found[0])
    return Page([product for _, product in page], next_cursor)


def _matches(if_none_match: str, etag: str) -> bool:
    """RFC 9110 section 13.1.2, compared weakly."""
    return any(one.strip().removeprefix("W/") in ("*", etag) for one in if_none_match.split(","))


def _api(request: CatalogRequest) -> Api:
    api: Api = request.app.state.api
    return api
