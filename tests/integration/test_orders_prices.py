"""Nobody is charged a price they did not see when they said what they saw, however far behind the price book is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import Stack
from proto.catalog import Product
from services.orders.consumer import learn_prices
from shared.database import Pool, open_pool
from shared.ids import new_id
from tests.shop import Shop, open_shop


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with open_shop(stack) as shop:
        # What a customer may owe is another matter.
        await shop.database.execute(
            "update orders.restaurants set credit_limit_cents = 1e15 where id = $1", shop.restaurant
        )
        yield shop


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    """As orders learns: with its rights, and no more."""
    async with open_pool(stack.addresses.database("orders_service"), size=1, name="prices") as pool:
        yield pool


@dataclass(frozen=True)
class Change:
    """The catalogue gives the product its next version: at another price, or the same under another name."""

    cents: int


@dataclass(frozen=True)
class Deliver:
    """Orders hears of versions, in any order, again, and not of all: shares of the history, 0 the oldest."""

    shares: tuple[float, ...]


@dataclass(frozen=True)
class Order:
    """A customer who looked at one of the versions orders so much, and says so much of what they saw."""

    share: float
    quantity: int
    says: Literal["nothing", "price", "version", "both"]


@dataclass
class Model:
    """What the catalogue had, version by version, and how far the book is; 0 is not at all."""

    product: UUID = field(default_factory=new_id)
    prices: list[int] = field(default_factory=list)
    book: int = 0

    def version_at(self, share: float) -> int:
        return 1 + round(share * (len(self.prices) - 1))

    def price(self, version: int) -> int:
        return self.prices[version - 1]

    def state(self, version: int) -> Product:
        return Product(
            id=self.product,
            sku=str(self.product),
            name=f"Flour {version}",
            category="BAKING",
            unit="1 kg",
            price_cents=self.price(version),
            active=True,
            version=version,
        )

    def expected(self, order: Order) -> tuple[int, str | None]:
        """Status and code."""
        seen = self.version_at(order.share)
        if order.says in ("version", "both") and seen > self.book:
            return 503, "busy"
        if self.book == 0:
            return 400, "invalid"
        if order.says in ("price", "both") and self.price(seen) != self.price(self.book):
            return 409, "price"
        if order.says == "version" and seen != self.book:
            return 409, "price"
        return 201, None


# Few prices, so that they come back: a version is then another one at the same price.
CHANGES = st.builds(Change, st.sampled_from([100, 200, 300]))
SHARES = st.floats(0, 1)
STEPS = st.lists(
    CHANGES
    | st.builds(Deliver, st.lists(SHARES, min_size=1, max_size=4).map(tuple))
    | st.builds(Order, SHARES, st.integers(1, 999), st.sampled_from(["nothing", "price", "version", "both"])),
    min_size=4,
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=CHANGES, steps=STEPS)
async def test_an_order_is_charged_what_its_customer_saw_or_refused_with_the_present_price(
    shop: Shop, pool: Pool, first: Change, steps: list[Change | Deliver | Order]
) -> None:
    model = Model(prices=[first.cents])
    for step in steps:
        match step:
            case Change():
                model.prices.append(step.cents)
            case Deliver():
                heard = [model.version_at(share) for share in step.shares]
                await learn_prices(pool, [model.state(version) for version in heard])
                model.book = max(model.book, *heard)
                entry = await shop.database.fetchrow(
                    "select version, price_cents, name from orders.price_book where product_id = $1", model.product
                )
                assert tuple(entry) == (model.book, model.price(model.book), f"Flour {model.book}")
            case Order():
                await place(shop, model, step)


async def place(shop: Shop, model: Model, step: Order) -> None:
    seen = model.version_at(step.share)
    line: dict[str, Any] = {"product_id": str(model.product), "quantity": step.quantity}
    if step.says in ("price", "both"):
        line["price_cents"] = model.price(seen)
    if step.says in ("version", "both"):
        line["version"] = seen
    status, answer, headers = await shop.send(
        "POST", "/api/orders", shop.as_restaurant(), {"items": [line]}, str(new_id())
    )
    assert (status, answer.get("code")) == model.expected(step), answer
    if status == 201:
        charged = answer["items"][0]["price_cents"]
        assert answer["total_cents"] == charged * step.quantity
        assert charged == (model.price(model.book) if step.says == "nothing" else model.price(seen))
    if status == 409:
        now = {"product_id": str(model.product), "price_cents": model.price(model.book), "version": model.book}
        assert answer["present"] == [now]
        assert answer["errors"][0]["field"] == "items[0].price_cents"
    if status == 503:
        assert headers["Retry-After"] == "1"
