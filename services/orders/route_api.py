"""The routes of drivers: who they are, whether they are on duty, and where they go next."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from proto.cache import order_key
from services.orders import route_commands, store
from services.orders.api import OrderRequest, Page, PageDocument, api_of
from services.orders.route_commands import MAX_STOPS, PutRoute, SetDuty
from services.orders.store import START, DriverAtWork, Entry, Stop
from shared.database import Connection
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.freshness import position_of
from shared.http.guards import only
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import invalid_field
from shared.identity import Identity

DriverId = Annotated[UUID | None, QueryParameter(description="For an admin: whose; a driver has their own")]

MAX_ZONE = 1_000_000
"""The last that accounts gives to anybody."""

FIRST_ID = UUID(int=0)
"""Below every id: the first page."""

_encoder = msgspec.json.Encoder()


class Duty(msgspec.Struct, frozen=True):
    driver_id: UUID
    on_duty: bool


class DriversPage(msgspec.Struct, frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[DriverAtWork]
    next_cursor: str | None


@get(
    "/api/orders/drivers",
    before_request=only("admin"),
    responses={200: ResponseSpec(DriversPage), **documented(400, 401, 403, 429, 503)},
    summary="The drivers of a zone, and how much each has to do",
)
async def list_drivers(
    request: OrderRequest,
    zone: Annotated[int, QueryParameter(description="Where they drive", ge=0, le=MAX_ZONE)],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> JSONAnswer:
    """Those who are active, also while off duty: whoever is gets no order."""
    api, scope = api_of(request), f"drivers {zone}"
    above = FIRST_ID if cursor is None else api.cursors.decode(scope, cursor, UUID)
    drivers = await api.reads.read(
        lambda connection: store.list_drivers(connection, zone, above, limit + 1),
        begin=store.begin_as(request.user),
        position=position_of(request),
    )
    page = DriversPage(*cut(drivers, limit, api.cursors, scope, lambda driver: driver.id))
    return JSONAnswer(_encoder.encode(page))


@get(
    "/api/orders/duty",
    before_request=only("driver", "admin"),
    responses={200: ResponseSpec(Duty), **documented(400, 401, 403, 429, 503)},
    summary="Whether a driver is on duty",
)
async def get_duty(request: OrderRequest, driver_id: DriverId = None) -> JSONAnswer:
    """Who never said so is."""
    whose = _whose(request.user, driver_id)

    async def read(connection: Connection) -> bool | None:
        return await store.get_duty(connection, whose) if await _is_known(connection, request.user, whose) else None

    on_duty = await api_of(request).reads.find(read, begin=store.begin_as(request.user), position=position_of(request))
    if on_duty is None:
        raise invalid_field("driver_id", "is no driver we know", "unknown")
    return JSONAnswer(_encoder.encode(Duty(whose, on_duty)))


@put(
    "/api/orders/duty",
    before_request=only("driver"),
    responses={200: ResponseSpec(Duty), **documented(400, 401, 403, 413, 415, 429, 503)},
    summary="Go on or off duty",
)
async def set_duty(request: OrderRequest, data: JSONBody[SetDuty]) -> JSONAnswer:
    """Off duty a driver claims nothing and is given nothing; they keep and see what they did before."""
    await route_commands.set_duty(api_of(request).orders, caller_of(request), data)
    return JSONAnswer(_encoder.encode(Duty(request.user.person_id, data.on_duty)))


@get(
    "/api/orders/route",
    before_request=only("driver", "admin"),
    responses={200: ResponseSpec(PageDocument), **documented(400, 401, 403, 429, 503)},
    summary="A driver's orders under way, in the order of their stops",
)
async def get_route(
    request: OrderRequest, driver_id: DriverId = None, cursor: Cursor = None, limit: Limit = MAX_STOPS
) -> JSONAnswer:
    """Those that are ready or out for delivery, as entries."""
    api, whose = api_of(request), _whose(request.user, driver_id)
    scope = f"route {whose}"
    above = START if cursor is None else api.cursors.decode(scope, cursor, Stop)

    async def read(connection: Connection) -> list[Entry] | None:
        known = await _is_known(connection, request.user, whose)
        return await store.list_route(connection, whose, above, limit + 1) if known else None

    entries = await api.reads.find(read, begin=store.begin_as(request.user), position=position_of(request))
    if entries is None:
        raise invalid_field("driver_id", "is no driver we know", "unknown")
    page = Page(*cut(entries, limit, api.cursors, scope, lambda entry: Stop(entry.stop or 0, entry.id)))
    return JSONAnswer(_encoder.encode(page))


@put(
    "/api/orders/route",
    before_request=only("admin"),
    responses={200: ResponseSpec(PageDocument), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Put a driver's route in another order",
)
async def put_route(request: OrderRequest, data: JSONBody[PutRoute]) -> JSONAnswer:
    """Each order whose stop changes gets its next version, and everybody who sees it is told."""
    api = api_of(request)
    entries = await route_commands.put_route(api.orders, caller_of(request), data)
    for entry in entries:
        api.copies.hint(order_key(entry.id), entry.version)
    return JSONAnswer(_encoder.encode(Page(entries, None)))


ROUTES = (list_drivers, get_duty, set_duty, get_route, put_route)


async def _is_known(connection: Connection, identity: Identity, driver_id: UUID) -> bool:
    """An admin may have mistyped it."""
    return identity.role != "admin" or await store.get_driver(connection, driver_id) is not None


def _whose(identity: Identity, driver_id: UUID | None) -> UUID:
    """Raises Problem 400 for an admin who does not say whose, and for a driver who asks for another's."""
    if identity.role == "admin":
        if driver_id is None:
            raise invalid_field("driver_id", "is required: say whose", "required")
        return driver_id
    if driver_id not in (None, identity.person_id):
        raise invalid_field("driver_id", "is for admins: leave it out to see your own")
    return identity.person_id
