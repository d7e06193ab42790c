"""The cache killed, frozen and emptied once each while people order; `just cache-outage 60` is the long form."""

from collections.abc import Iterator

import pytest

from deploy.local import Stack
from tests import cache_outage
from tests.support import own_stack

SECONDS = 1.0
"""One round of the three."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(cache_outage.REPLICAS, only=cache_outage.PARTS) as stack:
        yield stack


async def test_without_the_cache_no_order_fails_no_price_is_wrong_and_nobody_sees_anothers(stack: Stack) -> None:
    result = await cache_outage.run(stack, SECONDS)
    assert result.story.wrong == []
    deeds = {deed: result.story.counts[f"cache: {deed}"] for deed in ("kill", "freeze", "empty")}
    assert deeds == {"kill": 1, "freeze": 1, "empty": 1}
    assert all(result.story.came[f"larder; {told}"] for told in ("hit", "fwd=miss", "fwd=bypass", "fwd=request"))
    assert result.story.placed_seconds
