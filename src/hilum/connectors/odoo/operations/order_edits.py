"""What buyers change in an order of the hub in Odoo: kept and told, or a visible refusal, and never lost silently.

Field by field, against what the order showed when the hub had written it (`edited`):

    changed in Odoo, not by the sender      it stays, and the delivery says so
    changed by the sender, not in Odoo      it is written
    changed by both, to something else      nothing is written: a person decides

An order that is to be confirmed, or is confirmed already, says what is bought: of that nothing may stay that is not
what was ordered, so it is held. Where nobody knows what the hub wrote (an order of a hub of before), Odoo is asked who
wrote the draft last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.documents import CONFLICT, Plan
from hilum.connectors.odoo.operations.edited import (
    Verdict,
    Written,
    fingerprint,
    judge,
    note,
    noted,
    of_line,
)
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

ORDER: Final = "purchase.order"
LINE: Final = "purchase.order.line"
KIND: Final = "picking_type_id"  # "Deliver To" in Odoo, where purchase_stock is installed
AGREEMENT: Final = "requisition_id"  # where purchase_requisition is
PLANNED: Final = "date_planned"

HEAD: Final[Mapping[str, tuple[str, str]]] = {
    "partner_id": ("partner_id/.id", "the supplier"),
    AGREEMENT: (f"{AGREEMENT}/.id", "the agreement"),
    "partner_ref": ("partner_ref", "the vendor reference"),
    "currency_id": ("currency_id/.id", "the currency"),
    "date_order": ("date_order", "the order date"),
    KIND: (f"{KIND}/.id", "the warehouse that it is delivered to"),
}
"""Field of the head that the hub writes → its column, and how people call it."""

_CURRENCY: Final = "currency_id"
_BOUGHT: Final = frozenset({"partner_id", _CURRENCY, KIND})  # of the head; and all of a line but its day
_WORDS: Final = {"product_id": "item", "product_qty": "quantity", "price_unit": "price", PLANNED: "day"}
_DERIVED: Final = ("price_unit", PLANNED)  # Odoo sets them anew when item, quantity or unit is written
_REMOVED: Final = "removed"


@dataclass(eq=False, slots=True, kw_only=True)
class OrderedLine:
    """A line in Odoo's names. A value None means that Odoo decides, or that what a person wrote stays."""

    number: int
    xml_id: str
    unit: str  # the field of the unit
    wanted: dict[str, Any]  # what is bought
    planned: str | None  # when it is needed
    sent: str = ""  # fingerprint of all of it, as it was sent
    stays: dict[str, Any] = field(default_factory=dict)  # what a person wrote, of what Odoo would set anew
    idle: bool = False  # nothing of it is to be written
    instead: bool = False  # it takes the place of a line with another item, which stays there with the quantity 0

    def __post_init__(self) -> None:
        self.sent = of_line({**self.wanted, PLANNED: self.planned})

    def cells(self) -> dict[str, str]:
        """Its columns."""
        columns = {"product_id": "product_id/.id", self.unit: f"{self.unit}/.id"}
        values = {**self.wanted, PLANNED: self.planned}
        values |= {name: value for name, value in self.stays.items() if values[name] is None}
        written = {columns.get(name, name): cell(value) for name, value in values.items() if value is not None}
        return {f"order_line/{column}": text for column, text in {"id": self.xml_id, **written}.items()}


@dataclass(kw_only=True, slots=True)
class Wanted:
    """The order in Odoo's names, and what is known of the one that is there."""

    head: dict[str, Any]  # what is to be written of it
    lines: list[OrderedLine]
    revision: int
    names: Mapping[int, str] = field(default_factory=dict)  # lines that are there → their identifiers
    of_others: frozenset[int] = frozenset()  # lines that the hub has not written, and that may stay
    gone: frozenset[int] = frozenset()  # lines of the hub that the revision no longer has
    idle: bool = False  # nothing is to be written: all that differs is what people changed
    base: Written | None = None  # what was there when the hub had written it
    kept: list[tuple[int, str]] = field(default_factory=list)  # line (0: the head) and field that a person changed
    removed: list[int] = field(default_factory=list)  # numbers of lines that a person removed
    asked: frozenset[str] = frozenset()  # the fields of the head that the order tells

    def __post_init__(self) -> None:
        self.asked = frozenset(self.head)


