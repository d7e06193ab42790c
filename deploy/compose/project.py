"""One run of compose.yaml: Docker Compose's commands under a project name, with a port and secrets of its own.

Invariants: it shares no container, volume, network or port with a Larder that somebody runs here, only the images.
Every command has its time; what fails raises ComposeError with the last lines of whoever is to blame.
"""

import asyncio
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.layout import REPOSITORY

LOG_LINES = 20


class ComposeError(Exception):
    """A step did not do what it must. `lines` are the last of a log."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lines = tuple(lines)


@dataclass
class Project:
    """`secrets` is a file as `deploy.compose.secrets` writes it; `settings` are what compose.yaml lets one choose."""

    name: str
    secrets: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    async def run(self, *command: str, seconds: float, told: str = "") -> str:
        """`docker compose COMMAND`; returns its standard output. `told` is its standard input."""
        base = ("compose", "--project-name", self.name, "--env-file", str(self.secrets), "--profile", "demo")
        return await docker(*base, *command, seconds=seconds, told=told, settings=self.settings)

    async def up(self, *options: str, seconds: float) -> None:
        """Returns when all is healthy. Raises ComposeError with the log of the first that is not."""
        # Named, so that the profile's one-shot service is not among them.
        services = [name for name in await self.services() if name != "demo"]
        try:
            await self.run("up", "--detach", "--no-build", "--wait", *options, *services, seconds=seconds)
        except ComposeError as error:
            raise await self.blamed(error) from error

    async def services(self) -> list[str]:
        return (await self.run("config", "--services", seconds=30)).split()

    async def containers(self) -> list[dict[str, Any]]:
        """Each as `docker compose ps` tells it: Service, Name, State, Health, ExitCode."""
        answer = await self.run("ps", "--all", "--format", "json", seconds=30)
        return [json.loads(line) for line in answer.splitlines()]

    async def blamed(self, error: ComposeError) -> ComposeError:
        """The error with the last lines of the first container that is not well, when there is one."""
        for one in await self.containers():
            ended = one["State"] == "exited" and one["ExitCode"] != 0
            if ended or one["State"] in ("restarting", "dead") or one["Health"] in ("unhealthy", "starting"):
                state = f"{one['State']} {one['Health']}".strip()
                log = await docker("logs", "--tail", str(LOG_LINES), one["Name"], seconds=30, both=True)
                return ComposeError(
                    f"{one['Service']} is {state}, exit code {one['ExitCode']}: {error}", log.splitlines()
                )
        return error


async def docker(
    *command: str, seconds: float, told: str = "", settings: Mapping[str, str] | None = None, both: bool = False
) -> str:
    """Runs `docker COMMAND`; returns its standard output, with `both` its standard error too. Raises ComposeError."""
    process = await asyncio.create_subprocess_exec(
        "docker",
        *command,
        cwd=REPOSITORY,
        env={**os.environ, "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain", **(settings or {})},
        stdin=asyncio.subprocess.PIPE if told else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if both else asyncio.subprocess.PIPE,
    )
    said = " ".join(word for word in command if not word.startswith("-"))
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate(told.encode() if told else None)
    except BaseException as error:
        if process.returncode is None:
            process.terminate()
            await process.communicate()
        if isinstance(error, TimeoutError):
            raise ComposeError(f"docker {said} took more than {seconds:.0f} s") from error
        raise
    if process.returncode != 0:
        lines = (errors or output or b"").decode(errors="replace").splitlines()[-LOG_LINES:]
        raise ComposeError(f"docker {said} ended with {process.returncode}", lines)
    return output.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
