"""820 payment order and remittance advice: which invoices a payment is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.parts import (
    NamedParty,
    Reference,
    amount,
    currency_of,
    day_of,
    day_rows,
    first,
    parties_of,
    party_rows,
    reference_rows,
    references_of,
    text,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.transaction import TransactionSet

_INVOICE_DATE = "003"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deduction:
    """ADX: what was taken off or added, and why."""

    amount: Decimal  # negative: less is paid
    reason: str  # data element 426
    qualifier: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidDocument:
    """RMR with what follows it."""

    qualifier: str = "IV"  # data element 128: IV seller's invoice, CM credit memo
    number: str
    paid: Decimal | None = None  # RMR04
    invoiced: Decimal | None = None  # RMR05
    discount: Decimal | None = None  # RMR06
    dated: date | None = None
    references: tuple[Reference, ...] = ()
    deductions: tuple[Deduction, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RemittanceAdvice:
    """820. Account numbers are not kept; who needs them reads them by path (BPR-09, BPR-15)."""

    handling: str = "I"  # BPR01, data element 305: I remittance only, C payment accompanies, D make the payment
    amount: Decimal
    credit: bool = True  # BPR03: C credit to the payee; otherwise a debit
    method: str = "CHK"  # BPR04, data element 591: ACH, CHK, FWT, NON
    paid_on: date | None = None  # BPR16
    trace_type: str = "1"  # TRN01, data element 481
    trace: str = ""  # TRN02: number of the check or the transfer
    currency: str = ""
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()  # payer PR, payee PE
    documents: tuple[PaidDocument, ...] = ()
    deductions: tuple[Deduction, ...] = ()  # of no document


def read_remittance(transaction: TransactionSet) -> RemittanceAdvice:
    """An 820. Raises `Invalid`."""
    root = tree(transaction, "820")
    bpr, trn = first(root, "BPR"), root.first("TRN")
    entities = root.within("ENT")
    return RemittanceAdvice(
        handling=bpr["01"],
        amount=amount(bpr, "02"),
        credit=bpr["03"] != "D",
        method=bpr["04"],
        paid_on=bpr.date("16"),
        trace_type=trn["01"] if trn is not None else "1",
        trace=trn["02"] if trn is not None else "",
        currency=currency_of(root),
        references=references_of(root),
        parties=parties_of(root),
        documents=tuple(_document(loop) for entity in entities for loop in entity.within("RMR")),
        deductions=tuple(_deduction(loop) for entity in entities for loop in entity.within("ADX")),
    )


def draft_remittance(advice: RemittanceAdvice) -> Draft:
    """An 820."""
    way = "C" if advice.credit else "D"
    rows: list[Row] = [
        ("BPR", advice.handling, advice.amount, way, advice.method, *[None] * 11, advice.paid_on),
        *([("TRN", advice.trace_type, advice.trace)] if advice.trace else []),
        *([("CUR", "PR", advice.currency)] if advice.currency else []),
        *reference_rows(advice.references),
        *party_rows(advice.parties),
    ]
    if advice.documents or advice.deductions:
        rows.append(("ENT", 1))
    rows += [_deduction_row(each) for each in advice.deductions]
    for document in advice.documents:
        sums = (document.paid, document.invoiced, document.discount)
        rows.append(("RMR", document.qualifier, document.number, None, *sums))
        rows += reference_rows(document.references)
        rows += day_rows((_INVOICE_DATE, document.dated))
        rows += [_deduction_row(each) for each in document.deductions]
    return Draft("820", rows)


def _document(loop: Loop) -> PaidDocument:
    head = loop.head
    return PaidDocument(
        qualifier=head["01"],
        number=text(head, "02"),
        paid=head.decimal("04"),
        invoiced=head.decimal("05"),
        discount=head.decimal("06"),
        dated=day_of(loop, _INVOICE_DATE),
        references=references_of(loop),
        deductions=tuple(_deduction(each) for each in loop.within("ADX")),
    )


def _deduction(loop: Loop) -> Deduction:
    head = loop.head
    return Deduction(amount=amount(head, "01"), reason=head["02"], qualifier=head["03"], reference=head["04"])


def _deduction_row(each: Deduction) -> Row:
    return ("ADX", each.amount, each.reason, each.qualifier, each.reference)
