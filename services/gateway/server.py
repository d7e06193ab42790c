"""Listening for sockets: picows in this process, on this event loop.

Chosen by measurement (docs/adr/0022). Compression is off: frames are small and CPU is what we run out of. What is sent
goes into the kernel's hands in the call that sends it: no task, no queue and no copy of ours between an event and its
sockets, until one does not read.

Invariants: whatever a client sends ends its own connection at most; a silent one is pinged every PING_SECONDS and
dropped when it has not answered the last; one that does not take its close is dropped as well. Control frames are
answered here, and only whole texts of at most RECEIVED_FRAME_BYTES get further.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol, cast

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)
from prometheus_client import Counter

from proto.realtime import SUBPROTOCOL, CloseCode
from services.gateway.wire import Wire
from shared.http.front import request_id_of
from shared.http.problems import MEDIA_TYPE, Problem
from shared.http.server import ListenError

PING_SECONDS = 30.0
CLOSE_SECONDS = 5.0
"""How long a client may take to answer a close. Then it is dropped."""

HANDSHAKE_SECONDS = 10.0
RECEIVED_FRAME_BYTES = 64 * 1024
"""What is buffered of a frame. Beyond it ends with 1009; what is smaller and still too large, with our own 4400."""

READ_BUFFER_BYTES = 2048
"""At first, a socket: clients say little. It grows with what comes."""

UNACKNOWLEDGED_MS = 60_000
"""TCP_USER_TIMEOUT, which accepted sockets inherit: the kernel ends those that take nothing any more."""

BACKLOG = 4096
"""Connections that wait to be accepted: after a drain of another gateway they come by the thousand."""

PROTOCOL_ERROR, NO_UTF_8, TOO_LARGE, UNEXPECTED = 1002, 1007, 1009, 1011
REASON_BYTES = 123
"""RFC 6455, 5.5: a control frame has at most 125 bytes, the code two of them."""

REFUSED = Counter("larder_gateway_refused_total", "Handshakes refused", ["status"])
DROPPED = Counter("larder_gateway_dropped_total", "Sockets dropped without a close of theirs", ["reason"])
for _reason in ("no pong", "no answer to the close", "protocol"):
    DROPPED.labels(_reason)


class Ear(Protocol):
    """Who a connection's texts are for."""

    def hear(self, text: str) -> None: ...

    def refuse(self, code: int, reason: str) -> None:
        """What came is nothing to hear: ends the socket with this code."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def gone(self) -> None:
        """The connection has ended, by whichever side. Once, and the last call."""


Door = Callable[[str, Mapping[str, str]], Callable[[Wire], Ear]]
"""From a handshake's path and headers to what makes the Ear. Raises Problem to refuse it."""


