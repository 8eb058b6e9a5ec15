"""Bills, invoices, payments, entries and bank transactions: what arrives in Odoo, what is refused, in which words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import odoo_outcomes
import pytest
from odoo_far_side import FarSide, World, deliveries, delivery
from odoo_money import Books

from hilum.canonical import (
    BankTransaction,
    EntryLine,
    InvoiceLine,
    JournalEntry,
    LedgerDocument,
    Payment,
    PaymentDirection,
    SupplierBill,
)
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected
from hilum.message import Delivered, Outcome


@pytest.fixture
async def books(far: FarSide, world: World) -> Books:
    await far.needs(SupplierBill, Payment, JournalEntry, BankTransaction)
    return Books(far, world)


async def deliver(hub: Odoo, *things: Any) -> list[Outcome]:
    """One after the other, for what comes later names what came before."""
    return [(await odoo_outcomes.settle(hub, thing))[0] for thing in things]


async def delivered(hub: Odoo, *things: Any) -> None:
    for thing in things:
        await odoo_outcomes.delivered(hub, thing)


async def refused(hub: Odoo, thing: Any, category: str, *words: str) -> None:
    """At each attempt."""
    for attempt in (1, 2):
        await odoo_outcomes.refused(hub, thing, category, *words, attempt=attempt)


async def test_a_bill_of_an_order_is_booked_once_and_linked(
    far: FarSide, hub: Odoo, world: World, books: Books
) -> None:
    order = world.order()
    await delivered(hub, order)
    bill = books.bill(order=order, total=None)
    for attempt in (1, 2, 3):
        (outcome,) = await hub.deliver([delivery(bill, attempt=attempt)])
        assert isinstance(outcome, Delivered), outcome
    move = await books.move("bill", bill.business_key)
    assert (move["state"], move["move_type"], move["ref"]) == ("posted", "in_invoice", bill.number)
    (made,) = await far.known_as("purchase.order", "order", order.number)
    for line in await far.rows("purchase.order.line", order_id=made["id"]):
        (billed,) = await far.rows("account.move.line", purchase_line_id=line["id"])
        assert (billed["move_id"], billed["quantity"]) == (move["id"], line["product_qty"])
    assert len(await far.rows("account.move", partner_id=move["partner_id"])) == 1  # nor a second, empty one


async def test_a_bill_is_for_goods_fees_accounts_and_taxes(far: FarSide, hub: Odoo, world: World, books: Books) -> None:
    account, _ = await books.accounts()
    line = InvoiceLine(number=2, description="Freight", unit_price=Decimal("12.40"), account=account)
    bill = books.bill(("10", "1.25"))
    bill = bill.model_copy(update={"lines": (*bill.lines, line)})
    await delivered(hub, bill)
    move = await books.move("bill", bill.business_key)
    lines = await far.rows("account.move.line", move_id=move["id"], display_type="product")
    assert sorted(each["price_unit"] for each in lines) == [1.25, 12.40]
    assert await far.rows(
        "account.account", id=next(x["account_id"] for x in lines if x["name"] == "Freight"), code=account
    )


async def test_the_same_number_of_a_supplier_is_a_duplicate(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    books = Books(sandboxed, world)
    (partner,) = await sandboxed.known_as("res.partner", "supplier", world.supplier.code)
    bill = books.bill()
    by_hand = {"move_type": "in_invoice", "partner_id": partner["id"], "ref": bill.number}
    box.change(lambda env: env["account.move"].create(by_hand))
    await refused(hub, bill, "odoo.duplicate", bill.number, "not from the hub")
    other = books.bill(number=bill.number, credit=True)  # a credit note may have the same number
    await delivered(hub, other)
    changed = books.bill(("1", "9"), number=other.number, credit=True)
    await refused(hub, changed, "odoo.conflict", "quantity or exact price")


@pytest.mark.parametrize(("total", "rounding"), [("3359.50", [-0.01]), ("3359.51", [])], ids=["by rate", "by line"])
async def test_a_bill_is_owed_as_printed_whichever_way_its_tax_is_rounded(
    sandboxed: FarSide, total: str, rounding: list[float]
) -> None:
    """38.6295 and 544.425 of tax: 583.05 together (as Peppol rounds), 38.63 and 544.43 by line (as Odoo does)."""
    hub, world, _ = await sandboxed.stage()
    books = Books(sandboxed, world)
    lines = tuple(
        InvoiceLine(number=number, description="Rent", unit_price=Decimal(price), tax_percent=Decimal(21))
        for number, price in enumerate(("183.95", "2592.50"), 1)
    )
    draft = books.bill(lines=lines, total=Decimal(total), post=False)
    await delivered(hub, draft)
    await delivered(hub, draft)  # again, as after a crash: the line is there
    bill = draft.model_copy(update={"post": True})
    for attempt in (1, 2):
        (outcome,) = await hub.deliver([delivery(bill, attempt=attempt)])
        assert isinstance(outcome, Delivered), outcome
    move = await books.move("bill", bill.business_key)
    assert (move["state"], move["amount_total"]) == ("posted", float(total))
    found = await sandboxed.rows("account.move.line", move_id=move["id"], display_type="product")
    assert [line["price_unit"] for line in found if line["name"] == "Rounding of tax"] == rounding
    assert len(found) == 2 + len(rounding)
    assert isinstance(await hub.landed(delivery(bill)), Delivered)


async def test_a_total_that_the_lines_do_not_come_to_is_held_as_a_draft(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage()
    books = Books(sandboxed, world)
    taxed = InvoiceLine(number=1, description="Service", unit_price=Decimal(100), tax_percent=Decimal("21.0"))
    good, bad = (books.bill(lines=(taxed,), total=Decimal(total)) for total in ("121.00", "122.00"))
    await delivered(hub, good)
    await refused(hub, bad, "odoo.conflict", "total with tax", "still a draft")
    assert (await books.move("bill", bad.business_key))["state"] == "draft"
    free = InvoiceLine(number=1, description="Nothing", unit_price=Decimal(0))
    await refused(hub, books.bill(lines=(free,)), "odoo.validation", "no amount")
    odd = InvoiceLine(number=1, description="Odd", unit_price=Decimal(5), tax_percent=Decimal("3.3"))
    await refused(hub, books.bill(lines=(odd,)), "odoo.missing_reference", "no tax of 3.3 %")


async def test_a_draft_for_a_clerk_is_not_posted(hub: Odoo, books: Books) -> None:
    bill = books.bill(post=False)
    (outcome,) = await deliver(hub, bill)
    assert isinstance(outcome, Delivered), outcome
    assert "draft for a clerk" in outcome.words
    assert (await books.move("bill", bill.business_key))["state"] == "draft"


async def test_invoices_of_companies_and_accounts(far: FarSide, hub: Odoo, books: Books) -> None:
    invoice = books.invoice("85")
    credit = books.invoice("85", credit=True, corrects=invoice.number)
    await delivered(hub, invoice, credit)
    first, second = [await books.move("invoice", each.number) for each in (invoice, credit)]
    assert (first["move_type"], second["move_type"]) == ("out_invoice", "out_refund")
    assert second["reversed_entry_id"] == first["id"]
    (outcome,) = await deliver(hub, books.invoice(account=None, customer="no-such-customer"))
    assert isinstance(outcome, Rejected)
    assert "no-such-customer" in str(outcome)


@pytest.mark.parametrize("of", list(LedgerDocument))
async def test_a_document_is_reversed_once(
    of: LedgerDocument, far: FarSide, hub: Odoo, world: World, books: Books
) -> None:
    accounts = await books.accounts()
    make: dict[LedgerDocument, Callable[[], Any]] = {
        LedgerDocument.SUPPLIER_BILL: lambda: books.bill(),
        LedgerDocument.CUSTOMER_INVOICE: lambda: books.invoice(),
        LedgerDocument.CHARGE: lambda: world.charge(),
        LedgerDocument.JOURNAL_ENTRY: lambda: books.entry(accounts, journal="MISC"),
    }
    kinds = {LedgerDocument.SUPPLIER_BILL: "bill", LedgerDocument.CUSTOMER_INVOICE: "invoice"}
    kinds |= {LedgerDocument.CHARGE: "charge", LedgerDocument.JOURNAL_ENTRY: "entry"}
    thing = make[of]()
    reversal = books.reversal(of, thing.business_key)
    await refused(hub, reversal, "odoo.missing_reference")
    await delivered(hub, thing)
    for attempt in (1, 2, 3):
        (outcome,) = await hub.deliver([delivery(reversal, attempt=attempt)])
        assert isinstance(outcome, Delivered), outcome
    original = await books.move(kinds[of], thing.business_key)
    (back,) = await far.rows("account.move", reversed_entry_id=original["id"])
    assert back["state"] == "posted"
    assert abs(back["amount_total"]) == abs(original["amount_total"]) > 0
    if of is not LedgerDocument.JOURNAL_ENTRY:
        assert original["amount_residual"] == 0


async def test_a_document_reversed_by_hand_is_not_reversed_again(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    books = Books(sandboxed, world)
    charge = world.charge()
    await delivered(hub, charge)
    move = await books.move("charge", charge.transaction)

    def by_hand(env: Any) -> None:
        made = env.with_context(active_model="account.move", active_ids=[move["id"]])["account.move.reversal"]
        made.refund_moves([made.create({"journal_id": move["journal_id"]}).id])

    box.change(by_hand)
    await refused(hub, books.reversal(LedgerDocument.CHARGE, charge.transaction), "odoo.duplicate", "one already")


async def test_a_payment_is_made_once_and_pays_its_bill(far: FarSide, hub: Odoo, books: Books) -> None:
    bill = books.bill()
    await delivered(hub, bill)
    due = Decimal(str((await books.move("bill", bill.business_key))["amount_residual"]))
    part, rest = books.payment(bill, "10"), books.payment(bill, str(due - 10))
    for payment, state in ((part, "partial"), (rest, "paid")):
        for attempt in (1, 2, 3):
            (outcome,) = await hub.deliver([delivery(payment, attempt=attempt)])
            assert isinstance(outcome, Delivered), outcome
            assert ("Not paid whole" in outcome.words) is (state == "partial")
        move = await books.move("bill", bill.business_key)
        assert move["payment_state"] == state or (state == "paid" and move["payment_state"] == "in_payment")
        assert len(await far.rows("account.payment", payment_reference=payment.number)) == 1
    assert (await books.move("bill", bill.business_key))["amount_residual"] == 0
    await refused(hub, books.payment(bill, "10"), "odoo.overpaid", "more than is due")
    assert len(await far.rows("account.payment", partner_id=move["partner_id"])) == 2


async def test_payments_received_and_on_account(far: FarSide, hub: Odoo, world: World, books: Books) -> None:
    invoice, charge = books.invoice("40"), world.charge("1", "60")
    await delivered(hub, invoice, charge)
    totals = [await books.move("invoice", invoice.number), await books.move("charge", charge.transaction)]
    due = sum(Decimal(str(move["amount_residual"])) for move in totals)
    shared = {"supplier": None, "account": world.account.number, "direction": PaymentDirection.RECEIVED}
    both = books.payment(None, str(due), documents=(invoice.number, charge.transaction), **shared)
    advance = books.payment(None, "25", **shared)
    first, second = await deliver(hub, both, advance)
    assert isinstance(first, Delivered), first
    assert isinstance(second, Delivered), second
    assert "on account" in second.words
    for kind, key in (("invoice", invoice.number), ("charge", charge.transaction)):
        assert (await books.move(kind, key))["amount_residual"] == 0


async def test_a_payment_names_what_it_pays(hub: Odoo, books: Books) -> None:
    await refused(hub, books.payment(books.bill(), "10"), "odoo.missing_reference", "not booked")
    bill = books.bill()
    await delivered(hub, bill)
    payment = books.payment(bill, "10")
    await delivered(hub, payment)
    changed = payment.model_copy(update={"amount": Decimal(11)})
    await refused(hub, changed, "odoo.conflict", "exact amount")


async def test_a_journal_entry_is_booked_exactly(far: FarSide, hub: Odoo, books: Books) -> None:
    accounts = await books.accounts()
    journal = await books.journal("general")
    entry = books.entry(accounts, journal=journal)
    for attempt in (1, 2):
        (outcome,) = await hub.deliver([delivery(entry, attempt=attempt)])
        assert isinstance(outcome, Delivered), outcome
    move = await books.move("entry", entry.number)
    assert (move["state"], move["date"], move["amount_total"]) == ("posted", books.day, 125.5)
    fine = books.entry(accounts, "0.125", journal=journal)
    await refused(hub, fine, "odoo.rounding", "decimals")
    await refused(hub, books.entry(("no-such-account", accounts[1]), journal=journal), "odoo.missing_reference")
    await refused(hub, books.entry(accounts, journal="NONE"), "odoo.missing_reference", "NONE")
    other = entry.model_copy(
        update={"lines": tuple(EntryLine(account=x.account, debit=x.credit, credit=x.debit) for x in entry.lines)}
    )
    await refused(hub, other, "odoo.conflict", "accounts or exact amounts") if accounts[0] != accounts[1] else None


async def test_an_entry_may_have_a_line_of_what_is_due(far: FarSide, hub: Odoo, books: Books) -> None:
    """Odoo gives lines on receivable and payable accounts another type; they are lines of the entry all the same."""
    (payable, *_) = await far.rows("account.account", account_type="liability_payable")
    expense, _ = await books.accounts()
    entry = books.entry((expense, payable["code"]), journal=await books.journal("general"))
    reversal = books.reversal(LedgerDocument.JOURNAL_ENTRY, entry.number)
    await delivered(hub, entry, reversal, entry, reversal)
    move = await books.move("entry", entry.number)
    (back,) = await far.rows("account.move", reversed_entry_id=move["id"])
    lines = await far.rows("account.move.line", move_id=back["id"])
    assert sorted((line["account_id"] == payable["id"], line["debit"], line["credit"]) for line in lines) == [
        (False, 0, 125.5),
        (True, 125.5, 0),
    ]


@pytest.mark.req("MOD-5")
def test_an_entry_that_does_not_balance_is_never_made() -> None:
    books = Books(FarSide(None, "auto", None), World(FarSide(None, "auto", None)))
    lines = (EntryLine(account="1", debit=Decimal("1.00")), EntryLine(account="2", credit=Decimal("1.01")))
    with pytest.raises(ValueError, match="must be equal"):
        books.entry(("1", "2"), lines=lines)
    with pytest.raises(ValueError, match="exactly one of debit and credit"):
        EntryLine(account="1", debit=Decimal(1), credit=Decimal(1))


async def test_nothing_is_booked_in_a_locked_period(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    books = Books(sandboxed, world)
    bill, accounts = books.bill(), await books.accounts()
    await delivered(hub, bill)
    before = len(await sandboxed.rows("account.move"))
    for lock in ("fiscalyear_lock_date", "hard_lock_date")[: 2 if sandboxed.since(18) else 1]:
        box.change(lambda env, lock=lock: env["res.company"].write(1, {lock: "2026-06-30"}))
        old = {"billed_on": "2026-06-01"}
        things = [
            books.bill(**old),
            books.invoice(**old),
            world.charge(service_date="2026-06-01"),
            books.entry(accounts, booked_on="2026-06-01"),
            books.reversal(LedgerDocument.SUPPLIER_BILL, bill.business_key, reversed_on="2026-06-30"),
            books.payment(bill, "1", paid_on="2026-06-30"),
            books.transaction("BNK1", booked_on="2026-06-30"),
        ]
        for thing in things:
            await refused(hub, thing, "odoo.locked_period", "closed until 2026-06-30")
        box.change(lambda env, lock=lock: env["res.company"].write(1, {lock: False}))
    assert len(await sandboxed.rows("account.move")) == before
    if not sandboxed.since(18):
        return  # locks of buying alone came with 18
    box.change(lambda env: env["res.company"].write(1, {"purchase_lock_date": "2026-06-30"}))
    await refused(hub, books.bill(billed_on="2026-06-01"), "odoo.locked_period")
    await delivered(hub, books.invoice(billed_on="2026-06-01"), books.bill(billed_on="2026-07-01"))


async def test_a_period_locked_between_check_and_posting_is_said(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    books = Books(sandboxed, world)
    faults, accounts = sandboxed.faults, await books.accounts()
    assert faults is not None
    entry, draw = books.entry(accounts, booked_on="2026-06-01"), faults.draw

    def locking(model: str, method: str) -> Any:
        if (model, method) == ("account.move", "action_post"):
            box.change(lambda env: env["res.company"].write(1, {"fiscalyear_lock_date": "2026-06-30"}))
        return draw(model, method)

    faults.draw = locking  # type: ignore[method-assign]
    await refused(hub, entry, "odoo.locked_period")
    move = await books.move("entry", entry.number)
    assert move["date"] != "2026-06-01"  # Odoo has moved it, and a person knows


async def test_a_bank_transaction_is_on_the_statement_once(far: FarSide, hub: Odoo, books: Books) -> None:
    journal = await books.journal("bank")
    transaction = books.transaction(journal)
    for attempt in (1, 2, 3):
        (outcome,) = await hub.deliver([delivery(transaction, attempt=attempt)])
        assert isinstance(outcome, Delivered), outcome
    (line,) = await far.known_as("account.bank.statement.line", "banktransaction", transaction.business_key)
    assert (line["amount"], line["date"], line["payment_ref"]) == (-151.25, books.day, "Gloves")
    assert len(await far.rows("account.bank.statement.line", ref=transaction.number)) == 1
    changed = transaction.model_copy(update={"amount": Decimal(7)})
    await refused(hub, changed, "odoo.conflict", "exact amount")
    await refused(hub, books.transaction(await books.journal("sale")), "odoo.validation", "not a journal of a bank")


async def test_many_of_one_batch_go_in_few_calls(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage()
    books, faults = Books(sandboxed, world), sandboxed.faults
    assert faults is not None
    bills = [books.bill() for _ in range(20)]
    await hub.deliver(deliveries([books.bill()]))
    faults.seen.clear()
    outcomes = await hub.deliver(deliveries(bills))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    assert faults.seen.count("account.move.load") == 1
    assert faults.seen.count("account.move.action_post") == 1
    assert len(faults.seen) < 15, faults.seen
