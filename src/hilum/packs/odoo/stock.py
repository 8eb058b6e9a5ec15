"""Transfers that were carried out, by what they are: receipts, returns, moves, uses; and what is on hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.canonical import (
    ConsignmentMoved,
    GoodsReceipt,
    ReceiptLine,
    ReturnLine,
    StockLevel,
    StockTransfer,
    SupplierReturn,
    SupplyConsumed,
    TransferLine,
)
from hilum.connectors.odoo.operations.arrivals import ARRIVAL
from hilum.connectors.odoo.references import LOCATION, SUPPLIER
from hilum.errors import Invalid
from hilum.packs.building import make
from hilum.packs.odoo.buying import called_order
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """So much of one item, of one lot."""

    move: Record
    item: str
    quantity: Decimal
    unit: str
    lot: str = ""
    expires_on: date | None = None


def receipt(record: Record, odoo: Conventions) -> GoodsReceipt | None:
    """Goods of a purchase order that came: each receipt of Odoo's is one arrival, that of a rest another one."""
    moves = _done(record, "incoming")
    order = _order(record, moves, odoo) if moves and not odoo.is_own(record.external_id, "use") else ""
    if not order:
        return None
    return make(
        GoodsReceipt,
        record.where("move_ids"),
        number=_arrival(record, moves),
        order=order,
        received_at=record.moment("date_done"),
        lines=tuple(
            make(
                ReceiptLine,
                each.move.where("quantity"),
                item=each.item,
                quantity=each.quantity,
                unit=each.unit,
                order_line=_order_line(each.move, order, odoo),
                lot=each.lot,
                expires_on=each.expires_on,
            )
            for each in moved(moves, odoo)
        ),
    )


def supplier_return(record: Record, odoo: Conventions) -> SupplierReturn | None:
    """Goods of a purchase order that went back to the supplier."""
    moves = _done(record, "outgoing")
    order = _order(record, moves, odoo) if moves else ""
    if not order:
        return None
    number = odoo.key(record, "return", "origin") if odoo.is_own(record.external_id, "return") else record.text("name")
    return make(
        SupplierReturn,
        record.where("move_ids"),
        number=number,
        order=order,
        location=odoo.of(record, "location_id", LOCATION),
        returned_at=record.moment("date_done"),
        lines=tuple(
            make(
                ReturnLine,
                each.move.where("quantity"),
                number=n,
                item=each.item,
                quantity=each.quantity,
                unit=each.unit,
                lot=each.lot,
            )
            for n, each in _numbered(moves, "returnmove", number, odoo)
        ),
    )


def stock_transfer(record: Record, odoo: Conventions) -> StockTransfer | None:
    """Stock that went from one place of the hospital to another."""
    moves = _done(record, "internal")
    if not moves:
        return None
    ours = odoo.is_own(record.external_id, "transfer")
    number = odoo.key(record, "transfer", "origin") if ours else record.text("name")
    return make(
        StockTransfer,
        record.where("move_ids"),
        number=number,
        source=odoo.of(record, "location_id", LOCATION),
        target=odoo.of(record, "location_dest_id", LOCATION),
        moved_at=record.moment("date_done"),
        lines=tuple(
            make(
                TransferLine,
                each.move.where("quantity"),
                number=n,
                item=each.item,
                quantity=each.quantity,
                unit=each.unit,
                lot=each.lot,
            )
            for n, each in _numbered(moves, "transfermove", number, odoo)
        ),
    )


def supply_consumed(record: Record, odoo: Conventions) -> SupplyConsumed | None:
    """A use on a patient that the hub has booked; other deliveries to customers are none."""
    if not odoo.is_own(record.external_id, "use"):
        return None
    given_back = record.text("picking_type_code") == "incoming"
    found = moved(_done(record, "incoming" if given_back else "outgoing"), odoo)
    if not found:
        return None
    return make(
        SupplyConsumed,
        record.where("move_ids"),
        transaction=odoo.key(record, "use", "origin"),
        item=found[0].item,
        quantity=-found[0].quantity if given_back else found[0].quantity,
        unit=found[0].unit,
        location=odoo.of(record, "location_dest_id" if given_back else "location_id", LOCATION),
        used_at=record.moment("date_done"),
        lot=found[0].lot,
    )


def consignment_moved(record: Record, odoo: Conventions) -> ConsignmentMoved | None:
    """Consigned stock that came or left by the hub; what people move of it in Odoo is theirs."""
    if not odoo.is_own(record.external_id, "consignment"):
        return None
    came = record.text("picking_type_code") == "incoming"
    found = moved(_done(record, "incoming" if came else "outgoing"), odoo)
    if not found:
        return None
    return make(
        ConsignmentMoved,
        record.where("move_ids"),
        number=odoo.key(record, "consignment", "origin"),
        supplier=odoo.of(record, "owner_id", SUPPLIER),
        location=odoo.of(record, "location_dest_id" if came else "location_id", LOCATION),
        item=found[0].item,
        quantity=found[0].quantity if came else -found[0].quantity,
        unit=found[0].unit,
        lot=found[0].lot,
        moved_at=record.moment("date_done"),
    )


