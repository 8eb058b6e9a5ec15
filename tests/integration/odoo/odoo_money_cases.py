"""What a hub books in Odoo: for each kind of document one case, and the proof that it is there once and whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo_cases import until_delivered
from odoo_far_side import FarSide
from odoo_money import Books

from hilum.canonical import (
    BankTransaction,
    BusinessObject,
    CustomerInvoice,
    JournalEntry,
    LedgerDocument,
    LedgerReversal,
    Payment,
    PurchaseOrder,
    SupplierBill,
)
from hilum.connectors.odoo import Odoo


@dataclass(frozen=True)
class MoneyCase:
    """What is there before, the object, and the proof that it is in Odoo once and whole."""

    make: Callable[[Odoo, Books], Awaitable[Any]]
    proof: Callable[[FarSide, Books, Any], Awaitable[None]]
    needs: tuple[type[BusinessObject], ...]  # objects whose modules have to be in Odoo


async def a_bill(hub: Odoo, books: Books) -> Any:
    order = books.world.order()
    await until_delivered(hub, order)
    return books.bill(order=order)


async def one_bill(far: FarSide, books: Books, thing: Any) -> None:
    move = await books.move("bill", thing.business_key)
    assert move["state"] == "posted"
    assert len(await far.rows("account.move", partner_id=move["partner_id"])) == 1
    lines = await far.rows("account.move.line", move_id=move["id"], display_type="product")
    assert sorted(line["quantity"] for line in lines) == [5, 10]
    assert all(line["purchase_line_id"] for line in lines)


async def an_invoice(hub: Odoo, books: Books) -> Any:
    return books.invoice("85")


async def one_invoice(far: FarSide, books: Books, thing: Any) -> None:
    (move,) = await far.rows("account.move", ref=thing.number)
    assert (move["state"], move["amount_untaxed"]) == ("posted", 85)


async def an_entry(hub: Odoo, books: Books) -> Any:
    return books.entry(await books.accounts(), journal=await books.journal("general"))


async def one_entry(far: FarSide, books: Books, thing: Any) -> None:
    (move,) = await far.rows("account.move", ref=thing.number)
    assert (move["state"], move["date"], move["amount_total"]) == ("posted", books.day, 125.5)
    assert len(await far.rows("account.move.line", move_id=move["id"])) == 2


async def a_reversal(hub: Odoo, books: Books) -> Any:
    bill = books.bill()
    await until_delivered(hub, bill)
    return books.reversal(LedgerDocument.SUPPLIER_BILL, bill.business_key)


async def one_reversal(far: FarSide, books: Books, thing: Any) -> None:
    bill = await books.move("bill", thing.document)
    (back,) = await far.rows("account.move", reversed_entry_id=bill["id"])
    assert (back["state"], back["move_type"], back["amount_total"]) == ("posted", "in_refund", bill["amount_total"])
    assert bill["amount_residual"] == 0


async def a_payment(hub: Odoo, books: Books) -> Any:
    bill = books.bill()
    await until_delivered(hub, bill)
    return books.payment(bill, "12.50")


async def one_payment(far: FarSide, books: Books, thing: Any) -> None:
    (payment,) = await far.rows("account.payment", partner_id=(await partner(far, books))["id"])
    assert (payment["payment_reference"], payment["amount"]) == (thing.number, 12.5)
    assert payment["state"] in (("paid", "in_process") if far.since(18) else ("posted",))
    bill = await books.move("bill", f"{thing.supplier}:{thing.documents[0]}")
    assert Decimal(str(bill["amount_total"])) - Decimal(str(bill["amount_residual"])) == Decimal("12.50")
    origin = "origin_payment_id" if far.since(18) else "payment_id"
    assert len(await far.rows("account.move", **{origin: payment["id"]})) == 1


async def partner(far: FarSide, books: Books) -> Any:
    (found,) = await far.known_as("res.partner", "supplier", books.world.supplier.code)
    return found


async def a_transaction(hub: Odoo, books: Books) -> Any:
    return books.transaction(await books.journal("bank"))


async def one_transaction(far: FarSide, books: Books, thing: Any) -> None:
    (line,) = await far.rows("account.bank.statement.line", ref=thing.number)
    (move,) = await far.rows("account.move", statement_line_id=line["id"])
    assert (move["state"], line["amount"]) == ("posted", -151.25)


MONEY = {
    "bill": MoneyCase(a_bill, one_bill, (PurchaseOrder, SupplierBill)),
    "invoice": MoneyCase(an_invoice, one_invoice, (CustomerInvoice,)),
    "journal entry": MoneyCase(an_entry, one_entry, (JournalEntry,)),
    "reversal": MoneyCase(a_reversal, one_reversal, (SupplierBill, LedgerReversal)),
    "payment": MoneyCase(a_payment, one_payment, (SupplierBill, Payment)),
    "bank transaction": MoneyCase(a_transaction, one_transaction, (BankTransaction,)),
}
