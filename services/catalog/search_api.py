"""Suggestions while somebody types: names that the catalogue has, to be asked for as they stand.

What is suggested changes when kinds of products come, not with prices or stock: anybody may keep it for a minute.
"""

from typing import Annotated

import msgspec
from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from services.catalog import store
from services.catalog.api import WORDS, CatalogRequest, api_of, read_terms
from services.catalog.store import Suggestion
from shared.database import Connection
from shared.http.answers import JSONAnswer
from shared.http.freshness import position_of
from shared.http.openapi import documented

KEPT = [(b"cache-control", b"public, max-age=60, s-maxage=60")]

_encoder = msgspec.json.Encoder()


class Suggestions(msgspec.Struct, frozen=True):
    """The best first; not paged."""

    items: list[Suggestion]


@get(
    "/api/catalog/suggestions",
    responses={200: ResponseSpec(Suggestions), **documented(400, 401, 429, 503)},
    summary="Suggest what to search for",
)
async def suggest(
    request: CatalogRequest,
    q: Annotated[str, WORDS],
    limit: Annotated[int, QueryParameter(ge=1, le=20, description="Suggestions at most")] = 10,
) -> JSONAnswer:
    """For what has been typed so far: the last word may be unfinished, any may be misspelt."""

    async def read(reading: Connection) -> list[Suggestion]:
        terms = await read_terms(reading, q)
        return [] if terms is None or not terms.readings else await store.suggest(reading, terms, limit)

    items = await api_of(request).reads.read(read, position=position_of(request))
    return JSONAnswer(_encoder.encode(Suggestions(items)), headers=KEPT)


ROUTES = (suggest,)
