"""Goods of an order arrive: Odoo's own receipt of that order is filled in and validated, once for each arrival.

Odoo makes a receipt (stock.picking) when an order is confirmed, and another one for what is left after a part has come.
A repetition would therefore receive the rest. So the arrival writes its number into the receipt's source document
(`origin`) and its moves' together with its quantities, in one call, before it validates: `P00012 · GR-77`. What is done
and carries the number is this arrival, whatever came after, and whatever people write on the receipt later: they do
not see the moves' own source document. Odoo copies both to the receipt of the rest. So an open receipt with the number
is this arrival only while it has its quantities, marked as come; else a person decides, and it is never carried out.
An arrival that finds its receipt taken over by another one meanwhile begins again with what is left. Before one is
begun, the order's receipts that are done and that no mark names are looked at: one that brought the same, or that was
changed since, may be it (`arrivals`), so a person decides then.

The call names every open move of the receipt, and clears its detailed lines first. Odoo refuses that once any is
done, so the number is never written on a receipt that another arrival has carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final

from hilum.canonical import GoodsReceipt, ReceiptLine
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.faults import Refusal
from hilum.connectors.odoo.operations.arrivals import ARRIVAL, Came, brought, doubt, mark, unnamed
from hilum.connectors.odoo.operations.base import Needs, found, joined, prepare
from hilum.connectors.odoo.operations.documents import CONFLICT, DocumentOperation, Plan
from hilum.connectors.odoo.operations.expiry import EXPIRY, Expiries, expiries, noon
from hilum.connectors.odoo.operations.transfers import NO_QUESTIONS, OPEN
from hilum.connectors.odoo.references import ITEM, ORDER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected, TryAgain, Unsure
from hilum.message import Delivered

CONFIRMED: Final = frozenset({"purchase", "done"})
TAKEN: Final = "Another receipt of the same order came in between; this one follows."


@dataclass(eq=False, kw_only=True, slots=True)
class _Arrival:
    """One arrival, in Odoo's names."""

    order: int
    lines: Came = field(repr=False)
    expiries: Expiries = field(repr=False)
    mark: str = ""  # the source document of its receipt, once the order's number is known
    desk: _Desk | None = field(default=None, repr=False)  # as read when it was looked for
    came: bool = False  # its goods are in: by the mark of what is done
    filled: bool = True  # the open receipt with its mark has its quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class _Desk:
    """The orders of a round with their receipts, as they are now."""

    orders: dict[int, Row]
    receipts: dict[int, list[Row]]  # order → receipts, oldest first
    moves: dict[int, list[Row]]  # receipt → open moves
    done: dict[int, set[str]]  # receipt → the marks of its moves that are done
    numbers: dict[int, str]  # order line → its external identifier

    def names(self, receipt: Row, mark: str) -> bool:
        """Does a receipt carry this mark, or what is done of it?"""
        return receipt["origin"] == mark or mark in self.done.get(receipt["id"], ())


