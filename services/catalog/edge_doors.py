"""The inner doors of every Nginx: where an address is fetched anew and kept.

Invariant: `refresh` says True only when each Nginx that the name stands for has the answer in its cache. Nginx ends the
connection after it has put the answer away, so the end of the answer is the proof. One that does not answer is left
alone for a second, so that the others do not wait for it.
"""

import asyncio
import socket
from time import monotonic
from urllib.parse import urlsplit

import structlog

ANSWER_SECONDS = 6.0
"""Longer than Nginx lets an inner request take (deploy/nginx/nginx.conf), shorter than a claim on an entry lasts."""

REST_SECONDS, NAME_SECONDS = 1.0, 1.0
MOST_BYTES = 1024 * 1024

_log = structlog.get_logger("edge")


class Doors:
    """`url`: http://name:port. The name may stand for several addresses; they are asked for again each second."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None or parts.port is None or parts.path not in ("", "/"):
            raise ValueError(f"the edge must be http://name:port, not {url!r}")
        self._name, self._port = parts.hostname, parts.port
        self._hosts: list[str] = []
        self._resolved_at = -NAME_SECONDS
        self._resting_until: dict[str, float] = {}

    async def refresh(self, address: str, seconds: int) -> bool:
        """Whether every Nginx has fetched `address` anew, to keep it for so long. Never raises for one that is away."""
        hosts = await self._resolve()
        answers = await asyncio.gather(*(self._ask(host, address, seconds) for host in hosts))
        return bool(hosts) and all(answers)

    async def _resolve(self) -> list[str]:
        """Where the name leads now; nowhere while nobody has it."""
        if monotonic() - self._resolved_at < NAME_SECONDS:
            return self._hosts
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        except OSError:
            found = []
        self._hosts = sorted({str(one[4][0]) for one in found})
        self._resolved_at = monotonic()
        return self._hosts

    async def _ask(self, host: str, address: str, seconds: int) -> bool:
        if monotonic() < self._resting_until.get(host, 0.0):
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await self._get(host, address, seconds)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            status = repr(error)
        if status == "200":
            self._resting_until.pop(host, None)
            return True
        if host not in self._resting_until:
            await _log.awarning("nginx does not refresh, trying again", nginx=host, address=address, said=status)
        self._resting_until[host] = monotonic() + REST_SECONDS
        return False

    async def _get(self, host: str, address: str, seconds: int) -> str:
        """The answer's status, once the answer has ended."""
        reader, writer = await asyncio.open_connection(host, self._port)
        try:
            lines = (f"GET {address} HTTP/1.1", f"Host: {self._name}", f"X-Edge-Keep: {seconds}", "Connection: close")
            writer.write("\r\n".join((*lines, "", "")).encode())
            status = (await reader.readline()).decode("latin-1").split(" ")
            while await reader.read(MOST_BYTES):
                pass
        finally:
            writer.close()
        return status[1] if len(status) > 1 else "nothing"
