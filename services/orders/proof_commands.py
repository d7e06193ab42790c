"""What drivers bring back from a delivery, one transaction each.

Invariant: a proof that was answered with 200 is stored. Sent again it is found as it is, so it needs no key.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from services.orders import proof_store, store
from services.orders.commands import Orders
from services.orders.proof import Kind, Proof, ProvedError, check_delivered, media_type_of
from shared.database import Connection, transaction
from shared.http.caller import Caller
from shared.http.problems import not_found

# Something to read, and no NUL, which Postgres keeps in no text.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class PutProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name` is who took the goods; `image` is base64 of a JPEG, PNG or WebP."""

    kind: Kind
    name: Name
    image: bytes


async def put_proof(orders: Orders, caller: Caller, order_id: UUID, wanted: PutProof) -> Proof:
    """The proof as it is kept. Raises proof's errors, Problem 404 for an order out of sight. A delivered order never
    changes again, so it is not locked."""
    media_type = media_type_of(wanted.image)
    identity = caller.identity
    async with transaction(orders.pool, store.begin_as(identity), caller.span) as connection:
        order = await store.get_order(connection, order_id)
        if order is None:
            raise not_found("order")
        check_delivered(order)
        proof = Proof(
            order_id=order_id,
            kind=wanted.kind,
            name=wanted.name,
            media_type=media_type,
            size=len(wanted.image),
            driver_id=identity.person_id,
            driver_name=identity.name,
            at=orders.now(),
        )
        if await proof_store.insert_proof(connection, proof, wanted.image):
            return proof
        return await _same(connection, wanted, order_id)


async def _same(connection: Connection, wanted: PutProof, order_id: UUID) -> Proof:
    """The order's proof, which is there. Raises ProvedError when it is another one."""
    present = await proof_store.get_proof(connection, order_id)
    kept = await proof_store.get_image(connection, order_id)
    assert present is not None, "who saw the order sees its proof"  # noqa: S101
    assert kept is not None  # noqa: S101
    if (present.kind, present.name, kept[1]) != (wanted.kind, wanted.name, wanted.image):
        raise ProvedError("This order has another proof already, and keeps it.", present)
    return present
