"""The people of the test and how they ask over HTTP: signed in, through Nginx, again when nobody answers.

Owns who is who: restaurants, drivers, admins and wanderers, whose role changes. What a token allows is what the sign-in
said (`Viewer`); when accounts changes a person, their token is void and they sign in anew.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import aiohttp
import msgspec

from deploy.demo.people import PASSWORD, PASSWORD_HASH
from deploy.local import Stack
from proto.orders import Location
from services.accounts.importer import ImportedPerson, ImportedRestaurant, import_accounts
from shared.bus import Bus
from shared.database import open_pool
from shared.ids import new_id
from shared.outbox import wake_subject
from tests.support import eventually

ZONES, RESTAURANTS, DRIVERS, ADMINS, WANDERERS, PRODUCTS = 3, 8, 15, 3, 4, 120
ROOT = "root@adversary.test"
"""The admin who acts. Nobody changes them."""

TOKEN_SECONDS = 600.0
"""A token lives 15 minutes: who asks for a ticket has at least five left."""

SIGN_INS_AT_ONCE = 2
PATIENCE_SECONDS = 60.0


class Away(Exception):
    """No answer, or one that says to come back later."""


class Refused(Exception):
    """An answer that says no, with its status."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


class Viewer(NamedTuple):
    """Who a socket speaks for: what decides on sight."""

    role: str
    person_id: UUID
    restaurant_id: UUID | None
    zone: int | None


class Session(NamedTuple):
    """A token and whom it speaks for; not used any more after `until`, by the loop's clock."""

    token: str
    viewer: Viewer
    until: float


@dataclass
class Story:
    """What happened, counted, and what was wrong, in words."""

    counts: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)


