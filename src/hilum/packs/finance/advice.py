"""What a supplier is told of a payment: what it pays, and how much of each bill. As 820, as REMADV, or as it is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from textwrap import wrap
from typing import Final

from hilum.canonical import Payment, SupplierBill
from hilum.canonical.base import Amount, Code, Value
from hilum.formats import edifact
from hilum.formats.edifact.segment import Value as Element
from hilum.formats.x12 import Draft, Partner, documents
from hilum.packs.procurement.x12_bills import payment_to_x12

REMADV_TYPE: Final = "REMADV:D:96A:UN"
"""How the hub writes an advice, unless the partner's profile names another directory."""

_INVOICE, _CREDIT_NOTE = "380", "381"  # data element 1001
_REMITTED, _DISCOUNT = "12", "52"  # data element 5025
_TEXT, _TEXTS, _MOST_TEXTS = 70, 5, 25  # characters of a text, texts of an FTX and of a REMADV (D96A)


class PaidPart(Value):
    """What is paid of one bill; of a credit note, what it takes off: negative."""

    number: Code
    amount: Amount
    discount: Amount = Decimal(0)  # what was taken off for early payment: billed were both together


class Settled(Value):
    """Money that moved for an instructed payment."""

    end_to_end_id: Code
    payment: Payment
    documents: tuple[Code, ...] = ()  # what the payment was instructed for
    parts: tuple[PaidPart, ...] = ()  # of each of them; none: nobody can tell
    discounts: tuple[
        SupplierBill, ...
    ] = ()  # for the ledger: credit notes of what was taken off, bills of what came back


class Advice(Value):
    """To the supplier: this is on its way, for these bills, less these credit notes."""

    payment: Payment
    parts: tuple[PaidPart, ...] = ()  # none, unless they come to what is paid

    @classmethod
    def of(cls, settled: Settled) -> Advice:
        """Of money that left. It names the documents also where the ledger books it on account."""
        payment = settled.payment.model_copy(update={"documents": settled.documents})
        whole = sum((each.amount for each in settled.parts), Decimal(0)) == payment.amount
        return cls(payment=payment, parts=settled.parts if whole else ())

    def to_x12(self, partner: Partner) -> documents.RemittanceAdvice:
        """The 820. Raises `Invalid`."""
        paid = [
            documents.PaidDocument(
                qualifier="IV" if each.amount >= 0 else "CM",
                number=each.number,
                paid=each.amount,
                invoiced=each.amount + each.discount if each.discount else None,
                discount=each.discount or None,
            )
            for each in self.parts
        ]
        return payment_to_x12(self.payment, partner, paid=paid)

    def draft_x12(self, partner: Partner) -> Draft:
        """The 820 as it is sent. Raises `Invalid`."""
        return documents.draft_remittance(self.to_x12(partner))

    def to_edifact(self, partner: edifact.Partner) -> edifact.Draft:
        """The REMADV."""
        payment, day = self.payment, f"{self.payment.paid_on:%Y%m%d}"
        rows: list[tuple[Element, ...]] = [
            ("BGM", "481", payment.number, "9"),
            ("DTM", ["137", day, "102"]),
            ("DTM", ["138", day, "102"]),  # of the payment
            ("RFF", ["PQ", payment.number]),
            *self._words(),
            ("NAD", "PR", [partner.ours.id, None, "92"]),
            ("NAD", "PE", [partner.theirs.id, None, "92"]),
            ("CUX", ["2", payment.currency, "11"]),
            *self._documents(),
            ("UNS", "S"),
            ("MOA", [_REMITTED, payment.amount]),
        ]
        return edifact.Draft(partner.type_of("REMADV", REMADV_TYPE), rows)

    @property
    def _told(self) -> tuple[PaidPart, ...]:
        """How much of each bill; of a single one, all that is paid."""
        if self.parts or len(self.payment.documents) != 1:
            return self.parts
        return (PaidPart(number=self.payment.documents[0], amount=self.payment.amount),)

    def _words(self) -> Iterator[tuple[Element, ...]]:
        """Documents of which nobody can tell how much is paid: DOC would need an amount (MOA) with each."""
        if self._told:
            return
        texts = wrap(", ".join(self.payment.documents), _TEXT)
        for at in range(0, min(len(texts), _MOST_TEXTS), _TEXTS):
            yield ("FTX", "PMD", None, None, texts[at : at + _TEXTS])

    def _documents(self) -> Iterator[tuple[Element, ...]]:
        for each in self._told:
            yield ("DOC", _INVOICE if each.amount >= 0 else _CREDIT_NOTE, [each.number])
            yield ("MOA", [_REMITTED, each.amount])
            if each.discount:
                yield ("MOA", [_DISCOUNT, each.discount])
