"""Supplies used on a patient leave stock at their location, exactly once.

A negative quantity comes back: the same transfer the other way round. Lots of tracked items must be known to Odoo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.canonical import SupplyConsumed
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.base import found
from hilum.connectors.odoo.operations.transfers import Known, Line, TransferOperation, Way
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell
from hilum.errors import Rejected


class ConsumeStock(TransferOperation):
    """SupplyConsumed → stock.picking, done."""

    name: ClassVar[str] = "stock_consumption"
    accepts: ClassVar[tuple[type, ...]] = (SupplyConsumed,)
    kind = "use"
    line_kind = "usemove"
    noun = "Used on a patient"

    def about(self, thing: SupplyConsumed) -> str:
        """See `TransferOperation.about`."""
        return f"use {thing.transaction} of item {thing.item}"

    def lines_of(self, thing: SupplyConsumed) -> Sequence[Line]:
        """See `TransferOperation.lines_of`."""
        quantity = abs(thing.quantity)
        return [Line(key=thing.transaction, item=thing.item, quantity=quantity, unit=thing.unit, lot=thing.lot)]

    def places_of(self, thing: SupplyConsumed) -> Sequence[str]:
        """See `TransferOperation.places_of`."""
        return [thing.location]

    async def look_up_more(self, session: Session, things: Sequence[Any]) -> int | None:
        """The location of what has left to patients."""
        customers = await session.client.search_read(
            "stock.location", [["usage", "=", "customer"]], ["usage"], limit=1, order="id"
        )
        return customers[0]["id"] if customers else None

    async def way(self, session: Session, thing: SupplyConsumed, known: Known) -> Way:
        """See `TransferOperation.way`."""
        place = found(known.locations[thing.location])
        if known.extra is None:
            words = "Odoo has no customer location to which used supplies go. Create one, then replay."
            raise Rejected(MISSING, words)
        warehouse = await session.warehouse(warehouse_of(thing.location, place))
        if thing.quantity < 0:
            return Way(kind=warehouse["in_type_id"], source=known.extra, target=place["id"])
        return Way(kind=warehouse["out_type_id"], source=place["id"], target=known.extra)

    def done(self, thing: SupplyConsumed) -> str:
        """See `TransferOperation.done`."""
        verb = "Returned to stock" if thing.quantity < 0 else "Taken off stock"
        return f"{verb}: {cell(abs(thing.quantity))} {thing.unit} of item {thing.item} at {thing.location}."


def warehouse_of(code: str, place: Row) -> int:
    """The warehouse of a location. Raises `Rejected` where it belongs to none."""
    if not place["warehouse_id"]:
        words = f"The location {code} belongs to no warehouse in Odoo. Put it under one there, then replay."
        raise Rejected(MISSING, words)
    return int(place["warehouse_id"])
