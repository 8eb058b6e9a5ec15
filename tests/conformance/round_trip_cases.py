"""What goes into Odoo and comes back: the example of each object, and what examples do not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from round_trip_more import BOXES, MORE

from hilum import canonical
from hilum.canonical import (
    BusinessObject,
    Item,
    Supplier,
    Tracking,
)

# The item of the examples is kept in pieces and tracked by lots; documents of boxes without lots are of another one.
IN_BOXES = {"GLOVE-M": "GLOVE-BX"}
SENT: Mapping[str, Mapping[str, str]] = {
    # a box holds what its item says, so Odoo's people make such a unit
    "hilum.unit": {"BX": "CEN", "Box": "Hundred"},
    # the company whose chart it is
    "hilum.ledger.account": {"HG-NV": "Sandbox Hospital"},
    "hilum.goods.receipt": IN_BOXES,
    "hilum.purchase.agreement": IN_BOXES,
    "hilum.purchase.order": IN_BOXES,
    "hilum.stock.transfer": IN_BOXES,
    "hilum.supplier.bill": IN_BOXES,
    "hilum.supplier.price": IN_BOXES,
    "hilum.supplier.return": IN_BOXES,
    # one of which nothing has come
    "hilum.purchase.order.cancelled": {"PO-55102": "PO-55103"},
}
"""What is replaced in an example before it is written, so that all of them fit into one hospital."""

BEFORE: Mapping[str, Sequence[BusinessObject]] = {
    "hilum.supplier": (
        Supplier(code="V-100", title="Sample Supplies Ltd"),
        Item(code="GLV-01", title="Gloves"),
        Item(code="GLOVE-BX", title="Gloves in boxes", unit="BX"),
    ),
    "hilum.location": (canonical.Location(code="STORE", title="Store"),),
    "hilum.item.category": (canonical.ItemCategory(code="CAT-PROTECTION", title="Protection"),),
    "hilum.item.lot": (Item(code="STENT-35", title="Stent", tracking=Tracking.LOT),),
    "hilum.stock.level": (canonical.Lot(item="GLOVE-M", lot="L2208"),),
    "hilum.goods.receipt": (BOXES,),
    "hilum.supplier.return": (canonical.Location(code="STORE-W2", title="Store of ward 2"),),
    "hilum.stock.transfer": (canonical.Location(code="OR-4", title="Theatre 4"),),
    "hilum.purchase.order.cancelled": (BOXES.model_copy(update={"number": "PO-55103"}),),
    "hilum.supply.consumed": (
        Item(code="MESH-15", title="Mesh", tracking=Tracking.LOT),
        canonical.Lot(item="MESH-15", lot="M771"),
    ),
    "hilum.consignment.moved": (canonical.Lot(item="STENT-35", lot="A-2"),),
    "hilum.asset": (canonical.Location(code="WARD-3", title="Ward 3"),),
    "hilum.department": (canonical.Department(code="MED", title="Medicine"),),
}
"""What has to be in Odoo before an example can be written."""

ORDER = (
    *("supplier", "customer", "patient.account", "warehouse", "location", "item.category", "unit", "item", "item.lot"),
    *("stock.level", "supplier.price", "purchase.agreement", "purchase.agreement.ended", "purchase.order"),
    *("goods.receipt", "supplier.return", "stock.transfer", "purchase.order.cancelled", "supply.consumed"),
    "consignment.moved",
    *("cost.centre", "ledger.account", "supplier.bill", "customer.invoice", "charge", "payment", "bank.transaction"),
    *("journal.entry", "ledger.reversal", "department", "employee", "asset", "work.order", "lead", "service.case"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One object that is written and has to come back."""

    name: str
    before: Sequence[BusinessObject]
    thing: BusinessObject


def cases() -> Iterator[Case]:
    """All, in an order in which a later one may build on what an earlier one has made."""
    for short in ORDER:
        name = f"hilum.{short}"
        yield Case(name, BEFORE.get(name, ()), _example(canonical.BY_NAME[name]))
    for name, things in MORE.items():
        yield Case(name, things[:-1], things[-1])


def _example(kind: type[BusinessObject]) -> BusinessObject:
    text = canonical.write(canonical.example(kind)).decode()
    for old, new in SENT.get(kind.name, {}).items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return canonical.read(text.encode())