def records(task: Task, xml_id: str, about: str, reference: str, wanted: Wanted) -> list[Record]:
    """What is written of it: usually one record, several where its lines have different columns."""
    named = {HEAD[name][0]: cell(value) for name, value in wanted.head.items() if value is not None}
    head = {"origin": reference, **named}
    shapes: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for line in wanted.lines:
        if not line.idle:
            cells = line.cells()
            shapes.setdefault(tuple(cells), []).append(cells)
    groups: Sequence[Sequence[dict[str, str]]] = list(shapes.values()) or [()]
    return [Record(task=task, xml_id=xml_id, head=head, lines=some, about=about) for some in groups]


async def remember(session: Session, plans: Sequence[Plan]) -> None:
    """Note what these orders show, now that they are as the hub wrote them. One statement."""
    await note(session, {plan.xml_id: _shown(plan) for plan in plans})


def _shown(plan: Plan) -> Written:
    wanted: Wanted = plan.wanted
    fields = (*wanted.lines[0].wanted, PLANNED) if wanted.lines else ()
    shown = Written(
        head={name: fingerprint(plan.row[name]) for name in HEAD if name in plan.row},
        lines={str(row["id"]): {name: fingerprint(row[name]) for name in fields} for row in plan.lines},
        sent={str(line.number): line.sent for line in wanted.lines},
    )
    base = wanted.base
    if base is not None:  # what a person wrote stays theirs
        for number, name in wanted.kept:
            before, now = (
                (base.lines[str(number)], shown.lines.get(str(number), {})) if number else (base.head, shown.head)
            )
            now[name] = before[name]
        shown.sent |= {str(number): base.sent[str(number)] for number in wanted.removed}
    return shown


async def spare(session: Session, plans: Sequence[Plan], drafts: frozenset[str]) -> None:
    """Leave out of what is written whatever people changed in these orders, and settle where nobody can say.

    `drafts`: the states of an order that is not confirmed. Their lines have been named. Raises a `Failure`.
    """
    known = await noted(session, [plan.xml_id for plan in plans])
    for plan in plans:
        plan.wanted.base = known.get(plan.xml_id)
    unknown = [plan for plan in plans if plan.wanted.base is None and plan.row.get("state") in drafts]
    others = await _by_others(session, unknown)
    for plan in plans:
        if plan.wanted.base is not None:
            _spare(plan, draft=plan.row.get("state") in drafts)
        elif plan.number in others:
            plan.task.fail(Rejected(CONFLICT, _unknown(plan)))


async def _by_others(session: Session, plans: Sequence[Plan]) -> set[int]:
    """The orders that somebody else than the hub's user wrote last, or a line of them. Three calls at most."""
    me = await session.client.user_id() if plans else None
    if me is None:
        return set()
    numbers = [plan.number for plan in plans if plan.number is not None]
    rows = await session.client.read(ORDER, numbers, ["write_uid"])
    lines = await session.client.search_read(LINE, [["order_id", "in", numbers]], ["order_id", "write_uid"])
    found = {row["id"] for row in rows if row["write_uid"] != me}
    return found | {line["order_id"] for line in lines if line["write_uid"] != me}


def _spare(plan: Plan, *, draft: bool) -> None:
    wanted: Wanted = plan.wanted
    found = [*(_of_head(plan) if draft else ()), *_of_lines(plan), *_of_gone(plan)]
    clashes = [words for verdict, words, _ in found if verdict is Verdict.CLASH]
    kept = [words for verdict, words, _ in found if verdict is Verdict.KEEP]
    bought = [words for verdict, words, is_bought in found if verdict is Verdict.KEEP and is_bought]
    if clashes:
        plan.task.fail(Rejected(CONFLICT, _clash(plan, clashes)))
    elif bought and (plan.act or not draft):
        plan.task.fail(Rejected(CONFLICT, _binding(plan, bought)))
    else:
        of_head = draft and any(value is not None for value in wanted.head.values())
        wanted.idle = not of_head and all(line.idle for line in wanted.lines) and not _revised(plan)
        plan.records = records(plan.task, plan.xml_id, plan.about, plan.reference, wanted)
        if kept:
            plan.task.remarks.append(f"Changed by somebody in Odoo, and left so: {_listed(kept)}.")


