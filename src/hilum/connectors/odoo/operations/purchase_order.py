"""An order to a supplier: its head and lines in one transaction, then confirmed where the order says so.

Each line has its own external identifier, so that a repeated `load` updates lines instead of adding them again. Lines
without a price leave it to Odoo's vendor prices; since an empty cell would mean the price 0, an order that has both
kinds is written in two calls, and confirmed only when it is complete. `button_confirm` answers true also for an order
that now waits for approval, or that was cancelled: the state is read and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, ClassVar

from hilum.canonical import OrderLine, PurchaseOrder
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.references import ITEM, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    suppliers: Mapping[str, Row | Rejected]


class PlaceOrder(DocumentOperation):
    """PurchaseOrder → purchase.order."""

    name: ClassVar[str] = "purchase_order"
    accepts: ClassVar[tuple[type, ...]] = (PurchaseOrder,)
    needs: ClassVar[Needs] = {
        "purchase.order": ("name", "state", "partner_id", "origin", "partner_ref", "currency_id", "order_line"),
        "purchase.order.line": ("product_id", "product_qty", "price_unit", "date_planned"),
    }
    model = "purchase.order"
    kind = "order"
    reference_field = "origin"
    fields = ("name", "state", "partner_id", "currency_id")
    line_model = "purchase.order.line"
    line_parent = "order_id"
    line_fields = ("product_id", "product_qty", "price_unit")
    drafts = frozenset({"draft", "sent"})

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, {"purchase.order.line": (names.order_line_unit,)})

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        orders: list[PurchaseOrder] = [task.thing for task in tasks]
        return _Known(
            items=await session.references.find(ITEM, [line.item for order in orders for line in order.lines]),
            suppliers=await session.references.find(SUPPLIER, [order.supplier for order in orders]),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        order: PurchaseOrder = task.thing
        about = f"order {order.number}"
        vendor = found(known.suppliers[order.supplier])["id"]
        currency = found(await session.currency(order.currency)) if order.currency else None
        head = {
            "partner_id/.id": cell(vendor),
            "origin": order.number,
            **({"partner_ref": order.requisition} if order.requisition else {}),
            **({"currency_id/.id": cell(currency)} if currency else {}),
            **({"date_order": cell(order.ordered_at)} if order.ordered_at else {}),
        }
        xml_id = session.xml_id("order", order.number)
        lines: list[Mapping[str, Any]] = []
        shapes: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for line in order.lines:
            wanted = await _wanted(session, order, line, found(known.items[line.item]))
            cells = _cells(session, order, line, wanted)
            lines.append(wanted)
            shapes.setdefault(tuple(cells), []).append(cells)
        records = [Record(task=task, xml_id=xml_id, head=head, lines=some, about=about) for some in shapes.values()]
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=order.number,
            about=about,
            records=records,
            wanted={"partner": vendor, "currency": currency, "lines": lines},
            act=order.confirm,
        )

    def line_fields_of(self, session: Session) -> Sequence[str]:
        """See `DocumentOperation.line_fields_of`."""
        return (*self.line_fields, session.client.dialect.order_line_unit)

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        wanted, row = plan.wanted, plan.row
        parts = {
            "supplier": row.get("partner_id") == wanted["partner"],
            "currency": wanted["currency"] in (None, row.get("currency_id")),
            "lines (items, quantities, units or exact prices)": same_lines(wanted["lines"], plan.lines),
        }
        return ", ".join(words for words, same in parts.items() if not same)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("purchase.order", "button_confirm", numbers)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title, state = plan.row.get("name") or plan.number, plan.row.get("state")
        words = {
            "draft": f"The {plan.about} is a draft for a buyer in Odoo: {title}.",
            "sent": f"The {plan.about} is a draft for a buyer in Odoo: {title}.",
            "to approve": f"The {plan.about} waits for approval in Odoo: {title}.",
            "purchase": f"The {plan.about} is confirmed in Odoo: {title}.",
            "done": f"The {plan.about} is confirmed and locked in Odoo: {title}.",
        }
        if state == "cancel":
            plan.task.fail(Rejected("odoo.cancelled", f"The {plan.about} is cancelled in Odoo: {title}. Decide there."))
        elif state not in words or (plan.act and self._is_draft(plan)):
            text = f"The {plan.about} is in Odoo as {title} but could not be confirmed; look at it there."
            plan.task.fail(Rejected("odoo.not_done", text))
        else:
            plan.task.deliver(f"purchase.order:{plan.number} {title}", words[state])


async def _wanted(session: Session, order: PurchaseOrder, line: OrderLine, item: Row) -> dict[str, Any]:
    """A line in Odoo's names. Raises `Rejected` for a unit that the item cannot be ordered in."""
    unit = found(await session.units.find(line.unit))
    if not session.units.convert(unit, item["uom_id"]):
        kept = session.units.name(item["uom_id"])
        words = (
            f"Order {order.number}, line {line.number}: item {line.item} is kept in {kept} in Odoo, and {line.unit} "
        )
        raise Rejected("odoo.unit", f"{words}does not convert into that. Correct the unit.")
    return {
        "product_id": item["id"],
        "product_qty": line.quantity,
        session.client.dialect.order_line_unit: unit,
        "price_unit": line.unit_price,
    }


def _cells(session: Session, order: PurchaseOrder, line: OrderLine, wanted: Mapping[str, Any]) -> dict[str, str]:
    unit = session.client.dialect.order_line_unit
    cells = {
        "id": session.xml_id("orderline", f"{order.number}/{line.number}"),
        "product_id/.id": cell(wanted["product_id"]),
        "product_qty": cell(line.quantity),
        f"{unit}/.id": cell(wanted[unit]),
    }
    if line.unit_price is not None:
        cells["price_unit"] = cell(line.unit_price)
    if line.needed_by is not None:
        # Odoo keeps a time: noon in UTC is the same day in nearly every time zone
        cells["date_planned"] = datetime.combine(line.needed_by, time(12)).strftime("%Y-%m-%d %H:%M:%S")
    return {f"order_line/{column}": text for column, text in cells.items()}
