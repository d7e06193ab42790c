"""The routes of accounts."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from proto.cache import session_key
from proto.envelope import Actor
from services.accounts import commands, sessions, store
from services.accounts.copies import Present, load_session
from services.accounts.domain import (
    BelongingError,
    LastAdminError,
    NewPerson,
    NewRestaurant,
    Person,
    PersonChanges,
    PersonRole,
    Restaurant,
    RestaurantChanges,
    StaleVersionError,
)
from services.accounts.events import SESSION_LIFE, Origin
from services.accounts.sessions import Accounts, ChangePassword, Opened, Session, SignIn
from services.accounts.store import LAST_ID
from shared.cache import Cache
from shared.cursor import Cursors
from shared.database import connection, inside_like
from shared.http.answers import JSONAnswer
from shared.http.caller import scope_of
from shared.http.errors import answer_error
from shared.http.freshness import wants_source
from shared.http.front import TOKEN_COOKIE, address_of, cookie_of, refuse_other_origins
from shared.http.guards import only, signed_in
from shared.http.openapi import documented
from shared.http.paging import Cursor, Limit, cut
from shared.http.problems import Problem, invalid_field, not_found
from shared.identity import TOKEN_LIFE, Identity

SESSION_COOKIE = "larder_session"
SESSION_PATH = "/api/accounts/sessions/current"

NOBODY = b'{"person":null}'

AccountsRequest = Request[Identity | None, Any, Any]


@dataclass(frozen=True)
class Api:
    """What the routes work with, in `app.state.api`."""

    accounts: Accounts
    cursors: Cursors
    copies: Cache


class PeoplePage(msgspec.Struct, frozen=True):
    items: list[Person]
    next_cursor: str | None


class RestaurantsPage(msgspec.Struct, frozen=True):
    items: list[Restaurant]
    next_cursor: str | None


@post(
    "/api/accounts/sessions",
    responses={201: ResponseSpec(Session), **documented(400, 401, 413, 415, 429, 503)},
    summary="Sign in",
)
async def sign_in(request: AccountsRequest, data: JSONBody[SignIn]) -> Response[Session]:
    """The token is in the answer, and for a browser in a cookie that no script can read."""
    return _answer(request, await sessions.sign_in(_api(request).accounts, data, _address(request)))


@post(
    f"{SESSION_PATH}/token",
    responses={201: ResponseSpec(Session), **documented(401, 403, 429, 503)},
    summary="A fresh token",
)
async def renew(request: AccountsRequest) -> Response[Session]:
    """By a valid token, or by the browser's session cookie."""
    return _answer(request, await sessions.renew(_api(request).accounts, request.user, _secret(request)))


@delete(
    SESSION_PATH,
    status_code=204,
    responses={204: ResponseSpec(None, description="Signed out"), **documented(401, 403, 429, 503)},
    summary="Sign out",
)
async def sign_out(request: AccountsRequest) -> Response[None]:
    """Ends the session in every service."""
    await sessions.sign_out(_api(request).accounts, request.user, _secret(request), _origin(request))
    gone = [_cookie(request, name, "", path, 0) for name, path in ((TOKEN_COOKIE, "/"), (SESSION_COOKIE, SESSION_PATH))]
    return Response(None, status_code=204, cookies=gone)


@get(
    "/api/accounts/me", responses={200: ResponseSpec(Present), **documented(401, 429, 503)}, summary="Who is signed in"
)
async def get_me(request: AccountsRequest) -> JSONAnswer:
    """As they are now, which their token may be too old to know. Null for nobody, and when the session has ended."""
    api, who = _api(request), request.user
    if who is None:
        return JSONAnswer(NOBODY)
    answer = await api.copies.get(
        session_key(who.person_id, who.session_id),
        lambda: load_session(api.accounts, who.person_id, who.session_id),
        from_source=wants_source(request),
    )
    if answer is None:
        return JSONAnswer(NOBODY)
    return JSONAnswer(answer.body, headers=((b"cache-status", answer.cache_status.encode()),))


