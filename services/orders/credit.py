"""What orders cost a restaurant's credit account, decided without I/O.

Invariants: an account may hold and owe no more than its limit when an order is placed; nothing else is ever refused
for credit. Each entry of the ledger takes its amount from one ledger account and gives it to another, and is never
changed. An order is held once, and once it has ended released once; charged if it was delivered.

    kind      debit        credit       when
    hold      held         line         an order is placed: its total is set aside
    release   line         held         it is rejected, cancelled or delivered: no longer
    charge    receivable   revenue      it is delivered: now it is owed
    payment   bank         receivable   the restaurant has paid; more than it owes is paid ahead

`line` is what the limit leaves, `held` what open orders hold, `receivable` what is owed, `revenue` what was sold,
`bank` what was paid. A delivery that failed changes nothing: the order is tried again or cancelled.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from proto.orders import Status
from services.orders.domain import DomainError

Kind = Literal["hold", "release", "charge", "payment"]
Account = Literal["line", "held", "receivable", "revenue", "bank"]


class Sides(msgspec.Struct, frozen=True):
    """`debit` gets what `credit` gives."""

    debit: Account
    credit: Account


SIDES: Mapping[Kind, Sides] = {
    "hold": Sides("held", "line"),
    "release": Sides("line", "held"),
    "charge": Sides("receivable", "revenue"),
    "payment": Sides("bank", "receivable"),
}


class Credit(msgspec.Struct, frozen=True):
    """A restaurant's account, in cents. `owed_cents` is below zero when it has paid ahead; `available_cents` is below
    zero when the limit was lowered since."""

    limit_cents: int
    held_cents: int
    owed_cents: int
    available_cents: int


def credit_of(limit_cents: int, held_cents: int, owed_cents: int) -> Credit:
    return Credit(limit_cents, held_cents, owed_cents, limit_cents - held_cents - owed_cents)


class OverLimitError(DomainError):
    """The order would pass the limit. `credit` is the account as it is without it."""

    def __init__(self, credit: Credit, total_cents: int) -> None:
        super().__init__(
            f"The order comes to {total_cents} cents, and {credit.available_cents} of your credit are available. "
            "Order less, or pay what is owed first."
        )
        self.credit = credit
        self.total_cents = total_cents


def postings(before: Status | None, after: Status) -> tuple[Kind, ...]:
    """What a legal step of an order posts, in this order; `before` is None when it is placed."""
    if before is None:
        return ("hold",)
    if after == "delivered":
        return ("release", "charge")
    return ("release",) if after in ("rejected", "cancelled") else ()
