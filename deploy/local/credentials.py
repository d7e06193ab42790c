"""The stack's passwords and keys: made once, kept in the state directory for this user alone (mode 0600).

Invariants: a credential never changes once written, so tokens and database passwords survive restarts; a name added
later is filled in. Refuses a file it cannot read as what it wrote: a new one would lock the databases.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.errors import StackError

# The login roles of deploy/postgres/roles.sql, the superuser first.
DATABASE_ROLES = (
    *("postgres", "larder_owner", "accounts_service", "catalog_service", "orders_service", "analytics_service"),
    *("relay_service", "pooler_service", "replica_service"),
)
# Users of PgBouncer's console, who are no roles of Postgres: deploy/pgbouncer/pgbouncer.ini.
CONSOLE_USERS = ("pooler_admin", "pooler_stats")


@dataclass(frozen=True)
class Credentials:
    """Keys are base64url without padding; the token keys are raw 32-byte Ed25519."""

    passwords: dict[str, str]
    token_private_key: str
    token_public_key: str
    cursor_key: str


def load(path: Path) -> Credentials:
    """Reads the credentials, making what does not exist yet."""
    kept = _read(path)
    wanted = completed(kept)
    if wanted != kept:
        write_private(path, json.dumps(wanted, indent=2))
    return Credentials(
        passwords={role: wanted[f"password.{role}"] for role in (*DATABASE_ROLES, *CONSOLE_USERS)},
        token_private_key=wanted["token_private_key"],
        token_public_key=wanted["token_public_key"],
        cursor_key=wanted["cursor_key"],
    )


def completed(kept: Mapping[str, str]) -> dict[str, str]:
    """What is kept, and what is missing of all there must be, made now."""
    wanted = dict(kept)
    for role in (*DATABASE_ROLES, *CONSOLE_USERS):
        wanted.setdefault(f"password.{role}", secrets.token_urlsafe(24))
    if "token_private_key" not in wanted:
        wanted["token_private_key"], wanted["token_public_key"] = _token_keys()
    wanted.setdefault("cursor_key", _base64url(secrets.token_bytes(32)))
    return wanted


def write_private(path: Path, text: str) -> None:
    """For this user alone, through a temporary file and a rename: a crash leaves the old file or the new one, never
    half of one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StackError(
            f"Cannot read the credentials in {path}: {error}", "Restore the file, or start over: just reset"
        ) from error
    if not isinstance(kept, dict):
        raise StackError(f"{path} does not hold credentials.", "Restore the file, or start over: just reset")
    return {str(name): str(value) for name, value in kept.items()}


def _token_keys() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    raw = serialization.Encoding.Raw
    return (
        _base64url(private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())),
        _base64url(private.public_key().public_bytes(raw, serialization.PublicFormat.Raw)),
    )


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
