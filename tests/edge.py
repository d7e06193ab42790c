"""What tests of the edge stand on: Nginx, catalog and the relay as they run, and answers as a client sees them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
from yarl import URL

from deploy.local import Stack
from shared.ids import new_id
from tests.support import bearer, eventually, identity

PARTS = {"postgres", "nats", "valkey", "relay", "catalog", "nginx"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def cache(self) -> str | None:
        """HIT, MISS …: what Nginx says of it."""
        return self.headers.get("X-Cache")

    @property
    def for_an_hour(self) -> bool:
        return self.cache == "HIT" and "s-maxage=3600" in self.headers["Cache-Control"]


class Edge:
    """A client of the edge, and an admin who changes what is behind it."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, database: asyncpg.Connection) -> None:
        self.stack, self.session, self.database = stack, session, database

    async def get(self, target: str, headers: Mapping[str, str] | None = None, *, url: str = "") -> Answer:
        """`target` is sent as it is written here."""

        address = URL(f"{url or self.stack.addresses.edge}{target}", encoded=True)
        async with self.session.get(address, headers=headers) as answer:
            text = await answer.text()
            told = text and "json" in answer.headers["Content-Type"]
            return Answer(answer.status, json.loads(text) if told else None, answer.headers)

    async def kept(self, target: str) -> Answer:
        """Once Nginx has it for an hour."""

        async def asked() -> Answer | None:
            answer = await self.get(target)
            assert answer.status == 200, answer
            return answer if answer.for_an_hour else None

        return await eventually(asked)

    async def make(self, category: str, **facts: object) -> Any:
        known = {"sku": str(new_id()), "name": "Flour", "category": category, "unit": "1 kg", "price_cents": 250}
        return await self._send("POST", "/api/catalog/products", known | facts)

    async def change(self, product: Any, **facts: object) -> Any:
        return await self._send("PATCH", f"/api/catalog/products/{product['id']}", facts)

    async def _send(self, method: str, path: str, body: object) -> Any:
        headers = bearer(self.stack, identity("admin"))
        url = f"{self.stack.addresses.edge}{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            assert answer.status in (200, 201), await answer.text()
            return await answer.json()
