"""THE table of the benchmark: each row's work, what it is measured against, and what it has to reach.

A new row is an entry here and a file beside this one whose function takes a `Meter` and returns an `Outcome`: a
`Result` of two sides in turns, or a `Reading`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from loadtests.bench import edge, listing, listing_peer, place, search, telemetry, wrk
from loadtests.bench.measure import Meter, Outcome
from loadtests.bench.reach import Reach, at_least, at_most
from loadtests.bench.realtime import frames, idle, latency, unconcerned
from loadtests.bench.stage import BARE, EVERYTHING, Cast


@dataclass(frozen=True)
class Row:
    """`name` and `group` are what the command line takes. `need` is asked before anything starts: it installs what the
    row cannot do without, or raises StackError."""

    name: str
    work: str
    against: str
    reach: Reach
    cast: Cast
    measure: Callable[[Meter], Awaitable[Outcome]]
    group: str
    need: Callable[[], object]


ROWS: tuple[Row, ...] = (
    Row(
        "list",
        "a page of 20 of a restaurant's orders over HTTP, through Nginx, under RLS",
        "pgbench, same statements, prepared",
        at_least(0.4),
        EVERYTHING,
        listing.against_pgbench,
        "http",
        wrk.find,
    ),
    Row(
        "list-fastapi",
        "the same page",
        "FastAPI + SQLAlchemy, same query and pool",
        at_least(3.0),
        listing_peer.WITH_PEER,
        listing_peer.against_fastapi,
        "http",
        wrk.find,
    ),
    Row(
        "place",
        "place an order over HTTP, through Nginx, everything running",
        "pgbench, same statements, prepared",
        at_least(0.4),
        EVERYTHING,
        place.against_pgbench,
        "http",
        wrk.find,
    ),
    Row(
        "place-bare",
        "the same with only Nginx, orders and Postgres",
        "pgbench, same statements, prepared",
        at_least(0.6),
        BARE,
        place.against_pgbench,
        "http",
        wrk.find,
    ),
    Row(
        "list-telemetry",
        "a page of 20, with logs, metrics, one request in ten traced, and alerts judged",
        "the same services without any of it",
        at_least(0.9),
        telemetry.TELLING,
        telemetry.of_a_page,
        "telemetry",
        wrk.find,
    ),
    Row(
        "place-telemetry",
        "place an order, with all of that",
        "the same",
        at_least(0.9),
        telemetry.TELLING,
        telemetry.of_an_order,
        "telemetry",
        wrk.find,
    ),
    Row(
        "edge",
        "the first page of a category from the edge's cache",
        "the same Nginx, the same bytes from a file",
        at_least(0.8),
        EVERYTHING,
        edge.against_a_file,
        "http",
        wrk.find,
    ),
    Row(
        "search",
        "an uncached search of 20 among all products over HTTP, through Nginx",
        "the same SQL through asyncpg",
        at_least(0.5),
        search.CATALOGUE_ALONE,
        search.against_asyncpg,
        "http",
        wrk.find,
    ),
    Row(
        "frames-ws",
        "frames delivered to 1,000 sockets, for a second of its processor time",
        "Node `ws`, the same bytes",
        at_least(1.0),
        frames.WITH_PEERS,
        frames.against_ws,
        "realtime",
        frames.need,
    ),
    Row(
        "frames-socketio",
        "the same",
        "socket.io with its Redis adapter, the same order",
        at_least(3.0),
        frames.WITH_PEERS,
        frames.against_socketio,
        "realtime",
        frames.need,
    ),
    Row(
        "latency-50",
        "request to frame (p50 · p95, p99), 200 orders a second through Nginx, 50 sockets",
        "",
        Reach(unit="ms"),
        EVERYTHING,
        latency.at(50),
        "realtime",
        latency.need,
    ),
    Row(
        "latency-1000",
        "request to frame (p50 · p95, p99), 200 orders a second through Nginx, 1,000 sockets",
        "",
        at_most(25, "ms"),
        EVERYTHING,
        latency.at(1_000),
        "realtime",
        latency.need,
    ),
    Row(
        "latency-5000",
        "request to frame (p50 · p95, p99), 200 orders a second through Nginx, 5,000 sockets",
        "",
        Reach(unit="ms"),
        EVERYTHING,
        latency.at(5_000),
        "realtime",
        latency.need,
    ),
    Row(
        "idle-memory",
        "resident memory of the gateway for each of 5,000 subscribed sockets that hear nothing",
        "",
        at_most(32, "KiB"),
        idle.GATEWAY_ALONE,
        idle.memory,
        "realtime",
        idle.need,
    ),
    Row(
        "unconcerned",
        "the gateway's processor time for an event that concerns 5 sockets, with 5,000 others",
        "the same with 100 others",
        at_most(1.1),
        unconcerned.TWO_GATEWAYS,
        unconcerned.growth,
        "realtime",
        unconcerned.need,
    ),
)
