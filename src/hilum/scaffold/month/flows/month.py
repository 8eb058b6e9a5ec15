"""A month of three hospitals: from what departments ask for to what the bank has paid.

One file, for all of it shares the processes and their rules: files of this folder are each loaded for themselves.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hilum.canonical import BusinessObject, Payee, Payment, PurchaseOrder, SupplierBill
from hilum.connectors import files, http, odoo, partners
from hilum.flow import Flow, Lookup, Owners, Pattern, with_partners
from hilum.masterdata import terms
from hilum.packs import finance, passing, procurement
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import load_approvals
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.partner_documents import draft_for
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.packs.procurement.tolerances import load_tolerances
from hilum.packs.suppliers import SupplierRules, bank_change_process, standing, supplier_changed
from hilum.partners import Partners
from hilum.processes import Commands, handle

Command = dict[str, Any]
"""What a process sends: the type of an object, and the object."""

PROJECT = Path(__file__).parent.parent
PORT = int(os.environ.get("MONTH_PORT", "8095"))
JOURNAL = os.environ.get("MONTH_JOURNAL", "BNK1")
POLL = float(os.environ.get("MONTH_POLL", "0.2"))  # seconds between two looks of each source

PURCHASING = Owners(business="Procurement", technical="Integration")
TREASURY = Owners(business="Treasury", technical="Integration")

with (PROJECT / "lookups" / "items.csv").open(encoding="utf-8", newline="") as table:
    CRITICAL = frozenset(row["item"] for row in csv.DictReader(table) if row["critical"] == "yes")


follow = order_process(
    OrderRules(tolerances_of=load_tolerances(PROJECT / "tolerances.toml"), wait_for_goods="P14D", linger="P7D"),
    owners=PURCHASING,
)
requests = requisition_process(
    RequisitionRules(
        approvals=load_approvals(PROJECT / "approvals.toml"), is_critical=CRITICAL.__contains__, name_agreements=False
    ),
    owners=PURCHASING,
)

main = finance.DebtorAccount(
    payer=Payee(title="Three hospitals", account="BE68539007547034", bank="GKCCBEBB"),
    journal=JOURNAL,
    currencies=("EUR",),
)
rules = finance.PaymentRules(accounts={"MAIN": main}, look_every="PT1H")
accounts = bank_change_process(SupplierRules(), owners=TREASURY)
pay = finance.payment_process(rules, owners=TREASURY)
settle = finance.settlement_process(rules, owners=TREASURY)


def listener(path: str) -> http.Listener:
    """All that comes over HTTP comes to one port."""
    return http.Listener(host="127.0.0.1", port=PORT, path=path)


# Buying

known = passing.business_objects(
    "month.known", source=listener("/known"), owners=PURCHASING, pattern=Pattern.MASTER_DATA,
    summary="Hospitals, suppliers, items, contracts and budgets are known",
    to=[
        *(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.warehouse, odoo.location)),
        terms.keep(), standing.keep(), budgets.keep(), *handle(accounts),
    ],
)  # fmt: skip

asked = procurement.requisitions_csv(
    source=listener("/requisitions"), odoo=None, orders=False, currency="EUR", also=handle(requests)
)


@with_partners
def exchanged(profiles: Partners) -> Iterator[Flow]:
    """Orders go to Odoo and to their suppliers; what suppliers send comes to the order it is about."""
    orders = Flow(
        "month.orders", version="1.0", summary="What was approved is ordered, in Odoo and at the supplier",
        owners=PURCHASING, pattern=Pattern.TRANSACTION, source=Commands("procurement.orders", poll=POLL),
        order_by=lambda parsed: parsed["content"]["number"],
    )  # fmt: skip

    @orders.translate
    def ordered(parsed: Command, hub: Lookup) -> Iterator[Any]:
        thing = passing.object_of(parsed)
        yield thing
        # An order is changed here to what its supplier has answered itself, and need not be told.
        if not isinstance(thing, PurchaseOrder) or thing.revision == 0:
            yield told_to_supplier(thing, hub)

    changes = Flow(
        "month.changes", version="1.0", summary="What buyers change after sending, in Odoo and at the supplier",
        owners=PURCHASING, pattern=Pattern.TRANSACTION, source=listener("/changes"), format="object",
        order_by=lambda thing: thing.business_key,
    )  # fmt: skip

    @changes.translate
    def changed_by_buyer(thing: BusinessObject, hub: Lookup) -> Iterator[Any]:
        yield thing
        yield told_to_supplier(thing, hub)

    def told_to_supplier(thing: Any, hub: Lookup) -> partners.Addressed:
        profile = profiles.of_supplier(thing.supplier)
        return partners.Addressed(profile.key, draft_for(profile, thing, today=hub.today))

    for flow in (orders, changes):
        flow.deliver_to(odoo.purchase_order("odoo.main"), odoo.purchase_order_cancel("odoo.main"))
        flow.deliver_to(*handle(follow), *handle(requests), *partners.send(*profiles.values()))
        yield flow
    yield from procurement.from_partners(profiles, deliver_to=[*handle(follow), *handle(requests)])


dock = passing.business_objects(
    "month.dock", source=listener("/dock"), owners=PURCHASING,
    summary="Goods that came, and goods that go back, are booked in Odoo",
    to=[odoo.receipt("odoo.main"), odoo.supplier_return("odoo.main"), *handle(follow), *handle(requests)],
)  # fmt: skip

bills = Flow(
    "month.bills", version="1.0", summary="Bills that match are posted in Odoo and are owed",
    owners=PURCHASING, pattern=Pattern.TRANSACTION, source=Commands("payables.bills", poll=POLL),
    order_by=lambda parsed: parsed["content"]["supplier"],
)  # fmt: skip


@bills.translate
def to_post(parsed: Command, hub: Lookup) -> SupplierBill:
    return SupplierBill.model_validate(parsed["content"])


bills.deliver_to(odoo.supplier_bill("odoo.main"), finance.owed())


def _kept(name: str, channel: str) -> Flow:
    """What is only told is kept in a folder."""
    flow = Flow(
        f"month.{name}", version="1.0", summary=f"What the hub tells: {name}",
        owners=PURCHASING, pattern=Pattern.TRANSACTION, source=Commands(channel, poll=POLL),
    )  # fmt: skip

    @flow.translate
    def passed_on(parsed: Command, hub: Lookup) -> Any:
        return parsed["content"]

    flow.deliver_to(files.write(url=str(PROJECT / "out" / name), name="{message_id}.json"))
    return flow


matches = _kept("matches", "payables.matches")
refused = _kept("refused", "payables.refused")
status = _kept("status", "procurement.status")
confirmed = _kept("accounts", "suppliers.answers")

changed = Flow(
    "month.changed", version="1.0", summary="Accounts of suppliers that were called back come to Odoo",
    owners=TREASURY, pattern=Pattern.MASTER_DATA, source=Commands("suppliers.changes", poll=POLL),
    order_by=lambda parsed: parsed["content"]["code"],
)  # fmt: skip
changed.translate(supplier_changed)
changed.deliver_to(odoo.supplier("odoo.main"))

# Paying

BANK = PROJECT / "bank"

treasury = passing.business_objects(
    "month.treasury", source=listener("/treasury"), owners=TREASURY, summary="Payment runs are asked for",
    to=handle(pay),
)  # fmt: skip


def _folder(name: str) -> files.Folder:
    return files.Folder(url=str(BANK / name), split="none", stable_for=0, poll=POLL)


orders_of_payment = finance.bank_orders(to=[files.write(url=str(BANK / "orders"), name="{key}.xml")])
answers = finance.bank_answers(source=_folder("answers"), to=handle(pay))
statements = finance.bank_statements(source=_folder("statements"), also=handle(settle))

payments = Flow(
    "month.payments", version="1.0", summary="What left the account, or came back, is booked in Odoo",
    owners=TREASURY, pattern=Pattern.TRANSACTION, source=Commands("payables.payments", poll=POLL),
    order_by=lambda parsed: parsed["content"]["supplier"],
)  # fmt: skip


@payments.translate
def to_book(parsed: Command, hub: Lookup) -> Payment:
    return Payment.model_validate(parsed["content"])


payments.deliver_to(odoo.payment("odoo.main"))


@with_partners
def advised(profiles: Partners) -> Iterator[Flow]:
    """Suppliers that take an 820 get one."""
    advice = Flow(
        "month.advice", version="1.0", summary="Suppliers hear what was paid",
        owners=TREASURY, pattern=Pattern.TRANSACTION, source=Commands("payables.remittances", poll=POLL),
        order_by=lambda parsed: parsed["content"]["payment"]["supplier"],
    )  # fmt: skip

    @advice.translate
    def as_820(parsed: Command, hub: Lookup) -> Iterator[Any]:
        payment = Payment.model_validate(parsed["content"]["payment"])
        profile = profiles.of_supplier(payment.supplier or "")
        if profile.format == "x12":
            yield partners.Addressed(profile.key, draft_for(profile, payment, today=hub.today))

    advice.deliver_to(*partners.send(*profiles.values()))
    yield advice
