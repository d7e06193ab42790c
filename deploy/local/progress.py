"""What a command says while it works: one line a part, with its time.

`Progress` is silent, for tests; `ConsoleProgress` writes to the terminal.
"""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """Says nothing."""

    def waiting(self, parts: list[str]) -> None:
        """These parts are not ready yet."""

    def done(self, part: str, what: str, seconds: float | None = None) -> None:
        """A part is where it should be."""

    def note(self, text: str) -> None:
        """Something that a person wants to know."""


class ConsoleProgress(Progress):
    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def waiting(self, parts: list[str]) -> None:
        if not parts:
            self.close()
        elif self._console.is_terminal:
            text = Text(f"waiting for {', '.join(parts)}", style="dim")
            if self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            self._status.update(text)

    def done(self, part: str, what: str, seconds: float | None = None) -> None:
        line = Text.assemble(("✓ ", "green"), (f"{part:<14}", "bold"), f"{what:<28}")
        if seconds is not None:
            line.append(f"{seconds:5.2f} s", style="dim")
        self._console.print(line)

    def note(self, text: str) -> None:
        self._console.print(Text(text, style="yellow"))

    def close(self) -> None:
        """Takes the spinner away, so that what follows stands alone."""
        if self._status is not None:
            self._status.stop()
            self._status = None
