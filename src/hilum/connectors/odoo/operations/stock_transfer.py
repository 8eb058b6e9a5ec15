"""Stock moves from one place of the hospital to another: an internal transfer, carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hilum.canonical import StockTransfer
from hilum.connectors.odoo.operations.base import found
from hilum.connectors.odoo.operations.stock_consumption import warehouse_of
from hilum.connectors.odoo.operations.transfers import Known, Line, TransferOperation, Way, listed, numbered
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected


class TransferStock(TransferOperation):
    """StockTransfer → stock.picking, done."""

    name: ClassVar[str] = "stock_transfer"
    accepts: ClassVar[tuple[type, ...]] = (StockTransfer,)
    kind = "transfer"
    line_kind = "transfermove"
    noun = "Moved"

    def about(self, thing: StockTransfer) -> str:
        """See `TransferOperation.about`."""
        return f"transfer {thing.number}"

    def lines_of(self, thing: StockTransfer) -> Sequence[Line]:
        """See `TransferOperation.lines_of`."""
        return numbered(thing)

    def places_of(self, thing: StockTransfer) -> Sequence[str]:
        """See `TransferOperation.places_of`."""
        return [thing.source, thing.target]

    async def way(self, session: Session, thing: StockTransfer, known: Known) -> Way:
        """See `TransferOperation.way`. The kind of transfer is that of the warehouse that the goods leave."""
        source, target = (found(known.locations[code]) for code in (thing.source, thing.target))
        if source["id"] == target["id"]:
            words = f"The transfer {thing.number} has the same place, {thing.source}, as source and as target."
            raise Rejected("odoo.validation", words)
        warehouse = await session.warehouse(warehouse_of(thing.source, source))
        return Way(kind=warehouse["int_type_id"], source=source["id"], target=target["id"])

    def done(self, thing: StockTransfer) -> str:
        """See `TransferOperation.done`."""
        return f"Moved from {thing.source} to {thing.target}: {listed(self.lines_of(thing))}."
