"""`python -m tests.adversary.short_gateway [FAULT]`: the gateway with short queues, and with a fault if asked.

Short queues, the kernel's too, close a slow reader with 4408 within seconds; the real one has 2,000 frames of patience
and the kernel some megabytes. A fault proves that the judge sees it: of a thousand live frames "drop" leaves one out
and "twice" sends one twice; "foreign" sends a restaurant, before its own, what another one was sent last.
"""

import random
import socket
import sys
from typing import Any

from services.gateway import app, writer
from services.gateway.sight import Viewer
from services.gateway.writer import Subscription

QUEUE_FRAMES = 40
SEND_BUFFER_BYTES = 16 * 1024
ONE_IN = 1000
FAULTS = ("drop", "twice", "foreign")


def plant(fault: str) -> None:
    """From here on this process does it."""
    push = Subscription.push
    last: dict[tuple[str, str], tuple[Viewer, Any]] = {}

    def faulty(topic: Subscription, frame: Any) -> None:
        kind = (topic.name, topic.viewer.role)
        other = last.get(kind)
        last[kind] = (topic.viewer, frame)
        if fault == "foreign" and other is not None and _are_strangers(topic, other[0]):
            push(topic, other[1])
        now = random.randrange(ONE_IN) == 0
        if now and fault == "twice":
            push(topic, frame)
        if not (now and fault == "drop"):
            push(topic, frame)

    Subscription.push = faulty  # type: ignore[method-assign, assignment]


def _are_strangers(topic: Subscription, other: Viewer) -> bool:
    """Two restaurants, of which neither sees the other's orders."""
    return topic.viewer.role == "restaurant" and topic.viewer.restaurant_id != other.restaurant_id


def shorten() -> None:
    """The queues of this process. What a listening socket has, the accepted ones inherit."""
    assert hasattr(writer, "QUEUE_FRAMES")
    writer.QUEUE_FRAMES = QUEUE_FRAMES
    bind = socket.socket.bind

    def narrow(listener: socket.socket, address: Any) -> None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        bind(listener, address)

    socket.socket.bind = narrow  # type: ignore[method-assign, assignment]


def main(arguments: list[str]) -> None:
    shorten()
    if arguments:
        assert arguments[0] in FAULTS, arguments
        plant(arguments[0])
    app.main()


if __name__ == "__main__":
    main(sys.argv[1:])
