"""The database of the catalogue: one typed function a query of queries.sql.

Invariant: no SQL stands anywhere else in the service, but for that of the importer, of admins and of the stock beside
it. Reads take one statement each, so they need no transaction; what changes something is given a connection with one
that says who is asking (`begin_as`; nobody is the system): the database writes it into the product's history.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from proto.envelope import Role
from services.catalog.domain import Product
from services.catalog.search import Terms, Word
from shared.database import Connection, Row, load_queries
from shared.outbox import Event
from shared.tracing import OpenSpan

QUERIES = load_queries("catalog", Path(__file__).with_name("queries.sql"))


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes something, and in which request. `actor_id` is None for role `system`; `span` when it is traced."""

    actor_id: UUID | None
    actor_role: Role
    request_id: str | None = None
    traceparent: str | None = None
    span: OpenSpan | None = None


SYSTEM = Origin(actor_id=None, actor_role="system")


class Listed(msgspec.Struct, frozen=True):
    """A product as everybody sees it. `available`: it can be ordered now."""

    id: UUID
    sku: str
    name: str
    category: str
    unit: str
    price_cents: int
    version: int
    available: bool


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """`products`: how many active ones it has."""

    name: str
    products: int


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Something to search for: `text` is what to ask, `category` where most of it is."""

    text: str
    category: str


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a list or a search is narrowed to; None is everything. `available`: what can, or cannot, be ordered now."""

    category: str | None = None
    available: bool | None = None


class Newest(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page of a list: when it was made, then its id, both falling."""

    created_at: datetime
    id: UUID


class Found(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page of search: its rank, then its id, both falling."""

    rank: int
    id: UUID


LATEST = UUID(int=2**128 - 1)
"""Above every id."""

NEWEST = Newest(datetime(9999, 12, 31, tzinfo=UTC), LATEST)
"""Above every product: the first page of a list."""

BEST = Found(2**31 - 1, LATEST)
"""Above every rank: the first page of a search."""


def begin_as(origin: Origin) -> str:
    """The transaction's first message: BEGIN and who is asking, in one round trip."""
    request_id = (origin.request_id or "").replace("'", "''")
    return (
        f"begin; set local app.person_id = '{origin.actor_id or ''}'; set local app.role = '{origin.actor_role}'; "
        f"set local app.request_id = '{request_id}'"
    )


async def get_product(connection: Connection, product_id: UUID) -> Listed | None:
    row = await QUERIES["get_product"].row(connection, product_id)
    return None if row is None else _listed(row)


async def get_products(connection: Connection, products: Sequence[UUID]) -> list[Listed]:
    """Those of them that there are, in no order."""
    return [_listed(row) for row in await QUERIES["get_products"].rows(connection, products)]


async def list_products(
    connection: Connection, below: Newest, limit: int, filters: Filters
) -> list[tuple[Newest, Listed]]:
    """Active ones, newest first, each with its place."""
    parameters = (below.created_at, below.id, limit, filters.available)
    if filters.category is None:
        rows = await QUERIES["list_products"].rows(connection, *parameters)
    else:
        rows = await QUERIES["list_products_of_category"].rows(connection, *parameters, filters.category)
    return [(Newest(row["created_at"], row["id"]), _listed(row)) for row in rows]


def search_parameters(terms: Terms, below: Found, limit: int, filters: Filters) -> tuple[str, tuple[object, ...]]:
    """The query that answers a search, and what it is given."""
    place = (below.rank, below.id, terms.evident)
    narrowed = (filters.category, filters.available, limit)
    if terms.readings:
        return "search_kinds", (terms.readings, *place, terms.rest, *narrowed)
    return "search_products", (terms.rest, *place, *narrowed)


async def search_products(
    connection: Connection, terms: Terms, below: Found, limit: int, filters: Filters
) -> list[tuple[Found, Listed]]:
    """Active ones that match, best first, each with its place."""
    name, parameters = search_parameters(terms, below, limit, filters)
    rows = await QUERIES[name].rows(connection, *parameters)
    return [(Found(row["rank"], row["id"]), _listed(row)) for row in rows]


async def suggest(connection: Connection, terms: Terms, limit: int) -> list[Suggestion]:
    """Names of kinds that match, best first."""
    rows = await QUERIES["suggest"].rows(connection, terms.readings, terms.evident, limit)
    return [Suggestion(text=row["name"], category=row["category"]) for row in rows]


async def get_words(connection: Connection, q: str) -> list[Word]:
    """The words of a query, in its order."""
    rows = await QUERIES["get_words"].rows(connection, q)
    return [Word(row["word"], row["known"], row["of_kind"], tuple(row["begun"]), tuple(row["similar"])) for row in rows]


async def list_categories(connection: Connection, after: str, limit: int) -> list[Category]:
    """Those with active products, by name."""
    rows = await QUERIES["list_categories"].rows(connection, after, limit)
    return [Category(name=row["name"], products=row["products"]) for row in rows]


async def insert_product(connection: Connection, product: Product, event: Event) -> bool:
    """False when the sku is taken: nothing was stored."""
    row = await QUERIES["insert_product"].row(
        connection,
        *(product.id, product.sku, product.name, product.category, product.unit, product.price_cents, product.stock),
        *(product.active, product.version, product.created_at, product.updated_at),
        *(event.id, event.subject, event.payload),
    )
    return row is not None


async def get_product_for_change(connection: Connection, product_id: UUID) -> Product | None:
    """The product, locked until the transaction ends."""
    row = await QUERIES["get_product_for_change"].row(connection, product_id)
    return None if row is None else Product(**row)


async def update_product(connection: Connection, product: Product, event: Event) -> None:
    await QUERIES["update_product"].execute(
        connection,
        *(product.id, product.name, product.category, product.unit, product.price_cents, product.stock),
        *(product.active, product.version, product.updated_at),
        *(event.id, event.subject, event.payload),
    )


def _listed(row: Row) -> Listed:
    """Each query begins with these columns, in their order: by place it takes a third of the time."""
    return Listed(*tuple(row.values())[:8])
