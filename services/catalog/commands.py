"""What admins do to products, one transaction each.

Invariants: a version and its event commit together or not at all; the product's row is locked before its event is
inserted, so the events of one product are in the outbox in the order of its versions. Who did it stands in the
product's history, which the database writes. After the commit the relay is nudged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from services.catalog import admin_store, domain, store
from services.catalog.domain import Changes, NewProduct, NoPriceError, Product, StaleVersionError
from services.catalog.events import WAKE, event_of
from services.catalog.store import Origin
from shared.bus import Bus
from shared.database import Pool, transaction
from shared.http.caller import Caller
from shared.http.problems import FieldError, Problem, invalid_field, not_found
from shared.ids import new_id


@dataclass(frozen=True)
class Catalog:
    """What the commands work with. `now` is the clock."""

    pool: Pool
    bus: Bus
    now: Callable[[], datetime]


async def create_product(catalog: Catalog, caller: Caller, new: NewProduct) -> Product:
    """Raises Problem: 400 for an active one without a price, 409 when the sku is taken."""
    try:
        product = domain.create(new, new_id(), catalog.now())
    except NoPriceError as error:
        raise invalid_field("price_cents", str(error), "required") from error
    async with transaction(catalog.pool, store.begin_as(origin_of(caller)), caller.span) as connection:
        if not await store.insert_product(connection, product, event_of(product, caller)):
            there = await admin_store.get_product_by_sku(connection, product.sku)
            present = {"present": msgspec.to_builtins(there)}
            detail = "There is a product with this sku."
            raise Problem(409, detail, code="sku", errors=[FieldError("sku", detail, "taken")], present=present)
    await catalog.bus.nudge(WAKE)
    return product


async def change_product(catalog: Catalog, caller: Caller, product_id: UUID, changes: Changes) -> Product:
    """The product as it is then; a change that changes nothing makes no version. Raises Problem: 404, 409."""
    async with transaction(catalog.pool, store.begin_as(origin_of(caller)), caller.span) as connection:
        product = await store.get_product_for_change(connection, product_id)
        if product is None:
            raise not_found("product")
        try:
            changed = domain.change(product, changes, catalog.now())
        except StaleVersionError as error:
            present = {"present": msgspec.to_builtins(product)}
            raise Problem(409, str(error), code="version", present=present) from error
        except NoPriceError as error:
            missing = FieldError("price_cents", str(error), "required")
            present = {"present": msgspec.to_builtins(product)}
            raise Problem(409, str(error), code="price", errors=[missing], present=present) from error
        if changed is None:
            return product
        await store.update_product(connection, changed, event_of(changed, caller))
    await catalog.bus.nudge(WAKE)
    return changed


def origin_of(caller: Caller) -> Origin:
    return Origin(
        actor_id=caller.identity.person_id,
        actor_role=caller.identity.role,
        request_id=caller.request_id,
        traceparent=caller.traceparent,
        span=caller.span,
    )
