"""What goes over a connection, and what the gateway asks of it. The server has one a socket; tests have their own.

Invariant: a frame is the same bytes for every socket, so it is made once an event.
"""

from typing import Protocol

TEXT_WHOLE, TWO_BYTES_OF_SIZE, EIGHT_BYTES_OF_SIZE = 0x81, 126, 127


def framed(text: bytes) -> bytes:
    """A text as a server puts it on the wire (RFC 6455, 5.2: whole, not masked): the same bytes for every socket, and
    frames one after the other are their bytes joined."""
    size = len(text)
    if size < TWO_BYTES_OF_SIZE:
        return bytes((TEXT_WHOLE, size)) + text
    if size < 1 << 16:
        return bytes((TEXT_WHOLE, TWO_BYTES_OF_SIZE)) + size.to_bytes(2) + text
    return bytes((TEXT_WHOLE, EIGHT_BYTES_OF_SIZE)) + size.to_bytes(8) + text


class Wire(Protocol):
    """One accepted connection. None of these waits, and none raises once it is gone."""

    def send(self, frames: bytes) -> None:
        """Frames, joined, at once into the kernel's hands. What that does not take the connection keeps; when it keeps
        much it says `Writer.pause`, in this very call, and `Writer.resume` once that is gone."""

    def close(self, code: int, reason: str) -> None:
        """The last frame. The client answers it, and is dropped if it does not."""

    def abort(self) -> None:
        """Ends the connection as it is."""
