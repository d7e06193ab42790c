"""What the metrics tell of a pool: how many connections it may open, and how many are in use at this moment."""

from deploy.local import Stack
from shared.database import connection, open_pool, transaction
from tests.support import sample

NAME = "measured"


def told(metric: str) -> float | None:
    return sample(metric, pool=NAME)


async def test_a_pool_tells_its_size_and_what_is_in_use(stack: Stack) -> None:
    async with open_pool(stack.addresses.database("orders_service"), size=3, name=NAME) as pool:
        assert (told("larder_pool_size_connections"), told("larder_pool_busy_connections")) == (3, 0)
        async with connection(pool), transaction(pool):
            assert told("larder_pool_busy_connections") == 2
        assert told("larder_pool_busy_connections") == 0
