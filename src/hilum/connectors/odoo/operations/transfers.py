"""Transfers that the hub makes itself: stock that is used, moved, or goes back to a supplier, exactly once.

Decision: a transfer (stock.picking) with a move for each line, written with the external identifier of the document as
a draft with its quantities already filled in, then `button_validate`. A second validation moves nothing, also in
parallel, on 18 and 19; Inventory/User suffices; stock may go below zero, as it must when reality was quicker than the
records. A scrap would move again at a second validation, has no opposite, and asks a question when stock is short; an
inventory adjustment sets a level, and cannot say "two less" without a race.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final

from hilum.canonical import StockTransfer, SupplierReturn
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.operations.lots import lot_of, lots
from hilum.connectors.odoo.references import ITEM, LOCATION
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

NO_QUESTIONS: Final = {"skip_backorder": True, "skip_sms": True}
"""Questions that Odoo would ask a person in a window; a transfer of the hub is complete, so neither applies."""
OPEN: Final = frozenset({"draft", "waiting", "confirmed", "partially_available", "assigned"})
"""The states of a transfer that is not carried out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """So much of one item. `key` makes the external identifier of its move."""

    key: str
    item: str
    quantity: Decimal  # above 0
    unit: str
    lot: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """From where to where, and as which kind of transfer of which warehouse; ids of Odoo."""

    kind: int
    source: int
    target: int
    head: Mapping[str, str] = field(default_factory=dict)  # further columns of the transfer
    moves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # further columns of a move, by `Line.key`


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the documents of a batch refer to."""

    items: Mapping[str, Row | Rejected]
    locations: Mapping[str, Row | Rejected]
    lots: Mapping[tuple[int, str], int]
    extra: Any = None  # what a subclass looks up beside


@dataclass(frozen=True, kw_only=True, slots=True)
class _Move:
    """A move that is to be made, in Odoo's names."""

    xml_id: str
    wanted: Mapping[str, Any]
    lot: int | None


def numbered(thing: StockTransfer | SupplierReturn) -> list[Line]:
    """The lines of a document whose lines have numbers."""
    return [
        Line(key=f"{thing.number}/{line.number}", item=line.item, quantity=line.quantity, unit=line.unit, lot=line.lot)
        for line in thing.lines
    ]


