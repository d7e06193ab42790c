"""The database of proofs: one typed function a query, beside `store` and by its rules."""

from uuid import UUID

from services.orders.proof import MediaType, Proof
from services.orders.store import QUERIES
from shared.database import Connection


async def insert_proof(connection: Connection, proof: Proof, image: bytes) -> bool:
    """False when the order has one already: nothing was stored."""
    row = await QUERIES["insert_proof"].row(
        connection,
        *(proof.order_id, proof.kind, proof.name, proof.media_type, image),
        *(proof.driver_id, proof.driver_name, proof.at),
    )
    return row is not None


async def get_proof(connection: Connection, order_id: UUID) -> Proof | None:
    """None also for one that is not to be seen."""
    row = await QUERIES["get_proof"].row(connection, order_id)
    return None if row is None else Proof(**dict(row))


async def get_image(connection: Connection, order_id: UUID) -> tuple[MediaType, bytes] | None:
    row = await QUERIES["get_image"].row(connection, order_id)
    return None if row is None else (row["media_type"], row["image"])
