"""The routes of credit: what a restaurant has left, what was posted, its invoices, and payments."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from services.orders import credit_commands, credit_store, invoice, store
from services.orders.api import KEY_CHARACTERS, OrderRequest, api_of, key_of
from services.orders.credit import Credit
from services.orders.credit_commands import Paid, RecordPayment
from services.orders.credit_store import LedgerEntry
from services.orders.invoice import Invoice
from shared.database import Connection
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import Problem, busy, invalid_field, not_found
from shared.identity import Identity

NEWEST = 2**63 - 1
"""Above every entry's number: the first page."""

RestaurantId = Annotated[UUID | None, QueryParameter(description="For an admin: whose; a restaurant has its own")]

_encoder = msgspec.json.Encoder()


class Statement(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[LedgerEntry]
    next_cursor: str | None


@get(
    "/api/orders/credit",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Credit), **documented(400, 401, 403, 429, 503)},
    summary="What a restaurant holds, owes and has left",
)
async def get_credit(request: OrderRequest, restaurant_id: RestaurantId = None) -> JSONAnswer:
    """In cents. Owed below zero is paid ahead."""
    whose = _whose(request.user, restaurant_id)
    credit = await api_of(request).reads.find(
        lambda connection: credit_store.get_credit(connection, whose),
        begin=store.begin_as(request.user),
        position=position_of(request),
    )
    if credit is None:
        raise _unknown(request.user)
    return JSONAnswer(_encoder.encode(credit))


@get(
    "/api/orders/credit/statement",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Statement), **documented(400, 401, 403, 429, 503)},
    summary="What was posted to a restaurant's account, newest first",
)
async def get_statement(
    request: OrderRequest, restaurant_id: RestaurantId = None, cursor: Cursor = None, limit: Limit = 20
) -> JSONAnswer:
    """Each entry with what the account came to with it."""
    api, whose = api_of(request), _whose(request.user, restaurant_id)
    scope = f"statement {whose}"
    below = NEWEST if cursor is None else api.cursors.decode(scope, cursor, int)

    async def read(connection: Connection) -> list[LedgerEntry] | None:
        entries = await credit_store.list_entries(connection, whose, below, limit + 1)
        known = entries or await credit_store.get_credit(connection, whose) is not None
        return entries if known else None

    entries = await api.reads.find(read, begin=store.begin_as(request.user), position=position_of(request))
    if entries is None:
        raise _unknown(request.user)
    page = Statement(*cut(entries, limit, api.cursors, scope, lambda entry: entry.number))
    return JSONAnswer(_encoder.encode(page))


@post(
    "/api/orders/payments",
    before_request=only("admin"),
    responses={201: ResponseSpec(Paid), **documented(400, 401, 403, 413, 415, 422, 429, 503)},
    summary="Record what a restaurant has paid",
)
async def record_payment(
    request: OrderRequest,
    data: JSONBody[RecordPayment],
    idempotency_key: Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_CHARACTERS)],
) -> JSONAnswer:
    """Lowers what it owes; more than that is paid ahead. The same key with the same body is one payment."""
    caller = caller_of(request)
    answer = await credit_commands.record_payment(api_of(request).orders, caller, key_of(idempotency_key), data)
    return JSONAnswer(answer.body, answer.status)


@get(
    "/api/orders/{order_id:uuid}/invoice",
    before_request=only("restaurant", "admin"),
    responses={200: ResponseSpec(Invoice), **documented(400, 401, 403, 404, 429, 503)},
    summary="The invoice of a delivered order",
)
async def get_invoice(request: OrderRequest, order_id: FromPath[UUID]) -> JSONAnswer:
    """There is none before the order is delivered."""
    found = await _invoice(request, order_id)
    return JSONAnswer(_encoder.encode(found))


@get(
    "/api/orders/{order_id:uuid}/invoice.html",
    before_request=only("restaurant", "admin"),
    media_type=MediaType.HTML,
    responses={
        200: ResponseSpec(str, media_type=MediaType.HTML, generate_examples=False),
        **documented(400, 401, 403, 404, 429, 503),
    },
    summary="The same as a page to print",
)
async def get_invoice_page(request: OrderRequest, order_id: FromPath[UUID]) -> Response[str]:
    """A4. It loads nothing and runs nothing."""
    found = await _invoice(request, order_id)
    return Response(invoice.page(found), media_type=MediaType.HTML, headers=invoice.HEADERS)


ROUTES = (get_credit, get_statement, record_payment, get_invoice, get_invoice_page)


async def _invoice(request: OrderRequest, order_id: UUID) -> Invoice:
    """Raises Problem 404 for an order that is not charged, or not to be seen."""
    found = await api_of(request).reads.find(
        lambda connection: credit_store.get_charged_order(connection, order_id),
        begin=store.begin_as(request.user),
        position=position_of(request),
    )
    if found is None:
        raise not_found("invoice")
    return invoice.invoice_of(*found)


def _whose(identity: Identity, restaurant_id: UUID | None) -> UUID:
    """Raises Problem 400 for an admin who does not say whose, and for a restaurant that asks for another's."""
    if identity.role == "admin":
        if restaurant_id is None:
            raise invalid_field("restaurant_id", "is required: say whose account", "required")
        return restaurant_id
    if identity.restaurant_id is None:
        raise Problem(403, "Only people of a restaurant have an account.", code="forbidden")
    if restaurant_id not in (None, identity.restaurant_id):
        raise invalid_field("restaurant_id", "is for admins: leave it out to see your own")
    return identity.restaurant_id


def _unknown(identity: Identity) -> Problem:
    """A restaurant's own is on its way here; an admin's was mistyped."""
    if identity.role == "restaurant":
        return busy("Your restaurant is not known here yet.")
    return invalid_field("restaurant_id", "is no restaurant we know", "unknown")
