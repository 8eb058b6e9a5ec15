"""What a supplier answers to an order: the days of the order's lines, its reference, and a note in the order's chatter.

The order itself stays as it was ordered: whether another quantity, price or item is taken is a buyer's decision, for
which the note says what was answered, line by line. The days are written first, the note last, by an external
identifier of the answer: where the note is, all is done. So an answer that comes again says nothing twice, and does
not set back a day that a buyer has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import Any, ClassVar, Final

from hilum.canonical import AcknowledgedLine, LineAnswer, OrderAcknowledgement
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Operation, found, joined, prepare
from hilum.connectors.odoo.operations.documents import CONFLICT
from hilum.connectors.odoo.references import ORDER, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected, Unsure
from hilum.message import Delivered

_KIND: Final = "acknowledgement"  # of the external identifier of the note
_NOTE: Final = "mail.message"
_UNCHANGEABLE: Final = ("cancel", "done")


class AcknowledgeOrder(Operation):
    """OrderAcknowledgement → purchase.order, with a note in its chatter."""

    name: ClassVar[str] = "order_acknowledgement"
    accepts: ClassVar[tuple[type, ...]] = (OrderAcknowledgement,)
    alone: ClassVar[int] = 2
    needs: ClassVar[Needs] = {
        "purchase.order": ("name", "state", "partner_id", "partner_ref", "order_line"),
        "purchase.order.line": ("date_planned",),
        _NOTE: ("model", "res_id", "body", "message_type", "subtype_id"),
    }

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, {"purchase.order": (names.order_locked,)} if names.order_locked else {})

    def effect(self, thing: OrderAcknowledgement, prefix: str) -> str:
        """See `Operation.effect`: the note."""
        return external_id(_KIND, thing.business_key, prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the note is there."""
        noted = await session.client.reference(session.xml_id(_KIND, task.thing.business_key))
        if noted is None or not noted[1]:
            return None
        orders = await session.references.find(ORDER, [task.thing.order])
        return _delivered(found(orders[task.thing.order])["id"], task.thing, ())

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        things: list[OrderAcknowledgement] = [task.thing for task in tasks]
        orders = await session.references.find(ORDER, [thing.order for thing in things])
        suppliers = await session.references.find(SUPPLIER, [thing.supplier for thing in things])
        names = [session.xml_id(_KIND, thing.business_key) for thing in things]
        noted = await session.client.references(names)

        async def tell(task: Task) -> None:
            thing: OrderAcknowledgement = task.thing
            number = found(orders[thing.order])["id"]
            name = session.xml_id(_KIND, thing.business_key)
            there = noted[name]
            if there is None or not there[1]:
                supplier = suppliers[thing.supplier]
                vendor = None if isinstance(supplier, Rejected) else supplier["id"]
                await _change(session, task, number, vendor)
                await _note(session, task, number, name, tasks)
            if task.outcome is None:
                task.outcome = _delivered(number, thing, task.remarks)

        await prepare(tasks, tell)


def _delivered(number: int, thing: OrderAcknowledgement, remarks: Sequence[str]) -> Delivered:
    words = f"The answer {thing.number} of {thing.supplier} is noted at the order {thing.order} in Odoo."
    return Delivered(reference=f"purchase.order:{number} {thing.order}", words=" ".join([words, *remarks]))


async def _change(session: Session, task: Task, number: int, vendor: int | None) -> None:
    """Write reference and days into the order. Raises `Rejected` for the answer of another supplier."""
    thing: OrderAcknowledgement = task.thing
    mark = session.client.dialect.order_locked
    fields = ["name", "state", "partner_id", "partner_ref", "order_line", *([mark] if mark else [])]
    (order,) = await session.client.read("purchase.order", [number], fields)
    if vendor is not None and vendor != order["partner_id"]:
        words = f"The order {thing.order} ({order['name']}) is of another supplier in Odoo than {thing.supplier}, who"
        raise Rejected(CONFLICT, f"{words} answers it with {thing.number}. Correct one of them, then replay.")
    if order["state"] in _UNCHANGEABLE or (mark and order[mark]):
        task.remarks.append("The order is cancelled or locked there: its days stay as they are.")
        return
    lines = await _days(session, task, order)
    values: dict[str, Any] = {"order_line": lines} if lines else {}
    if not order["partner_ref"]:
        values["partner_ref"] = thing.number
    if values:
        await session.client.write("purchase.order", [number], values)


async def _days(session: Session, task: Task, order: Row) -> list[Any]:
    """The commands that set the days of the order's lines."""
    thing: OrderAcknowledgement = task.thing
    names = await session.client.external_ids("purchase.order.line", order["order_line"])
    numbers = {name: number for number, name in names.items()}
    commands, unknown = [], []
    for line, day in sorted(_expected(thing).items()):
        number = numbers.get(session.xml_id("orderline", f"{thing.order}/{line}"))
        if number is None:
            unknown.append(str(line))
        else:
            # Odoo keeps a time: noon in UTC is the same day in nearly every time zone
            commands.append([1, number, {"date_planned": f"{day:%Y-%m-%d} 12:00:00"}])
    if unknown:
        task.remarks.append(f"Not lines of the hub in Odoo, so without a day: {', '.join(unknown)}.")
    return commands


def _expected(thing: OrderAcknowledgement) -> dict[int, date]:
    """Order line → the day on which all of it is to come."""
    days: dict[int, date] = {}
    for line in thing.lines:
        if line.delivery_date is not None and line.answer is not LineAnswer.REJECTED:
            days[line.number] = max(line.delivery_date, days.get(line.number, line.delivery_date))
    return days


async def _note(session: Session, task: Task, number: int, name: str, tasks: Sequence[Task]) -> None:
    head = {
        "model": "purchase.order",
        "res_id": cell(number),
        "message_type": "comment",
        "subtype_id/id": "mail.mt_note",
        "body": "".join(_text(task.thing)),
    }
    record = Record(task=task, xml_id=name, head=head, about=f"answer {task.thing.number}")
    await session.loader(_NOTE, {}).load([record], tasks)


def _text(thing: OrderAcknowledgement) -> Iterator[str]:
    """The note, for buyers."""
    yield f"<p>{escape(thing.supplier)} answers with {escape(thing.number)}: "
    yield "each line for itself.</p>" if thing.lines else f"{thing.rest.value} as a whole.</p>"
    if thing.lines and thing.rest is not LineAnswer.ACCEPTED:
        yield f"<p>Lines that are not named: {thing.rest.value}.</p>"
    if thing.lines:
        yield f"<ul>{''.join(f'<li>{escape(_line(line))}</li>' for line in thing.lines)}</ul>"


def _line(line: AcknowledgedLine) -> str:
    parts = [f"line {line.number}: {line.answer.value}", f"{cell(line.quantity)} {line.unit}"]
    parts += [f"item {line.item}"] if line.item else []
    parts += [f"at {cell(line.unit_price)}"] if line.unit_price is not None else []
    parts += [f"on {line.delivery_date}"] if line.delivery_date is not None else []
    parts += [f"instead: {line.substitute}"] if line.substitute else []
    return ", ".join([*parts, *([line.words] if line.words else [])])
