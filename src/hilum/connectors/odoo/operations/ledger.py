"""What all documents of the ledger have in common: an `account.move`, compared exactly as a draft, then posted.

Odoo rounds amounts to its own accuracy without a word, and moves a date out of a locked period: both are seen before
money is booked, or held with words. A posted document is never written into.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations.base import Needs, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.operations.locks import locked_until, locks_needed, moved, refusal
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import exact
from hilum.errors import Rejected

DUPLICATE: Final = "odoo.duplicate"
MOVE: Final[Needs] = {
    "account.move": (
        "name",
        "state",
        "move_type",
        "partner_id",
        "invoice_date",
        "date",
        "currency_id",
        "ref",
        "amount_total",
        "journal_id",
    ),
    "account.move.line": ("product_id", "quantity", "price_unit", "account_id", "debit", "credit", "display_type"),
}
"""Of every document of the ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """What a document must be in Odoo."""

    head: Mapping[str, Any]  # field of the document → value
    lines: Sequence[Mapping[str, Any]]
    day: date  # on which it is to be booked
    total: Decimal | None = None  # with tax; None: Odoo decides
    may_move: bool = False  # to an open period, where `day` is locked
    rounding: Decimal = Decimal(0)  # Odoo's total may be so far from this one by rounding of tax


class LedgerOperation(DocumentOperation):
    """A canonical object → account.move, posted where it says so."""

    needs: ClassVar[Needs] = MOVE  # beside the lock dates
    model = "account.move"
    reference_field = "ref"
    fields: ClassVar[tuple[str, ...]] = (
        "name",
        "state",
        "partner_id",
        "invoice_date",
        "date",
        "currency_id",
        "move_type",
        "journal_id",
        "amount_total",
    )
    line_model = "account.move.line"
    line_parent = "move_id"
    line_fields: ClassVar[tuple[str, ...]] = ("product_id", "quantity", "price_unit", "account_id", "debit", "credit")
    line_domain: ClassVar[tuple[Any, ...]] = (("display_type", "=", "product"),)
    side: ClassVar[str] = ""  # sale or purchase: which has a lock of its own
    called: ClassVar[Mapping[str, str]] = {  # field → how people call it
        "partner_id": "supplier, customer or account",
        "currency_id": "currency",
        "move_type": "invoice or credit note",
        "invoice_date": "date",
        "journal_id": "journal",
    }

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, locks_needed(names, *self._sides()))

    def _sides(self) -> tuple[str, ...]:
        return (self.side,) if self.side else ()

    lines_called: ClassVar[str] = "item, quantity or exact price (Odoo rounds to its decimal accuracy)"

    @abstractmethod
    def words(self, plan: Plan, title: str) -> str:
        """That it is posted, in a sentence."""

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`: nothing is begun, and no draft posted, in a locked period."""
        to_post = [plan for plan in plans if plan.act and (plan.number is None or self.is_draft(plan))]
        to_post = [plan for plan in to_post if not plan.wanted.may_move]
        until = await locked_until(session, *self._sides()) if to_post else None
        for plan in to_post:
            if until is not None and plan.wanted.day <= until:
                await self.hold(session, plan, refusal(plan.about, plan.wanted.day, until))

    async def hold(self, session: Session, plan: Plan, refused: Rejected) -> None:
        """Keep this refusal of a new document or a draft, unless another hub has posted it meanwhile."""
        if plan.number is None:
            await self.refuse(session, plan, refused)
        else:
            plan.task.fail(refused)

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        row, wanted = plan.row, plan.wanted
        if row.get("state") == "cancel":
            return "it was cancelled"
        parts = [words for name, words in self.called.items() if name in wanted.head and row[name] != wanted.head[name]]
        if not same_lines(wanted.lines, self.own_lines(plan)):
            parts.append(self.lines_called)
        if wanted.head["move_type"] == "entry" and self.is_draft(plan) and row["date"] != wanted.day.isoformat():
            parts.append("date")
        if wanted.total is not None and exact(row["amount_total"]) != wanted.total:
            parts.append("total with tax")
        return ", ".join(parts)

    def own_lines(self, plan: Plan) -> Sequence[Row]:
        """The lines that the hub has written, without those that Odoo adds."""
        return plan.lines

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. The answer of `action_post` is false, which means nothing."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("account.move", "action_post", numbers)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        row, wanted = plan.row, plan.wanted
        title = str(row.get("name") or plan.number)
        if not plan.act and self.is_draft(plan):
            plan.task.deliver(f"account.move:{plan.number}", f"The {plan.about} is a draft for a clerk in Odoo.")
            return
        if row.get("state") != "posted":
            words = f"The {plan.about} is in Odoo as {title} but was not posted; look at it there."
            plan.task.fail(Rejected("odoo.not_done", words))
            return
        booked, words = row.get("date"), self.words(plan, title)
        if booked and booked != wanted.day.isoformat():
            if not wanted.may_move:
                plan.task.fail(moved(plan.about, title, wanted.day, booked))
                return
            words += f" Odoo booked it on {booked}, because {wanted.day} is locked."
        plan.task.deliver(f"account.move:{plan.number} {title}", words)
