"""A journal entry of the general ledger: payroll, depreciation, adjustments.

That both sides are equal is checked where the entry is made, before any call. An amount with more decimals than its
currency has is refused here, because Odoo would round it, and the entry might then not balance, or say something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from hilum.canonical import EntryLine, JournalEntry
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import Plan
from hilum.connectors.odoo.operations.invoicing import Found, distribution
from hilum.connectors.odoo.operations.ledger import MOVE, Booking, LedgerOperation
from hilum.connectors.odoo.references import COST_CENTRE, JOURNAL, LEDGER_ACCOUNT, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    journals: Found
    accounts: Found
    centres: Found


class PostEntry(LedgerOperation):
    """JournalEntry → account.move."""

    name: ClassVar[str] = "journal_entry"
    accepts: ClassVar[tuple[type, ...]] = (JournalEntry,)
    needs: ClassVar[Needs] = joined(
        MOVE,
        {
            "account.move": ("line_ids", "narration"),
            "account.move.line": ("name", "analytic_distribution", "amount_currency", "currency_id"),
            "account.account": ("code",),
            "account.journal": ("code", "type"),
            "account.analytic.account": ("code",),
            "res.currency": ("name", "decimal_places"),
        },
    )
    kind = "entry"
    line_domain = ()  # a line of what is due has another type than the others
    lines_called = "accounts or exact amounts"

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        entries: list[JournalEntry] = [task.thing for task in tasks]
        lines = [line for entry in entries for line in entry.lines]
        return _Known(
            journals=await session.references.find(JOURNAL, [entry.journal for entry in entries]),
            accounts=await session.references.find(LEDGER_ACCOUNT, [line.account for line in lines]),
            centres=await session.references.find(
                COST_CENTRE, [line.cost_centre for line in lines if line.cost_centre]
            ),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        entry: JournalEntry = task.thing
        about = f"journal entry {entry.number}"
        await _check_decimals(session, entry, about)
        wanted = {
            "journal_id": found(known.journals[entry.journal])["id"],
            "move_type": "entry",
        }
        xml_id = session.xml_id("entry", entry.number)
        head = {
            "move_type": "entry",
            "journal_id/.id": cell(wanted["journal_id"]),
            "date": entry.booked_on.isoformat(),
            "ref": entry.number,
            **({"narration": entry.words} if entry.words else {}),
        }
        lines, shapes = [], []
        for number, line in enumerate(entry.lines, start=1):
            account = found(known.accounts[line.account])["id"]
            lines.append({"account_id": account, "debit": line.debit, "credit": line.credit})
            shapes.append(_cells(session, entry, number, line, account, known))
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=entry.number,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=shapes, about=about)],
            wanted=Booking(
                head=wanted,
                lines=lines,
                day=entry.booked_on,
                may_move=session.settings.locked_periods == "move",
            ),
            act=entry.post,
        )

    def words(self, plan: Plan, title: str) -> str:
        """See `LedgerOperation.words`."""
        return f"The {plan.about} is booked in Odoo: {title}."


def _cells(
    session: Session, entry: JournalEntry, number: int, line: EntryLine, account: int, known: _Known
) -> dict[str, str]:
    """All lines with the same columns: an entry is written in one call, or it would not balance."""
    centre = found(known.centres[line.cost_centre])["id"] if line.cost_centre else None
    cells = {
        "id": session.xml_id("entryline", f"{entry.number}/{number}"),
        "account_id/.id": cell(account),
        "name": line.description or entry.words or entry.number,
        "debit": cell(line.debit),
        "credit": cell(line.credit),
        **(
            {"analytic_distribution": distribution(centre) if centre else ""}
            if any(each.cost_centre for each in entry.lines)
            else {}
        ),
    }
    return {f"line_ids/{column}": text for column, text in cells.items()}


async def _check_decimals(session: Session, entry: JournalEntry, about: str) -> None:
    """Raise `Rejected` for another currency than the company's, and for amounts that Odoo would round."""
    own = await session.company_currency()
    if entry.currency is not None and found(await session.currency(entry.currency)) != own:
        words = f"The {about} is in {entry.currency}, and Odoo books entries in the company's currency. Convert it."
        raise Rejected("odoo.currency", words)
    if own is None:
        raise Rejected(MISSING, "The currency of the company cannot be read in Odoo by the hub's user.")
    rows: Sequence[Any] = await session.client.read("res.currency", [own], ["decimal_places"])
    places = rows[0]["decimal_places"] if rows else 2
    step = Decimal(1).scaleb(-places)
    for line in entry.lines:
        amount = line.debit or line.credit
        if amount != amount.quantize(step):
            words = (
                f"The {about} has an amount with more than {places} decimals, which Odoo would round. Round it first."
            )
            raise Rejected("odoo.rounding", words)
