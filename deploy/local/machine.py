"""What the stacks of one machine have in common when root runs them: a system user, a copy of Postgres, PgBouncer.

Each is made on first use. Invariant: one process at a time makes any of them, since stacks may start at once; whoever
waited looks again before it makes anything.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_HOME = Path("/var/lib/larder")


@contextmanager
def making() -> Iterator[None]:
    """Waits for whoever else is making something. For root alone."""
    SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (SHARED_HOME / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed, and by a process that ends
        yield
