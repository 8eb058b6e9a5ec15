"""From suppliers' invoices to the money that left the bank: all of it, in the order of the business."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hilum.canonical import BillMatch, DocumentStatus, Payee
from hilum.connectors import files, http, odoo
from hilum.flow import Flow, Owners, Pattern, with_partners
from hilum.packs import finance, passing, payables, procurement
from hilum.packs.payables import ReadingRules
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.tolerances import load_tolerances
from hilum.packs.suppliers import SupplierRules, bank_change_process, supplier_changed
from hilum.partners import Partners
from hilum.processes import Commands, handle

PAYABLES = Owners(business="Payables", technical="Integration")
TREASURY = Owners(business="Treasury", technical="Integration")
HOST, PORT = os.environ.get("LISTEN", "127.0.0.1"), int(os.environ.get("PORT", "8096"))
IN, BANK, OUT = os.environ.get("IN_DIR", "in"), os.environ.get("BANK_DIR", "bank"), os.environ.get("OUT_DIR", "out")
LOOK = os.environ.get("LOOK_EVERY", "PT1M")
PROJECT = Path(__file__).parent.parent


# Processes: a reading becomes a bill, a bill meets its order, a run pays it, the statement settles it

reading = ReadingRules(linger="PT1M")
clear = payables.reading_process(reading, owners=PAYABLES)
tell = payables.telling_process(reading, owners=PAYABLES)
follow = order_process(OrderRules(tolerances_of=load_tolerances(PROJECT), linger="P60D"), owners=PAYABLES)
main = finance.DebtorAccount(
    payer=Payee(title="Hillside Hospital", account="BE68539007547034", bank="GKCCBEBB"),
    journal="BNK1",
    currencies=("EUR",),
)
rules = finance.PaymentRules(accounts={"MAIN": main}, look_every=LOOK)
pay = finance.payment_process(rules, owners=TREASURY)
settle = finance.settlement_process(rules, owners=TREASURY)
accounts = bank_change_process(SupplierRules(), owners=TREASURY)  # suppliers are called back about their accounts


def posted(path: str) -> http.Listener:
    """All that is posted comes to one port."""
    return http.Listener(host=HOST, port=PORT, path=path)


# What is known

master = passing.business_objects(
    "master.data",
    source=posted("/master"),
    summary="Suppliers, their accounts and items are known",
    owners=PAYABLES,
    to=[odoo.supplier("odoo.main"), odoo.item("odoo.main"), *handle(accounts)],
)
changed = Flow(
    "suppliers.changes",
    version="1.0",
    summary="Accounts of suppliers that were called back come to Odoo",
    owners=TREASURY,
    pattern=Pattern.MASTER_DATA,
    source=Commands("suppliers.changes"),
    order_by=lambda parsed: parsed["content"]["code"],
)
changed.translate(supplier_changed)
changed.deliver_to(odoo.supplier("odoo.main"))
confirmed = passing.commands(
    "suppliers.answers",
    "suppliers.answers",
    summary="Who entered an account hears what became of it",
    owners=PAYABLES,
    to=[files.write(url=f"{OUT}/accounts", name="{message_id}.json", accepts=(DocumentStatus,))],
)
ordered = passing.business_objects(
    "procurement.papers",
    source=posted("/papers"),
    summary="Orders and receipts are in Odoo, and bills are matched with them",
    owners=PAYABLES,
    to=[odoo.purchase_order("odoo.main"), odoo.receipt("odoo.main"), *handle(follow)],
)

# Bills come in: 810 and UBL of trading partners, PDF with metadata in a folder


@with_partners
def trading(partners: Partners) -> Iterator[Flow]:
    """A flow for each route of each file in partners/, and the 820 to those that take one."""
    yield from procurement.from_partners(partners, deliver_to=handle(follow))
    yield finance.remittances(
        partners, otherwise=[files.write(url=f"{OUT}/remittances", name="{key}-{message_id}.json")]
    )


def folder(path: str, pattern: str) -> files.Folder:
    """Whole files."""
    return files.Folder(url=path, pattern=pattern, split="none", stable_for=0.2, poll=0.5)


metadata = payables.bill_metadata(source=folder(f"{IN}/pdf", "*.json"), to=handle(clear))
pdfs = payables.bill_pdfs(source=folder(f"{IN}/pdf", "*.pdf"), to=handle(clear))
read = payables.read_bills(to=handle(follow), tell=handle(tell))

# What matching comes to

bills = passing.commands(
    "payables.bills",
    "payables.bills",
    summary="Bills that match are posted in Odoo, and are owed",
    owners=PAYABLES,
    to=[odoo.supplier_bill("odoo.main"), finance.owed(), *handle(tell)],
)
matches = passing.commands(
    "payables.matches",
    "payables.matches",
    summary="What each comparison came to",
    owners=PAYABLES,
    to=[files.write(url=f"{OUT}/matches", name="{message_id}.json", accepts=(BillMatch,)), *handle(tell)],
)
refused = passing.commands(
    "payables.refused",
    "payables.refused",
    summary="Suppliers hear which bills were refused, and why",
    owners=PAYABLES,
    to=[files.write(url=f"{OUT}/refused", name="{message_id}.json", accepts=(DocumentStatus,)), *handle(tell)],
)
told = payables.results(to=[files.write(url=f"{OUT}/results", name="{message_id}.json")])
papers = payables.papers()  # PDFs are attached to their bills

# Paying

treasury = passing.business_objects(
    "treasury.runs", source=posted("/treasury"), summary="Payment runs are asked for", owners=PAYABLES, to=handle(pay)
)
instructed = finance.bank_orders(to=[files.write(url=f"{BANK}/orders", name="{key}.xml")])
answers = finance.bank_answers(source=folder(f"{BANK}/answers", "*.xml"), to=handle(pay))
statements = finance.bank_statements(source=folder(f"{BANK}/statements", "*"), also=handle(settle))
booked = Flow(
    "payables.payments",
    version="1.0",
    summary="What left the account, or came back, is booked in Odoo",
    owners=TREASURY,
    pattern=Pattern.TRANSACTION,
    source=Commands("payables.payments"),
    order_by=lambda parsed: parsed["content"]["supplier"],
)
booked.translate(finance.to_book)
booked.deliver_to(odoo.payment("odoo.main"), odoo.supplier_bill("odoo.main"))
