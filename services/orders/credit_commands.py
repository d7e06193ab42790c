"""What admins do to credit accounts, one transaction each.

Invariant: a payment and its key's answer commit together. A request that comes again with its key gets the first one's
answer, whatever was posted since.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from services.orders import credit, credit_store, store
from services.orders.commands import Answer, Orders, hash_of, key_reused, stored_answer
from services.orders.credit_store import LedgerEntry
from services.orders.store import Key
from shared.database import transaction
from shared.http.caller import Caller
from shared.http.problems import invalid_field

MAX_PAYMENT_CENTS = 10**12
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class RecordPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reference` is what the bank says of it."""

    restaurant_id: UUID
    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAYMENT_CENTS)]
    reference: Reference | None = None


class Paid(msgspec.Struct, frozen=True):
    """The payment as it stands in the statement, and the account after it."""

    payment: LedgerEntry
    credit: credit.Credit


_encoder = msgspec.json.Encoder()


async def record_payment(orders: Orders, caller: Caller, key: str, wanted: RecordPayment) -> Answer:
    """201 with the payment. Raises Problem 400 for a restaurant nobody knows, 422 for a key used otherwise. More than
    is owed is taken as paid ahead."""
    claim = Key(caller.identity.person_id, key, hash_of(b"payment", wanted))
    async with transaction(orders.pool, store.begin_as(caller.identity), caller.span) as connection:
        await credit_store.open_credit(connection, wanted.restaurant_id)
        # After the lock: who sent the same before is done by now, and its answer is to be seen.
        if (stored := await stored_answer(connection, claim)) is not None:
            return stored
        known = await credit_store.get_credit(connection, wanted.restaurant_id)
        if known is None:
            raise invalid_field("restaurant_id", "is no restaurant we know", "unknown")
        payment = await credit_store.record_payment(
            connection, wanted.restaurant_id, wanted.amount_cents, wanted.reference, caller.request_id, orders.now()
        )
        after = credit.credit_of(known.limit_cents, payment.held_cents, payment.owed_cents)
        answer = Answer(201, _encoder.encode(Paid(payment, after)))
        if not await credit_store.insert_payment_key(connection, claim, answer.body, payment.at):
            # The same key was in flight for another restaurant, and won.
            raise key_reused()
        return answer
