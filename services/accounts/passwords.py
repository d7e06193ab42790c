"""Passwords: Argon2id, in a few threads, and the same work for a name that nobody has.

Parameters are OWASP's first choice for Argon2id (19 MiB, two passes, one lane: Password Storage Cheat Sheet): about
20 ms on one core of ours. The threads bound the memory that a storm of sign-ins takes, and the event loop goes on
beside them. Refuses with 503 what would wait for most of a second: who asks comes back, instead of giving up unseen.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.http.problems import busy

THREADS = 2
AT_ONCE = 64
"""At work or waiting: at 20 ms each in two threads, the last one is done after 0.6 s."""

T = TypeVar("T")


class _Threads:
    """At most AT_ONCE pieces of work, THREADS of them running."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._taken = 0

    async def run(self, work: Callable[[], T]) -> T:
        if self._taken >= AT_ONCE:
            raise busy()
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._taken -= 1


_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = _Threads()
_nobodys = _hasher.hash("nobody has this password, and nobody is asked for it")


async def hash_password(password: str) -> str:
    """Raises Problem 503 in a storm."""
    return await _threads.run(lambda: _hasher.hash(password))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is theirs. With None (nobody has the name) it takes as long, and is false. Raises Problem 503 in a
    storm."""
    known = password_hash if password_hash is not None else _nobodys
    return await _threads.run(lambda: _matches(known, password)) and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