def stock_level(record: Record, odoo: Conventions) -> StockLevel | None:
    """What is on hand of an item (and lot) at a place of the hospital's own.

    Goods of other owners, in packages, and at places of suppliers and customers are none: of those a place has several
    quantities, and one of them is not its level.
    """
    others = [name for name in ("owner_id", "package_id") if record.given(name) and record.reference(name) is not None]
    if others or not _is_ours(record, odoo):
        return None
    lot = record.reference("lot_id")
    return make(
        StockLevel,
        record.where("quantity"),
        count=f"odoo-{record.id}:{record.written}",
        item=odoo.item(record, "product_id"),
        location=odoo.of(record, "location_id", LOCATION),
        quantity=record.number("quantity"),
        unit=odoo.unit(record, "product_uom_id"),
        counted_at=record.written,
        lot=lot.name if lot is not None else None,
    )


def _is_ours(record: Record, odoo: Conventions) -> bool:
    """A quantity does not say what kind of place it is at; only those of a hospital have a code or a warehouse."""
    place = record.reference("location_id")
    if place is None:
        return False
    coded = bool(place.code) or odoo.is_own(place.external_id, LOCATION.kind)
    return coded or (record.given("warehouse_id") and record.reference("warehouse_id") is not None)


def _done(record: Record, code: str) -> list[Record]:
    """The moves of a transfer of this kind that was carried out, as far as something went; else none."""
    if record.text("state") != "done" or record.text("picking_type_code") != code:
        return []
    moves = record.lines("stock.move", "move_ids")
    return [move for move in moves if move.number("quantity", "quantity_done")]


def moved(moves: Sequence[Record], odoo: Conventions) -> list[Moved]:
    """What went: a part for each lot where the detailed lines are read, else the whole move."""
    return [each for move in moves for each in _parts(move, odoo)]


def _parts(move: Record, odoo: Conventions) -> list[Moved]:
    item = odoo.item(move, "product_id")
    lines = move.lines("stock.move.line", "move_line_ids") if move.given("move_line_ids") else []
    parts = []
    for line in lines:
        quantity = line.number("quantity", "qty_done")
        if quantity:
            lot = line.reference("lot_id")
            name = lot.name if lot is not None else line.text("lot_name") if line.given("lot_name") else ""
            unit = odoo.unit(line, "product_uom_id")
            expires = odoo.local_day(line, "expiration_date") if name and line.given("expiration_date") else None
            parts.append(Moved(move=move, item=item, quantity=quantity, unit=unit, lot=name, expires_on=expires))
    if parts:
        return parts
    quantity, unit = move.number("quantity", "quantity_done"), odoo.unit(move, "product_uom")
    return [Moved(move=move, item=item, quantity=quantity, unit=unit)]


def _numbered(moves: list[Record], kind: str, number: str, odoo: Conventions) -> list[tuple[int, Moved]]:
    """What went, with line numbers: the hub's where each move is one line, else in their order."""
    found = [(n, _parts(move, odoo)) for n, move in odoo.numbered(moves, kind, number)]
    if all(len(parts) == 1 for _, parts in found):
        return [(n, parts[0]) for n, parts in found]
    return list(enumerate((each for _, parts in found for each in parts), start=1))


def _order(record: Record, moves: Sequence[Record], odoo: Conventions) -> str:
    """The purchase order that these goods belong to; empty: none."""
    lines = [line for move in moves if (line := move.reference("purchase_line_id")) is not None]
    for line in lines:
        if told := odoo.line_of(line.external_id, "orderline"):
            return told[0]
    head = record.reference("purchase_id") if record.given("purchase_id") else None
    if head is not None:
        return called_order(head, record.where("purchase_id"), odoo)
    if not lines:
        return ""
    order = record.text("origin").partition(ARRIVAL)[0]
    if not order:
        raise Invalid("the order of these goods is not known", where=record.where("origin"))
    return order


def _order_line(move: Record, order: str, odoo: Conventions) -> int | None:
    line = move.reference("purchase_line_id")
    told = odoo.line_of(line.external_id, "orderline", order) if line is not None else None
    return told[1] if told is not None else None


def _arrival(record: Record, moves: Sequence[Record]) -> str:
    """The number of the arrival that the hub has booked, else Odoo's own (`WH/IN/00012`)."""
    marks = [record.text("origin"), *(move.text("origin") for move in moves if move.given("origin"))]
    return next((mark.partition(ARRIVAL)[2] for mark in marks if ARRIVAL in mark), "") or record.text("name")
