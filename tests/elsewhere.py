"""What people do elsewhere while a browser looks: signed in as anybody of the demo, through the API."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from rich.progress import Progress

from deploy.demo.client import Person
from deploy.demo.ledger import Ledger
from deploy.demo.load import World, load, place_of
from deploy.demo.people import restaurant_email
from deploy.local import Stack

KITCHEN = restaurant_email(367)
"""Whose orders most tests are about."""

Place = Callable[..., Awaitable[Any]]
"""Makes one more order, and returns it."""

BASKETS = 50
"""The catalogue holds what the first so many baskets hold."""


async def load_world(stack: Stack) -> World:
    """All of the demo's people and some of the real catalogue, known to every service."""
    with Progress(disable=True) as progress:
        return await load(place_of(stack.addresses), progress, BASKETS)


async def somebody(stack: Stack, session: aiohttp.ClientSession, email: str) -> Person:
    person = Person(session, stack.addresses.edge, email, Ledger())
    await person.sign_in()
    return person


async def ask(person: Person, method: str, path: str, body: object = None) -> Any:
    """What the server answers them, from no copy. Raises AssertionError when it refuses."""
    headers = {"Authorization": f"Bearer {person.token}", "Cache-Control": "no-cache"}
    async with person.session.request(method, f"{person.edge}{path}", json=body, headers=headers) as answer:
        assert answer.ok, await answer.text()
        return await answer.json()
