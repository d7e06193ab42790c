"""What an order takes from the shelf, and when it gives it back, decided without I/O.

One reservation an order. Its first event that comes makes it, and events may come late, twice, or in another order:

    state     placed        cancelled, rejected     delivered
    none      held | short  released, took nothing  consumed, took nothing
    held      the same      released                consumed
    short     the same      the same                the same
    released  the same      the same                the same
    consumed  the same      the same                the same

Invariants: an order takes all of its lines or nothing; nothing is taken that is not there; what was taken comes back
once, or never. Where pieces are not counted (`stock` null) there are always enough. A product that the catalogue does
not know has none. Refuses nothing: a late event changes nothing, and that is its answer.
"""

from collections.abc import MutableMapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from proto.orders import Shortage

State = Literal["held", "short", "released", "consumed"]
Deed = Literal["reserve", "release", "consume"]

Shelf = MutableMapping[UUID, int | None]
"""Pieces of each product that can be taken now; None where they are not counted."""


class Line(msgspec.Struct, frozen=True):
    """What an order wants of one product."""

    product_id: UUID
    name: str
    quantity: int


class Held(msgspec.Struct, frozen=True):
    """What an order took of one product."""

    product_id: UUID
    quantity: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """`held` is what was taken, whatever became of it; `shortages` is what was short."""

    order_id: UUID
    state: State
    held: tuple[Held, ...] = ()
    shortages: tuple[Shortage, ...] = ()


def reserve(order_id: UUID, lines: Sequence[Line], shelf: Shelf) -> Reservation:
    """Takes all lines from the shelf, or none. An order has no product twice."""
    shortages = tuple(
        Shortage(line.product_id, line.name, line.quantity, there)
        for line in lines
        if (there := shelf.get(line.product_id, 0)) is not None and there < line.quantity
    )
    if shortages:
        return Reservation(order_id=order_id, state="short", shortages=shortages)
    held = []
    for line in lines:
        there = shelf[line.product_id]
        if there is not None:
            shelf[line.product_id] = there - line.quantity
            held.append(Held(line.product_id, line.quantity))
    return Reservation(order_id=order_id, state="held", held=tuple(held))


def release(order_id: UUID, before: Reservation | None, shelf: Shelf) -> Reservation:
    """Puts back what is held. Before the order's lines were read: nothing will be taken for it."""
    if before is None:
        return Reservation(order_id=order_id, state="released")
    if before.state != "held":
        return before
    for one in before.held:
        there = shelf.get(one.product_id)
        if there is not None:
            shelf[one.product_id] = there + one.quantity
    return msgspec.structs.replace(before, state="released")


def consume(order_id: UUID, before: Reservation | None) -> Reservation:
    """What is held is gone for good."""
    if before is None:
        return Reservation(order_id=order_id, state="consumed")
    return msgspec.structs.replace(before, state="consumed") if before.state == "held" else before
