"""What stores have, should have and will need comes in; requisitions, orders and alarms follow from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hilum.canonical import BY_NAME, BusinessObject
from hilum.connectors import files, http, mllp, odoo
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.masterdata import terms
from hilum.packs import inventory
from hilum.packs.inventory import stock_facts
from hilum.packs.inventory.replenishing import Due, ReplenishmentRules, replenishment_process
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import load_approvals
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.processes import Commands, handle

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


def passing(name: str, summary: str, path: str) -> Flow:
    """A flow of business objects that are posted as JSON, and go on as they are."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=OWNERS,
        pattern=Pattern.TRANSACTION,
        source=listener(path),
        format="object",
        order_by=lambda thing: thing.business_key,
    )

    @flow.translate
    def as_it_is(thing: BusinessObject, _: Lookup) -> BusinessObject:
        return thing

    return flow


stock = passing("stores.stock", "Counts, uses and receipts are noted", "/stock")
stock.deliver_to(FACTS)

master = passing("stores.master", "Suppliers, items, places, prices and budgets are known", "/master")
master.deliver_to(
    *(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.location)), terms.keep(), budgets.keep()
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


def commands(name: str, summary: str, channel: str) -> Flow:
    """A flow of what the processes send on a channel."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=OWNERS,
        pattern=Pattern.TRANSACTION,
        source=Commands(channel),
    )

    @flow.translate
    def sent(parsed: dict[str, Any], _: Lookup) -> BusinessObject:
        return BY_NAME[parsed["type"]].model_validate(parsed["content"])

    return flow


asked = commands("stores.asked", "What stores need goes the way of requisitions", "inventory.requisitions")
asked.deliver_to(*handle(requests))

orders = commands("stores.orders", "What was approved is ordered in Odoo", "procurement.orders")
orders.deliver_to(odoo.purchase_order("odoo.main"), odoo.purchase_order_cancel("odoo.main"))

status = commands("stores.status", "What is refused or withdrawn is needed again", "procurement.status")
status.deliver_to(FACTS)
