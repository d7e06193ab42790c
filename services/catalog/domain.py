"""What a product is and how it may change. Pure: decides, no I/O.

Invariants: an active product has a price. Each change makes the next version, by one; a change that changes nothing
makes none. A sku is given once. Refuses a change against another version than the one it was made for.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

# No control characters, which are in no name and which Postgres (U+0000) or a label's printer would choke on. The end
# is said as "nothing after": `$` would let a last line break pass.
_PLAIN = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*(?![\s\S])"

Sku = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PLAIN, description="The supplier's number.")]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Category = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PLAIN)]
Unit = Annotated[str, Meta(min_length=1, max_length=40, pattern=_PLAIN, description="What one piece is: 16 OZ, each.")]
PriceCents = Annotated[int, Meta(ge=0, le=100_000_000, description="The price of one unit.")]
Stock = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="Pieces nobody has ordered yet; null: not counted, never short.")
]
Version = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class NewProduct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product to be made. An active one needs a price."""

    sku: Sku
    name: Name
    category: Category
    unit: Unit
    price_cents: PriceCents
    stock: Stock | None = None
    active: bool = True


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is not named stays. With `expected_version` only if nobody changed it in between."""

    name: Name | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    price_cents: PriceCents | UnsetType = UNSET
    stock: Stock | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    expected_version: Version | UnsetType = UNSET


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product at `version`, as the catalogue keeps it and admins see it."""

    id: UUID
    sku: str
    name: str
    category: str
    unit: str
    price_cents: int
    stock: int | None
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def available(self) -> bool:
        """Whether it can be ordered now."""
        return self.active and (self.stock is None or self.stock > 0)


class NoPriceError(Exception):
    """It would be active without a price."""

    def __init__(self) -> None:
        super().__init__("An active product must have a price.")


class StaleVersionError(Exception):
    """The change was made for another version."""

    def __init__(self) -> None:
        super().__init__("The product was changed in between.")


def create(new: NewProduct, product_id: UUID, at: datetime) -> Product:
    """The first version. Raises NoPriceError."""
    if new.active and new.price_cents == 0:
        raise NoPriceError
    return Product(id=product_id, version=1, created_at=at, updated_at=at, **msgspec.structs.asdict(new))


def change(product: Product, changes: Changes, at: datetime) -> Product | None:
    """The next version, or None when nothing would differ. Raises StaleVersionError, NoPriceError."""
    if changes.expected_version is not UNSET and changes.expected_version != product.version:
        raise StaleVersionError
    asked = {
        name: value
        for name, value in msgspec.structs.asdict(changes).items()
        if value is not UNSET and name != "expected_version"
    }
    changed = msgspec.structs.replace(product, **asked)
    if changed == product:
        return None
    if changed.active and changed.price_cents == 0:
        raise NoPriceError
    return msgspec.structs.replace(changed, version=product.version + 1, updated_at=at)
