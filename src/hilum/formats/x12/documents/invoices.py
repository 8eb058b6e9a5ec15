"""810 invoice, and credit notes, which are 810s of another type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.datatypes import write_implied
from hilum.formats.x12.documents.parts import (
    Identified,
    NamedParty,
    Reference,
    count_row,
    currency_of,
    description_of,
    description_rows,
    first,
    ids_of,
    ids_row,
    needed,
    parties_of,
    party_rows,
    reference_rows,
    references_of,
    text,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.segment import Free, Segment
from hilum.formats.x12.transaction import TransactionSet

CREDITS = frozenset({"CC", "CE", "CG", "CN", "CR", "MC"})
"""Types of invoice (BIG07, data element 640) that give money back: credit memo (CR) and invoice (CN), consolidated ones
(CG, CE), of a commission (CC), of material (MC)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """SAC: freight, a discount, a charge, beside the price of goods; or TXI: a tax."""

    kind: str  # A allowance, C charge, N information only, T tax
    code: str = ""  # data element 1300 (D240 freight), of a tax 963
    amount: Decimal | None = None
    percent: Decimal | None = None
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoicedLine(Identified):
    """IT1 with what follows it."""

    number: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    price_basis: str = ""
    description: str = ""
    references: tuple[Reference, ...] = ()
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice:
    """810."""

    number: str
    invoiced_on: date
    order: str = ""
    ordered_on: date | None = None
    release: str = ""
    type: str = ""  # data element 640: DI debit, CR credit memo, empty or PR product
    purpose: str = ""
    currency: str = ""
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    due_on: date | None = None
    net_days: int | None = None  # ITD07
    discount_percent: Decimal | None = None  # ITD03
    discount_days: int | None = None  # ITD05
    total: Decimal  # TDS01: what is to be paid before the discount of the terms
    lines: tuple[InvoicedLine, ...] = ()
    allowances: tuple[Allowance, ...] = ()

    @property
    def credit(self) -> bool:
        """Does it give money back?"""
        return self.type in CREDITS or self.total < 0


def read_invoice(transaction: TransactionSet) -> Invoice:
    """An 810. Raises `Invalid`."""
    root = tree(transaction, "810")
    big, tds, terms = first(root, "BIG"), first(root, "TDS"), root.first("ITD")
    return Invoice(
        number=text(big, "02"),
        invoiced_on=needed(big, "01", big.date),
        order=big["04"],
        ordered_on=big.date("03"),
        release=big["05"],
        type=big["07"],
        purpose=big["08"],
        currency=currency_of(root),
        references=references_of(root),
        parties=parties_of(root),
        due_on=terms.date("06") if terms is not None else None,
        net_days=terms.integer("07") if terms is not None else None,
        discount_percent=terms.decimal("03") if terms is not None else None,
        discount_days=terms.integer("05") if terms is not None else None,
        total=needed(tds, "01", lambda path: tds.decimal(path, places=2)),
        lines=tuple(_line(loop) for loop in root.within("IT1")),
        allowances=_allowances(root),
    )


def draft_invoice(invoice: Invoice) -> Draft:
    """An 810. Raises `ValueError` where a total or an allowance has more than two decimals."""
    terms = (invoice.discount_percent, None, invoice.discount_days, invoice.due_on, invoice.net_days)
    rows: list[Row] = [
        (
            "BIG", invoice.invoiced_on, invoice.number, invoice.ordered_on, invoice.order, invoice.release, None,
            invoice.type, invoice.purpose,
        ),
        *([("CUR", "SE", invoice.currency)] if invoice.currency else []),
        *reference_rows(invoice.references),
        *party_rows(invoice.parties),
        *([("ITD", "01", "3", *terms)] if any(each is not None for each in terms) else []),
    ]  # fmt: skip
    for line in invoice.lines:
        rows.append(("IT1", line.number, line.quantity, line.unit, line.price, line.price_basis, *ids_row(line.ids)))
        rows += [_tax_row(each) for each in line.allowances if each.kind == "T"]
        rows += description_rows(line.description)
        rows += reference_rows(line.references)
        rows += [_allowance_row(each) for each in line.allowances if each.kind != "T"]
    rows.append(("TDS", write_implied(invoice.total, 2)))
    rows += [_tax_row(each) for each in invoice.allowances if each.kind == "T"]
    rows += [_allowance_row(each) for each in invoice.allowances if each.kind != "T"]
    return Draft("810", [*rows, count_row(len(invoice.lines))])


def _line(loop: Loop) -> InvoicedLine:
    head = loop.head
    return InvoicedLine(
        number=head["01"],
        quantity=head.decimal("02"),
        unit=head["03"],
        price=head.decimal("04"),
        price_basis=head["05"],
        ids=ids_of(head, 6),
        description=description_of(loop),
        references=references_of(loop),
        allowances=_allowances(loop),
    )


def _allowances(loop: Loop) -> tuple[Allowance, ...]:
    """Taxes first, as they stand in the transaction set."""
    return (*(_tax(each) for each in loop.all("TXI")), *(_allowance(each.head) for each in loop.within("SAC")))


def _tax(txi: Segment) -> Allowance:
    return Allowance(kind="T", code=txi["01"], amount=txi.decimal("02"), percent=txi.decimal("03"))


def _allowance(sac: Segment) -> Allowance:
    return Allowance(
        kind=text(sac, "01"),
        code=sac["02"],
        amount=sac.decimal("05", places=2),
        percent=sac.decimal("07"),
        words=sac["15"],
    )


def _tax_row(tax: Allowance) -> Row:
    return ("TXI", tax.code, tax.amount, tax.percent)


def _allowance_row(each: Allowance) -> Row:
    written = write_implied(each.amount, 2) if each.amount is not None else None
    basis = "Z" if each.percent is not None else None  # SAC06: how the percentage is to be understood
    return ("SAC", each.kind, each.code, None, None, written, basis, each.percent, *[None] * 7, Free(each.words))
