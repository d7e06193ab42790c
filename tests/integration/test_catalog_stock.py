"""Stock on the real database: what orders take, in batches, from two replicas at once, and over what breaks."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.aio.msg import Msg

from deploy.local import Stack
from proto.orders import Shortage
from proto.streams import ORDERS, orders_events
from services.catalog import consumer, stock_commands, stock_store
from services.catalog.commands import Catalog
from services.catalog.stock import Line, Reservation, consume, release, reserve
from services.catalog.stock_commands import Asked, TakenMeanwhileError
from shared.bus import Bus
from shared.database import transaction
from shared.ids import new_id
from tests.shelf import Shelf, all_of, asked, open_shelf, placed


@pytest.fixture(scope="module")
async def shelf(stack: Stack) -> AsyncIterator[Shelf]:
    async with open_shelf(stack) as shelf:
        yield shelf


async def test_an_order_holds_its_pieces_and_is_told_so(shelf: Shelf) -> None:
    flour, order = await shelf.product(5), new_id()
    await shelf.apply(placed(order, (flour, 2)))
    assert (await shelf.stock(flour), await shelf.state(order)) == (3, "held")
    (answer,) = await shelf.answers(order)
    assert (answer.type, answer.order_id, answer.shortages) == ("StockReserved", order, ())
    assert (answer.actor.id, answer.actor.role) == (None, "system")


async def test_an_order_that_is_short_takes_nothing_and_is_told_of_each_line(shelf: Shelf) -> None:
    flour, salt, order = await shelf.product(5), await shelf.product(1), new_id()
    await shelf.apply(placed(order, (flour, 5), (salt, 2)))
    assert (await shelf.stock(flour), await shelf.stock(salt), await shelf.state(order)) == (5, 1, "short")
    (answer,) = await shelf.answers(order)
    assert (answer.type, answer.shortages) == ("StockShort", (Shortage(salt, "Flour", 2, 1),))


async def test_pieces_that_are_not_counted_are_never_short(shelf: Shelf) -> None:
    water, order = await shelf.product(None), new_id()
    await shelf.apply(placed(order, (water, 999)))
    assert (await shelf.stock(water), await shelf.state(order)) == (None, "held")
    await shelf.apply(asked("release", order))
    assert (await shelf.stock(water), await shelf.state(order)) == (None, "released")


async def test_what_the_catalogue_does_not_know_it_does_not_sell(shelf: Shelf) -> None:
    nobodys, order = new_id(), new_id()
    await shelf.apply(placed(order, (nobodys, 1)))
    (answer,) = await shelf.answers(order)
    assert answer.shortages == (Shortage(nobodys, "Flour", 1, 0),)


async def test_the_first_of_a_batch_gets_the_last_piece(shelf: Shelf) -> None:
    flour, orders = await shelf.product(3), [new_id() for _ in range(5)]
    await shelf.apply(*(placed(order, (flour, 1)) for order in orders))
    assert [await shelf.state(order) for order in orders] == ["held"] * 3 + ["short"] * 2
    assert await shelf.stock(flour) == 0


async def test_cancelled_gives_back_and_delivered_does_not(shelf: Shelf) -> None:
    flour, cancelled, delivered = await shelf.product(5), new_id(), new_id()
    await shelf.apply(placed(cancelled, (flour, 2)), placed(delivered, (flour, 2)))
    assert await shelf.stock(flour) == 1
    await shelf.apply(asked("release", cancelled), asked("consume", delivered))
    assert (await shelf.stock(flour), await shelf.state(cancelled), await shelf.state(delivered)) == (
        3,
        "released",
        "consumed",
    )
    # Late, twice, and what cannot be: nothing more happens.
    await shelf.apply(asked("release", cancelled), asked("release", delivered), asked("consume", cancelled))
    assert (await shelf.stock(flour), await shelf.state(cancelled), await shelf.state(delivered)) == (
        3,
        "released",
        "consumed",
    )


async def test_a_release_that_comes_first_leaves_nothing_to_reserve(shelf: Shelf) -> None:
    flour, order, in_one = await shelf.product(5), new_id(), new_id()
    await shelf.apply(asked("release", order))
    assert await shelf.state(order) == "released"
    await shelf.apply(placed(order, (flour, 2)))
    await shelf.apply(placed(in_one, (flour, 2)), asked("release", in_one))
    assert (await shelf.stock(flour), await shelf.state(order), await shelf.state(in_one)) == (
        5,
        "released",
        "released",
    )
    assert (await shelf.answers(order), await shelf.answers(in_one)) == ([], [])


async def test_an_order_that_comes_again_takes_nothing_more_and_is_answered_again(shelf: Shelf) -> None:
    flour, held, short = await shelf.product(3), new_id(), new_id()
    both = (placed(held, (flour, 2)), placed(short, (flour, 2)))
    await shelf.apply(*both)
    await shelf.apply(*both, *both)
    assert (await shelf.stock(flour), await shelf.state(held), await shelf.state(short)) == (1, "held", "short")
    assert [answer.type for answer in await shelf.answers(held)] == ["StockReserved"] * 2
    assert [answer.shortages for answer in await shelf.answers(short)] == [(Shortage(flour, "Flour", 2, 1),)] * 2


async def test_an_order_from_before_pieces_were_taken_is_answered_and_takes_none(shelf: Shelf) -> None:
    flour, order = await shelf.product(5), new_id()
    since = await shelf.database.fetchval("select since from catalog.stock_kept")
    await shelf.apply(placed(order, (flour, 9), at=since - timedelta(seconds=1)))
    assert (await shelf.stock(flour), await shelf.state(order)) == (5, "held")
    await shelf.apply(asked("release", order))
    assert await shelf.stock(flour) == 5


async def test_selling_out_and_coming_back_are_versions_of_the_product(shelf: Shelf) -> None:
    flour, inactive = await shelf.product(2), await shelf.product(1, active=False)
    orders = [new_id() for _ in range(3)]
    await shelf.apply(placed(orders[0], (flour, 1), (inactive, 1)))
    assert (await shelf.versions(flour), await shelf.versions(inactive)) == ([], [])
    await shelf.apply(placed(orders[1], (flour, 1)))
    await shelf.apply(placed(orders[2], (flour, 1)))
    assert await shelf.versions(flour) == [(2, False)]
    await shelf.apply(asked("release", orders[0]), asked("release", orders[1]))
    assert await shelf.versions(flour) == [(2, False), (3, True)]
    # Gone and back within one batch: nobody could have seen it.
    again = new_id()
    await shelf.apply(placed(again, (flour, 2)), asked("release", again))
    assert await shelf.versions(flour) == [(2, False), (3, True)]
    assert await shelf.database.fetchval("select version from catalog.products where id = $1", flour) == 3


async def test_what_fails_half_way_leaves_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    flour, order = await shelf.product(5), new_id()
    await shelf.database.execute("alter table catalog.outbox add constraint none check (false) not valid")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await shelf.apply(placed(order, (flour, 2)))
    finally:
        await shelf.database.execute("alter table catalog.outbox drop constraint none")
    assert (await shelf.stock(flour), await shelf.state(order)) == (5, None)
    await shelf.apply(placed(order, (flour, 2)))
    assert (await shelf.stock(flour), await shelf.state(order)) == (3, "held")


async def test_the_table_itself_holds_no_fewer_than_no_pieces(shelf: Shelf) -> None:
    flour = await shelf.product(1)
    async with transaction(shelf.catalog.pool) as connection:
        (product,) = (await stock_store.list_pieces_for_change(connection, [flour])).values()
    with pytest.raises(asyncpg.CheckViolationError):
        await shelf.database.execute("update catalog.products set stock = $2 where id = $1", flour, -1)
    assert product.stock == 1


async def test_two_replicas_that_read_the_same_order_make_one_reservation(shelf: Shelf) -> None:
    """As when the bus gives one an event again that the other is still at work on."""
    flour = await shelf.product(1_000)
    for _ in range(10):
        orders = [new_id() for _ in range(20)]
        batch = [placed(order, (flour, 1)) for order in orders]
        await asyncio.gather(
            shelf.apply(*batch), shelf.apply(*reversed(batch)), shelf.apply(*all_of("release", orders[:5]))
        )
    rows = await shelf.database.fetch(
        "select state, count(*) from catalog.reservations where held::text like '%' || $1 || '%' group by 1", str(flour)
    )
    held = {row["state"]: row["count"] for row in rows}
    assert await shelf.stock(flour) == 1_000 - held["held"]
    assert held["held"] == 150


async def test_an_order_that_another_replica_takes_again_and_again_ends_the_batch(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bus gives it again, a second later."""
    flour, order = await shelf.product(5), new_id()

    async def taken(*_: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(stock_store, "store_stock", taken)
        with pytest.raises(TakenMeanwhileError):
            await shelf.apply(placed(order, (flour, 2)))
    await shelf.apply(placed(order, (flour, 2)))
    assert await shelf.stock(flour) == 3


LIFE = st.tuples(st.integers(0, 11), st.sampled_from(["reserve", "reserve", "release", "consume"]))
BATCHES = st.lists(st.lists(LIFE, min_size=1, max_size=8), min_size=1, max_size=6)


def model(orders: Sequence[UUID], wants: dict[UUID, list[tuple[UUID, int]]], there: dict[UUID, int], lives: Any) -> Any:
    """One event after the other, by the rules alone."""
    pieces: dict[UUID, int | None] = dict(there)
    known: dict[UUID, Reservation] = {}
    for batch in lives:
        for number, deed in batch:
            order = orders[number]
            if deed == "release":
                known[order] = release(order, known.get(order), pieces)
            elif deed == "consume":
                known[order] = consume(order, known.get(order))
            elif order not in known:
                lines = [Line(product, "Flour", count) for product, count in wants[order]]
                known[order] = reserve(order, lines, pieces)
    return pieces, {order: one.state for order, one in known.items()}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=BATCHES, stock=st.lists(st.integers(0, 10), min_size=3, max_size=3), seed=st.integers(0, 2**32))