class Person:
    """Somebody with a session that many sockets may share."""

    def __init__(self, world: "World", email: str) -> None:
        self._world = world
        self.email = email
        self.viewer: Viewer | None = None
        self._session: Session | None = None
        self._lock = asyncio.Lock()

    @property
    def who(self) -> Viewer:
        """As far as we know."""
        assert self.viewer is not None, "sign in first"
        return self.viewer

    async def session(self) -> Session:
        """One with some time left. Raises Away."""
        async with self._lock:
            if self._session is None or asyncio.get_running_loop().time() > self._session.until:
                self._session = await self._sign_in()
                self.viewer = self._session.viewer
            return self._session

    def forget(self, session: Session) -> None:
        """It was refused: the next who asks signs in anew."""
        if session is self._session:
            self._session = None

    async def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:
        """The decoded answer, None of an empty one. Signs in anew, once, if the token is void. Raises Away, Refused."""
        for last in (False, True):
            session = await self.session()
            status, content = await self._world.send(method, path, body, session.token, key)
            if status == 401 and not last:
                self.forget(session)
                continue
            if status >= 400:
                raise Refused(status, f"{method} {path} as {self.email}: {status} {content[:300]!r}")
            return msgspec.json.decode(content) if content else None
        raise AssertionError

    async def insist(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:
        """The same, however often it takes. Raises Refused."""
        pause = 0.05
        while True:
            try:
                return await self.ask(method, path, body, key)
            except Away:
                await asyncio.sleep(pause * random.random())
                pause = min(1.0, 2 * pause)

    async def _sign_in(self) -> Session:
        async with self._world.signing_in:
            body = {"email": self.email, "password": PASSWORD}
            status, content = await self._world.send("POST", "/api/accounts/sessions", body)
        if status != 201:
            raise Refused(status, f"sign-in of {self.email}: {status} {content[:300]!r}")
        answer = msgspec.json.decode(content)
        self._world.story.counts["sign-ins"] += 1
        until = asyncio.get_running_loop().time() + TOKEN_SECONDS
        return Session(answer["access_token"], viewer_of(answer["person"]), until)


def viewer_of(person: Mapping[str, Any]) -> Viewer:
    """Of a person as accounts answers them."""
    restaurant = person["restaurant_id"]
    return Viewer(person["role"], UUID(person["id"]), UUID(restaurant) if restaurant else None, person["zone"])


class World:
    """Who there is. `changed`: since when a person is not who they were."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, story: Story) -> None:
        self.edge = stack.addresses.edge
        self.story = story
        self.signing_in = asyncio.Semaphore(SIGN_INS_AT_ONCE)
        self._stack = stack
        self._session = session
        self.root = Person(self, ROOT)
        self.admins = [Person(self, f"admin{number}@adversary.test") for number in range(ADMINS)]
        self.restaurants = [Person(self, f"restaurant{number}@adversary.test") for number in range(RESTAURANTS)]
        self.drivers = [Person(self, f"driver{number}@adversary.test") for number in range(DRIVERS)]
        self.wanderers = [Person(self, f"wanderer{number}@adversary.test") for number in range(WANDERERS)]
        self.products: list[str] = []
        self.changed: dict[Viewer, datetime] = {}

    def socket_url(self, past_edge: int | None) -> str:
        """Through Nginx, or of one of the gateways."""
        address = self.edge if past_edge is None else self._stack.addresses.service("sockets", past_edge)
        return address.replace("http", "ws", 1) + "/ws"

    def drivers_of(self, zone: int) -> list[Person]:
        """As far as we know."""
        return [driver for driver in self.drivers if driver.who.zone == zone]

    def note_change(self, before: Viewer, after: Viewer) -> None:
        """Accounts has answered that somebody sees otherwise now."""
        if before != after:
            self.changed[before] = datetime.now(UTC)
            self.changed.pop(after, None)

    async def send(
        self, method: str, path: str, body: object = None, token: str = "", key: str | None = None
    ) -> tuple[int, bytes]:
        """Status and content. Raises Away."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            async with self._session.request(method, self.edge + path, json=body, headers=headers) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.story.counts["requests without an answer"] += 1
            raise Away(repr(error)) from error
        if answer.status in {429, 502, 503, 504}:
            self.story.counts[f"answers {answer.status}"] += 1
            raise Away(f"{answer.status} {content[:200]!r}")
        if answer.status >= 500:
            self.story.wrong[f"{method} {path.partition('?')[0]}: {answer.status}"] += 1
            raise Away(f"{answer.status} {content[:200]!r}")
        return answer.status, content

    async def fill(self, bus: Bus) -> None:
        """Restaurants, people and products, known to orders when this returns."""
        place = Location(39.1, -84.5)
        restaurants = [
            ImportedRestaurant(
                number=number + 1,
                name=f"Kitchen {number}",
                address=f"Quay {number}",
                location=place,
                zone=number % ZONES,
                credit_limit_cents=10**12,
            )
            for number in range(RESTAURANTS)
        ]
        people = [
            *(ImportedPerson(email=one.email, name=one.email, role="admin") for one in (self.root, *self.admins)),
            *(
                ImportedPerson(email=one.email, name=one.email, role="restaurant", restaurant_number=number + 1)
                for number, one in enumerate(self.restaurants)
            ),
            *(
                ImportedPerson(email=one.email, name=one.email, role="driver", zone=number % ZONES)
                for number, one in enumerate((*self.drivers, *self.wanderers))
            ),
        ]
        async with open_pool(self._stack.addresses.database("accounts_service"), size=1, name="adversary") as pool:
            await import_accounts(pool, restaurants, people, PASSWORD_HASH)
            await bus.nudge(wake_subject("accounts"))
            everybody = (self.root, *self.admins, *self.restaurants, *self.drivers, *self.wanderers)
            await asyncio.gather(*(one.session() for one in everybody))
            for number in range(PRODUCTS):
                product = {"sku": f"A{number}", "name": f"Flour {number}", "category": "Dry", "unit": "1 kg"}
                made = await self.root.insist("POST", "/api/catalog/products", {**product, "price_cents": 250})
                self.products.append(made["id"])
        async with open_pool(self._stack.addresses.database("postgres"), size=1, name="adversary") as pool:

            async def learnt() -> bool:
                row = await pool.fetchrow(
                    "select (select count(*) from orders.restaurants), (select count(*) from orders.drivers), "
                    "(select count(*) from orders.price_book)"
                )
                return tuple(row) >= (RESTAURANTS, DRIVERS + WANDERERS, PRODUCTS)

            await eventually(learnt, PATIENCE_SECONDS)

    def basket(self, dice: random.Random) -> dict[str, Any]:
        """Small mostly, now and then as large as a long day's."""
        lines = dice.choice((1, 1, 2, 3, 5, 8, PRODUCTS))
        products = dice.sample(self.products, lines)
        items = [{"product_id": product, "quantity": dice.randint(1, 9)} for product in products]
        return {"items": items, "note": "n" * dice.choice((0, 10, 500))}


def fresh_key() -> str:
    return str(new_id())
