"""What ends in the ledger: bills, invoices, payments, journal entries, bank transactions; and the cost centres."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, model_validator

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Quantity, Text, Value
from hilum.canonical.trade import TradeNumbers
from hilum.errors import Invalid


class InvoiceLine(Value):
    """One line of a bill or an invoice, before tax."""

    number: int = Field(ge=1)
    item: Code | None = None
    description: Text = ""
    quantity: Annotated[Quantity, Field(gt=0)] = Decimal(1)
    unit: Code = "EA"  # counts only where there is an item
    unit_price: Amount
    tax_percent: Quantity | None = None  # none: the receiver's own rules decide
    account: Code | None = None  # of the ledger; none: the receiver's own rules decide
    cost_centre: Code | None = None
    order_line: int | None = Field(default=None, ge=1)  # of the order that is billed
    numbers: TradeNumbers | None = None


Lines = Annotated[tuple[InvoiceLine, ...], Field(min_length=1)]


class PaymentTerms(Value):
    """When a bill is to be paid, and what may be taken off for paying early. Days count from the date of the bill."""

    net_days: int | None = Field(default=None, ge=0)  # none: as the bill says
    discount_percent: Annotated[Quantity, Field(gt=0, lt=100)] | None = None  # of the total with tax
    discount_days: int | None = Field(default=None, ge=0)  # paid by the bank on the last of these days it still counts

    @model_validator(mode="after")
    def _says_when_it_ends(self) -> PaymentTerms:
        if (self.discount_percent is None) != (self.discount_days is None):
            raise ValueError("a discount has a percentage and days")
        return self

    @classmethod
    def of(cls, text: str) -> PaymentTerms:
        """`2/10 net 30`, `1.5/8, n/45`, `net 60`. Raises `Invalid`."""
        found = _TERMS.fullmatch(text.strip())
        if found is None:
            raise Invalid("terms of payment are written as `2/10 net 30` or `net 30`")
        percent, days, net = found.groups()
        discount = {"discount_percent": Decimal(percent), "discount_days": int(days)} if percent else {}
        return cls.model_validate({"net_days": int(net), **discount})

    def discount_until(self, billed_on: date) -> date | None:
        """The last day of the discount; none: there is no discount."""
        return billed_on + timedelta(days=self.discount_days) if self.discount_days is not None else None


_TERMS: Final = re.compile(r"(?:(\d+(?:\.\d+)?)\s*/\s*(\d+)\s*,?\s*)?n(?:et)?\s*/?\s*(\d+)", re.IGNORECASE)


class SupplierBill(BusinessObject):
    """A supplier asks for money, or gives some back (X12 810, EDIFACT INVOIC, a scanned invoice)."""

    name: ClassVar[str] = "hilum.supplier.bill"
    version: ClassVar[str] = "1.2"

    number: Code  # the supplier's own; no supplier uses one twice
    supplier: Code
    credit: bool = False  # a credit note
    order: Code | None = None  # the purchase order that is billed
    corrects: Code | None = None  # number of the bill that a credit note is about, or a bill takes the place of
    currency: Currency
    billed_on: date
    due_on: date | None = None
    terms: PaymentTerms | None = None  # none: those agreed with the supplier, where somebody knows them
    total: Amount | None = None  # with tax, as printed; compared with what the lines come to
    post: bool = True  # book it at once; otherwise it stays a draft for a clerk
    lines: Lines

    @property
    def due(self) -> date:
        """As it says; else by its terms; else at once."""
        net = self.terms.net_days if self.terms is not None else None
        return self.due_on or (self.billed_on + timedelta(days=net) if net is not None else self.billed_on)

    @property
    def amount(self) -> Decimal | None:
        """What it asks for, with tax; of a credit note, what it gives back, negative. None: nobody says."""
        total = self.total
        if total is None:
            if any(line.tax_percent is None for line in self.lines):
                return None
            taxed = (line.quantity * line.unit_price * (100 + (line.tax_percent or 0)) / 100 for line in self.lines)
            total = round(sum(taxed, Decimal(0)), 2)
        return -abs(total) if self.credit else total

    @property
    def business_key(self) -> str:
        """Supplier and number, and whether it is a credit note."""
        return f"{self.supplier}:{self.number}" + (":credit" if self.credit else "")

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, supplier, order, the bill that is corrected."""
        found = (self.business_key, self.number, self.supplier, self.order, self.corrects)
        return tuple(dict.fromkeys(x for x in found if x))


class CustomerInvoice(BusinessObject):
    """The hospital asks a company or a patient for money, or gives some back."""

    name: ClassVar[str] = "hilum.customer.invoice"
    version: ClassVar[str] = "1.1"

    number: Code
    customer: Code | None = None  # a company, or …
    account: Code | None = None  # … a patient account
    credit: bool = False  # a credit note
    corrects: Code | None = None  # number of the invoice that a credit note is about
    encounter: Code | None = None
    currency: Currency
    billed_on: date
    due_on: date | None = None
    total: Amount | None = None  # with tax; compared with what the lines come to
    post: bool = True  # book it at once; otherwise it stays a draft for a clerk
    lines: Lines

    @model_validator(mode="after")
    def _has_one_payer(self) -> CustomerInvoice:
        if (self.customer is None) == (self.account is None):
            raise ValueError("exactly one of customer and account must be given")
        return self

    @property
    def business_key(self) -> str:
        """The invoice number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, who pays, encounter, the invoice that is corrected."""
        found = (self.number, self.customer, self.account, self.encounter, self.corrects)
        return tuple(dict.fromkeys(x for x in found if x))


