"""What departments ask for is approved, ordered in Odoo and at the supplier, received, and told to who asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hilum.canonical import BusinessObject, DocumentStatus, PurchaseOrder, ShipNotice
from hilum.connectors import files, http, odoo, partners
from hilum.flow import Flow, Lookup, Owners, Pattern, with_partners
from hilum.masterdata import terms
from hilum.packs import passing, procurement
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import load_approvals
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.partner_documents import draft_for
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.packs.suppliers import standing
from hilum.partners import Partners
from hilum.processes import Commands, handle

PROJECT = Path(__file__).parent.parent
OWNERS = Owners(business="Procurement", technical="Integration")
PORT = int(os.environ.get("PORT", "8095"))
SECRET = os.environ.get("PORTAL_SECRET", "portal and hub know it")
IN, OUT = os.environ.get("IN_DIR", "in"), os.environ.get("OUT_DIR", "out")

requests = requisition_process(
    RequisitionRules(approvals=load_approvals(PROJECT / "approvals.toml"), name_agreements=False), owners=OWNERS
)
follow = order_process(OrderRules(), owners=OWNERS)


def listener(path: str, **more: Any) -> http.Listener:
    """All that is posted comes to one port."""
    return http.Listener(host=os.environ.get("LISTEN", "127.0.0.1"), port=PORT, path=path, **more)


# What is asked for

# By webhook; and its events are read by REST, should a webhook be lost. Each counts once.
portal = procurement.portal(
    source=listener("/portal", hmac_secret=SECRET, hmac_header="X-Signature", hmac_timestamp="X-Signature-Timestamp"),
    also_from=[
        http.Poll(
            url=os.environ.get("PORTAL_EVENTS", "http://127.0.0.1:8099/events"),
            items="events",
            item_id="id",
            offset_parameter="after",
            every=float(os.environ.get("ASK_EVERY", "60")),
        )
    ],
    also=handle(requests),
    name="buying.portal",
    owners=OWNERS,
)
sheets = procurement.requisitions_csv(
    source=files.Folder(url=f"{IN}/requisitions", pattern="*.*", split="none", stable_for=0, poll=0.5),
    odoo=None,
    orders=False,
    also=handle(requests),
    name="buying.sheets",
    owners=OWNERS,
)
told = procurement.portal_status(
    to=[http.post("http.portal")],
    of_portal=lambda number: number.startswith("REQ-"),
    also=[files.write(url=f"{OUT}/status", accepts=(DocumentStatus,))],
    name="buying.told",
    owners=OWNERS,
)


# What is ordered, and what suppliers say of it


@with_partners
def exchanged(profiles: Partners) -> Iterator[Flow]:
    """Orders go to Odoo and to their suppliers; what suppliers send comes to the order it is about."""
    orders = Flow(
        "buying.orders",
        version="1.0",
        summary="What was approved is ordered, in Odoo and at the supplier",
        owners=OWNERS,
        pattern=Pattern.TRANSACTION,
        source=Commands("procurement.orders"),
        order_by=lambda parsed: parsed["content"]["number"],
    )

    @orders.translate
    def ordered(parsed: dict[str, Any], hub: Lookup) -> Iterator[BusinessObject | partners.Addressed]:
        thing = passing.object_of(parsed)
        yield thing
        # A change is what the supplier itself answered, and buyers accepted: it knows.
        if isinstance(thing, PurchaseOrder) and thing.revision == 0:
            profile = profiles.of_supplier(thing.supplier)
            yield partners.Addressed(profile.key, draft_for(profile, thing, today=hub.today))

    orders.deliver_to(odoo.purchase_order("odoo.main"), odoo.purchase_order_cancel("odoo.main"))
    orders.deliver_to(*handle(follow), *handle(requests), *partners.send(*profiles.values()))
    yield orders
    expected = files.write(url=f"{OUT}/expected", accepts=(ShipNotice,))  # the dock reads there what is to come
    yield from procurement.from_partners(
        profiles, deliver_to=[*handle(follow), *handle(requests), expected], prefix="buying.from", owners=OWNERS
    )


# What came, and what is known


dock = passing.business_objects(
    "buying.dock",
    source=listener("/dock"),
    summary="Goods that were counted are received in Odoo",
    owners=OWNERS,
    to=[odoo.receipt("odoo.main"), *handle(follow), *handle(requests)],
)
master = passing.business_objects(
    "buying.master",
    source=listener("/master"),
    summary="Suppliers, items, places, prices and budgets are known",
    owners=OWNERS,
    to=[
        *(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.location)),
        terms.keep(),
        budgets.keep(),
        standing.keep(),  # of a supplier that was blocked meanwhile, nothing is ordered
    ],
)
