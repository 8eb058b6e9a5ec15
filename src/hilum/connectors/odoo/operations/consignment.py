"""Consigned stock comes to a store or leaves it: a transfer from or to vendors whose goods keep their owner.

The owner is set on the transfer (`owner_id`): when it is validated, Odoo gives it to all that moves, in 16 to 19 and in
both directions, so stock of the hospital's own at the same place is not touched, and nothing is valued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hilum.canonical import ConsignmentMoved
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.stock_consumption import warehouse_of
from hilum.connectors.odoo.operations.transfers import Known, Line, TransferOperation, Way
from hilum.connectors.odoo.references import MISSING, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Owners:
    """Whose stock it is, and from where it comes."""

    suppliers: dict[str, Row | Rejected]
    vendors: int | None


class MoveConsignment(TransferOperation):
    """ConsignmentMoved → stock.picking, done."""

    name: ClassVar[str] = "consignment"
    accepts: ClassVar[tuple[type, ...]] = (ConsignmentMoved,)
    needs: ClassVar[Needs] = joined(TransferOperation.needs, {"stock.picking": ("owner_id", "partner_id")})
    kind = "consignment"
    line_kind = "consignmentmove"
    noun = "Consigned stock"

    def about(self, thing: ConsignmentMoved) -> str:
        """See `TransferOperation.about`."""
        return f"move {thing.number} of consigned stock"

    def lines_of(self, thing: ConsignmentMoved) -> Sequence[Line]:
        """See `TransferOperation.lines_of`."""
        quantity = abs(thing.quantity)
        return [Line(key=thing.number, item=thing.item, quantity=quantity, unit=thing.unit, lot=thing.lot)]

    def places_of(self, thing: ConsignmentMoved) -> Sequence[str]:
        """See `TransferOperation.places_of`."""
        return [thing.location]

    async def look_up_more(self, session: Session, things: Sequence[Any]) -> _Owners:
        """The owners, and the location of vendors."""
        domain = [["usage", "=", "supplier"]]
        vendors = await session.client.search_read("stock.location", domain, ["usage"], limit=1, order="id")
        suppliers = await session.references.find(SUPPLIER, [thing.supplier for thing in things])
        return _Owners(suppliers=dict(suppliers), vendors=vendors[0]["id"] if vendors else None)

    async def way(self, session: Session, thing: ConsignmentMoved, known: Known) -> Way:
        """See `TransferOperation.way`."""
        owners: _Owners = known.extra
        owner = cell(found(owners.suppliers[thing.supplier])["id"])
        place = found(known.locations[thing.location])
        if owners.vendors is None:
            words = "Odoo has no vendor location from which consigned stock comes. Create one, then replay."
            raise Rejected(MISSING, words)
        warehouse = await session.warehouse(warehouse_of(thing.location, place))
        head = {"owner_id/.id": owner, "partner_id/.id": owner}
        if thing.quantity < 0:
            return Way(kind=warehouse["out_type_id"], source=place["id"], target=owners.vendors, head=head)
        return Way(kind=warehouse["in_type_id"], source=owners.vendors, target=place["id"], head=head)

    def done(self, thing: ConsignmentMoved) -> str:
        """See `TransferOperation.done`."""
        verb = "left" if thing.quantity < 0 else "came to"
        words = f"{cell(abs(thing.quantity))} {thing.unit} of item {thing.item}, stock of {thing.supplier},"
        return f"{words} {verb} {thing.location}."