async def test_batches_come_to_what_their_events_come_to_one_by_one(
    shelf: Shelf, lives: Any, stock: list[int], seed: int
) -> None:
    dice = random.Random(seed)
    products = [await shelf.product(pieces) for pieces in stock]
    there = dict(zip(products, stock, strict=True))
    orders = [new_id() for _ in range(12)]
    wants = {
        order: [(product, dice.randint(1, 4)) for product in dice.sample(products, dice.randint(1, 3))]
        for order in orders
    }
    for batch in lives:
        await shelf.apply(
            *(
                asked(deed, orders[number], *(wants[orders[number]] if deed == "reserve" else ()))
                for number, deed in batch
            )
        )
    pieces, states = model(orders, wants, there, lives)
    assert {product: await shelf.stock(product) for product in products} == pieces
    assert {order: state for order in orders if (state := await shelf.state(order))} == states
    for product in products:
        told = await shelf.versions(product)
        assert [version for version, _ in told] == list(range(2, len(told) + 2))
        assert not told or told[-1][1] == (pieces[product] != 0)
        assert all(one[1] != other[1] for one, other in pairwise(told))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=BATCHES, stock=st.lists(st.integers(0, 10), min_size=3, max_size=3), seed=st.integers(0, 2**32))
async def test_replicas_at_once_lose_no_piece_and_sell_none_twice(
    shelf: Shelf, lives: Any, stock: list[int], seed: int
) -> None:
    """Each batch in a task of its own; whatever order they come in, it adds up."""
    dice = random.Random(seed)
    products = [await shelf.product(pieces) for pieces in stock]
    orders = [new_id() for _ in range(12)]
    wants = {
        order: [(product, dice.randint(1, 4)) for product in dice.sample(products, dice.randint(1, 3))]
        for order in orders
    }
    await asyncio.gather(
        *(
            shelf.apply(
                *(
                    asked(deed, orders[number], *(wants[orders[number]] if deed == "reserve" else ()))
                    for number, deed in one
                )
            )
            for one in lives
        )
    )
    held = await shelf.database.fetch(
        """
        select (line ->> 'product_id')::uuid as product, sum((line ->> 'quantity')::integer) as taken
        from catalog.reservations cross join json_array_elements(held) as line
        where order_id = any($1) and state in ('held', 'consumed')
        group by 1
        """,
        orders,
    )
    taken = {row["product"]: row["taken"] for row in held}
    for product, pieces in zip(products, stock, strict=True):
        assert await shelf.stock(product) == pieces - taken.get(product, 0)


