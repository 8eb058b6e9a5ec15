"""What a supplier is told of a payment: what it pays. As an X12 820, or as it is."""

from __future__ import annotations

from hilum.canonical import Payment
from hilum.canonical.base import Code, Value
from hilum.formats.x12 import Partner, documents
from hilum.packs.procurement.x12_bills import payment_to_x12


class Settled(Value):
    """Money that moved for an instructed payment."""

    end_to_end_id: Code
    payment: Payment
    documents: tuple[Code, ...] = ()  # what the payment was instructed for


class Advice(Value):
    """To the supplier: this is on its way, for these bills, less these credit notes."""

    payment: Payment

    @classmethod
    def of(cls, settled: Settled) -> Advice:
        """Of money that left. It names the documents also where the ledger books it on account."""
        return cls(payment=settled.payment.model_copy(update={"documents": settled.documents}))

    def to_x12(self, partner: Partner) -> documents.RemittanceAdvice:
        """The 820. Raises `Invalid`."""
        return payment_to_x12(self.payment, partner)
