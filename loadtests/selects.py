"""Which server answered how many of the SELECTs, as pg_stat_statements of each counts them.

Counted are the statements that carry a name of ours, read only, and are not asked inside a function: those of followers
and of gauges too, and apart from them the relay's, which looks into outboxes each second and at each nudge. Not counted
are the questions how far the log is, which the replica itself causes, and what carries no name, as `/readyz` does.
"""

import asyncpg
import msgspec

from deploy.local import Stack

_COUNT = r"""
select
    coalesce(sum(calls) filter (where query !~ '/\* relay\.'), 0)::bigint as services,
    coalesce(sum(calls) filter (where query ~ '/\* relay\.'), 0)::bigint as relay
from pg_stat_statements
where toplevel
  and query ~ '^\s*(select|with)\s+/\* (?!position\.)[a-z_]+\.'
  and query !~* '\m(insert\s+into|delete\s+from|update\s+[a-z_]+\.[a-z_]+)'
"""


class Selects(msgspec.Struct, frozen=True):
    """So many of the services on each server, and of the relay on the primary."""

    primary: int
    replica: int
    relay: int

    @property
    def share(self) -> float:
        """The replica's of what the services asked, from 0 to 1."""
        return self.replica / max(1, self.primary + self.replica)

    @property
    def share_of_all(self) -> float:
        return self.replica / max(1, self.primary + self.replica + self.relay)

    def since(self, before: "Selects") -> "Selects":
        return Selects(self.primary - before.primary, self.replica - before.replica, self.relay - before.relay)


async def count_selects(stack: Stack) -> Selects:
    """Since each server's statistics began. The stack must run with a replica."""
    primary, relay = await _count(stack.addresses.database("postgres"))
    replica, _ = await _count(stack.addresses.replica("postgres"))
    return Selects(primary, replica, relay)


async def _count(url: str) -> tuple[int, int]:
    """Of the services and of the relay."""
    connection = await asyncpg.connect(url)
    try:
        (row,) = await connection.fetch(_COUNT)
    finally:
        await connection.close()
    return row["services"], row["relay"]
