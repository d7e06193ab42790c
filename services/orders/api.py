"""The routes of orders. They decode, call one command or one query, and encode; nothing is decided here."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from proto import orders as contract
from proto.orders import Status
from services.orders import commands, domain, store
from services.orders.commands import Orders, PlaceOrder, Transition
from services.orders.copies import hint_order, read_order
from services.orders.store import NEWEST, Entry, HistoryEntry, Position
from shared.cache import Cache
from shared.cursor import Cursors
from shared.database import Connection, inside_like
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.freshness import position_of, wants_source
from shared.http.guards import only, signed_in
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import Problem, invalid_field, not_found
from shared.identity import Identity
from shared.replica import Reads

KEY_CHARACTERS = 128

OrderRequest = Request[Identity, Any, Any]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`."""

    orders: Orders
    reads: Reads
    cursors: Cursors
    copies: Cache


class Page(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[Entry]
    next_cursor: str | None


class HistoryPage(msgspec.Struct, frozen=True):
    items: list[HistoryEntry]
    next_cursor: str | None


# A page as documented: the entries' shortages spelled out, which are kept as bytes.
EntryDocument = msgspec.defstruct(
    "Entry",
    [
        (field.name, tuple[contract.Shortage, ...] if field.name == "shortages" else field.type)
        for field in msgspec.structs.fields(Entry)
    ],
)
PageDocument = msgspec.defstruct("Page", [("items", list[EntryDocument]), ("next_cursor", str | None)])  # type: ignore[valid-type]


@post(
    "/api/orders",
    before_request=only("restaurant"),
    responses={201: ResponseSpec(contract.Order), **documented(400, 401, 403, 409, 413, 415, 422, 429, 503)},
    summary="Place an order",
)
async def place_order(
    request: OrderRequest,
    data: JSONBody[PlaceOrder],
    idempotency_key: Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_CHARACTERS)],
) -> JSONAnswer:
    """At the book's prices, within the restaurant's credit. The same key with the same body gives the same order,
    however often it is sent."""
    answer = await commands.place_order(api_of(request).orders, caller_of(request), key_of(idempotency_key), data)
    return JSONAnswer(answer.body, answer.status)


@get(
    "/api/orders",
    before_request=signed_in,
    responses={200: ResponseSpec(PageDocument), **documented(400, 401, 403, 429, 503)},
    summary="List orders, newest first",
)
async def list_orders(
    request: OrderRequest,
    status: Annotated[Status | None, QueryParameter(description="Orders in this state")] = None,
    active: Annotated[
        bool, QueryParameter(description="Orders under way: neither delivered nor cancelled nor rejected")
    ] = False,
    q: Annotated[str | None, QueryParameter(description="An order's number; an admin also a restaurant's name")] = None,
    offers: Annotated[bool, QueryParameter(description="The open offers of the driver's zone")] = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> JSONAnswer:
    """A restaurant's own, those assigned to a driver, all for an admin; entries without items and note."""
    api, identity = api_of(request), request.user
    wanted = _Wanted(status=status, active=active, q=q, offers=offers)
    _check(identity, wanted)
    scope = f"orders {identity.role} {_encoder.encode(wanted).decode()}"
    below = NEWEST if cursor is None else api.cursors.decode(scope, cursor, Position)
    entries = await api.reads.read(
        lambda connection: _entries(connection, identity, wanted, below, limit + 1),
        begin=store.begin_as(identity),
        position=position_of(request),
    )
    page = Page(*cut(entries, limit, api.cursors, scope, lambda entry: Position(entry.created_at, entry.id)))
    return JSONAnswer(_encoder.encode(page))


@get(
    "/api/orders/{order_id:uuid}",
    before_request=signed_in,
    responses={200: ResponseSpec(contract.Order), **documented(400, 401, 404, 429, 503)},
    summary="One order",
)
async def get_order(request: OrderRequest, order_id: FromPath[UUID]) -> JSONAnswer:
    """Whole, if the caller may see it. A copy may be milliseconds behind a change: whoever settles what a socket told
    asks with `Cache-Control: no-cache` and gets what the database has."""
    api = api_of(request)
    answer = await read_order(
        api.copies, api.reads, request.user, order_id, position_of(request), from_source=wants_source(request)
    )
    if answer is None:
        raise not_found("order")
    return JSONAnswer(answer.body, headers=((b"cache-status", answer.cache_status.encode()),))


@get(
    "/api/orders/{order_id:uuid}/history",
    before_request=signed_in,
    responses={200: ResponseSpec(HistoryPage), **documented(400, 401, 404, 429, 503)},
    summary="What happened to an order, oldest first",
)
async def get_history(
    request: OrderRequest, order_id: FromPath[UUID], cursor: Cursor = None, limit: Limit = 20
) -> JSONAnswer:
    """One entry a version."""
    api = api_of(request)
    scope = f"history {order_id}"
    above = 0 if cursor is None else api.cursors.decode(scope, cursor, int)

    async def read(connection: Connection) -> list[HistoryEntry] | None:
        entries = await store.list_history(connection, order_id, above, limit + 1)
        seen = entries or await store.get_order(connection, order_id) is not None
        return entries if seen else None

    entries = await api.reads.find(read, begin=store.begin_as(request.user), position=position_of(request))
    if entries is None:
        raise not_found("order")
    page = HistoryPage(*cut(entries, limit, api.cursors, scope, lambda entry: entry.version))
    return JSONAnswer(_encoder.encode(page))


@post(
    "/api/orders/{order_id:uuid}/transitions",
    before_request=signed_in,
    status_code=200,
    responses={200: ResponseSpec(contract.Order), **documented(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)},
    summary="Move an order to its next state",
)
async def change_order(
    request: OrderRequest,
    order_id: FromPath[UUID],
    data: JSONBody[Transition],
    idempotency_key: Annotated[
        str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_CHARACTERS)
    ] = None,
) -> JSONAnswer:
    """Reject, prepare, ready, assign, claim, deliver, fail or cancel, as the caller's role may. A pending order is
    confirmed by its stock: whoever asks for that gets 409 `stock`."""
    key = None if idempotency_key is None else key_of(idempotency_key)
    api = api_of(request)
    answer = await commands.change_order(api.orders, caller_of(request), order_id, key, data)
    hint_order(api.copies, order_id, answer.body)
    return JSONAnswer(answer.body, answer.status)


