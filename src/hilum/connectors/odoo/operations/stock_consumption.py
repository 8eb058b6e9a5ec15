"""Supplies used on a patient leave stock at their location, exactly once.

Decision: a transfer (stock.picking) with one move, written with the external identifier of the use as a draft with its
quantity already filled in, then `button_validate`. A second validation moves nothing, also in parallel, on 18 and 19;
Inventory/User suffices; stock may go below zero, as it must when reality was quicker than the records. A scrap would
move again at a second validation, has no opposite, and asks a question when stock is short; an inventory adjustment
sets a level, and cannot say "two less" without a race.

A negative quantity comes back: the same transfer the other way round. Lots of tracked items must be known to Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hilum.canonical import SupplyConsumed
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.operations.lots import lot_of, lots
from hilum.connectors.odoo.references import ITEM, LOCATION, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

# Questions that Odoo would ask a person in a window; the transfer is complete, so neither applies.
_NO_QUESTIONS = {"skip_backorder": True, "skip_sms": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    locations: Mapping[str, Row | Rejected]
    lots: Mapping[tuple[int, str], int]
    customers: int | None  # the location of what has left to patients


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """The one move that is to be made, in Odoo's names."""

    line: Mapping[str, Any]
    lot: int | None


class ConsumeStock(DocumentOperation):
    """SupplyConsumed → stock.picking, done."""

    name: ClassVar[str] = "stock_consumption"
    accepts: ClassVar[tuple[type, ...]] = (SupplyConsumed,)
    needs: ClassVar[Needs] = {
        "stock.picking": ("name", "state", "origin", "picking_type_id", "location_id", "location_dest_id", "move_ids"),
        "stock.move": ("product_id", "product_uom_qty", "product_uom", "location_id", "location_dest_id", "state"),
    }
    model = "stock.picking"
    kind = "use"
    reference_field = "origin"
    fields = ("name", "state")
    line_model = "stock.move"
    line_parent = "picking_id"
    line_fields = ("product_id", "product_uom_qty", "product_uom", "location_id", "location_dest_id", "state")
    drafts = frozenset({"draft", "waiting", "confirmed", "partially_available", "assigned"})

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        lines = ("product_id", "lot_id", names.move_line_quantity)
        return joined(self.needs, {"stock.move": (names.move_quantity,), "stock.move.line": lines})

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        uses: list[SupplyConsumed] = [task.thing for task in tasks]
        items = await session.references.find(ITEM, [use.item for use in uses])
        customers = await session.client.search_read(
            "stock.location", [["usage", "=", "customer"]], ["usage"], limit=1, order="id"
        )
        return _Known(
            items=items,
            locations=await session.references.find(LOCATION, [use.location for use in uses]),
            lots=await lots(session, items, [(use.item, use.lot) for use in uses]),
            customers=customers[0]["id"] if customers else None,
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        use: SupplyConsumed = task.thing
        about = f"use {use.transaction} of item {use.item}"
        item, place = found(known.items[use.item]), found(known.locations[use.location])
        unit = found(await session.units.find(use.unit))
        _check(session, use, item, unit, known)
        warehouse = await session.warehouse(_warehouse(use, place))
        back = use.quantity < 0
        kind = warehouse["in_type_id" if back else "out_type_id"]
        source, target = (known.customers, place["id"]) if back else (place["id"], known.customers)
        wanted = {
            "product_id": item["id"],
            "product_uom_qty": abs(use.quantity),
            "product_uom": unit,
            "location_id": source,
            "location_dest_id": target,
        }
        lot = lot_of(use.item, item, use.lot, known.lots, task)
        xml_id = session.xml_id("use", use.transaction)
        head = {
            "picking_type_id/.id": cell(kind),
            "location_id/.id": cell(source),
            "location_dest_id/.id": cell(target),
            "origin": use.transaction,
        }
        line = _move_cells(session, session.xml_id("usemove", use.transaction), wanted, filled=lot is None)
        record = Record(task=task, xml_id=xml_id, head=head, lines=[line], about=about)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=use.transaction,
            about=about,
            records=[record],
            wanted=_Wanted(line=wanted, lot=lot),
        )

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        return "" if same_lines([plan.wanted.line], plan.lines) else "item, quantity, unit or location"

    async def complete(self, session: Session, plan: Plan) -> None:
        """Say which lot it was. `[5]` first, so that a repetition does not add a second line."""
        if plan.wanted.lot is None:
            return
        line, names = plan.wanted.line, session.client.dialect
        detail = {
            "product_id": line["product_id"],
            "product_uom_id": line["product_uom"],
            names.move_line_quantity: float(line["product_uom_qty"]),
            "lot_id": plan.wanted.lot,
            **({"picked": True} if names.has_picked else {}),
            "picking_id": plan.number,
            "location_id": line["location_id"],
            "location_dest_id": line["location_dest_id"],
        }
        moves = [row["id"] for row in plan.lines]
        await session.client.write("stock.move", moves, {"move_line_ids": [[5, 0, 0], [0, 0, detail]]})

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("stock.picking", "button_validate", numbers, context=_NO_QUESTIONS)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title = plan.row.get("name") or plan.number
        if plan.row.get("state") == "done":
            use: SupplyConsumed = plan.task.thing
            verb = "Returned to stock" if use.quantity < 0 else "Taken off stock"
            plan.task.deliver(
                f"stock.picking:{plan.number} {title}",
                f"{verb}: {cell(abs(use.quantity))} {use.unit} of item {use.item} at {use.location}.",
            )
        else:
            words = f"The {plan.about} is in Odoo as {title} but was not carried out; look at the transfer there."
            plan.task.fail(Rejected("odoo.not_done", words))


def _check(session: Session, use: SupplyConsumed, item: Row, unit: int, known: _Known) -> None:
    """Raise `Rejected` for what Odoo would take without a word, or refuse without a useful one."""
    if not use.quantity:
        raise Rejected("odoo.validation", f"The use {use.transaction} of item {use.item} has the quantity 0.")
    if not session.units.convert(unit, item["uom_id"]):
        kept = session.units.name(item["uom_id"])
        raise Rejected(
            "odoo.unit",
            f"Item {use.item} is kept in {kept} in Odoo, and {use.unit} does not convert into that. Correct the unit.",
        )
    if known.customers is None:
        raise Rejected(MISSING, "Odoo has no customer location to which used supplies go. Create one, then replay.")


def _warehouse(use: SupplyConsumed, place: Row) -> int:
    if not place["warehouse_id"]:
        words = f"The location {use.location} belongs to no warehouse in Odoo. Put it under one there, then replay."
        raise Rejected(MISSING, words)
    return int(place["warehouse_id"])


def _move_cells(session: Session, xml_id: str, wanted: Mapping[str, Any], *, filled: bool) -> dict[str, str]:
    """The columns of the move. `filled`: with the quantity that goes, whatever is at hand (not where a lot follows)."""
    cells = {
        "id": xml_id,
        "product_id/.id": cell(wanted["product_id"]),
        "product_uom_qty": cell(wanted["product_uom_qty"]),
        "product_uom/.id": cell(wanted["product_uom"]),
        "location_id/.id": cell(wanted["location_id"]),
        "location_dest_id/.id": cell(wanted["location_dest_id"]),
    }
    names = session.client.dialect
    if names.move_has_name:
        cells["name"] = "Used on a patient"
    if filled:
        cells[names.move_quantity] = cell(wanted["product_uom_qty"])
        cells |= {"picked": cell(True)} if names.has_picked else {}
    return {f"move_ids/{column}": text for column, text in cells.items()}
