"""From suppliers' invoices to the money that left the bank: all of it, in the order of the business."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hilum.canonical import BY_NAME, BillMatch, BusinessObject, DocumentStatus, Payee
from hilum.connectors import files, http, odoo
from hilum.flow import Flow, Lookup, Owners, Pattern, with_partners
from hilum.packs import finance, payables, procurement
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


def posted(name: str, path: str, summary: str) -> Flow:
    """Business objects as JSON that are posted to one path, each kind in its order."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=PAYABLES,
        pattern=Pattern.TRANSACTION,
        source=http.Listener(host=HOST, port=PORT, path=path),
        format="object",
        order_by=lambda thing: getattr(thing, "order", None) or thing.business_key,
    )

    @flow.translate
    def told(thing: BusinessObject, _: Lookup) -> BusinessObject:
        return thing

    return flow


def commands(name: str, channel: str, summary: str) -> Flow:
    """What processes send on a channel, as the objects that it is."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=PAYABLES,
        pattern=Pattern.TRANSACTION,
        source=Commands(channel),
        order_by=lambda parsed: BY_NAME[parsed["type"]].model_validate(parsed["content"]).business_key,
    )

    @flow.translate
    def sent(parsed: dict[str, Any], _: Lookup) -> BusinessObject:
        return BY_NAME[parsed["type"]].model_validate(parsed["content"])

    return flow


# What is known

master = posted("master.data", "/master", "Suppliers, their accounts and items are known")
master.deliver_to(odoo.supplier("odoo.main"), odoo.item("odoo.main"), *handle(accounts))
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
confirmed = commands("suppliers.answers", "suppliers.answers", "Who entered an account hears what became of it")
confirmed.deliver_to(files.write(url=f"{OUT}/accounts", name="{message_id}.json", accepts=(DocumentStatus,)))
ordered = posted("procurement.papers", "/papers", "Orders and receipts are in Odoo, and bills are matched with them")
ordered.deliver_to(odoo.purchase_order("odoo.main"), odoo.receipt("odoo.main"), *handle(follow))

# Bills come in: 810 and UBL of trading partners, PDF with metadata in a folder


@with_partners
def trading(partners: Partners) -> Iterator[Flow]:
    """A flow for each route of each file in partners/, and the 820 to those that take one."""
    yield from procurement.from_partners(partners, deliver_to=handle(follow))
    yield finance.remittances(partners, otherwise=[files.write(url=f"{OUT}/remittances", name="{key}.json")])


def folder(path: str, pattern: str) -> files.Folder:
    """Whole files."""
    return files.Folder(url=path, pattern=pattern, split="none", stable_for=0.2, poll=0.5)


metadata = payables.bill_metadata(source=folder(f"{IN}/pdf", "*.json"), to=handle(clear))
pdfs = payables.bill_pdfs(source=folder(f"{IN}/pdf", "*.pdf"), to=handle(clear))
read = payables.read_bills(to=handle(follow), tell=handle(tell))

# What matching comes to

bills = commands("payables.bills", "payables.bills", "Bills that match are posted in Odoo, and are owed")
bills.deliver_to(odoo.supplier_bill("odoo.main"), finance.owed(), *handle(tell))
matches = commands("payables.matches", "payables.matches", "What each comparison came to")
matches.deliver_to(files.write(url=f"{OUT}/matches", name="{message_id}.json", accepts=(BillMatch,)), *handle(tell))
refused = commands("payables.refused", "payables.refused", "Suppliers hear which bills were refused, and why")
refused.deliver_to(
    files.write(url=f"{OUT}/refused", name="{message_id}.json", accepts=(DocumentStatus,)), *handle(tell)
)
told = payables.results(to=[files.write(url=f"{OUT}/results", name="{message_id}.json")])
papers = payables.papers()  # PDFs are attached to their bills

# Paying

treasury = posted("treasury.runs", "/treasury", "Payment runs are asked for")
treasury.deliver_to(*handle(pay))
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