class ReceiveGoods(DocumentOperation):
    """GoodsReceipt → the order's stock.picking, done."""

    name: ClassVar[str] = "receipt"
    accepts: ClassVar[tuple[type, ...]] = (GoodsReceipt,)
    needs: ClassVar[Needs] = {
        "purchase.order": ("name", "state", "picking_ids"),
        "stock.picking": ("name", "state", "origin", "move_ids", "picking_type_code", "date_done"),
        "stock.move": (
            *("product_id", "product_uom_qty", "product_uom", "purchase_line_id"),
            *("state", "picking_id", "origin", "date"),
        ),
        "stock.move.line": ("product_id", "product_uom_id", "lot_name", "picking_id"),
    }
    model = "stock.picking"
    reference_field = "origin"
    fields = ("name", "state", "origin")
    line_model = "stock.move"
    line_parent = "picking_id"
    line_fields = ("product_id", "state")
    drafts = OPEN

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        picked = ("picked",) if names.has_picked else ()
        own = {"stock.move": (names.move_quantity,), "stock.move.line": (names.move_line_quantity, *picked)}
        return joined(self.needs, own, units_needed(names))

    def effect(self, thing: GoodsReceipt, prefix: str) -> str:
        """See `Operation.effect`: the mark's part that is the arrival's own. Odoo's receipt is not the hub's record."""
        return f"{ARRIVAL.strip()} {thing.number}"

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: a receipt of the order carries the number of the arrival, and is done."""
        plan = await self.plan(session, task, await self.look_up(session, [task]))
        await self.find(session, [plan])
        if plan.number is None:
            return None
        (plan.row,) = await session.client.read(self.model, [plan.number], self.fields) or [{}]
        if self.is_draft(plan):
            return None
        self.settle(plan)
        return task.outcome if isinstance(task.outcome, Delivered) else None

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> Any:
        """See `DocumentOperation.look_up`."""
        arrivals: list[GoodsReceipt] = [task.thing for task in tasks]
        orders = await session.references.find(ORDER, [arrival.order for arrival in arrivals])
        items = await session.references.find(ITEM, [line.item for each in arrivals for line in each.lines])
        return orders, items, await expiries(session, items, [line for each in arrivals for line in each.lines])

    async def plan(self, session: Session, task: Task, known: Any) -> Plan:
        """See `DocumentOperation.plan`. Arrivals of one order follow each other: they share its identifier."""
        orders, items, expiring = known
        thing: GoodsReceipt = task.thing
        order = found(orders[thing.order])["id"]
        lines = []
        for line in thing.lines:
            if not line.quantity:
                continue
            item, unit = found(items[line.item]), found(await session.units.find(line.unit))
            _check_lot(task, line, item, expiring)
            lines.append((line, item, unit))
        if not lines:
            raise Rejected("odoo.validation", f"The receipt {thing.number} has no quantity above 0.")
        return Plan(
            task=task,
            xml_id=session.xml_id("order", thing.order),
            reference=thing.number,
            about=f"receipt {thing.number} of order {thing.order}",
            records=[],
            wanted=_Arrival(order=order, lines=lines, expiries=expiring),
        )

    async def find(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.find`: what is done with the arrival's number; else an open receipt that has it."""
        if not plans:
            return
        desk = await self._desk(session, plans)

        async def look(task: Task) -> None:
            plan = by_task[id(task)]
            arrival: _Arrival = plan.wanted
            arrival.desk = desk
            order = desk.orders.get(arrival.order, {})
            arrival.mark = mark(order.get("name"), plan.reference)
            marked = [each for each in desk.receipts.get(arrival.order, []) if desk.names(each, arrival.mark)]
            if marked:
                first = next((each for each in marked if each["state"] == "done"), marked[0])
                plan.number, arrival.came = first["id"], first["state"] == "done"
                arrival.filled = first["state"] not in OPEN or await brought(session, first["id"], arrival.lines)
                return
            name = order.get("name")
            for each in unnamed(desk.receipts.get(arrival.order, ()), desk.done, name, plan.reference):
                marks = desk.done.get(each["id"], ())
                if why := await doubt(session, each, marks, name, plan.reference, arrival.lines):
                    raise Rejected(CONFLICT, _perhaps(plan, each, order, why))
            if order.get("state") not in CONFIRMED:
                raise Rejected("odoo.not_confirmed", _not_confirmed(plan, order))

        by_task = {id(plan.task): plan for plan in plans}
        await prepare([plan.task for plan in plans], look)

    async def write(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """See `DocumentOperation.write`: the quantities into the open receipt, with the mark of the arrival."""

        async def fill(task: Task) -> None:
            plan = by_task[id(task)]
            arrival: _Arrival = plan.wanted
            desk = arrival.desk or await self._desk(session, [plan])
            receipt = _open_receipt(plan, desk)
            moves = _filled(session, plan, receipt["id"], desk)
            await _date_lots(session, arrival)  # first: a repetition that meets the filled receipt does not come here
            commands = [[1, move, {**values, "origin": arrival.mark}] for move, values in moves.items()]
            try:
                values = {"origin": arrival.mark, "move_ids": commands}
                await session.client.write("stock.picking", [receipt["id"]], values)
            except Refusal as refusal:
                # another hub may have carried it out meanwhile: the next attempt finds its mark, or says this again
                await self.find(session, [plan])
                if plan.number is None and _is_open(receipt, arrival.desk):
                    raise refusal from None
                if plan.number is None:
                    raise TryAgain(TAKEN, after=1.0) from None
                return
            plan.number, arrival.filled = receipt["id"], True

        by_task = {id(plan.task): plan for plan in plans}
        await prepare([plan.task for plan in plans], fill)

    async def _desk(self, session: Session, plans: Sequence[Plan]) -> _Desk:
        """Read orders, their receipts, and the moves of those: three calls, and one for the lines' names."""
        client = session.client
        numbers = sorted({plan.wanted.order for plan in plans})
        fields = ["name", "state", "picking_ids", "order_line"]
        orders = {row["id"]: row for row in await client.read("purchase.order", numbers, fields)}
        pickings = sorted({number for row in orders.values() for number in row["picking_ids"]})
        names = ["name", "state", "origin", "picking_type_code", "date_done"]
        rows = {row["id"]: row for row in await client.read("stock.picking", pickings, names)} if pickings else {}
        receipts = {
            number: [rows[each] for each in sorted(order["picking_ids"]) if each in rows]
            for number, order in orders.items()
        }
        domain = [["picking_id", "in", pickings], ["state", "in", [*sorted(OPEN), "done"]]]
        wanted = ["picking_id", "product_id", "product_uom_qty", "product_uom", "purchase_line_id", "state", "origin"]
        moves: dict[int, list[Row]] = {}
        done: dict[int, set[str]] = {}
        for move in await client.search_read("stock.move", domain, wanted, order="id") if pickings else []:
            if move["state"] == "done":
                done.setdefault(move["picking_id"], set()).add(move["origin"])
            else:
                moves.setdefault(move["picking_id"], []).append(move)
        lines = sorted({line for row in orders.values() for line in row["order_line"]})
        return _Desk(
            orders=orders,
            receipts=receipts,
            moves=moves,
            done=done,
            numbers=await client.external_ids("purchase.order.line", lines),
        )

    def to_update(self, plan: Plan) -> bool:
        """See `DocumentOperation.to_update`. Never: what has the mark and other quantities may be Odoo's copy of it."""
        return False

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`. The mark says that it is this arrival."""
        if plan.row.get("state") == "cancel":
            return "the receipt was cancelled"
        if plan.wanted.filled or not self.is_draft(plan):
            return ""
        return "it names this arrival and has not its quantities, as the receipt of a rest does (Odoo copies the name)"

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. Without the context a part would answer with a question, and do nothing."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        final = [plan.number for plan in plans if plan.task.thing.final and plan.number is not None]
        context = {**NO_QUESTIONS, **({"picking_ids_not_to_backorder": final} if final else {})}
        await session.client.call("stock.picking", "button_validate", numbers, context=context)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title, thing = plan.row.get("name") or plan.number, plan.task.thing
        if not plan.wanted.came and plan.row.get("origin") != plan.wanted.mark:
            plan.task.fail(TryAgain(TAKEN, after=1.0))
        elif plan.row.get("state") != "done":
            words = f"The {plan.about} is in Odoo as {title} but was not validated; look at the receipt there."
            plan.task.fail(Rejected("odoo.not_done", words))
        else:
            came = ", ".join(f"{cell(line.quantity)} {line.unit} of item {line.item}" for line in thing.lines[:3])
            more = f" and {len(thing.lines) - 3} more" if len(thing.lines) > 3 else ""
            plan.task.deliver(
                f"stock.picking:{plan.number} {title}", f"Received for order {thing.order}: {came}{more}."
            )


def _check_lot(task: Task, line: ReceiptLine, item: Row, expiring: Expiries) -> None:
    """Raise `Rejected` for a tracked item without a lot, and a serial number of more than one."""
    if item["tracking"] == "none":
        if line.lot:
            task.remarks.append(f"Odoo does not track lots of item {line.item}; the lot was left out.")
        return
    if not line.lot:
        words = f"Odoo tracks lots of item {line.item}, and none was given. Complete it, then replay."
        raise Rejected("odoo.lot_required", words)
    if item["tracking"] == "serial" and line.quantity != 1:
        words = f"Item {line.item} has serial numbers: one line for each piece, and {cell(line.quantity)} were given."
        raise Rejected("odoo.lot_required", words)
    expiring.tell(line, item, task)


async def _date_lots(session: Session, arrival: _Arrival) -> None:
    """Give lots that Odoo has without an expiry the one that came with the goods."""
    for line, item, _ in arrival.lines:
        number = arrival.expiries.undated(line, item)
        if number is not None and line.expires_on is not None:
            await session.client.write("stock.lot", [number], {EXPIRY: noon(line.expires_on)})


def _not_confirmed(plan: Plan, order: Row) -> str:
    state = {"cancel": "is cancelled", "to approve": "waits for approval"}.get(order.get("state", ""), "is a draft")
    return f"The order of the {plan.about} {state} in Odoo ({order.get('name', '')}). Decide there, then replay."


def _perhaps(plan: Plan, receipt: Row, order: Row, why: str) -> str:
    return (
        f"The {plan.about} may have come before: Odoo has the receipt {receipt['name']} of that order, {why}, and "
        "nothing there says for certain which arrival it was. If it is this one, discard the delivery. If it is "
        "another one, write that one's number behind the order's into its source document in Odoo "
        f"({mark(order.get('name'), '4711')}), then replay."
    )


def _is_open(receipt: Row, desk: _Desk | None) -> bool:
    """Does a receipt still wait, as far as is known now?"""
    rows = [row for each in (desk.receipts.values() if desk else ()) for row in each if row["id"] == receipt["id"]]
    return bool(rows) and rows[0]["state"] in OPEN


def _open_receipt(plan: Plan, desk: _Desk) -> Row:
    """The receipt that waits for goods of the order. Raises `Rejected` where there is none."""
    receipts = desk.receipts.get(plan.wanted.order, [])
    waiting = [each for each in receipts if each["state"] in OPEN and each["picking_type_code"] == "incoming"]
    if not waiting:
        words = f"Odoo waits for no more goods of this order, so the {plan.about} would be more than was ordered."
        raise Rejected("odoo.nothing_open", f"{words} Change the order in Odoo, then replay, or discard the receipt.")
    products = {item["id"] for _, item, _ in plan.wanted.lines}
    fits = [each for each in waiting if products <= {move["product_id"] for move in desk.moves.get(each["id"], [])}]
    return (fits or waiting)[0]


def _filled(session: Session, plan: Plan, receipt: int, desk: _Desk) -> dict[int, dict[str, Any]]:
    """Each open move → what to write into it. Raises `Rejected` for an item that the receipt does not wait for."""
    moves, numbers = desk.moves.get(receipt, []), desk.numbers
    thing: GoodsReceipt = plan.task.thing
    parts: dict[int, list[tuple[ReceiptLine, Row, int, Decimal]]] = {}
    left = {move["id"]: exact(move["product_uom_qty"]) for move in moves}
    for line, item, unit in plan.wanted.lines:
        name = session.xml_id("orderline", f"{thing.order}/{line.order_line}") if line.order_line else ""
        fits = [move for move in moves if move["product_id"] == item["id"]]
        fits = [move for move in fits if numbers.get(move["purchase_line_id"] or 0) == name] or fits if name else fits
        if not fits:
            words = f"The order {thing.order} waits for no item {line.item} in Odoo (it has come in full, or was never"
            raise Rejected("odoo.nothing_open", f"{words} ordered). Decide in Odoo, then replay.")
        for move, quantity in _spread(line.quantity, unit, fits, left):
            if not session.units.convert(unit, move["product_uom"]):
                words = (
                    f"Receipt {thing.number}: {line.unit} of item {line.item} does not convert into the order's unit."
                )
                raise Rejected("odoo.unit", words)
            parts.setdefault(move["id"], []).append((line, item, unit, quantity))
    return {move["id"]: _values(session, plan, receipt, move, parts.get(move["id"], ())) for move in moves}


def _spread(quantity: Decimal, unit: int, moves: Sequence[Row], left: dict[int, Decimal]) -> list[tuple[Row, Decimal]]:
    """A quantity over the moves of an item: each gets what it waits for, the last one what is more."""
    shares = []
    for move in moves[:-1]:
        share = min(quantity, left[move["id"]]) if move["product_uom"] == unit else Decimal(0)
        if share > 0:
            shares.append((move, share))
            left[move["id"]] -= share
            quantity -= share
    if quantity > 0:
        last = moves[-1]
        shares.append((last, quantity))
        left[last["id"]] -= quantity
    return shares


def _values(
    session: Session, plan: Plan, receipt: int, move: Row, parts: Sequence[tuple[ReceiptLine, Row, int, Decimal]]
) -> dict[str, Any]:
    """One move: a detailed line for each lot and unit; none where nothing of it came."""
    names = session.client.dialect
    picked = {"picked": True} if names.has_picked else {}
    commands: list[Any] = [[5, 0, 0]]
    for line, item, unit, quantity in parts:
        detail = {"product_id": item["id"], "product_uom_id": unit, names.move_line_quantity: float(quantity), **picked}
        lot = {"lot_name": line.lot, **plan.wanted.expiries.values(line)} if item["tracking"] != "none" else {}
        commands.append([0, 0, {**detail, **lot, "picking_id": receipt}])
    total = sum((quantity for *_, quantity in parts), Decimal(0))
    if total > exact(move["product_uom_qty"]) and all(unit == move["product_uom"] for *_, unit, _ in parts):
        line, ordered = parts[0][0], cell(exact(move["product_uom_qty"]).normalize())
        more = f"More of item {line.item} came than was open: {cell(total)} {line.unit}, open {ordered}."
        plan.task.remarks.append(more)
    return {"move_line_ids": commands}
