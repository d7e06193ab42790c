"""Passwords: Argon2id, in a few threads, and the same work for a name that nobody has.

Parameters are OWASP's first choice for Argon2id (19 MiB, two passes, one lane: Password Storage Cheat Sheet): about
20 ms on one core of ours. The threads bound the memory that a storm of sign-ins takes.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

THREADS = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
_nobodys = _hasher.hash("nobody has this password, and nobody is asked for it")


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is theirs. With None (nobody has the name) it takes as long, and is false."""
    matches = await asyncio.get_running_loop().run_in_executor(
        _threads, _matches, password_hash if password_hash is not None else _nobodys, password
    )
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