async def test_a_batch_reads_few_pages_however_many_orders_there_were(shelf: Shelf) -> None:
    """By primary key, for any values: the reservations are as many as the orders ever were."""
    async with transaction(shelf.catalog.pool) as connection:
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        for name, index in (
            ("list_reservations_for_change", "reservations_pkey"),
            ("list_shelf", "products_pkey"),
            ("list_pieces_for_change", "products_pkey"),
        ):
            await connection.execute(f"prepare asked as {stock_store.QUERIES[name].sql}")
            rows = await connection.fetch(f"explain execute asked(array['{new_id()}']::uuid[])")
            await connection.execute("deallocate asked")
            plan = "\n".join(row[0] for row in rows)
            assert f"using {index}" in plan or f"on {index}" in plan, plan


async def test_what_was_committed_and_not_acknowledged_comes_again_and_does_nothing(
    shelf: Shelf, stack: Stack, relay: None, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the two: here its acknowledgements are lost."""
    flour, order = await shelf.product(5), new_id()
    lost = asyncio.Event()
    acknowledge, apply = Msg.ack, stock_commands.apply
    applied: list[int] = []

    async def lose(self: Msg) -> None:
        if lost.is_set() or str(order) not in self.subject:
            await acknowledge(self)
            return
        lost.set()

    async def count(catalog: Any, wanted: Sequence[Asked]) -> None:
        await apply(catalog, wanted)
        applied.extend(1 for one in wanted if one.order_id == order)

    monkeypatch.setattr(Msg, "ack", lose)
    monkeypatch.setattr(stock_commands, "apply", count)
    monkeypatch.setattr(consumer, "ACK_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(consumer, "DURABLE", f"catalog-stock-{new_id()}")
    event = (
        f'{{"type":"OrderPlaced","order":{{"id":"{order}","created_at":"{datetime.now(UTC).isoformat()}",'
        f'"items":[{{"product_id":"{flour}","name":"Flour","quantity":2}}]}}}}'
    ).encode()
    async with consumer.keeping_stock(Catalog(shelf.catalog.pool, bus, shelf.catalog.now)):
        await bus.jetstream.publish(orders_events("OrderPlaced").replace("*", str(order)), event)
        async with asyncio.timeout(20):
            while len(applied) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert lost.is_set()
    assert (await shelf.stock(flour), await shelf.state(order)) == (3, "held")
    await bus.jetstream.delete_consumer(ORDERS.name, consumer.DURABLE)