class TransferOperation(DocumentOperation):
    """Something → stock.picking, done. Subclasses say what moves, and which way."""

    model = "stock.picking"
    reference_field = "origin"
    fields = ("name", "state")
    line_model = "stock.move"
    line_parent = "picking_id"
    line_fields = ("product_id", "product_uom_qty", "product_uom", "location_id", "location_dest_id", "state")
    drafts = OPEN
    needs: ClassVar[Needs] = {
        "stock.picking": ("name", "state", "origin", "picking_type_id", "location_id", "location_dest_id", "move_ids"),
        "stock.move": ("product_id", "product_uom_qty", "product_uom", "location_id", "location_dest_id", "state"),
        "stock.warehouse": ("code", "in_type_id", "int_type_id", "out_type_id", "lot_stock_id"),
    }

    kind: ClassVar[str]  # of the external identifier of the transfer
    line_kind: ClassVar[str]  # of those of its moves
    noun: ClassVar[str]  # the description of the moves, where Odoo wants one

    @abstractmethod
    def about(self, thing: Any) -> str:
        """How people call it."""

    @abstractmethod
    def lines_of(self, thing: Any) -> Sequence[Line]:
        """What moves."""

    @abstractmethod
    def places_of(self, thing: Any) -> Sequence[str]:
        """The codes of the locations that it names."""

    @abstractmethod
    async def way(self, session: Session, thing: Any, known: Known) -> Way:
        """From where to where. Raises `Rejected`."""

    @abstractmethod
    def done(self, thing: Any) -> str:
        """What happened, in words."""

    async def look_up_more(self, session: Session, things: Sequence[Any]) -> Any:
        """What a subclass needs beside items, locations and lots."""
        return None

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        lines = ("product_id", "lot_id", names.move_line_quantity)
        return joined(self.needs, {"stock.move": (names.move_quantity,), "stock.move.line": lines}, units_needed(names))

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> Known:
        """See `DocumentOperation.look_up`."""
        things = [task.thing for task in tasks]
        lines = [line for thing in things for line in self.lines_of(thing)]
        items = await session.references.find(ITEM, [line.item for line in lines])
        places = [code for thing in things for code in self.places_of(thing)]
        return Known(
            items=items,
            locations=await session.references.find(LOCATION, places) if places else {},
            lots=await lots(session, items, [(line.item, line.lot) for line in lines]),
            extra=await self.look_up_more(session, things),
        )

    async def plan(self, session: Session, task: Task, known: Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing = task.thing
        about, key = self.about(thing), thing.business_key
        way = await self.way(session, thing, known)
        xml_id = session.xml_id(self.kind, key)
        head = {
            "picking_type_id/.id": cell(way.kind),
            "location_id/.id": cell(way.source),
            "location_dest_id/.id": cell(way.target),
            "origin": key,
            **way.head,
        }
        moves: list[_Move] = []
        shapes: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for line in self.lines_of(thing):
            move = await self._move(session, task, line, way, known)
            moves.append(move)
            cells = self._cells(session, move) | {f"move_ids/{k}": v for k, v in way.moves.get(line.key, {}).items()}
            shapes.setdefault(tuple(cells), []).append(cells)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=key,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=s, about=about) for s in shapes.values()],
            wanted=moves,
        )

    async def _move(self, session: Session, task: Task, line: Line, way: Way, known: Known) -> _Move:
        item = found(known.items[line.item])
        unit = found(await session.units.find(line.unit))
        if not line.quantity:
            raise Rejected("odoo.validation", f"The {self.about(task.thing)} has the quantity 0 of item {line.item}.")
        if not session.units.convert(unit, item["uom_id"]):
            kept = session.units.name(item["uom_id"])
            words = f"Item {line.item} is kept in {kept} in Odoo, and {line.unit} does not convert into that."
            raise Rejected("odoo.unit", f"{words} Correct the unit.")
        wanted = {
            "product_id": item["id"],
            "product_uom_qty": line.quantity,
            "product_uom": unit,
            "location_id": way.source,
            "location_dest_id": way.target,
        }
        lot = lot_of(line.item, item, line.lot, known.lots, task)
        return _Move(xml_id=session.xml_id(self.line_kind, line.key), wanted=wanted, lot=lot)

    def _cells(self, session: Session, move: _Move) -> dict[str, str]:
        """The columns of a move; with the quantity that goes, whatever is at hand, but not where a lot follows."""
        wanted, names = move.wanted, session.client.dialect
        cells = {
            "id": move.xml_id,
            "product_id/.id": cell(wanted["product_id"]),
            "product_uom_qty": cell(wanted["product_uom_qty"]),
            "product_uom/.id": cell(wanted["product_uom"]),
            "location_id/.id": cell(wanted["location_id"]),
            "location_dest_id/.id": cell(wanted["location_dest_id"]),
        }
        if names.move_has_name:
            cells["name"] = self.noun
        if move.lot is None:
            cells[names.move_quantity] = cell(wanted["product_uom_qty"])
            cells |= {"picked": cell(True)} if names.has_picked else {}
        return {f"move_ids/{column}": text for column, text in cells.items()}

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        wanted = [move.wanted for move in plan.wanted]
        return "" if same_lines(wanted, plan.lines) else "item, quantity, unit or location"

    async def complete(self, session: Session, plan: Plan) -> None:
        """Say which lots they were. `[5]` first, so that a repetition does not add a second line."""
        if all(move.lot is None for move in plan.wanted):
            return
        numbers = await session.client.external_ids("stock.move", [row["id"] for row in plan.lines])
        by_name = {xml_id: number for number, xml_id in numbers.items()}
        commands = [
            [1, by_name[move.xml_id], {"move_line_ids": [[5, 0, 0], [0, 0, self._detail(session, plan, move)]]}]
            for move in plan.wanted
            if move.lot is not None and move.xml_id in by_name
        ]
        await session.client.write("stock.picking", [plan.number or 0], {"move_ids": commands})

    @staticmethod
    def _detail(session: Session, plan: Plan, move: _Move) -> dict[str, Any]:
        wanted, names = move.wanted, session.client.dialect
        return {
            "product_id": wanted["product_id"],
            "product_uom_id": wanted["product_uom"],
            names.move_line_quantity: float(wanted["product_uom_qty"]),
            "lot_id": move.lot,
            **({"picked": True} if names.has_picked else {}),
            "picking_id": plan.number,
            "location_id": wanted["location_id"],
            "location_dest_id": wanted["location_dest_id"],
        }

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("stock.picking", "button_validate", numbers, context=NO_QUESTIONS)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title = plan.row.get("name") or plan.number
        if plan.row.get("state") == "done":
            plan.task.deliver(f"stock.picking:{plan.number} {title}", self.done(plan.task.thing))
        else:
            words = f"The {plan.about} is in Odoo as {title} but was not carried out; look at the transfer there."
            plan.task.fail(Rejected("odoo.not_done", words))


def listed(lines: Sequence[Line], most: int = 3) -> str:
    """The first lines for people: `3 EA of item GLV-01, 1 EA of item IMP-2 and 4 more`."""
    words = [f"{cell(line.quantity)} {line.unit} of item {line.item}" for line in lines[:most]]
    more = [f"{len(lines) - most} more"] if len(lines) > most else []
    parts = [*words, *more]
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
