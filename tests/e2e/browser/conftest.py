"""The stack of a worker's browser tests, up from the first of them to the last, and who is at work there elsewhere."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from deploy.demo.client import Person
from deploy.demo.load import World
from deploy.demo.people import ADMIN
from deploy.local import Stack
from shared.ids import new_id
from tests.elsewhere import KITCHEN, Place, load_world, somebody
from tests.support import eventually, own_stack

LINES = 3
OPEN = {"pending", "confirmed", "preparing", "ready", "failed"}
"""What an admin may call back."""


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1}) as stack:
        yield stack


@pytest.fixture(scope="package")
async def world(stack: Stack) -> World:
    return await load_world(stack)


@pytest.fixture
async def kitchen(stack: Stack, world: World, session: aiohttp.ClientSession) -> Person:
    """The kitchen's own hands elsewhere: what it does here was not done in the browser."""
    return await somebody(stack, session, KITCHEN)


@pytest.fixture
async def admin(stack: Stack, world: World, session: aiohttp.ClientSession) -> Person:
    """Another admin, at work elsewhere."""
    return await somebody(stack, session, ADMIN)


@pytest.fixture
async def place(world: World, kitchen: Person, admin: Person) -> AsyncIterator[Place]:
    """Has the kitchen, or another one, order: these lines, or some. Returns the order once its stock has confirmed it.
    Afterwards it is called back, if it is still open, so that no list grows from test to test."""
    placed = []
    some = [
        {"product_id": product, "quantity": 2 + number, "price_cents": price, "version": version}
        for number, (product, price, version) in enumerate(list(world.products.values())[:LINES])
    ]

    async def place_one(by: Person = kitchen, lines: list[dict[str, Any]] = some) -> Any:
        order = await by.place(str(new_id()), lines)
        placed.append(order)

        async def confirmed() -> Any:
            found = await by.read(order)
            return found if found["status"] == "confirmed" else None

        return await eventually(confirmed)

    yield place_one
    for order in placed:
        found = await admin.read(order)
        if found["status"] in OPEN:
            await admin.move(found, "cancelled")


@pytest.fixture
async def order(place: Place) -> Any:
    """One that its kitchen has just placed, confirmed by its stock."""
    return await place()
