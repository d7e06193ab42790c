"""The routes of proofs: what a driver brings back from a delivery, for everybody who sees the order."""

from uuid import UUID

import msgspec
from litestar import Response, get, put
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.orders import proof_commands, proof_store, store
from services.orders.api import OrderRequest, api_of
from services.orders.proof import MAX_IMAGE_BYTES, Proof
from services.orders.proof_commands import PutProof
from shared.http.answers import JSONAnswer
from shared.http.caller import caller_of
from shared.http.freshness import position_of
from shared.http.guards import only, signed_in
from shared.http.openapi import documented
from shared.http.problems import not_found

MAX_BODY_BYTES = MAX_IMAGE_BYTES * 4 // 3 + 4096
"""The largest image as base64, and what stands around it. One that is a little larger is refused by its own name."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}
"""What an image is sent with: it came from somebody's phone, and is shown and nothing else."""

_encoder = msgspec.json.Encoder()


@put(
    "/api/orders/{order_id:uuid}/proof",
    before_request=only("driver"),
    request_max_body_size=MAX_BODY_BYTES,
    responses={200: ResponseSpec(Proof), **documented(400, 401, 403, 404, 409, 413, 415, 429, 503)},
    summary="Prove a delivery",
)
async def put_proof(request: OrderRequest, order_id: FromPath[UUID], data: JSONBody[PutProof]) -> JSONAnswer:
    """By the driver who delivered the order: who took the goods, and their signature or a photo of at most 200 KB. The
    same again changes nothing; another one is 409 `proved`, with the one that is kept."""
    proof = await proof_commands.put_proof(api_of(request).orders, caller_of(request), order_id, data)
    return JSONAnswer(_encoder.encode(proof))


@get(
    "/api/orders/{order_id:uuid}/proof",
    before_request=signed_in,
    responses={200: ResponseSpec(Proof), **documented(400, 401, 404, 429, 503)},
    summary="The proof of a delivery",
)
async def get_proof(request: OrderRequest, order_id: FromPath[UUID]) -> JSONAnswer:
    """For everybody who sees the order. It may come long after the delivery, once the driver has a network again."""
    found = await api_of(request).reads.find(
        lambda connection: proof_store.get_proof(connection, order_id),
        begin=store.begin_as(request.user),
        position=position_of(request),
    )
    if found is None:
        raise not_found("proof")
    return JSONAnswer(_encoder.encode(found))


@get(
    "/api/orders/{order_id:uuid}/proof/image",
    before_request=signed_in,
    media_type="image/*",
    responses={
        200: ResponseSpec(bytes, media_type="image/*", generate_examples=False),
        **documented(400, 401, 404, 429, 503),
    },
    summary="The image of a proof",
)
async def get_image(request: OrderRequest, order_id: FromPath[UUID]) -> Response[bytes]:
    """The signature or the photo, as it was sent."""
    found = await api_of(request).reads.find(
        lambda connection: proof_store.get_image(connection, order_id),
        begin=store.begin_as(request.user),
        position=position_of(request),
    )
    if found is None:
        raise not_found("proof")
    media_type, image = found
    return Response(image, media_type=media_type, headers=HEADERS)


ROUTES = (put_proof, get_proof, get_image)
