"""What the gateway asks of a connection. The server has one for each socket; tests have their own."""

from typing import Protocol

TEXT_WHOLE = 0x81
SHORT, MEDIUM = 126, 1 << 16


def framed(text: bytes) -> bytes:
    """A text as a server puts it on the wire (RFC 6455, 5.2: whole, not masked): the same bytes for every socket, and
    frames one after the other are their bytes joined."""
    size = len(text)
    if size < SHORT:
        return bytes((TEXT_WHOLE, size)) + text
    if size < MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text


class Wire(Protocol):
    """One accepted connection. None of these waits, and none raises once it is gone."""

    def send(self, frames: bytes) -> None:
        """Frames, joined, at once into the kernel's hands. What that does not take the connection keeps; when it keeps
        much it says `Writer.pause`, in this very call, and `Writer.resume` once that is gone."""

    def close(self, code: int, reason: str) -> None:
        """The last frame. The client answers it, and is dropped if it does not."""

    def abort(self) -> None:
        """Ends the connection as it is."""
