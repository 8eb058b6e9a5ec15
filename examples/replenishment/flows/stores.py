"""What stores have, should have and will need comes in; requisitions, orders and alarms follow from it."""

from __future__ import annotations

import os
from pathlib import Path

from hilum.connectors import files, http, mllp, odoo
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.masterdata import terms
from hilum.packs import inventory, passing
from hilum.packs.inventory import stock_facts
from hilum.packs.inventory.replenishing import Due, ReplenishmentRules, replenishment_process
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import load_approvals
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.processes import handle

PROJECT = Path(__file__).parent.parent
OWNERS = Owners(business="Supply chain", technical="Integration")
HOST = os.environ.get("LISTEN", "127.0.0.1")
IN = os.environ.get("IN_DIR", "in")
CRITICAL = frozenset({"GLV-M"})
FACTS = stock_facts.keep(OWNERS)


def listener(path: str) -> http.Listener:
    """All that is posted comes to one port."""
    return http.Listener(host=HOST, port=int(os.environ.get("PORT", "8095")), path=path)


requests = requisition_process(
    RequisitionRules(
        approvals=load_approvals(PROJECT / "approvals.toml"),
        is_critical=lambda item: item in CRITICAL,
        name_agreements=False,
    ),
    owners=OWNERS,
)
replenish = replenishment_process(ReplenishmentRules(ahead="P7D"), owners=OWNERS)

levels = inventory.levels(
    source=files.Folder(url=f"{IN}/levels", pattern="*.csv", split="rows", stable_for=0, poll=0.5),
    to=[FACTS],
    name="stores.levels",
)
planned = inventory.planned(
    source=mllp.Listener(host=HOST, port=int(os.environ.get("PLANNED_PORT", "2576")), accepts=["SIU^S12", "SIU^S15"]),
    to=[FACTS],
    name="stores.planned",
)
alarms = inventory.alarms(to=[http.post("http.oncall")], name="stores.alarms")


stock = passing.business_objects(
    "stores.stock",
    source=listener("/stock"),
    summary="Counts, uses and receipts are noted",
    owners=OWNERS,
    to=[FACTS],
)
master = passing.business_objects(
    "stores.master",
    source=listener("/master"),
    summary="Suppliers, items, places, prices and budgets are known",
    owners=OWNERS,
    to=[
        *(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.location)),
        terms.keep(),
        budgets.keep(),
    ],
)

runs = Flow(
    "stores.runs",
    version="1.0",
    summary="All stores are looked at: in a hospital by a calendar",
    owners=OWNERS,
    pattern=Pattern.TRANSACTION,
    source=listener("/runs"),
    input=Due,
)


@runs.translate
def due(asked: Due, _: Lookup) -> Due:
    return asked


runs.deliver_to(*handle(replenish))


asked = passing.commands(
    "stores.asked",
    "inventory.requisitions",
    summary="What stores need goes the way of requisitions",
    owners=OWNERS,
    to=handle(requests),
)
orders = passing.commands(
    "stores.orders",
    "procurement.orders",
    summary="What was approved is ordered in Odoo",
    owners=OWNERS,
    to=[odoo.purchase_order("odoo.main"), odoo.purchase_order_cancel("odoo.main")],
)
status = passing.commands(
    "stores.status",
    "procurement.status",
    summary="What is refused or withdrawn is needed again",
    owners=OWNERS,
    to=[FACTS],
)
