"""A NATS of a test's own, with the stack's configuration, to stop, freeze, fill and lose; and a slow line to it."""

import asyncio
import os
import shutil
import signal
import socket
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.layout import REPOSITORY
from deploy.local.templates import render
from tests.support import eventually, free_port


@dataclass
class NatsServer:
    """`limit` is the size of its store, `max_payload` of a message, as its configuration says them."""

    home: Path
    port: int = field(default_factory=free_port)
    monitoring: int = field(default_factory=free_port)
    limit: str = "8GB"
    max_payload: str = "1MB"
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        values = {"name": "test", "listen": f"127.0.0.1:{self.port}", "monitoring": f"127.0.0.1:{self.monitoring}"}
        text = render(REPOSITORY / "deploy" / "nats" / "nats.conf", {**values, "store": str(self.home / "store")})
        for was, wanted in (("max_file_store: 8GB", self.limit), ("max_payload: 1MB", self.max_payload)):
            assert was in text
            text = text.replace(was, f"{was.partition(':')[0]}: {wanted}")
        config = self.home / "nats.conf"
        config.write_text(text)
        self.process = await asyncio.create_subprocess_exec(
            Path(sysconfig.get_path("scripts")) / "nats-server", "-c", config, stderr=asyncio.subprocess.DEVNULL
        )
        await eventually(self._answers)

    async def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

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

    def lose_everything(self) -> None:
        shutil.rmtree(self.home / "store")


@asynccontextmanager
async def own_nats(home: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(home)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


@dataclass
class Line:
    """Carries bytes to a server and its answers back, each piece of them `delay` seconds late; none while `deaf`."""

    target: int
    port: int = field(default_factory=free_port)
    delay: float = 0.0
    deaf: bool = False
    swallowed: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers |= {writer, out}
        with suppress(OSError):
            await asyncio.gather(self._copy(reader, out, answers=False), self._copy(there, writer, answers=True))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(65536):
            if answers and self.deaf:
                self.swallowed.set()
                continue
            if answers and self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    line = Line(port)
    server = await asyncio.start_server(line.carry, "127.0.0.1", line.port)
    try:
        yield line
    finally:
        server.close()
        line.cut()
