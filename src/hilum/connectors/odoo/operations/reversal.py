"""A booked document is taken back whole: a credit note of a bill or an invoice, an opposite entry of an entry.

Odoo's own wizard makes one more credit note each time it runs. So the opposite document is written here from the lines
that Odoo has, under an identifier that comes from the document: a document is reversed once. Odoo matches the two
when the second is posted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import orjson

from hilum.canonical import LedgerDocument, LedgerReversal
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, joined
from hilum.connectors.odoo.operations.documents import Plan
from hilum.connectors.odoo.operations.ledger import DUPLICATE, MOVE, Booking, LedgerOperation
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected

KINDS: Final[Mapping[LedgerDocument, str]] = {
    LedgerDocument.SUPPLIER_BILL: "bill",
    LedgerDocument.CUSTOMER_INVOICE: "invoice",
    LedgerDocument.CHARGE: "charge",
    LedgerDocument.JOURNAL_ENTRY: "entry",
}
OPPOSITE: Final[Mapping[str, str]] = {
    "in_invoice": "in_refund",
    "in_refund": "in_invoice",
    "out_invoice": "out_refund",
    "out_refund": "out_invoice",
    "entry": "entry",
}
_HEAD: Final = ("name", "state", "move_type", "partner_id", "currency_id", "journal_id")
_LINE: Final = (
    "move_id",
    "name",
    "product_id",
    "product_uom_id",
    "quantity",
    "price_unit",
    "discount",
    "account_id",
    "tax_ids",
    "purchase_line_id",
    "analytic_distribution",
    "partner_id",
    "debit",
    "credit",
    "display_type",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    numbers: Mapping[str, int]  # external identifier → document
    heads: Mapping[int, Row]
    lines: Mapping[int, Sequence[Row]]


class ReverseDocument(LedgerOperation):
    """LedgerReversal → account.move of the opposite kind."""

    name: ClassVar[str] = "ledger_reversal"
    accepts: ClassVar[tuple[type, ...]] = (LedgerReversal,)
    needs: ClassVar[Needs] = joined(
        MOVE,
        {
            "account.move": ("reversed_entry_id", "invoice_line_ids", "line_ids"),
            "account.move.line": ("discount", "tax_ids", "analytic_distribution", "product_uom_id", "partner_id"),
        },
    )
    kind = "reversal"
    fields = (*LedgerOperation.fields, "reversed_entry_id")
    line_fields = (*LedgerOperation.line_fields, "display_type")
    line_domain = ()

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`: the documents with their lines."""
        numbers: dict[str, int] = {}
        for xml_id in dict.fromkeys(_original(session, task.thing) for task in tasks):
            target = await session.client.reference(xml_id)
            if target is not None and target[0] == "account.move" and target[1]:
                numbers[xml_id] = target[1]
        some = list(numbers.values())
        heads = {row["id"]: row for row in await session.client.read("account.move", some, _HEAD)} if some else {}
        lines: dict[int, list[Row]] = {}
        if some:
            there = await session.fields("account.move.line")
            domain = [["move_id", "in", some]]
            fields = [name for name in _LINE if name in there]
            for row in await session.client.search_read("account.move.line", domain, fields, order="id"):
                if _is_own(heads.get(row["move_id"], {}), row):
                    lines.setdefault(row["move_id"], []).append(row)
        return _Known(numbers=numbers, heads=heads, lines=lines)

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: LedgerReversal = task.thing
        about = f"reversal of {thing.of.value.replace('_', ' ')} {thing.document}"
        number = known.numbers.get(_original(session, thing), 0)
        original = _booked(known.heads.get(number), about)
        plain = original["move_type"] == "entry"
        day = thing.reversed_on
        reference = f"Reversal of: {original['name']}"
        wanted = {
            "move_type": OPPOSITE[original["move_type"]],
            "partner_id": original["partner_id"],
            "currency_id": original["currency_id"],
            **({} if plain else {"invoice_date": day.isoformat()}),
        }
        head = {
            "move_type": wanted["move_type"],
            "journal_id/.id": cell(original["journal_id"]),
            "currency_id/.id": cell(original["currency_id"]),
            "reversed_entry_id/.id": cell(number),
            "ref": reference,
            ("date" if plain else "invoice_date"): day.isoformat(),
            **({"partner_id/.id": cell(original["partner_id"])} if original["partner_id"] else {}),
            **({"narration": thing.reason} if thing.reason else {}),
        }
        lines = known.lines.get(number, ())
        xml_id = session.xml_id("reversal", thing.business_key)
        cells = [
            _cells(session, f"{thing.business_key}/{n}", line, plain=plain) for n, line in enumerate(lines, start=1)
        ]
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=reference,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=cells, about=about)],
            wanted=Booking(
                head=wanted,
                lines=[_wanted(line, plain=plain) for line in lines],
                day=day,
                may_move=session.settings.locked_periods == "move",
            ),
            act=thing.post,
        )

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`: a document that somebody has reversed by hand is not reversed again."""
        await super().weigh(session, plans)
        new = [plan for plan in plans if plan.number is None and plan.task.outcome is None]
        if not new:
            return
        originals = {id(plan): int(plan.records[0].head["reversed_entry_id/.id"]) for plan in new}
        domain = [["reversed_entry_id", "in", list(originals.values())], ["state", "!=", "cancel"]]
        rows = await session.client.search_read("account.move", domain, ["reversed_entry_id", "name"])
        for plan in new:
            made = next((row for row in rows if row["reversed_entry_id"] == originals[id(plan)]), None)
            if made is not None:
                words = f"The {plan.about}: Odoo has one already, {made['name'] or made['id']}. Nothing was made."
                await self.refuse(session, plan, Rejected(DUPLICATE, words))

    def own_lines(self, plan: Plan) -> Sequence[Row]:
        """See `LedgerOperation.own_lines`."""
        return [line for line in plan.lines if _is_own(plan.row, line)]

    def words(self, plan: Plan, title: str) -> str:
        """See `LedgerOperation.words`."""
        return f"The {plan.about} is booked in Odoo: {title}."


def _is_own(head: Row, line: Row) -> bool:
    """Was the line written by somebody? Odoo adds taxes and what is due to bills and invoices, to entries nothing."""
    return head.get("move_type") == "entry" or line["display_type"] == "product"


def _original(session: Session, thing: LedgerReversal) -> str:
    return session.xml_id(KINDS[thing.of], thing.document)


def _booked(original: Row | None, about: str) -> Row:
    """The document that is reversed. Raises `Rejected` where there is none, or only a draft."""
    if original is None:
        raise Rejected(MISSING, f"The {about}: Odoo has no such document of the hub. Reverse it there.")
    if original["state"] != "posted":
        title = original["name"] or original["id"]
        words = f"The {about}: {title} is not booked in Odoo. Delete the draft there instead."
        raise Rejected("odoo.not_posted", words)
    return original


def _cells(session: Session, key: str, line: Row, *, plain: bool) -> dict[str, str]:
    """A line of the reversal in the columns of its document; `plain`: of an entry."""
    column = "line_ids" if plain else "invoice_line_ids"
    values = {"id": session.xml_id("reversalline", key), **(_swapped(line) if plain else _copied(line))}
    return {f"{column}/{name}": text for name, text in values.items()}


def _analytic(line: Row) -> str:
    return orjson.dumps(line["analytic_distribution"]).decode() if line["analytic_distribution"] else ""


def _copied(line: Row) -> dict[str, str]:
    """A line of a bill or an invoice, as it is."""
    return {
        "name": line["name"] or "",
        "product_id/.id": cell(line["product_id"] or None),
        "product_uom_id/.id": cell(line["product_uom_id"] or None),
        "quantity": cell(exact(line["quantity"])),
        "price_unit": cell(exact(line["price_unit"])),
        "discount": cell(exact(line["discount"])),
        "account_id/.id": cell(line["account_id"]),
        "tax_ids/.id": ",".join(str(tax) for tax in line["tax_ids"]),
        **({"purchase_line_id/.id": cell(line["purchase_line_id"] or None)} if "purchase_line_id" in line else {}),
        "analytic_distribution": _analytic(line),
    }


def _swapped(line: Row) -> dict[str, str]:
    """A line of an entry with its sides changed."""
    return {
        "account_id/.id": cell(line["account_id"]),
        "name": line["name"] or "",
        "partner_id/.id": cell(line["partner_id"] or None),
        "debit": cell(exact(line["credit"])),
        "credit": cell(exact(line["debit"])),
        "analytic_distribution": _analytic(line),
    }


def _wanted(line: Row, *, plain: bool) -> dict[str, Any]:
    account = {"account_id": line["account_id"]}
    if plain:
        return {**account, "debit": exact(line["credit"]), "credit": exact(line["debit"])}
    amounts = {"quantity": exact(line["quantity"]), "price_unit": exact(line["price_unit"])}
    return {**account, **amounts, "product_id": line["product_id"] or None}
