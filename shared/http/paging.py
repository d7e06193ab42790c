"""Lists, the same everywhere: `limit` and `cursor` in, a page and the next cursor out."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

from shared.cursor import Cursors

T = TypeVar("T")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Entries a page")]
Cursor = Annotated[str | None, QueryParameter(description="next_cursor of the page before", max_length=512)]


def cut(
    found: Sequence[T], limit: int, cursors: Cursors, scope: str, position: Callable[[T], object]
) -> tuple[list[T], str | None]:
    """The page, and the cursor of the next one; None on the last. `found` was asked for with one more than `limit`;
    `position` is what the next page begins after."""
    page = list(found[:limit])
    return page, cursors.encode(scope, position(page[-1])) if len(found) > limit else None