class EntryLine(Value):
    """One side of a journal entry."""

    account: Code  # of the ledger
    debit: Annotated[Amount, Field(ge=0)] = Decimal(0)
    credit: Annotated[Amount, Field(ge=0)] = Decimal(0)
    description: Text = ""
    cost_centre: Code | None = None

    @model_validator(mode="after")
    def _is_one_side(self) -> EntryLine:
        if (self.debit == 0) == (self.credit == 0):
            raise ValueError("exactly one of debit and credit must be above 0")
        return self


class JournalEntry(BusinessObject):
    """Amounts are booked in the ledger: payroll, depreciation, stock, adjustments. Its two sides are equal."""

    name: ClassVar[str] = "hilum.journal.entry"

    number: Code  # the sender's voucher
    journal: Code  # short name of the journal
    booked_on: date
    words: Text = ""
    currency: Currency | None = None  # none: the company's
    post: bool = True  # book it at once; otherwise it stays a draft for a clerk
    lines: Annotated[tuple[EntryLine, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _balances(self) -> JournalEntry:
        if sum(line.debit for line in self.lines) != sum(line.credit for line in self.lines):
            raise ValueError("the debits and the credits of a journal entry must be equal")
        return self

    @property
    def business_key(self) -> str:
        """The voucher number."""
        return self.number


class LedgerDocument(StrEnum):
    """What can be reversed."""

    SUPPLIER_BILL = "supplier_bill"
    CUSTOMER_INVOICE = "customer_invoice"
    CHARGE = "charge"
    JOURNAL_ENTRY = "journal_entry"


class LedgerReversal(BusinessObject):
    """A booked document is taken back whole, by one of the opposite kind. A document is reversed once."""

    name: ClassVar[str] = "hilum.ledger.reversal"

    of: LedgerDocument
    document: Code  # its business key
    reversed_on: date
    reason: Text = ""
    post: bool = True  # book it at once; otherwise it stays a draft for a clerk

    @property
    def business_key(self) -> str:
        """What is reversed."""
        return f"{self.of.value}:{self.document}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The reversal and the document."""
        return (self.business_key, self.document)


class PaymentDirection(StrEnum):
    """Where the money goes."""

    SENT = "sent"
    RECEIVED = "received"


class Payment(BusinessObject):
    """Money has gone to a supplier, or come from a customer or patient; or the other way where something is repaid."""

    name: ClassVar[str] = "hilum.payment"
    kind: ClassVar[Kind] = Kind.EVENT

    number: Code  # of this one transfer: the bank's or the payment run's. A second one with it is the same payment
    direction: PaymentDirection
    supplier: Code | None = None  # with whom: one of these three
    customer: Code | None = None
    account: Code | None = None
    amount: Annotated[Amount, Field(gt=0)]
    currency: Currency
    paid_on: date
    journal: Code | None = None  # short name of the bank or cash journal; none: the receiver's first
    documents: tuple[Code, ...] = ()  # numbers of the bills or invoices that it pays; none: on account
    words: Text = ""

    @model_validator(mode="after")
    def _has_one_party(self) -> Payment:
        if sum(x is not None for x in (self.supplier, self.customer, self.account)) != 1:
            raise ValueError("exactly one of supplier, customer and account must be given")
        return self

    @property
    def business_key(self) -> str:
        """The number of the transfer."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, party, documents."""
        found = (self.number, self.supplier, self.customer, self.account, *self.documents)
        return tuple(dict.fromkeys(x for x in found if x))


class BankTransaction(BusinessObject):
    """One line of a bank statement (ISO 20022 camt.053 entry, MT940 :61:)."""

    name: ClassVar[str] = "hilum.bank.transaction"
    version: ClassVar[str] = "1.2"
    kind: ClassVar[Kind] = Kind.EVENT

    journal: Code  # short name of the bank journal
    number: Code  # the bank's reference of this entry, unique in the account
    booked_on: date
    amount: Amount  # negative: out of the account
    currency: Currency
    words: Text  # what the bank says it is for
    party_name: Text = Field(default="", repr=False)
    party_account: Text = Field(default="", repr=False)
    bank_reference: Text = ""  # of the entry, as the bank writes it wherever it tells of it; empty: it gives none
    end_to_end_id: Text = ""  # that of who ordered the payment
    return_reason: Text = ""  # it came back: why, in words
    notified: bool = False  # told at once (camt.054); the statement of the day tells it again

    @property
    def business_key(self) -> str:
        """Journal and the bank's reference."""
        return f"{self.journal}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key and the bank's reference."""
        return (self.business_key, self.number)


class CostCentre(BusinessObject):
    """Where costs and income belong to: a ward, a project, a grant (an analytic account in Odoo)."""

    name: ClassVar[str] = "hilum.cost.centre"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    plan: Text = ""  # by what costs are split: departments, projects; none: the receiver's first
    customer: Code | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The code."""
        return self.code
