"""Proof of a delivery over HTTP: kept once as it was sent, shown to who sees the order, refused in words."""

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local import Stack
from services.orders.proof import MAX_IMAGE_BYTES
from shared.ids import new_id
from tests.shop import Shop, open_shop

PNG = b"\x89PNG\r\n\x1a\n" + b"a signature"
JPEG = b"\xff\xd8\xff\xe0" + b"a photo"
WEBP = b"RIFF\x10\x00\x00\x00WEBP" + b"a photo"


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        yield shop


@pytest.fixture
async def delivered(shop: Shop) -> dict[str, Any]:
    return await on_the_way(shop, "delivered")


async def on_the_way(shop: Shop, *more: str) -> dict[str, Any]:
    order = await shop.offer()
    for to in ("out_for_delivery", *more):
        status, order = await shop.move(order, to, shop.as_driver())
        assert status == 200, order
    return order


def proof(image: bytes = PNG, **more: object) -> dict[str, Any]:
    return {"kind": "signature", "name": "Ana Cook", "image": b64encode(image).decode(), **more}


async def put(shop: Shop, order: dict[str, Any], body: object, headers: dict[str, str] | None = None) -> Any:
    """Status and body."""
    path = f"/api/orders/{order['id']}/proof"
    return (await shop.send("PUT", path, headers or shop.as_driver(), body))[:2]


async def image_of(shop: Shop, order: dict[str, Any], headers: dict[str, str]) -> tuple[int, str, bytes, Any]:
    """Status, media type, bytes, headers."""
    address = f"{shop.url}/api/orders/{order['id']}/proof/image"
    async with shop.session.get(address, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read(), answer.headers


@pytest.mark.parametrize(
    ("image", "kind", "media_type"),
    [(PNG, "signature", "image/png"), (JPEG, "photo", "image/jpeg"), (WEBP, "photo", "image/webp")],
    ids=["png", "jpeg", "webp"],
)
async def test_a_proof_is_kept_as_it_was_sent(
    shop: Shop, delivered: dict[str, Any], image: bytes, kind: str, media_type: str
) -> None:
    status, kept = await put(shop, delivered, proof(image, kind=kind))
    assert status == 200, kept
    at = kept.pop("at")
    assert at > delivered["updated_at"]
    assert kept == {
        "order_id": delivered["id"],
        "kind": kind,
        "name": "Ana Cook",
        "media_type": media_type,
        "size": len(image),
        "driver_id": str(shop.drivers[0]),
        "driver_name": "a driver",
    }
    status, found, _ = await shop.send("GET", f"/api/orders/{delivered['id']}/proof", shop.as_restaurant())
    assert (status, found) == (200, {**kept, "at": at})
    status, content_type, content, headers = await image_of(shop, delivered, shop.as_restaurant())
    assert (status, content_type, content) == (200, media_type, image)
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cache-Control"] == "private, no-store"


async def test_who_sees_the_order_sees_its_proof_and_nobody_else(shop: Shop, delivered: dict[str, Any]) -> None:
    await put(shop, delivered, proof())
    for headers, sees in (
        (shop.as_restaurant(), True),
        (shop.as_driver(), True),
        (shop.as_admin(), True),
        (shop.as_restaurant(other=True), False),
        (shop.as_driver(1), False),
        (shop.as_far_driver(), False),
    ):
        status, _, _ = await shop.send("GET", f"/api/orders/{delivered['id']}/proof", headers)
        assert status == (200 if sees else 404)
        assert (await image_of(shop, delivered, headers))[0] == status


async def test_an_order_without_a_proof_has_none(shop: Shop, delivered: dict[str, Any]) -> None:
    status, problem, _ = await shop.send("GET", f"/api/orders/{delivered['id']}/proof", shop.as_restaurant())
    assert (status, problem["code"]) == (404, "not_found")
    assert (await image_of(shop, delivered, shop.as_restaurant()))[0] == 404


async def test_the_same_again_is_the_same_and_another_one_is_refused(shop: Shop, delivered: dict[str, Any]) -> None:
    first = await put(shop, delivered, proof())
    assert await put(shop, delivered, proof()) == first
    for other in (proof(name="Ben Cook"), proof(kind="photo"), proof(JPEG)):
        status, problem = await put(shop, delivered, other)
        assert (status, problem["code"], problem["present"]) == (409, "proved", first[1])
    assert (await image_of(shop, delivered, shop.as_driver()))[2] == PNG


async def test_only_what_was_delivered_is_proved(shop: Shop) -> None:
    for more in ((), ("failed",)):
        order = await on_the_way(shop, *more)
        status, problem = await put(shop, order, proof())
        assert (status, problem["code"]) == (409, "state")
        assert problem["present"] == {"status": order["status"], "version": order["version"]}


async def test_only_the_driver_who_delivered_it_proves_it(shop: Shop, delivered: dict[str, Any]) -> None:
    for headers in (shop.as_restaurant(), shop.as_admin()):
        assert (await put(shop, delivered, proof(), headers))[0] == 403
    assert (await put(shop, delivered, proof(), shop.as_driver(1)))[0] == 404
    assert (await put(shop, {"id": new_id()}, proof()))[0] == 404


async def test_an_image_of_just_the_most_is_taken(shop: Shop, delivered: dict[str, Any]) -> None:
    image = JPEG.ljust(MAX_IMAGE_BYTES, b"x")
    status, kept = await put(shop, delivered, proof(image, name="é" * 100))
    assert (status, kept["size"]) == (200, MAX_IMAGE_BYTES)
    assert (await image_of(shop, delivered, shop.as_admin()))[2] == image


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (proof(JPEG.ljust(MAX_IMAGE_BYTES + 1, b"x")), 413, "image"),
        (proof(b"GIF89a"), 415, "image"),
        (proof(b""), 415, "image"),
        ({**proof(), "image": "no base64!"}, 400, "image"),
        (proof(name=""), 400, "name"),
        (proof(name=" \t"), 400, "name"),
        (proof(name="a\x00b"), 400, "name"),
        (proof(name="x" * 101), 400, "name"),
        (proof(kind="rumour"), 400, "kind"),
        (proof(place="here"), 400, "place"),
        ({"kind": "photo", "name": "Ana"}, 400, "image"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_proof_is_refused_by_the_name_of_its_field(
    shop: Shop, delivered: dict[str, Any], body: object, status: int, field: str
) -> None:
    answered, problem = await put(shop, delivered, body)
    assert (answered, [error["field"] for error in problem["errors"]]) == (status, [field])
    assert (await image_of(shop, delivered, shop.as_driver()))[0] == 404


async def test_a_body_that_could_hold_no_proof_is_not_even_read(shop: Shop, delivered: dict[str, Any]) -> None:
    assert (await put(shop, delivered, proof(JPEG.ljust(2 * MAX_IMAGE_BYTES, b"x"))))[0] == 413
