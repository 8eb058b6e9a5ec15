"""Goods of an order go back to the supplier: a transfer the other way, linked to the order's lines.

Odoo's own wizard for returns makes one more transfer each time it runs. The hub writes the transfer that the wizard
would make, with the external identifier of the return, so that there is one: the moves name the order line (the order
then shows less as received, and expects a credit note) and the move that brought the goods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hilum.canonical import SupplierReturn
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import Plan
from hilum.connectors.odoo.operations.transfers import Known, Line, TransferOperation, Way, listed, numbered
from hilum.connectors.odoo.references import MISSING, ORDER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell, exact
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bought:
    """What came with the orders that goods are returned of."""

    orders: Mapping[str, Row | Rejected]
    arrivals: Mapping[tuple[int, int], Row]  # (order, product) → the latest move that brought it
    partners: Mapping[int, int]  # order → supplier


class ReturnToSupplier(TransferOperation):
    """SupplierReturn → stock.picking, done."""

    name: ClassVar[str] = "supplier_return"
    accepts: ClassVar[tuple[type, ...]] = (SupplierReturn,)
    needs: ClassVar[Needs] = joined(
        TransferOperation.needs,
        {
            "purchase.order": ("name", "partner_id", "order_line"),
            "purchase.order.line": ("order_id", "qty_received"),
            "stock.picking": ("partner_id",),
            "stock.move": ("purchase_line_id", "origin_returned_move_id", "to_refund", "picking_type_id"),
            "stock.picking.type": ("warehouse_id",),
        },
    )
    kind = "return"
    line_kind = "returnmove"
    noun = "Returned to the supplier"

    def about(self, thing: SupplierReturn) -> str:
        """See `TransferOperation.about`."""
        return f"return {thing.number}"

    def lines_of(self, thing: SupplierReturn) -> Sequence[Line]:
        """See `TransferOperation.lines_of`."""
        return numbered(thing)

    def places_of(self, thing: SupplierReturn) -> Sequence[str]:
        """See `TransferOperation.places_of`."""
        return [thing.location] if thing.location else []

    async def look_up_more(self, session: Session, things: Sequence[SupplierReturn]) -> _Bought:
        """The orders, and the moves with which their goods came."""
        client = session.client
        orders = await session.references.find(ORDER, [thing.order for thing in things])
        numbers = [row["id"] for row in orders.values() if not isinstance(row, Rejected)]
        if not numbers:
            return _Bought(orders=orders, arrivals={}, partners={})
        lines = await client.search_read("purchase.order.line", [["order_id", "in", numbers]], ["order_id"])
        order_of = {line["id"]: line["order_id"] for line in lines}
        domain = [
            ["purchase_line_id", "in", list(order_of)],
            ["state", "=", "done"],
            ["location_id.usage", "=", "supplier"],
        ]
        fields = ["purchase_line_id", "product_id", "location_id", "location_dest_id", "picking_type_id"]
        moves = await client.search_read("stock.move", domain, fields, order="id")
        heads = await client.read("purchase.order", numbers, ["partner_id"])
        return _Bought(
            orders=orders,
            arrivals={(order_of[move["purchase_line_id"]], move["product_id"]): move for move in moves},
            partners={head["id"]: head["partner_id"] for head in heads},
        )

    async def way(self, session: Session, thing: SupplierReturn, known: Known) -> Way:
        """See `TransferOperation.way`."""
        bought: _Bought = known.extra
        order = found(bought.orders[thing.order])["id"]
        moves: dict[str, Mapping[str, str]] = {}
        arrivals: list[Row] = []
        for line in self.lines_of(thing):
            came = bought.arrivals.get((order, found(known.items[line.item])["id"]))
            if came is None:
                words = (
                    f"Nothing of item {line.item} was received for order {thing.order} in Odoo, so none can go back."
                )
                raise Rejected(MISSING, words)
            arrivals.append(came)
            moves[line.key] = {
                "purchase_line_id/.id": cell(came["purchase_line_id"]),
                "origin_returned_move_id/.id": cell(came["id"]),
                "to_refund": cell(True),
            }
        first = arrivals[0]
        kinds = await session.client.read("stock.picking.type", [first["picking_type_id"] or 0], ["warehouse_id"])
        if not kinds or not kinds[0]["warehouse_id"]:
            raise Rejected(MISSING, f"The receipt of order {thing.order} belongs to no warehouse in Odoo.")
        warehouse = await session.warehouse(kinds[0]["warehouse_id"])
        source = found(known.locations[thing.location])["id"] if thing.location else first["location_dest_id"]
        return Way(
            kind=warehouse["out_type_id"],
            source=source,
            target=first["location_id"],
            head={"partner_id/.id": cell(bought.partners[order])},
            moves=moves,
        )

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """Refuse to begin a return of more than was received; Odoo would take it."""
        new = [plan for plan in plans if plan.number is None]
        lines = {plan.task: self._by_order_line(plan) for plan in new}
        numbers = sorted({number for each in lines.values() for number in each})
        if not numbers:
            return
        rows = await session.client.read("purchase.order.line", numbers, ["qty_received"])
        received = {row["id"]: exact(row["qty_received"]) for row in rows}
        for plan in new:
            thing: SupplierReturn = plan.task.thing
            wanted = lines[plan.task]
            if any(quantity > received.get(number, 0) for number, quantity in wanted.items()):
                words = f"More would go back than was received for order {thing.order} (and not returned yet)."
                await self.refuse(session, plan, Rejected("odoo.too_much", words))

    @staticmethod
    def _by_order_line(plan: Plan) -> dict[int, Any]:
        """Order line → quantity that goes back."""
        wanted: dict[int, Any] = {}
        columns = [line for record in plan.records for line in record.lines]
        for cells in columns:
            number = int(cells["move_ids/purchase_line_id/.id"])
            wanted[number] = wanted.get(number, 0) + exact(cells["move_ids/product_uom_qty"])
        return wanted

    def done(self, thing: SupplierReturn) -> str:
        """See `TransferOperation.done`."""
        return f"Sent back to the supplier of order {thing.order}: {listed(self.lines_of(thing))}."
