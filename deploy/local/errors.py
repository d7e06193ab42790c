"""What can go wrong with the stack, each as a sentence that a person can act on.

Invariant: `str(error)` says what happened and to what; `hint` says what to type. Nothing here prints or exits.
"""

from collections.abc import Sequence


class StackError(Exception):
    """The stack cannot do what was asked. `hint` is what the person may type next, or empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(StackError):
    """The command line asks for something that does not exist."""


class PartError(StackError):
    """One part did not start or broke: `part` is its name, `lines` the last of its log."""

    def __init__(self, part: str, reason: str, lines: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(f"{part} failed: {reason}", hint)
        self.part = part
        self.lines = tuple(lines)