ROUTES = (place_order, list_orders, get_order, get_history, change_order)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A list's filters: a cursor belongs to them."""

    status: Status | None
    active: bool
    q: str | None
    offers: bool

    def holds(self, status: Status) -> bool:
        """Whether an order in this state is wanted."""
        return self.status in (None, status) and not (self.active and status in domain.ENDED)


def _check(identity: Identity, wanted: _Wanted) -> None:
    """Raises a Problem for filters that make no sense together, or not for this role."""
    if wanted.offers and identity.role != "driver":
        raise Problem(403, "Only drivers have offers.", code="forbidden")
    if wanted.offers and (wanted.status is not None or wanted.q is not None or wanted.active):
        raise invalid_field("offers", "cannot be combined with status, active or q")
    if wanted.active and wanted.status is not None:
        raise invalid_field("active", "cannot be combined with status")
    if wanted.q is not None:
        if not 1 <= len(wanted.q) <= 100 or "\x00" in wanted.q:
            raise invalid_field("q", "must have 1 to 100 characters")
        if not wanted.q.isdecimal() and identity.role != "admin":
            raise invalid_field("q", "must be an order's number")


async def _entries(
    connection: Connection, identity: Identity, wanted: _Wanted, below: Position, limit: int
) -> list[Entry]:
    if wanted.offers:
        return await store.list_offers(connection, below, limit, identity.zone or 0)
    if wanted.q is not None and wanted.q.isdecimal():
        if int(wanted.q) >= 2**63:
            return []
        found = await store.find_order_by_number(connection, int(wanted.q))
        return [
            entry
            for entry in found
            if wanted.holds(entry.status) and (entry.created_at, entry.id) < (below.created_at, below.id)
        ]
    if wanted.q is not None:
        restaurants = await store.list_restaurants_named(connection, inside_like(wanted.q))
        return await store.list_orders_of_restaurants(
            connection, below, limit, wanted.status, restaurants, active=wanted.active
        )
    if identity.role == "driver":
        return await store.list_deliveries(
            connection, below, limit, wanted.status, identity.person_id, active=wanted.active
        )
    return await store.list_orders(connection, below, limit, wanted.status, active=wanted.active)


def api_of(request: OrderRequest) -> Api:
    api: Api = request.app.state.api
    return api


def key_of(key: str) -> str:
    """Raises a Problem for a key that is not plain text."""
    if not key.isascii() or not key.isprintable():
        raise invalid_field("Idempotency-Key", "must be printable ASCII")
    return key
