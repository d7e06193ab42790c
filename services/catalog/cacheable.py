"""What the edge may keep of the catalogue, and for how long. It does as it is told here.

What anybody may read is the same for everybody. An answer lasts until the second is over in which it was made; a
product's, and the first page of a category, for an hour when the edge fetches it because `edge` told it to (X-Edge-
Keep, which nobody outside can send). A reader whom the edge sends here for one of those has it fetched so.

Invariants: who is asking changes no byte of an answer made here. An ETag changes whenever the bytes do: a product's
is its version, a page's is made of its bytes.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

from litestar import Request

from services.catalog.edge import Edge
from services.catalog.edge_store import Entry
from shared.http.freshness import EDGE_KEEP, POSITION
from shared.http.problems import invalid_field

SECOND = "public, max-age=0, s-maxage=1"
HOUR_SECONDS = 3600
HOUR = "public, max-age=0, s-maxage=3600, stale-while-revalidate=60, stale-if-error=3600"
"""Said only to the edge's inner door. For clients `max-age=0`: they ask, and mostly hear 304."""

PAST_THE_EDGE = frozenset({"authorization", POSITION.lower()})
"""Who sends one of these comes here whatever the edge has, and would not be answered by it next time either."""

Asked = Request[Any, Any, Any]
PRODUCTS = "/api/catalog/products"


def etag_of(body: bytes) -> str:
    """Of an answer whose bytes are all that is known of it."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def product_entry(product_id: UUID) -> Entry:
    return Entry(f"{PRODUCTS}/{product_id}", product_id=product_id)


def first_page_entry(request: Asked, category: str) -> Entry | None:
    """None when the category is spelled as no client's library spells it: each spelling is an entry of its own."""
    asked = request.scope["query_string"].decode("latin-1")
    spelled = {f"category={spell(category, safe=safe)}" for spell in (quote, quote_plus) for safe in ("", "/")}
    return Entry(f"{PRODUCTS}?{asked}", category=category) if asked in spelled else None


def is_for_keeping(request: Asked) -> bool:
    """Whether it comes from the edge's inner door, to be kept there for an hour."""
    return EDGE_KEEP.decode() in request.headers


def lifetime(request: Asked, now: datetime, edge: Edge, entry: Entry | None) -> dict[str, str]:
    """The headers that say how long. Raises Problem: 400 for an X-Edge-Keep that says nothing.

    X-Accel-Expires is for Nginx alone, which counts in whole seconds: with `s-maxage=1` it would keep an answer for up
    to two. A moment instead of a duration is the second it is made in."""
    keep = None if entry is None else request.headers.get(EDGE_KEEP.decode())
    if keep is not None:
        if not keep.isdecimal() or not 1 <= int(keep) <= HOUR_SECONDS:
            raise invalid_field("X-Edge-Keep", f"must be seconds, from 1 to {HOUR_SECONDS}")
        return {"Cache-Control": HOUR, "X-Accel-Expires": str(int(keep))}
    if entry is not None and not PAST_THE_EDGE.intersection(request.headers.keys()):
        edge.ask(entry)
    return {"Cache-Control": SECOND, "X-Accel-Expires": f"@{int(now.timestamp())}"}


def matches(if_none_match: str, etag: str) -> bool:
    """RFC 9110 section 13.1.2, compared weakly."""
    return any(one.strip().removeprefix("W/") in ("*", etag) for one in if_none_match.split(","))