def _revised(plan: Plan) -> bool:
    """Is another revision to be written than the one that is there?"""
    return str(plan.row.get("origin") or "") != plan.reference


_Found = tuple[Verdict, str, bool]
"""A verdict, on what (in words), and whether it is of what is bought."""


def _of_head(plan: Plan) -> Iterator[_Found]:
    """Judge what the order tells of its head, and leave in it only what is to be written."""
    wanted, row = plan.wanted, plan.row
    prints = wanted.base.head
    for name, value in list(wanted.head.items()):
        verdict = judge(prints.get(name), row[name], value)
        if verdict is Verdict.SAME:
            del wanted.head[name]
        elif verdict is Verdict.KEEP:
            wanted.kept.append((0, name))
            wanted.head[name] = None
        yield verdict, HEAD[name][1], name in _BOUGHT
    chosen = judge(prints.get(_CURRENCY), row[_CURRENCY], None) is Verdict.KEEP
    if chosen and wanted.head.get("partner_id") is not None and wanted.head.get(_CURRENCY) is None:
        wanted.head[_CURRENCY] = row[_CURRENCY]  # Odoo would set it anew with the supplier


def _of_lines(plan: Plan) -> Iterator[_Found]:
    """Judge the lines that are wanted, and leave in each only what is to be written."""
    wanted: Wanted = plan.wanted
    base = wanted.base or Written()
    here = {wanted.names[row["id"]]: row for row in plan.lines if row["id"] in wanted.names}
    for line in list(wanted.lines):
        row, before = here.get(line.xml_id), base.sent.get(str(line.number))
        if row is not None:
            yield from _of_line(wanted, line, row, base.lines.get(str(row["id"]), {}))
        elif before is not None and not line.instead:
            wanted.lines.remove(line)
            wanted.removed.append(line.number)
            verdict = Verdict.KEEP if before == line.sent else Verdict.CLASH
            yield verdict, f"line {line.number} ({_REMOVED})", True


def _of_line(wanted: Wanted, line: OrderedLine, row: Row, prints: Mapping[str, str]) -> Iterator[_Found]:
    values = {**line.wanted, PLANNED: line.planned}
    verdicts = {name: judge(prints.get(name), row[name], value) for name, value in values.items()}
    line.idle = Verdict.WRITE not in verdicts.values()
    for name, verdict in verdicts.items():
        told = values[name] is not None
        if verdict is Verdict.KEEP:
            wanted.kept.append((row["id"], name))
            if name == PLANNED:
                line.planned = None
            else:
                line.wanted[name] = None
            if name in _DERIVED:
                line.stays[name] = row[name]
        if told or not line.idle:
            yield verdict, f"line {line.number} ({_WORDS.get(name, 'unit')})", told and name != PLANNED


def _of_gone(plan: Plan) -> Iterator[_Found]:
    """Lines that the sender took out, and that somebody has changed in Odoo."""
    wanted: Wanted = plan.wanted
    base = wanted.base or Written()
    for row in plan.lines:
        if row["id"] in wanted.gone:
            prints = base.lines.get(str(row["id"]), {})
            verdict = judge(prints.get("product_qty"), row["product_qty"], 0)
            yield verdict, "the quantity of a line that is no longer ordered", True


def _clash(plan: Plan, words: Sequence[str]) -> str:
    return (
        f"{_there(plan)}. Somebody has changed there what this delivery changes to something else: {_listed(words)}. "
        "Nothing was written. Set it in Odoo to what is ordered, then replay; or leave it, and discard the delivery."
    )


def _binding(plan: Plan, words: Sequence[str]) -> str:
    return (
        f"{_there(plan)}, and somebody has changed there what was ordered: {_listed(words)}. The order was left as it "
        "is and not confirmed by the hub; decide there. To take what the sender ordered, set it back, then replay."
    )


def _unknown(plan: Plan) -> str:
    return (
        f"{_there(plan)}, a draft that somebody else than the hub wrote last, and differs. What the hub wrote there is "
        "not known any more, so nothing was written. Set it in Odoo to what is ordered, then replay; or leave it, and "
        "discard the delivery."
    )


def _there(plan: Plan) -> str:
    return f"The {plan.about} is in Odoo as {plan.row.get('name') or plan.number}"


def _listed(words: Sequence[str], most: int = 5) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
