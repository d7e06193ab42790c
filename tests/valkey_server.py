"""A cache of a test's own, with the stack's configuration, to freeze, kill, fill, empty and send back in time."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from deploy.local.layout import REPOSITORY
from deploy.local.programs import valkey_server
from shared.limits import open_valkey
from tests.support import eventually, free_port


@dataclass
class ValkeyServer:
    """`home` is there when it starts."""

    home: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(valkey_server(), REPOSITORY / "deploy" / "valkey" / "cache.conf"),
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home), "--maxmemory", "64mb"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        await eventually(self._answers)

    async def _answers(self) -> bool:
        try:
            return bool(await self.command("PING"))
        except (RedisError, OSError):
            return False

    async def command(self, *words: str) -> object:
        async with open_valkey(self.url, 1.0) as client:
            answer: object = await client.execute_command(*words)  # type: ignore[no-untyped-call]
            return answer

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        async with open_valkey(self.url, 1.0) as client:
            yield client

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def files_of(self, copy: Path) -> None:
        """Keeps what is on the disk now."""
        shutil.copytree(self.home, copy, dirs_exist_ok=True)

    def go_back_to(self, copy: Path) -> None:
        """As after a power cut: the last writes are gone."""
        shutil.rmtree(self.home)
        shutil.copytree(copy, self.home)


@asynccontextmanager
async def own_valkey(home: Path) -> AsyncIterator[ValkeyServer]:
    server = ValkeyServer(home)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
