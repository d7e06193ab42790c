"""What tests of the browser client share: a whole stack a file, with people and some of the real catalogue."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from playwright.async_api import Browser
from rich.progress import Progress

from deploy.demo.load import World, load, place_of
from deploy.local import Stack
from tests.browser import chromium
from tests.support import own_stack

BASKETS = 50
"""The catalogue holds what the first so many baskets hold."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1}) as stack:
        yield stack


@pytest.fixture(scope="module")
async def world(stack: Stack) -> World:
    with Progress(disable=True) as progress:
        return await load(place_of(stack.addresses), progress, BASKETS)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