@post(
    "/api/accounts/me/password",
    before_request=signed_in,
    responses={201: ResponseSpec(Session), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Change one's own password",
)
async def change_password(request: AccountsRequest, data: JSONBody[ChangePassword]) -> Response[Session]:
    """Ends every other session of the person."""
    accounts = _api(request).accounts
    opened = await sessions.change_password(accounts, _who(request), data, _address(request), _origin(request))
    return _answer(request, opened)


@get(
    "/api/accounts/people",
    before_request=only("admin"),
    responses={200: ResponseSpec(PeoplePage), **documented(400, 401, 403, 429, 503)},
    summary="List people, newest first",
)
async def list_people(
    request: AccountsRequest,
    q: Annotated[str | None, QueryParameter(description="A part of the name or the address of e-mail")] = None,
    role: Annotated[PersonRole | None, QueryParameter(description="Of this role")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> PeoplePage:
    """Admins only."""
    part, api, scope = _part(q), _api(request), f"people {role} {q}"
    below = LAST_ID if cursor is None else api.cursors.decode(scope, cursor, UUID)
    async with connection(api.accounts.pool) as reading:
        people = await store.list_people(reading, below, limit + 1, role, part)
    return PeoplePage(*cut(people, limit, api.cursors, scope, lambda person: person.id))


@post(
    "/api/accounts/people",
    before_request=only("admin"),
    responses={201: ResponseSpec(Person), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Add a person",
)
async def create_person(request: AccountsRequest, data: JSONBody[NewPerson]) -> Person:
    """With the password they begin with."""
    return await commands.create_person(_api(request).accounts, data, _origin(request))


@get(
    "/api/accounts/people/{person_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Person), **documented(400, 401, 403, 404, 429, 503)},
    summary="One person",
)
async def get_person(request: AccountsRequest, person_id: FromPath[UUID]) -> Person:
    """Admins only."""
    async with connection(_api(request).accounts.pool) as reading:
        person = await store.get_person(reading, person_id)
    if person is None:
        raise not_found("person")
    return person


@patch(
    "/api/accounts/people/{person_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Person), **documented(400, 401, 403, 404, 409, 413, 415, 429, 503)},
    summary="Change a person",
)
async def change_person(request: AccountsRequest, person_id: FromPath[UUID], data: JSONBody[PersonChanges]) -> Person:
    """What changes their sight (role, zone, restaurant, active) ends their sessions."""
    return await commands.change_person(_api(request).accounts, person_id, data, _origin(request))


@get(
    "/api/accounts/restaurants",
    before_request=only("admin"),
    responses={200: ResponseSpec(RestaurantsPage), **documented(400, 401, 403, 429, 503)},
    summary="List restaurants by number",
)
async def list_restaurants(
    request: AccountsRequest,
    q: Annotated[str | None, QueryParameter(description="A part of the name")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> RestaurantsPage:
    """Admins only."""
    part, api, scope = _part(q), _api(request), f"restaurants {q}"
    above = 0 if cursor is None else api.cursors.decode(scope, cursor, int)
    async with connection(api.accounts.pool) as reading:
        found = await store.list_restaurants(reading, above, limit + 1, part)
    return RestaurantsPage(*cut(found, limit, api.cursors, scope, lambda restaurant: restaurant.number))


@post(
    "/api/accounts/restaurants",
    before_request=only("admin"),
    responses={201: ResponseSpec(Restaurant), **documented(400, 401, 403, 409, 413, 415, 429, 503)},
    summary="Add a restaurant",
)
async def create_restaurant(request: AccountsRequest, data: JSONBody[NewRestaurant]) -> Restaurant:
    """Its number stays."""
    return await commands.create_restaurant(_api(request).accounts, data, _origin(request))


@get(
    "/api/accounts/restaurants/{restaurant_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Restaurant), **documented(400, 401, 403, 404, 429, 503)},
    summary="One restaurant",
)
async def get_restaurant(request: AccountsRequest, restaurant_id: FromPath[UUID]) -> Restaurant:
    """Admins only."""
    async with connection(_api(request).accounts.pool) as reading:
        restaurant = await store.get_restaurant(reading, restaurant_id)
    if restaurant is None:
        raise not_found("restaurant")
    return restaurant


@patch(
    "/api/accounts/restaurants/{restaurant_id:uuid}",
    before_request=only("admin"),
    responses={200: ResponseSpec(Restaurant), **documented(400, 401, 403, 404, 409, 413, 415, 429, 503)},
    summary="Change a restaurant",
)
async def change_restaurant(
    request: AccountsRequest, restaurant_id: FromPath[UUID], data: JSONBody[RestaurantChanges]
) -> Restaurant:
    """Orders learns of it within a moment."""
    return await commands.change_restaurant(_api(request).accounts, restaurant_id, data, _origin(request))


ROUTES = (
    *(sign_in, renew, sign_out, get_me, change_password),
    *(list_people, create_person, get_person, change_person),
    *(list_restaurants, create_restaurant, get_restaurant, change_restaurant),
)


def answer_stale_version(request: AccountsRequest, error: StaleVersionError) -> Response[bytes]:
    return answer_error(request, Problem(409, str(error), code="version", present={"present": error.version}))


def answer_belonging(request: AccountsRequest, error: BelongingError) -> Response[bytes]:
    return answer_error(request, invalid_field(error.field, error.detail))


def answer_last_admin(request: AccountsRequest, error: LastAdminError) -> Response[bytes]:
    return answer_error(request, Problem(409, str(error), code="last_admin"))


def _answer(request: AccountsRequest, opened: Opened) -> Response[Session]:
    """The session, and the cookies that carry it in a browser."""
    cookies = [
        _cookie(request, TOKEN_COOKIE, opened.session.access_token, "/", int(TOKEN_LIFE.total_seconds())),
    ]
    if opened.secret is not None:
        life = int(SESSION_LIFE.total_seconds())
        cookies.append(_cookie(request, SESSION_COOKIE, opened.secret, SESSION_PATH, life))
    return Response(opened.session, status_code=201, cookies=cookies, headers={"Cache-Control": "no-store"})


def _cookie(request: AccountsRequest, name: str, value: str, path: str, max_age: int) -> Cookie:
    secure = request.headers.get("x-forwarded-proto") == "https"
    return Cookie(name, value=value, path=path, max_age=max_age, httponly=True, secure=secure, samesite="strict")


def _secret(request: AccountsRequest) -> str | None:
    """The browser's secret. Raises a 403 Problem when another site's page sent it."""
    headers = dict(request.scope["headers"])
    secret = cookie_of(headers, SESSION_COOKIE)
    if secret is not None:
        refuse_other_origins(headers)
    return secret


def _part(q: str | None) -> str | None:
    """What is looked for, as the inside of an ILIKE pattern. Raises a 400 Problem."""
    if q is None:
        return None
    if not 1 <= len(q) <= 100 or "\x00" in q:
        raise invalid_field("q", "must have 1 to 100 characters")
    return inside_like(q)


def _api(request: AccountsRequest) -> Api:
    api: Api = request.app.state.api
    return api


def _who(request: AccountsRequest) -> Identity:
    if request.user is None:
        raise Problem(401, "Sign in first.", code="not_signed_in")
    return request.user


def _address(request: AccountsRequest) -> str:
    scope = scope_of(request)
    return address_of(scope, dict(scope["headers"]))


def _origin(request: AccountsRequest) -> Origin:
    scope = scope_of(request)
    who = request.user
    actor = Actor(None, "system") if who is None else Actor(who.person_id, who.role)
    return Origin(actor, scope["request_id"], scope["traceparent"], _api(request).accounts.now())
