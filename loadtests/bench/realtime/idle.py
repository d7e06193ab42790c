"""What a socket costs that hears nothing: how much the gateway's resident memory grows from none to 5,000 subscribed
sockets, by 5,000.

The gateway is a fresh process on an empty stream, so that the growth holds all that the first sockets make it load, and
no memory that it had taken for something else and let go is counted as free. Read once each socket has had a heartbeat:
then every buffer that an idle socket uses has been used. The kernel's own buffers are not resident memory of a process
and not in it.
"""

from dataclasses import replace

from deploy.local import SERVICES, Service
from loadtests.bench.measure import Meter, Reading
from loadtests.bench.process import rss_kib
from loadtests.bench.realtime import crowd
from loadtests.bench.realtime.crowd import Tally
from loadtests.bench.realtime.people import crowd_of, door_of_gateway
from loadtests.bench.stage import Cast

SOCKETS = 5_000
HEARTBEAT_SECONDS = 5.0


def gateway_with(service: Service, replicas: int = 1, **settings: str) -> Service:
    """The gateway's row of the table with settings changed; any other row as it is."""
    if service.name != "gateway":
        return service
    return replace(service, replicas=replicas, settings=lambda wiring: {**service.settings(wiring), **settings})


GATEWAY_ALONE = Cast(
    "a fresh gateway",
    services=tuple(gateway_with(service, LARDER_HEARTBEAT_S=str(HEARTBEAT_SECONDS)) for service in SERVICES),
    only=("postgres", "nats", "valkey", "relay", "gateway"),
    empty_bus=True,
)


def need() -> None:
    crowd.need_files(SOCKETS)


async def memory(meter: Meter) -> Reading:
    """Raises CrowdError."""
    (before, after), _ = await meter.watched(lambda: _grow(meter))
    each = (after - before) / SOCKETS
    meter.tell(f"  the gateway's memory: {before:,} KiB without a socket, {after:,} KiB with {SOCKETS:,}")
    return Reading(each, f"{before / 1024:,.0f} to {after / 1024:,.0f} MiB", {"before_kib": before, "after_kib": after})


async def _grow(meter: Meter) -> tuple[int, int]:
    stage, strays, beats = meter.stage, Tally(), Tally()
    pid = stage.pid("gateway-0")
    before = rss_kib(pid)
    async with door_of_gateway(stage.stack) as gateway:
        people = crowd_of(stage.world, "driver", SOCKETS)
        makers = [gateway.ear(person, strays.hear, beats.hear) for person in people]
        async with crowd.gathered(gateway.socket_url, makers) as ears:
            # A heartbeat goes to all of them at once: so many more, and each has had one.
            await crowd.heard(beats.expect(SOCKETS), ears)
            crowd.check(ears)
            return before, rss_kib(pid)
