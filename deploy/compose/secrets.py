"""The passwords and keys of compose.yaml: `.env` at the repository's root, for this user alone (mode 0600).

`python -m deploy.compose.secrets` writes it. Invariants: what stands in the file already is never changed, also what a
person has added (LARDER_PORT, RATE_ANONYMOUS_PER_MINUTE); what is missing is filled in. Docker Compose reads the file
by itself.
"""

import sys
from pathlib import Path

from deploy.local.credentials import completed, write_private
from deploy.local.layout import REPOSITORY

FILE = REPOSITORY / ".env"
HEAD = "# Secrets of compose.yaml, made by `just compose-secrets`. With them go the volumes that they were made with.\n"


def fill(path: Path) -> list[str]:
    """Writes what is missing; returns the names that were added."""
    text = path.read_text() if path.exists() else HEAD
    credentials = {_credential(name): value for name, value in _variables(text).items()}
    added = {_variable(name): value for name, value in completed(credentials).items() if name not in credentials}
    lines = [text.rstrip("\n"), *(f"{name}={value}" for name, value in added.items())]
    write_private(path, "\n".join(lines) + "\n")
    return list(added)


def read(path: Path) -> dict[str, str]:
    """The variables of a file that `fill` wrote."""
    return _variables(path.read_text())


def _variables(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def _variable(credential: str) -> str:
    """password.orders_service → ORDERS_SERVICE_PASSWORD; cursor_key → CURSOR_KEY."""
    role = credential.removeprefix("password.")
    return f"{role.upper()}_PASSWORD" if role != credential else credential.upper()


def _credential(variable: str) -> str:
    name = variable.lower()
    return f"password.{name.removesuffix('_password')}" if name.endswith("_password") else name


def main() -> None:
    added = fill(FILE)
    sys.stdout.write(f"{FILE.name}: {', '.join(added)} made.\n" if added else f"{FILE.name} is complete.\n")


if __name__ == "__main__":
    main()
