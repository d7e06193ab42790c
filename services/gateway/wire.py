"""What the gateway asks of a connection. The server has one for each socket; tests have their own."""

from typing import Protocol


class Wire(Protocol):
    """One accepted connection. None of these waits, and none raises once it is gone."""

    def send(self, frame: bytes) -> None:
        """A text frame, at once into the kernel's hands. What that does not take the connection keeps; when it keeps
        much it says `Writer.pause`, in this very call, and `Writer.resume` once that is gone."""

    def close(self, code: int, reason: str) -> None:
        """The last frame. The client answers it, and is dropped if it does not."""

    def abort(self) -> None:
        """Ends the connection as it is."""
