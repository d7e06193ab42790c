"""Products as other contexts know them. Owned by the catalog context.

The CATALOG stream keeps the last event of each product: a reader that starts late still gets the whole catalogue.
"""

from uuid import UUID

import msgspec

from proto.envelope import Envelope


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """The full state of a product at `version` (contiguous from 1). Inactive products cannot be ordered.

    `available`: active, and with pieces left where they are counted. It changes only with the version, so whatever
    people are shown of a product follows from its id and version.
    """

    id: UUID
    sku: str
    name: str
    category: str
    unit: str
    price_cents: int
    active: bool
    version: int
    available: bool = True


class ProductEvent(Envelope, frozen=True, kw_only=True):
    """`type` is ProductChanged."""

    product: Product