class _Connection(WSListener):
    """A socket as picows sees it, and the wire that its writer sends on."""

    __slots__ = ("_ear", "_make", "_parts", "_pinged", "_pinging", "_server", "_timer", "send", "transport")

    def __init__(self, make: Callable[[Wire], Ear], server: "set[_Connection]") -> None:
        self._make = make
        self._server = server
        self._parts: bytearray | None = None
        self._pinged = False
        self._timer: asyncio.TimerHandle | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        # Our own frames past picows, which would make each one anew, and copy it, for each socket.
        self.send: Callable[[bytes], None] = transport.underlying_transport.write
        self._server.add(self)
        self._pinging = asyncio.get_running_loop().call_later(PING_SECONDS, self._ask)
        self._ear = self._make(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._take(frame)
        elif kind == WSMsgType.PONG:
            self._pinged = False
        elif kind == WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                transport.send_close(frame.get_close_code() if frame.payload_size else WSCloseCode.OK, b"")
            self.send = _nowhere  # nothing follows a close
            transport.disconnect()
        else:
            self._ear.refuse(CloseCode.BAD_FRAME, "frames are text")

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._server.discard(self)
        self._pinging.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._ear.gone()
        del self.send, self._ear, self.transport  # a ring, for the collector to find otherwise

    def pause_writing(self) -> None:
        self._ear.pause()

    def resume_writing(self) -> None:
        self._ear.resume()

    def close(self, code: int, reason: str) -> None:
        brief = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        self.transport.send_close(cast("WSCloseCode", code), brief.encode())  # ours are none of its enum
        self._timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._drop, "no answer to the close")

    def abort(self) -> None:
        self.transport.disconnect(graceful=False)

    def _take(self, frame: WSFrame) -> None:
        """A text, or a part of one."""
        if self._parts is None and frame.msg_type == WSMsgType.TEXT and frame.fin:
            whole = frame.get_payload_as_bytes()
        elif (self._parts is None) != (frame.msg_type == WSMsgType.TEXT):
            self._ear.refuse(PROTOCOL_ERROR, "a part without its first, or a first within another")
            return
        else:
            self._parts = self._parts or bytearray()
            self._parts += frame.get_payload_as_bytes()
            if len(self._parts) > RECEIVED_FRAME_BYTES:
                self._ear.refuse(TOO_LARGE, "too large")
                return
            if not frame.fin:
                return
            whole, self._parts = bytes(self._parts), None
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            self._ear.refuse(NO_UTF_8, "no UTF-8")
        else:
            self._ear.hear(text)

    def _ask(self) -> None:
        """Whether it is still there."""
        if self._pinged:
            self._ear.refuse(UNEXPECTED, "no answer to a ping: resume")
            self._drop("no pong")
            return
        self._pinged = True
        self.transport.send_ping()
        self._pinging = asyncio.get_running_loop().call_later(PING_SECONDS, self._ask)

    def _drop(self, reason: str) -> None:
        DROPPED.labels(reason).inc()
        self.abort()


def _nowhere(_frames: bytes) -> None:
    """To a socket that has said that it hears no more."""


class _ParserLog(logging.LoggerAdapter[logging.Logger]):
    """What picows says of a connection is its client's fault, and its end: counted, not logged. What fails in here is
    caught in here."""

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802  logging's name
        return False

    def log(self, level: int, *_: object, **__: object) -> None:
        if level >= logging.ERROR:
            DROPPED.labels("protocol").inc()


@asynccontextmanager
async def listening(door: Door, host: str, port: int) -> AsyncIterator[None]:
    """Takes sockets until the block ends; those that are left are dropped then. Raises ListenError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # pragma: no branch  Linux has it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    connections: set[_Connection] = set()

    def answer(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        try:
            make = door(request.path.decode("latin-1"), request.headers)
        except Problem as problem:
            REFUSED.labels(problem.status).inc()
            return WSUpgradeResponseWithListener(_refusal(problem, request.headers), None)
        accepted = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": SUBPROTOCOL})
        return WSUpgradeResponseWithListener(accepted, _Connection(make, connections))

    try:
        listener.bind((host, port))
        server = await ws_create_server(
            answer,
            sock=listener,
            backlog=BACKLOG,
            max_frame_size=RECEIVED_FRAME_BYTES,
            read_buffer_init_size=READ_BUFFER_BYTES,
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
            logger_name=_ParserLog(logging.getLogger("picows"), {}),
            use_aiofastnet=False,  # as fast on these sockets, and 5 KiB less for each, without
        )
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    try:
        yield
    finally:
        server.close()
        transports = [connection.transport for connection in connections]
        for transport in transports:
            transport.disconnect(graceful=False)
        for transport in transports:
            await transport.wait_disconnected()
        await server.wait_closed()


def _refusal(problem: Problem, asked: Mapping[str, str]) -> WSUpgradeResponse:
    request_id = request_id_of(asked.get("x-request-id", ""))
    headers = {**problem.all_headers(), "Content-Type": MEDIA_TYPE, "X-Request-ID": request_id}
    refusal: WSUpgradeResponse = WSUpgradeResponse.create_error_response(
        HTTPStatus(problem.status), problem.document(request_id), headers
    )
    return refusal
