"""Business objects of the ledger, under names that no other test has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from odoo_far_side import TARGETS, FarSide, Row, World

from hilum.canonical import (
    BankTransaction,
    CostCentre,
    CustomerInvoice,
    EntryLine,
    InvoiceLine,
    JournalEntry,
    LedgerDocument,
    LedgerReversal,
    Payment,
    PaymentDirection,
    PurchaseOrder,
    SupplierBill,
)
from hilum.connectors import odoo

TARGETS.update(
    {
        SupplierBill: odoo.supplier_bill,
        CustomerInvoice: odoo.customer_invoice,
        JournalEntry: odoo.journal_entry,
        LedgerReversal: odoo.ledger_reversal,
        Payment: odoo.payment,
        BankTransaction: odoo.bank_transaction,
        CostCentre: odoo.cost_centre,
    }
)


class Books:
    """Bills, payments and entries around the supplier and the account of a world."""

    def __init__(self, far: FarSide, world: World) -> None:
        self.far = far
        self.world = world
        self.day = far.day

    def bill(self, *lines: tuple[str, str], order: PurchaseOrder | None = None, **more: Any) -> SupplierBill:
        """Gloves billed; each line is (quantity, price)."""
        made = tuple(
            InvoiceLine(
                number=number,
                item=self.world.item.code,
                quantity=Decimal(quantity),
                unit_price=Decimal(price),
                order_line=number if order else None,
            )
            for number, (quantity, price) in enumerate(lines or (("10", "1.25"), ("5", "1.5")), start=1)
        )
        values = {"number": self.world.number("B"), "supplier": self.world.supplier.code, "billed_on": self.day}
        values |= {"currency": self.far.currency, "order": order.number if order else None}
        return SupplierBill(**{**values, "lines": made, **more})

    def invoice(self, price: str = "85", **more: Any) -> CustomerInvoice:
        """A service invoiced to the account."""
        line = InvoiceLine(number=1, description="Examination", unit_price=Decimal(price))
        values = {"number": self.world.number("CI"), "account": self.world.account.number, "billed_on": self.day}
        return CustomerInvoice(**{**values, "currency": self.far.currency, "lines": (line,), **more})

    def entry(self, accounts: tuple[str, str], amount: str = "125.50", **more: Any) -> JournalEntry:
        """An amount from one account to another."""
        debit, credit = accounts
        lines = (
            EntryLine(account=debit, debit=Decimal(amount), description="Salaries"),
            EntryLine(account=credit, credit=Decimal(amount)),
        )
        values = {"number": self.world.number("JE"), "journal": "MISC", "booked_on": self.day, "words": "November"}
        return JournalEntry(**{**values, "lines": lines, **more})

    def payment(self, bill: SupplierBill | None, amount: str, **more: Any) -> Payment:
        """Money for the supplier."""
        values = {"number": self.world.number("PAY"), "supplier": self.world.supplier.code, "paid_on": self.day}
        values |= {"documents": (bill.number,) if bill else (), "currency": self.far.currency, "journal": self.far.bank}
        return Payment(**{**values, "direction": PaymentDirection.SENT, "amount": Decimal(amount), **more})

    def reversal(self, of: LedgerDocument, document: str, **more: Any) -> LedgerReversal:
        """A booked document is taken back."""
        return LedgerReversal(**{"of": of, "document": document, "reversed_on": self.day, "reason": "wrong", **more})

    def transaction(self, journal: str, amount: str = "-151.25", **more: Any) -> BankTransaction:
        """A line of the bank's statement."""
        values = {"journal": journal, "number": self.world.number("TX"), "booked_on": self.day, "words": "Gloves"}
        return BankTransaction(**{**values, "amount": Decimal(amount), "currency": self.far.currency, **more})

    async def move(self, kind: str, key: str) -> Row:
        """The one document of the ledger behind a business key."""
        (found,) = await self.far.known_as("account.move", kind, key)
        return found

    async def accounts(self) -> tuple[str, str]:
        """Codes of two accounts that Odoo has."""
        rows = [row for row in await self.far.rows("account.account", account_type="expense") if in_use(row)]
        return str(rows[0]["code"]), str(rows[-1]["code"])

    async def journal(self, kind: str) -> str:
        """The short name of a journal of a kind."""
        if kind == "bank" and self.far.bank:
            return self.far.bank
        rows = [row for row in await self.far.rows("account.journal", type=kind) if in_use(row)]
        return str(rows[0]["code"])


def in_use(row: Row) -> bool:
    """Neither archived nor, until 18, out of date."""
    return bool(row.get("active", True)) and not row.get("deprecated")
