"""The addresses of one stack's parts, as the services, the tests and the tools write them.

Invariant: everything is on 127.0.0.1; what is returned is a complete URL, with the password where there is one.
"""

from dataclasses import dataclass

from deploy.local.credentials import Credentials
from deploy.local.layout import Layout

HOST = "127.0.0.1"
DATABASE = "larder"


@dataclass(frozen=True)
class Addresses:
    layout: Layout
    credentials: Credentials

    @property
    def edge(self) -> str:
        """Nginx: what a browser and an API client use."""
        return f"http://{HOST}:{self.layout.port('nginx')}"

    @property
    def edge_inside(self) -> str:
        """Nginx's inner door: only catalog has business there."""
        return f"http://{HOST}:{self.layout.port('nginx-inside')}"

    @property
    def nats(self) -> str:
        return f"nats://{HOST}:{self.layout.port('nats')}"

    @property
    def nats_monitoring(self) -> str:
        return f"http://{HOST}:{self.layout.port('nats-monitoring')}"

    @property
    def valkey(self) -> str:
        """The one that holds state."""
        return f"redis://{HOST}:{self.layout.port('valkey')}/0"

    @property
    def cache(self) -> str:
        """The Valkey that caches, and may forget everything."""
        return f"redis://{HOST}:{self.layout.port('cache')}/0"

    def database(self, role: str, database: str = DATABASE) -> str:
        """A URL for one login role: `postgres` (superuser), `larder_owner` or one of the service roles."""
        password = self.credentials.passwords[role]
        return f"postgresql://{role}:{password}@{HOST}:{self.layout.port('postgres')}/{database}"

    def pooled(self, role: str) -> str:
        """The same through PgBouncer, for the roles of services: a transaction at a time."""
        password = self.credentials.passwords[role]
        return f"postgresql://{role}:{password}@{HOST}:{self.layout.port('pooler')}/{DATABASE}"

    @property
    def pooler_console(self) -> str:
        """PgBouncer's own database, for one who may only look."""
        password = self.credentials.passwords["pooler_stats"]
        return f"postgresql://pooler_stats:{password}@{HOST}:{self.layout.port('pooler')}/pgbouncer"

    def replica(self, role: str) -> str:
        """The same data on the replica, to read; it needs no pooler."""
        password = self.credentials.passwords[role]
        return f"postgresql://{role}:{password}@{HOST}:{self.layout.port('replicas')}/{DATABASE}"

    def service(self, name: str, replica: int = 0) -> str:
        """One replica, past Nginx."""
        return f"http://{HOST}:{self.layout.port(name, replica)}"
