"""THE table of the benchmark: each row's work, what it is measured against, and what it has to reach.

A new row is an entry here and a file beside this one whose function takes a `Meter` and returns a `Result`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from loadtests.bench import listing, listing_peer, place
from loadtests.bench.measure import Meter, Result
from loadtests.bench.stage import BARE, EVERYTHING, Cast


@dataclass(frozen=True)
class Row:
    """`name` is what the command line takes; `reach` is the least ratio."""

    name: str
    work: str
    against: str
    reach: float
    cast: Cast
    measure: Callable[[Meter], Awaitable[Result]]


ROWS: tuple[Row, ...] = (
    Row(
        "list",
        "a page of 20 of a restaurant's orders over HTTP, through Nginx, under RLS",
        "pgbench, same statements, prepared",
        0.4,
        EVERYTHING,
        listing.against_pgbench,
    ),
    Row(
        "list-fastapi",
        "the same page",
        "FastAPI + SQLAlchemy, same query and pool",
        3.0,
        listing_peer.WITH_PEER,
        listing_peer.against_fastapi,
    ),
    Row(
        "place",
        "place an order over HTTP, through Nginx, everything running",
        "pgbench, same statements, prepared",
        0.4,
        EVERYTHING,
        place.against_pgbench,
    ),
    Row(
        "place-bare",
        "the same with only Nginx, orders and Postgres",
        "pgbench, same statements, prepared",
        0.6,
        BARE,
        place.against_pgbench,
    ),
)
