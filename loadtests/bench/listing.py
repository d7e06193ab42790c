"""A page of 20 of a restaurant's orders, newest first, under row-level security."""

from loadtests.bench import pgbench, recorder, wrk
from loadtests.bench.measure import Meter, Result, Side
from loadtests.bench.pgbench import Ranges
from loadtests.bench.recorder import Request
from loadtests.bench.stage import Stage

TARGET = "/api/orders?limit=20"


def over_http(stage: Stage, target: str = TARGET, name: str = "Larder") -> Side:
    """Everybody's page, through Nginx."""
    world = stage.world
    requests = [
        wrk.request_line("GET", target, {"Authorization": f"Bearer {world.token(restaurant)}"})
        for restaurant in range(1, world.restaurants + 1)
    ]

    async def run(clients: int, seconds: float) -> float:
        return (await wrk.run(stage.stack.addresses.edge, requests, clients=clients, seconds=seconds)).rate

    return Side(name, run)


async def against_pgbench(meter: Meter) -> Result:
    stage = meter.stage
    said = await recorder.record(
        stage.stack, stage.world.identity(1), Request("GET", "/api/orders", "limit=20", {}, b"")
    )
    script = pgbench.script_of(said, Ranges(stage.world.restaurants, len(stage.world.products)), restaurant=1)

    async def run(clients: int, seconds: float) -> float:
        return await pgbench.run(stage.stack, script, clients=clients, seconds=seconds)

    return await meter.compare(over_http(stage), Side("pgbench", run))
