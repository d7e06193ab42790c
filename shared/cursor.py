"""Keyset cursors: opaque to clients, tamper-proof, and bound to the list they came from.

Invariants: a cursor is accepted only under the key that made it and for the same list with the same filters. Refuses
everything else with CursorError; nothing is clamped or guessed.
"""

import hashlib
import hmac
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import TypeVar

import msgspec

TAG_BYTES = 16
"""A truncated HMAC-SHA-256: 128 bits, as RFC 2104 section 5 allows (no less than half the digest)."""

MAX_CHARACTERS = 512

T = TypeVar("T")


class CursorError(ValueError):
    """The cursor is not one of ours for this list."""


class Cursors:
    """Makes and reads cursors with one key (at least 32 bytes), shared by all replicas of a service."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the cursor key must have at least 32 bytes")
        self._key = key

    def encode(self, scope: str, position: object) -> str:
        """`scope` names the list and its filters; `position` is the last row's key."""
        body = msgspec.msgpack.encode(position)
        return urlsafe_b64encode(self._tag(scope, body) + body).rstrip(b"=").decode()

    def decode(self, scope: str, cursor: str, kind: type[T]) -> T:
        """The position, as `kind`. Raises CursorError."""
        if len(cursor) > MAX_CHARACTERS:
            raise CursorError("the cursor is too long")
        try:
            raw = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (Base64Error, ValueError) as error:
            raise CursorError("the cursor is malformed") from error
        tag, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(scope, body)):
            raise CursorError("the cursor does not belong to this list")
        try:
            return msgspec.msgpack.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise CursorError("the cursor is of an older form") from error

    def _tag(self, scope: str, body: bytes) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + body, hashlib.sha256)[:TAG_BYTES]
