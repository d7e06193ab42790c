"""Asks a part whether it is ready, each in its own language.

A probe returns None when the part is ready, else the reason in a few words. It never raises and never waits for long.
"""

import http.client
import socket
from collections.abc import Callable

from deploy.local.addresses import HOST

TIMEOUT_S = 2.0
Probe = Callable[[], str | None]


def http_ready(port: int, path: str) -> Probe:
    """Ready when the path answers 200: a service's /readyz, NATS's /healthz."""

    def probe() -> str | None:
        try:
            status = _status(port, path)
        except (OSError, http.client.HTTPException) as error:
            return _reason(error)
        return None if status == 200 else f"{path} answers {status}"

    return probe


def http_answers(port: int) -> Probe:
    """Ready when it speaks HTTP at all: Nginx, whose pages are not its own."""

    def probe() -> str | None:
        try:
            _status(port, "/_ready/")  # 404 to everybody; and not in the access log
        except (OSError, http.client.HTTPException) as error:
            return _reason(error)
        return None

    return probe


def valkey_answers(port: int) -> Probe:
    """Ready when PING is answered with PONG; while it loads its file it answers with an error instead."""

    def probe() -> str | None:
        try:
            with socket.create_connection((HOST, port), timeout=TIMEOUT_S) as connection:
                connection.sendall(b"PING\r\n")
                answer = connection.recv(128).decode(errors="replace").strip()
        except OSError as error:
            return _reason(error)
        return None if answer == "+PONG" else answer or "no answer"

    return probe


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    finally:
        connection.close()


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens on its port"
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
