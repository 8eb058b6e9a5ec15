"""A destination in the hub itself: posted bills are remembered until they are paid.

flow.deliver_to(owed())     # SupplierBill; also payments that others made, and bills that were reversed
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hilum.canonical import BusinessObject, LedgerDocument, LedgerReversal, Payment, PaymentTerms, SupplierBill
from hilum.canonical.catalogue import write
from hilum.connector import Header, Outgoing, Target
from hilum.errors import Rejected
from hilum.masterdata.keeping import Keeper
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.finance import payables
from hilum.postgres import Connection

IN_THE_WAY = "payables.in_the_way"
"""Category of the case where what others did does not go together with a payment of the hub."""


class Owed(Keeper):
    """Keeps bills until they are paid; the same again changes nothing."""

    kind: ClassVar[str] = "payables"
    needs: ClassVar[str] = "Bills that are to be paid are kept"

    def __init__(self, terms_of: TermsOf) -> None:
        super().__init__()
        self._terms_of = terms_of

    def __repr__(self) -> str:
        return "<owed()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        words = ""
        if isinstance(thing, SupplierBill):
            await payables.keep(connection, thing, self._terms_of(thing.supplier))
        elif isinstance(thing, Payment):
            words = await payables.paid_otherwise(connection, thing)
        elif isinstance(thing, LedgerReversal):
            words = await payables.taken_back(connection, thing.document)
        else:
            return Rejected("invalid", "Only bills, payments and reversals say what is owed.")
        return Rejected(IN_THE_WAY, words) if words else Delivered(reference=thing.business_key)


TermsOf = Callable[[str], PaymentTerms | None]
"""What was agreed with a supplier about paying; none: nothing."""


def _no_terms(supplier: str) -> PaymentTerms | None:
    return None


def owed(terms_of: TermsOf = _no_terms) -> Target:
    """Posted bills become what payment runs find due; what was paid or reversed otherwise is due no more.

    `terms_of` says the terms of payment of suppliers, for bills that do not say them.
    """
    return Target(
        endpoint="payables.owed",
        operation="keep",
        accepts=(SupplierBill, Payment, LedgerReversal),
        encode=_encode,
        connector=Owed(terms_of),
    )


def _encode(thing: BusinessObject) -> Outgoing | None:
    if isinstance(thing, SupplierBill) and not thing.post:
        return None
    if isinstance(thing, LedgerReversal) and thing.of is not LedgerDocument.SUPPLIER_BILL:
        return None
    party = thing.supplier if isinstance(thing, SupplierBill | Payment) else None
    return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: party or thing.business_key})
