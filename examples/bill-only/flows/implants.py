"""Uses of implants come in, and everything that follows from them goes out; a process follows each operation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from hilum.canonical import ConsignmentMoved, ImplantUsed, Lot, PurchaseOrder
from hilum.connectors import crosswalk, files, http, mllp, odoo
from hilum.flow import DataClass, Flow, Lookup, Owners, Pattern
from hilum.masterdata import terms
from hilum.packs import implants, inventory, passing
from hilum.packs.implants.closing import closing_process
from hilum.packs.implants.rules import ImplantRules, by_order_or_alone
from hilum.packs.procurement.tolerances import Tolerances
from hilum.processes import handle

OWNERS = Owners(business="Theatre supplies", technical="Integration")
HOST = os.environ.get("LISTEN", "127.0.0.1")
IN = os.environ.get("IN_DIR", "in")


def port(name: str, otherwise: int) -> int:
    """A port that the environment may change."""
    return int(os.environ.get(name, otherwise))


def stock_of_the_warehouse(_: ImplantUsed) -> str:
    """Where Odoo receives orders: by its full name."""
    return "WH/Stock"


def tolerances(_supplier: str, item: str) -> Tolerances:
    """Prices are exact; a supplier may bill up to 30 for freight."""
    return Tolerances(extras_amount=Decimal(30)) if not item else Tolerances()


closing = closing_process(
    ImplantRules(
        lookups=Path(__file__).parent.parent / "lookups",
        tolerances_of=tolerances,
        bought_into=stock_of_the_warehouse,
        gather=os.environ.get("GATHER", "PT10S"),  # an hour or two in a hospital
        look_again="PT1M",
        case_of_bill=by_order_or_alone,  # all bills of this flow are of implants
    ),
    owners=OWNERS,
)

theatre = inventory.consumption(
    source=mllp.Listener(host=HOST, port=port("CHARGES_PORT", 2575), accepts=["DFT^P03"]),
    name="theatre.charges",
    implants=handle(closing),
)
records = implants.usage(
    source=files.Folder(url=f"{IN}/usage", pattern="*.csv", split="rows"),
    name="theatre.records",
    implants=handle(closing),
)
commands = implants.commands(also=[http.post("http.supplier", accepts=(PurchaseOrder,))])


bills = passing.business_objects(
    "suppliers.bills",
    source=http.Listener(host=HOST, port=port("BILLS_PORT", 8097), path="/bills"),
    summary="Suppliers' bills come to the operation that they bill",
    owners=OWNERS,
    to=handle(closing),
)
master = passing.business_objects(
    "master.data",
    source=http.Listener(host=HOST, port=port("MASTER_PORT", 8096), path="/master"),
    summary="Suppliers, items, stores and agreed prices are known to Odoo and the hub",
    owners=OWNERS,
    pattern=Pattern.MASTER_DATA,
    to=[
        *(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.location)),
        terms.keep(),
        crosswalk.link(),
    ],
)


class Brought(BaseModel):
    """A row of a delivery of consigned goods."""

    delivery: str = Field(min_length=1)
    supplier: str = Field(min_length=1)
    location: str = Field(min_length=1)
    item: str = Field(min_length=1)
    lot: str = Field(min_length=1)
    quantity: Decimal = Field(gt=0)
    expires_on: date | Literal[""] = ""


consigned = Flow(
    "suppliers.consigned",
    version="1.0",
    summary="Goods that suppliers put on the shelves of the theatres stay theirs in Odoo",
    owners=OWNERS,
    pattern=Pattern.TRANSACTION,
    data_class=DataClass.INTERNAL,
    source=files.Folder(url=f"{IN}/consigned", pattern="*.csv", split="rows"),
    order_by=lambda row: row.delivery,
    input=Brought,
)


@consigned.translate
def brought(row: Brought, _: Lookup) -> Iterator[Lot | ConsignmentMoved]:
    yield Lot(item=row.item, lot=row.lot, expires_on=row.expires_on or None)
    yield ConsignmentMoved(
        number=f"{row.delivery}:{row.item}:{row.lot}",
        supplier=row.supplier,
        location=row.location,
        item=row.item,
        quantity=row.quantity,
        lot=row.lot,
    )


consigned.deliver_to(odoo.item_lot("odoo.main"), odoo.consignment("odoo.main"))
