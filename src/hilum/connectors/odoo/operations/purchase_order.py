"""An order to a supplier: its head and lines in one transaction, then confirmed where the order says so.

Each line has its own external identifier, so that a repeated `load` updates lines instead of adding them again. Lines
without a price leave it to Odoo's vendor prices; since an empty cell would mean the price 0, an order that has both
kinds is written in two calls, and confirmed only when it is complete. `button_confirm` answers true also for an order
that now waits for approval, or that was cancelled: the state is read and said.

A changed order comes whole with a higher revision, which is kept in the source document (`PO-7 rev. 2`): a confirmed
order takes it once, and an older revision that comes again changes nothing. Lines of the hub that a revision no longer
has get the quantity 0 (Odoo does not delete lines of a confirmed order); lines that a buyer has added stay, and what
buyers have changed since the hub wrote it is not written over (`order_edits`). Another item in the place of a line (a
substitute) becomes a line of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hilum.canonical import OrderLine, PurchaseOrder
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations.base import Needs, found, joined, prepare
from hilum.connectors.odoo.operations.companies import BLOCKED
from hilum.connectors.odoo.operations.documents import CONFLICT, DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.operations.order_edits import (
    AGREEMENT,
    KIND,
    PLANNED,
    OrderedLine,
    Wanted,
    records,
    remember,
    spare,
)
from hilum.connectors.odoo.references import AGREEMENT as AGREEMENTS
from hilum.connectors.odoo.references import ITEM, LOCATION, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

_REVISION: Final = " rev. "  # in the source document, between the order's number and its revision


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    suppliers: Mapping[str, Row | Rejected]
    agreements: Mapping[str, Row | Rejected]
    places: Mapping[str, Row | Rejected]


class PlaceOrder(DocumentOperation):
    """PurchaseOrder → purchase.order."""

    name: ClassVar[str] = "purchase_order"
    accepts: ClassVar[tuple[type, ...]] = (PurchaseOrder,)
    needs: ClassVar[Needs] = {
        "purchase.order": (
            *("name", "state", "partner_id", "origin", "partner_ref", "currency_id", "date_order", "order_line"),
        ),
        "purchase.order.line": ("product_id", "product_qty", "price_unit", "date_planned"),
    }
    model = "purchase.order"
    kind = "order"
    reference_field = "origin"
    fields = ("name", "state", "partner_id", "currency_id", "origin", "partner_ref", "date_order")
    line_model = "purchase.order.line"
    line_parent = "order_id"
    line_fields = ("product_id", "product_qty", "price_unit", PLANNED)
    drafts = frozenset({"draft", "sent"})

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, {"purchase.order.line": (names.order_line_unit,)}, units_needed(names))

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        orders: list[PurchaseOrder] = [task.thing for task in tasks]
        agreements = [order.agreement for order in orders if order.agreement]
        suppliers = await session.references.find(SUPPLIER, [order.supplier for order in orders])
        places = [order.deliver_to for order in orders if order.deliver_to]
        return _Known(
            agreements=await session.references.find(AGREEMENTS, agreements) if agreements else {},
            items=await session.references.find(ITEM, [line.item for order in orders for line in order.lines]),
            suppliers=await with_blocks(session, suppliers),
            places=await session.references.find(LOCATION, places) if places else {},
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        order: PurchaseOrder = task.thing
        about = f"order {order.number}"
        vendor = found(known.suppliers[order.supplier])["id"]
        agreement = found(known.agreements[order.agreement])["id"] if order.agreement else None
        reference = f"{order.number}{_REVISION}{order.revision}" if order.revision else order.number
        currency = found(await session.currency(order.currency)) if order.currency else None
        kind = await _received_at(session, task, known.places)
        head: dict[str, Any] = {
            "partner_id": vendor,
            AGREEMENT: agreement,
            "partner_ref": reference_of(order) or None,
            "currency_id": currency,
            "date_order": cell(order.ordered_at) or None,
            KIND: kind,
        }
        lines = [await _wanted(session, order, line, found(known.items[line.item])) for line in order.lines]
        wanted = Wanted(
            head={name: value for name, value in head.items() if value is not None},
            lines=lines,
            revision=order.revision,
        )
        xml_id = session.xml_id("order", order.number)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=reference,
            about=about,
            records=records(task, xml_id, about, reference, wanted),
            wanted=wanted,
            act=order.confirm,
        )

    def context(self, session: Session) -> Mapping[str, Any]:
        """See `DocumentOperation.context`. Confirming is tracked all the same."""
        return session.tracking

    def line_fields_of(self, session: Session) -> Sequence[str]:
        """See `DocumentOperation.line_fields_of`."""
        return (*self.line_fields, session.client.dialect.order_line_unit)

    def search_domain(self, plans: Sequence[Plan]) -> list[Any]:
        """See `DocumentOperation.search_domain`: by number, whatever the revision."""
        numbers = sorted({plan.task.thing.number for plan in plans})
        later = [["origin", "=like", f"{_escaped(number)}{_REVISION}%"] for number in numbers]
        return ["|"] * len(later) + [["origin", "in", numbers], *later]

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        wanted, row = plan.wanted, plan.row
        lines = [line for line in plan.lines if line["id"] not in wanted.of_others and not self._dropped(plan, line)]
        # a revision that orders none of a line any more may leave it out or say 0: in Odoo it is the same
        asked = [each.wanted for each in wanted.lines if each.wanted["product_qty"] != 0 or not wanted.revision]
        parts = {
            "supplier": wanted.head.get("partner_id") in (None, row.get("partner_id")),
            "currency": wanted.head.get("currency_id") in (None, row.get("currency_id")),
            "the warehouse that it is delivered to": wanted.head.get(KIND) in (None, row.get(KIND)),
            "lines (items, quantities, units or exact prices)": same_lines(asked, lines),
        }
        return ", ".join(words for words, same in parts.items() if not same)

    def fields_of(self, plans: Sequence[Plan]) -> Sequence[str]:
        """See `DocumentOperation.fields_of`. What an order has of these, this Odoo has the field of."""
        modules = [name for name in (KIND, AGREEMENT) if any(name in plan.wanted.asked for plan in plans)]
        return (*self.fields, *modules)

    @staticmethod
    def _dropped(plan: Plan, line: Row) -> bool:
        """A line that an earlier revision had, and that is set to 0 since."""
        return plan.wanted.revision > 0 and not line["product_qty"]

    def to_update(self, plan: Plan) -> bool:
        """See `DocumentOperation.to_update`: also a confirmed order, by a later revision.

        Where a person has changed the source document, nobody can say which revision is there: it is left alone.
        """
        if plan.wanted.idle or not _tells_revision(plan):
            return False
        if revision_of(plan.row) < plan.wanted.revision and plan.row.get("state") != "cancel":
            return True
        return super().to_update(plan)

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`. What an older revision says is past; a later one changes what is there."""
        there = [plan for plan in plans if plan.number is not None and plan.row.get("state") != "cancel"]
        for plan in there:
            newer = revision_of(plan.row)
            if newer > plan.wanted.revision:
                title = plan.row.get("name")
                words = f"The {plan.about} has revision {newer} in Odoo ({title}); this earlier one changes nothing."
                plan.task.deliver(f"{self.model}:{plan.number} {title}", words)
        revised = [plan for plan in there if plan.task.outcome is None and plan.wanted.revision]
        changing = [plan for plan in there if plan.task.outcome is None and self.to_update(plan)]
        await self._name_lines(session, [plan for plan in there if plan in revised or plan in changing])
        await self._refuse_locked(session, [plan for plan in changing if plan in revised])
        await spare(session, [plan for plan in changing if plan.task.outcome is None], self.drafts)
        await prepare([plan.task for plan in revised if self.to_update(plan)], self._dropping(session, revised))

    async def remember(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.remember`: to see later what buyers have changed."""
        await remember(session, plans)

    async def _name_lines(self, session: Session, plans: Sequence[Plan]) -> None:
        """Tell the lines that others wrote, and the ones that the revision no longer has."""
        lines = [line["id"] for plan in plans for line in plan.lines]
        if not plans:
            return
        names = await session.client.external_ids(self.line_model, lines)
        for plan in plans:
            wanted: Wanted = plan.wanted
            here = {line["id"]: names.get(line["id"], "") for line in plan.lines}
            if not self.is_draft(plan):
                self._substitute(session, plan, here)
            ours = {line.xml_id for line in wanted.lines}
            start = session.xml_id("orderline", "x")[:-1]
            others = frozenset(each for each, name in here.items() if not name.startswith(start))
            wanted.names = {each: name for each, name in here.items() if each not in others}
            if wanted.revision or not plan.act:
                wanted.of_others = others
            if wanted.revision:
                wanted.gone = frozenset(each for each, name in wanted.names.items() if name not in ours)

    @staticmethod
    def _substitute(session: Session, plan: Plan, names: Mapping[int, str]) -> None:
        """A line of a confirmed order keeps its item, for its receipt waits for that.

        Another item in its place is a line of its own, and the former one is dropped.
        """
        items = {names[row["id"]]: row["product_id"] for row in plan.lines}
        order: PurchaseOrder = plan.task.thing
        for told, line in zip(order.lines, plan.wanted.lines, strict=True):
            if items.get(line.xml_id, line.wanted["product_id"]) != line.wanted["product_id"]:
                line.xml_id = session.xml_id("orderline", f"{order.number}/{told.number}/{told.item}")
                line.instead = True
                plan.records = records(plan.task, plan.xml_id, plan.about, plan.reference, plan.wanted)

    async def _refuse_locked(self, session: Session, plans: Sequence[Plan]) -> None:
        """A buyer has locked the order: 19 by a mark, earlier versions by the state `done`."""
        mark = session.client.dialect.order_locked
        numbers = [plan.number for plan in plans if plan.number is not None]
        rows = await session.client.read(self.model, numbers, [mark]) if mark and numbers else []
        marked = {row["id"] for row in rows if mark and row[mark]}
        for plan in plans:
            if plan.number in marked or plan.row.get("state") == "done":
                words = f"The {plan.about} is locked in Odoo ({plan.row.get('name')}): unlock it there, then replay."
                plan.task.fail(Rejected(CONFLICT, words))

    def _dropping(self, session: Session, plans: Sequence[Plan]) -> Callable[[Task], Awaitable[None]]:
        """Before the revision is written with its mark: set what it no longer has to 0. Repeated, it changes nothing.

        A confirmed order keeps its supplier, currency and date; only its lines change.
        """
        by_task = {id(plan.task): plan for plan in plans}

        async def drop(task: Task) -> None:
            plan = by_task[id(task)]
            if plan.wanted.gone:
                commands = [[1, number, {"product_qty": 0}] for number in sorted(plan.wanted.gone)]
                await session.client.write(self.model, [plan.number or 0], {"order_line": commands})
            if not self.is_draft(plan):
                plan.records = [replace(record, head={"origin": plan.reference}) for record in plan.records]

        return drop

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
        elif state not in words or (plan.act and self.is_draft(plan)):
            text = f"The {plan.about} is in Odoo as {title} but could not be confirmed; look at it there."
            plan.task.fail(Rejected("odoo.not_done", text))
        else:
            plan.task.deliver(f"purchase.order:{plan.number} {title}", words[state])


BILL_ONLY: Final = "BILL ONLY"
"""How the vendor's reference of an order begins that brings nothing: Odoo prints it on the order."""


def reference_of(order: PurchaseOrder) -> str:
    """The vendor's reference: the requisition, and that the order only bills what was used."""
    return " ".join(part for part in (BILL_ONLY if order.bill_only else "", order.requisition or "") if part)


def order_and_revision(origin: str) -> tuple[str, int]:
    """The order's number and its revision in a source document that the hub has written; 0 where it names none."""
    number, mark, revision = origin.rpartition(_REVISION)
    return (number, int(revision)) if mark and revision.isdigit() else (origin, 0)


def revision_of(row: Row) -> int:
    """The revision that an order in Odoo has."""
    return order_and_revision(str(row.get("origin") or ""))[1]


def _tells_revision(plan: Plan) -> bool:
    """Is the source document of the order in Odoo still the one that the hub wrote, of this or another revision?"""
    number, origin = plan.task.thing.number, str(plan.row.get("origin") or "")
    mark, revision = f"{number}{_REVISION}", origin.removeprefix(f"{number}{_REVISION}")
    return origin == number or (origin.startswith(mark) and revision.isdigit())


def _escaped(text: str) -> str:
    """A number as it is in a pattern of `=like`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def with_blocks(session: Session, suppliers: Mapping[str, Row | Rejected]) -> dict[str, Row | Rejected]:
    """The suppliers; for a blocked or archived one the `Rejected` that says so. One call.

    Odoo warns people of such a supplier in its forms, but takes orders of programs without a word. Where it has no
    block (19), the warning counts that the hub itself writes for a blocked one.
    """
    numbers = [row["id"] for row in suppliers.values() if not isinstance(row, Rejected)]
    there = await session.fields("res.partner")
    marks = {"purchase_warn": ("=", "block"), "purchase_warn_msg": ("=like", f"{BLOCKED}%")}
    mark = next((field for field in marks if field in there), "")
    blocked: set[int] = set()
    if numbers and mark:
        domain = [["id", "in", numbers], [mark, *marks[mark]]]
        blocked = {row["id"] for row in await session.client.search_read("res.partner", domain, [mark])}
    told: dict[str, Row | Rejected] = {}
    for code, row in suppliers.items():
        told[code] = row
        if not isinstance(row, Rejected) and (row["id"] in blocked or not row["active"]):
            words = (
                f"The supplier {code} is blocked or archived in Odoo. Release it there or choose another, then replay."
            )
            told[code] = Rejected("odoo.blocked", words)
    return told


async def _received_at(session: Session, task: Task, places: Mapping[str, Row | Rejected]) -> int | None:
    """The kind of receipt of the warehouse in which the order's place is; where nobody knows it, Odoo's own stays."""
    order: PurchaseOrder = task.thing
    if not order.deliver_to:
        return None
    place = places[order.deliver_to]
    there = not isinstance(place, Rejected) and place["warehouse_id"]
    if there and KIND in await session.fields("purchase.order"):
        return int((await session.warehouse(int(there)))["in_type_id"])
    task.remarks.append(
        f"Odoo has no warehouse for {order.deliver_to}: the goods are received where Odoo does by default."
    )
    return None


async def _wanted(session: Session, order: PurchaseOrder, line: OrderLine, item: Row) -> OrderedLine:
    """A line in Odoo's names. Raises `Rejected` for a unit that the item cannot be ordered in."""
    unit = found(await session.units.find(line.unit))
    if not session.units.convert(unit, item["uom_id"]):
        kept = session.units.name(item["uom_id"])
        words = (
            f"Order {order.number}, line {line.number}: item {line.item} is kept in {kept} in Odoo, and {line.unit} "
        )
        raise Rejected("odoo.unit", f"{words}does not convert into that. Correct the unit.")
    names = session.client.dialect
    return OrderedLine(
        number=line.number,
        xml_id=session.xml_id("orderline", f"{order.number}/{line.number}"),
        unit=names.order_line_unit,
        wanted={
            "product_id": item["id"],
            "product_qty": line.quantity,
            names.order_line_unit: unit,
            "price_unit": line.unit_price,
        },
        # Odoo keeps a time: noon in UTC is the same day in nearly every time zone
        planned=None if line.needed_by is None else f"{line.needed_by:%Y-%m-%d} 12:00:00",
    )
