"""What tests in a browser share, whatever their stack is."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from playwright.async_api import Browser

from deploy.demo.load import World
from deploy.local import Stack
from tests.browser import chromium
from tests.elsewhere import load_world


@pytest.fixture(scope="module")
async def world(stack: Stack) -> World:
    """Of the file's own stack."""
    return await load_world(stack)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
