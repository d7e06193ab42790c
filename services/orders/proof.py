"""The proof of a delivery, decided without I/O: what counts as one, and of which order it is kept.

Invariants: only a delivered order has one, and one at most. It never changes: the same sent again is the same proof,
and another one is refused. What kind of image it is, its first bytes say, and never who sent it.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from services.orders.domain import DomainError, MovedOnError, Order

Kind = Literal["signature", "photo"]
MediaType = Literal["image/jpeg", "image/png", "image/webp"]

MAX_IMAGE_BYTES = 200 * 1024


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is who took the goods; `size` is the image's, in bytes."""

    order_id: UUID
    kind: Kind
    name: str
    media_type: MediaType
    size: int
    driver_id: UUID
    driver_name: str
    at: datetime


class ImageTooLargeError(DomainError):
    """More than MAX_IMAGE_BYTES."""


class UnknownImageError(DomainError):
    """None of the three kinds of image."""


class UndeliveredError(MovedOnError):
    """There is nothing to prove yet, or never will be."""


class ProvedError(DomainError):
    """The order has another proof: `present`."""

    def __init__(self, text: str, present: Proof) -> None:
        super().__init__(text)
        self.present = present


def media_type_of(image: bytes) -> MediaType:
    """Raises ImageTooLargeError, UnknownImageError."""
    if len(image) > MAX_IMAGE_BYTES:
        raise ImageTooLargeError(f"has {len(image)} bytes; at most {MAX_IMAGE_BYTES} are taken")
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    raise UnknownImageError("is no JPEG, PNG or WebP image")


def check_delivered(order: Order) -> None:
    """Raises UndeliveredError."""
    if order.status != "delivered":
        raise UndeliveredError("Only an order that was delivered has a proof.", order)
