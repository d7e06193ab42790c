"""The routes of the catalogue that are for admins alone: all products with their stock, who changed what, and the
catalogue as a CSV file. They decode, call one command or one query, and encode; nothing is decided here.

What they answer is kept by nobody on the way.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import Stream

from services.catalog import admin_commands, admin_store
from services.catalog.admin_commands import Mode, Report
from services.catalog.admin_store import NEWEST, HistoryEntry
from services.catalog.api import NO_NUL, CatalogRequest, api_of
from services.catalog.domain import Product
from services.catalog.store import LATEST
from shared.database import Connection
from shared.http.caller import caller_of
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import not_found
from shared.spreadsheet import CSV, Separator

LARGEST_FILE_BYTES = 16 * 1024 * 1024
"""Twice the demo's whole catalogue of 92,331 lines. Nginx has the same for this route."""

BODIES = {"/api/catalog/imports": CSV}
"""Routes whose body is no JSON."""

PRIVATE = {"Cache-Control": "private, no-store"}

_encoder = msgspec.json.Encoder()


class ProductPage(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[Product]
    next_cursor: str | None


class HistoryPage(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[HistoryEntry]
    next_cursor: str | None


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A list's filters: a cursor belongs to them."""

    active: bool | None
    category: str | None
    q: str | None


@dataclass
class _ImportOperation(Operation):
    """What Litestar cannot say of a body that it does not decode, and of an answer in two forms."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, max_length=LARGEST_FILE_BYTES))
        self.request_body = RequestBody({CSV: file}, description="UTF-8, with a header", required=True)
        told = (self.responses or {}).get("200")
        if told is not None and told.content is not None:  # type: ignore[union-attr]
            told.content[CSV] = OpenAPIMediaType(Schema(type=OpenAPIType.STRING))  # type: ignore[union-attr]


@get(
    "/api/catalog/admin/products",
    before_request=only("admin"),
    responses={200: ResponseSpec(ProductPage), **documented(400, 401, 403, 429, 503)},
    summary="List all products, with their stock",
)
async def list_all_products(
    request: CatalogRequest,
    active: Annotated[bool | None, QueryParameter(description="Only those that are sold now, or are not")] = None,
    category: Annotated[
        str | None, QueryParameter(description="A category's name", min_length=1, max_length=100, pattern=NO_NUL)
    ] = None,
    q: Annotated[
        str | None,
        QueryParameter(description="How the sku or name begins", min_length=1, max_length=100, pattern=NO_NUL),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response[bytes]:
    """Newest first, active or not."""
    api = api_of(request)
    scope = f"all products {_encoder.encode(_Wanted(active=active, category=category, q=q)).decode()}"
    below = LATEST if cursor is None else api.cursors.decode(scope, cursor, UUID)
    products = await api.reads.read(
        lambda reading: admin_store.list_all_products(reading, below, limit + 1, active, category, q),
        position=position_of(request),
    )
    page = ProductPage(*cut(products, limit, api.cursors, scope, lambda product: product.id))
    return _json(page)


@get(
    "/api/catalog/admin/products/{product_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Product), **documented(400, 401, 403, 404, 429, 503)},
    summary="One product, with its stock",
)
async def get_whole_product(request: CatalogRequest, product_id: FromPath[UUID]) -> Response[bytes]:
    product = await api_of(request).reads.find(
        lambda reading: admin_store.get_product(reading, product_id), position=position_of(request)
    )
    if product is None:
        raise not_found("product")
    return _json(product)


@get(
    "/api/catalog/products/{product_id:uuid}/history",
    before_request=only("admin"),
    responses={200: ResponseSpec(HistoryPage), **documented(400, 401, 403, 404, 429, 503)},
    summary="Who changed what of a product, newest first",
)
async def list_history(
    request: CatalogRequest, product_id: FromPath[UUID], cursor: Cursor = None, limit: Limit = 20
) -> Response[bytes]:
    """An entry a version. Stock that orders take makes none, unless the product becomes or ceases to be available."""
    api = api_of(request)
    scope = f"product history {product_id}"
    below = NEWEST if cursor is None else api.cursors.decode(scope, cursor, int)

    async def read(reading: Connection) -> list[HistoryEntry] | None:
        entries = await admin_store.list_history(reading, product_id, below, limit + 1)
        known = entries or await admin_store.get_product(reading, product_id) is not None
        return entries if known else None

    entries = await api.reads.find(read, position=position_of(request))
    if entries is None:
        raise not_found("product")
    return _json(HistoryPage(*cut(entries, limit, api.cursors, scope, lambda entry: entry.version)))


@post(
    "/api/catalog/imports",
    status_code=200,
    before_request=only("admin"),
    request_max_body_size=LARGEST_FILE_BYTES,
    operation_class=_ImportOperation,
    responses={200: ResponseSpec(Report), **documented(400, 401, 403, 413, 415, 429, 503)},
    summary="Import products from a CSV file",
)
async def import_products(
    request: CatalogRequest,
    mode: Annotated[
        Mode, QueryParameter(description="Of a file with wrong lines: nothing at all, or the good lines")
    ] = "all",
    dry_run: Annotated[bool, QueryParameter(description="Only tell what it would do")] = False,
    accept: Annotated[
        str | None, HeaderParameter(name="Accept", description="text/csv: the report line by line, as a file")
    ] = None,
) -> Response[bytes]:
    """The header names sku, name, category, unit, price, stock and active, in any order. A product is known by its sku;
    what is not in the file stays. Stock is taken for new products only. The same file again changes nothing."""
    body = await request.body()
    imported = await admin_commands.import_file(
        api_of(request).catalog, caller_of(request), body, mode, dry_run=dry_run
    )
    if accept is not None and accept.split(";")[0].strip().lower() == CSV:
        return Response(
            admin_commands.report_file(imported),
            media_type=f"{CSV}; charset=utf-8",
            headers={**PRIVATE, "Content-Disposition": 'attachment; filename="import-report.csv"'},
        )
    return _json(imported.report)


@get(
    "/api/catalog/exports/products.csv",
    before_request=only("admin"),
    media_type=CSV,
    responses={
        200: ResponseSpec(str, media_type=CSV, generate_examples=False),
        **documented(400, 401, 403, 429, 503),
    },
    summary="All products as a CSV file",
)
async def export_products(
    request: CatalogRequest,
    separator: Annotated[
        Separator, QueryParameter(description="semicolon: also prices as 2,50, for spreadsheets that write so")
    ] = "comma",
) -> Stream:
    """As it is at one moment. Imported again it changes nothing."""
    chunks = admin_commands.export_file(api_of(request).catalog, separator)
    # Before the answer's head: where there is no database this is a 503, and no file that ends early.
    first = [await anext(chunks), await anext(chunks, b"")]

    async def file() -> AsyncIterator[bytes]:
        for chunk in first:
            yield chunk
        async for chunk in chunks:
            yield chunk

    return Stream(
        file(),
        media_type=f"{CSV}; charset=utf-8",
        headers={**PRIVATE, "Content-Disposition": 'attachment; filename="products.csv"'},
    )


ROUTES = (list_all_products, get_whole_product, list_history, import_products, export_products)


def _json(answer: object) -> Response[bytes]:
    return Response(_encoder.encode(answer), media_type=MediaType.JSON, headers=PRIVATE)
